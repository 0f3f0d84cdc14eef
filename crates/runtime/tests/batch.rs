//! Calls that run together give, bit for bit, what each gives alone.

use std::{sync::Arc, thread};

use half::f16;
use sottovoce_runtime::{
    BackendKind, BatchCall, BatchMemory, Batcher, Inputs, LoadOptions, Model, OutputRows, Outputs, Precision,
    PredictOptions, RuntimeError, Seat, State,
};
use sottovoce_tensor::Tensor;
use sottovoce_testkit::{Fixture, Interface, MASKED, Random, causal_mask, fixtures};

/// Token ids of every fixture.
const VOCABULARY: usize = 320;
/// Positions of their states.
const CONTEXT: usize = 64;

fn load(fixture: &Fixture, options: &LoadOptions) -> Model {
    Model::load(&fixture.package, options).unwrap_or_else(|error| panic!("{}: {error}", fixture.name))
}

fn inputs(ids: &[i32], past: usize) -> Inputs {
    Inputs::from([
        ("inputIds", Tensor::from_slice([1, ids.len()], ids).unwrap()),
        ("causalMask", causal_mask(ids.len(), past + ids.len(), MASKED)),
    ])
}

/// Bits of all outputs.
fn bits(outputs: &Outputs) -> Vec<(Vec<usize>, Vec<u32>)> {
    let bits = |tensor: &Tensor| tensor.to_f32_vec().into_iter().map(f32::to_bits).collect();
    outputs.values().map(|tensor| (tensor.shape().to_vec(), bits(tensor))).collect()
}

/// Somebody whose calls run in batches, and their twin, whose calls run alone.
struct Caller {
    /// Tokens so far.
    ids: Vec<i32>,
    together: (State, Outputs),
    alone: (State, Outputs),
    next: (Inputs, PredictOptions),
}

impl Caller {
    fn new(model: &Model) -> Self {
        let (together, alone) = ((model.new_state(), Outputs::new()), (model.new_state(), Outputs::new()));
        Self { ids: Vec::new(), together, alone, next: (Inputs::new(), PredictOptions::default()) }
    }

    /// Makes up the next call: most are of one row, as in decoding, some of a few and some of many.
    fn prepare(&mut self, interface: Interface, random: &mut Random) {
        let rows = [1, 1, 1, 1 + random.below(8), 9 + random.below(12)][random.below(5)];
        if self.ids.len() + rows > CONTEXT {
            self.ids.clear();
            self.together.0.rewind(0).unwrap();
            self.alone.0.rewind(0).unwrap();
        }
        let past = self.ids.len();
        self.ids.extend((0..rows).map(|_| random.below(VOCABULARY) as i32));
        let rows = [OutputRows::All, OutputRows::Last][random.below(2)];
        let inputs = match interface {
            Interface::Baseline => inputs(&self.ids, 0),
            _ => inputs(&self.ids[past..], past),
        };
        self.next = (inputs, PredictOptions { rows, ..PredictOptions::default() });
    }
}

fn check(fixture: &Fixture, options: &LoadOptions, random: &mut Random) {
    let model = load(fixture, options);
    let mut callers: Vec<Caller> = (0..20).map(|_| Caller::new(&model)).collect();
    let mut memory = BatchMemory::default();
    for _ in 0..8 {
        let count = 1 + random.below(callers.len());
        let mut batch: Vec<&mut Caller> = callers.iter_mut().take(count).collect();
        batch.iter_mut().for_each(|caller| caller.prepare(fixture.interface, random));
        let calls = batch.iter_mut().map(|Caller { together: (state, outputs), next: (inputs, options), .. }| {
            BatchCall { inputs, state, options: *options, outputs }
        });
        model.predict_batch(&mut calls.collect::<Vec<_>>(), &mut memory).unwrap();
        for (number, caller) in batch.into_iter().enumerate() {
            let (state, outputs) = &mut caller.alone;
            let (inputs, options) = &caller.next;
            model.predict_into(inputs, state, options, outputs).unwrap();
            let rows = inputs.get("inputIds").unwrap().len();
            let same = bits(outputs) == bits(&caller.together.1);
            assert!(same, "{}, {options:?}: call {number} of {count}, {rows} rows", fixture.name);
            assert_eq!(caller.together.0.len(), state.len());
        }
    }
}

#[test]
fn every_call_of_a_batch_gives_what_it_gives_alone() {
    let mut random = Random::from_env(5);
    for fixture in fixtures().iter().filter(|fixture| !matches!(fixture.interface, Interface::CacheAsInput { .. })) {
        if fixture.name == "llama-long" {
            continue;
        }
        for precision in [Precision::Fast, Precision::Exact] {
            check(fixture, &LoadOptions { precision, threads: Some(2), ..LoadOptions::default() }, &mut random);
        }
    }
}

#[test]
fn the_reference_back_end_runs_a_batch_call_by_call() {
    let fixture = fixtures().into_iter().find(|fixture| fixture.name == "llama-fp16").unwrap();
    let options = LoadOptions { backend: Some(BackendKind::Reference), ..LoadOptions::default() };
    check(&fixture, &options, &mut Random::from_env(5));
}

#[test]
fn a_call_that_does_not_fit_is_named_and_no_state_changes() {
    let fixture = fixtures().into_iter().find(|fixture| fixture.name == "llama-int4").unwrap();
    let model = load(&fixture, &LoadOptions::default());
    let (mut first, mut second) = (model.new_state(), model.new_state());
    let (good, ahead) = (inputs(&[1, 2, 3], 0), inputs(&[4], 3));
    let (mut outputs, mut others) = (Outputs::new(), Outputs::new());
    let options = PredictOptions::default();
    let mut calls = [
        BatchCall { inputs: &good, state: &mut first, options, outputs: &mut outputs },
        BatchCall { inputs: &ahead, state: &mut second, options, outputs: &mut others },
    ];
    let error = model.predict_batch(&mut calls, &mut BatchMemory::default()).unwrap_err();
    assert!(
        matches!(&error, RuntimeError::Batch { number: 1, source } if matches!(**source, RuntimeError::Position { .. }))
    );
    assert!(error.to_string().starts_with("call 1 of the batch: "), "{error}");
    assert_eq!((first.len(), second.len()), (0, 0));
    let alone = model.predict(&good, &mut first).unwrap();
    assert_eq!(alone["logits"].as_slice::<f16>().unwrap().len(), 3 * VOCABULARY);
}

#[test]
fn threads_that_share_a_batcher_get_what_each_gets_alone() {
    let fixture = fixtures().into_iter().find(|fixture| fixture.name == "llama-int4").unwrap();
    let model = Arc::new(load(&fixture, &LoadOptions { threads: Some(2), ..LoadOptions::default() }));
    let batcher = Batcher::new(model.clone()).unwrap();
    let seed = Random::from_env(6).bits();
    thread::scope(|scope| {
        for caller in 0..6 {
            let (batcher, model) = (&batcher, &model);
            scope.spawn(move || {
                let mut random = Random::new(seed ^ caller);
                let mut alone = (model.new_state(), Outputs::new());
                let mut seat = Seat { inputs: Inputs::new(), state: model.new_state(), outputs: Outputs::new() };
                while alone.0.len() < CONTEXT {
                    let rows = (1 + random.below(12)).min(CONTEXT - alone.0.len());
                    let ids: Vec<i32> = (0..rows).map(|_| random.below(VOCABULARY) as i32).collect();
                    seat.inputs = inputs(&ids, alone.0.len());
                    let rows = [OutputRows::All, OutputRows::Last][random.below(2)];
                    let options = PredictOptions { rows, ..PredictOptions::default() };
                    model.predict_into(&seat.inputs, &mut alone.0, &options, &mut alone.1).unwrap();
                    // A call that does not fit fails alone, whatever runs beside it.
                    let good = std::mem::replace(&mut seat.inputs, inputs(&[1], CONTEXT - 1));
                    if alone.0.len() - ids.len() < CONTEXT - 1 {
                        let error = batcher.predict(&mut seat, &options).unwrap_err();
                        assert!(matches!(error, RuntimeError::Position { .. }), "{error}");
                    }
                    seat.inputs = good;
                    batcher.predict(&mut seat, &options).unwrap();
                    assert_eq!(bits(&seat.outputs), bits(&alone.1));
                }
            });
        }
    });
}
