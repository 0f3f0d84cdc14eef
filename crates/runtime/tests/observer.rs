//! What an observer of linear steps is shown.

mod common;

use std::sync::{Arc, Mutex};

use sottovoce_kernels::{Floats, PackedLinear, Team, WeightSource};
use sottovoce_runtime::{
    BatchCall, BatchMemory, Inputs, LoadOptions, Model, OutputRows, Outputs, Precision, PredictOptions, StandIns, State,
};
use sottovoce_tensor::Tensor;
use sottovoce_testkit::{MASKED, causal_mask, fixtures_dir};

use common::weight;

fn model(precision: Precision) -> Model {
    let path = fixtures_dir().join("coremltools/llama-fp16.mlpackage");
    Model::load(path, &LoadOptions { threads: Some(2), precision, ..LoadOptions::default() }).unwrap()
}

/// Predicts `ids` as the next ones of `state`.
fn call(model: &Model, state: &mut State, ids: &[i32]) -> Outputs {
    let inputs = Inputs::from([
        ("inputIds", Tensor::from_slice([1, ids.len()], ids).unwrap()),
        ("causalMask", causal_mask(ids.len(), state.len() + ids.len(), MASKED)),
    ]);
    model.predict(&inputs, state).unwrap()
}

/// Weights, width and rows of every step that was shown.
type Seen = Arc<Mutex<Vec<(Vec<String>, usize, Vec<f32>)>>>;

fn watch(state: &mut State) -> Seen {
    let seen = Seen::default();
    let sink = Arc::clone(&seen);
    state.observe(move |input| {
        let names = input.weights.iter().map(|&name| name.to_owned()).collect();
        sink.lock().unwrap().push((names, input.width, input.rows.to_vec()));
    });
    seen
}

/// The rows that the last step multiplies, times its weights, are the logits.
#[test]
fn the_head_s_input_times_its_weights_gives_the_logits() {
    let model = model(Precision::Exact);
    let mut state = model.new_state();
    let seen = watch(&mut state);
    let logits = call(&model, &mut state, &[5, 9, 2]).swap_remove("logits").unwrap();
    let seen = seen.lock().unwrap();
    let (names, width, rows) = seen.last().unwrap();
    assert_eq!((names.len(), rows.len()), (1, 3 * width), "the head alone, and three rows");
    let weights = weight(&model, &names[0]);
    let vocabulary = weights.len() / width;
    for (row, logits) in rows.chunks(*width).zip(logits.to_f32_vec().chunks(vocabulary)) {
        for (weights, logit) in weights.chunks(*width).zip(logits) {
            let sum: f32 = weights.iter().zip(row).map(|(weight, x)| weight * x).sum();
            // Sums of 64 products in another order.
            assert!((sum - logit).abs() <= 1e-5 * (1.0 + logit.abs()), "{sum} {logit}");
        }
    }
}

/// Every weight of the two layers and the head is shown once for each call, by steps of q, k and v and of gate and up.
#[test]
fn every_linear_step_is_shown_and_none_after_the_end() {
    let model = model(Precision::Fast);
    let mut state = model.new_state();
    let seen = watch(&mut state);
    call(&model, &mut state, &[5, 9, 2]);
    let steps: Vec<(usize, usize)> =
        seen.lock().unwrap().drain(..).map(|(names, width, rows)| (names.len(), rows.len() / width)).collect();
    assert_eq!(steps, [(3, 3), (1, 3), (2, 3), (1, 3), (3, 3), (1, 3), (2, 3), (1, 3), (1, 3)]);
    state.stop_observing();
    call(&model, &mut state, &[1]);
    assert!(seen.lock().unwrap().is_empty());
}

#[test]
fn being_observed_changes_nothing() {
    let model = model(Precision::Fast);
    let mut watched = model.new_state();
    let _seen = watch(&mut watched);
    let mut alone = model.new_state();
    assert_eq!(call(&model, &mut watched, &[5, 9, 2]), call(&model, &mut alone, &[5, 9, 2]));
}

/// The matrix of a weight, each of its elements multiplied.
fn scaled(model: &Model, name: &str, width: usize, factor: f32) -> PackedLinear {
    let data: Vec<f32> = weight(model, name).iter().map(|weight| factor * weight).collect();
    let source = WeightSource::Float { rows: data.len() / width, columns: width, data: Floats::F32(&data) };
    PackedLinear::pack(&source, &Team::new(1)).unwrap()
}

/// A head that the observer puts in place while it is shown the head's input makes the logits twice what they were. A matrix of
/// another shape is left alone.
#[test]
fn stand_ins_are_used_from_the_step_on_that_they_come_with() {
    let model = model(Precision::Exact);
    let mut state = model.new_state();
    let seen = watch(&mut state);
    let logits = call(&model, &mut state, &[5, 9, 2]).swap_remove("logits").unwrap().to_f32_vec();
    let seen = seen.lock().unwrap().clone();
    let ((heads, width, _), (first, ..)) = (seen.last().unwrap(), &seen[0]);
    let [head, doubled] = [heads[0].clone(), heads[0].clone()];
    let (doubled, narrow) = (scaled(&model, &doubled, *width, 2.0), scaled(&model, &first[0], width / 2, 0.0));
    let stand_ins = StandIns::default();
    stand_ins.insert(&first[0], narrow);
    let handle = stand_ins.clone();
    let observer = move |input: &sottovoce_runtime::LinearInput<'_>| {
        if input.weights == [head.as_str()] {
            handle.insert(&head, doubled.clone());
        }
    };
    let mut memory = BatchMemory::observed(observer, stand_ins);
    for (found, logit) in predict(&model, OutputRows::All, &mut memory).into_iter().zip(logits) {
        assert!((found - 2.0 * logit).abs() <= 1e-5 * (1.0 + logit.abs()), "{found} {logit}");
    }
}

/// Logits of three tokens, by the batch that `memory` is for.
fn predict(model: &Model, rows: OutputRows, memory: &mut BatchMemory) -> Vec<f32> {
    let (mut state, mut outputs) = (model.new_state(), Outputs::new());
    let inputs = Inputs::from([
        ("inputIds", Tensor::from_slice([1, 3], &[5i32, 9, 2]).unwrap()),
        ("causalMask", causal_mask(3, 3, MASKED)),
    ]);
    let options = PredictOptions { rows, ..PredictOptions::default() };
    let call = BatchCall { inputs: &inputs, state: &mut state, options, outputs: &mut outputs };
    model.predict_batch(&mut [call], memory).unwrap();
    outputs.swap_remove("logits").unwrap().to_f32_vec()
}

/// Where only the last logits are wanted, the last layer is still computed for all rows, and the head for one.
#[test]
fn all_rows_are_seen_up_to_the_head() {
    let model = model(Precision::Exact);
    let logits = |rows| {
        let seen: Arc<Mutex<Vec<usize>>> = Arc::default();
        let sink = Arc::clone(&seen);
        let observer = move |input: &sottovoce_runtime::LinearInput<'_>| {
            sink.lock().unwrap().push(input.rows.len() / input.width);
        };
        let logits = predict(&model, rows, &mut BatchMemory::observed(observer, StandIns::default()));
        (logits, seen.lock().unwrap().clone())
    };
    let ((last, seen), (all, every)) = (logits(OutputRows::Last), logits(OutputRows::All));
    assert!(every.iter().all(|&rows| rows == 3), "{every:?}");
    assert_eq!((&seen[..seen.len() - 1], seen[seen.len() - 1]), (&every[1..], 1));
    assert_eq!(last, all[all.len() - last.len()..]);
}
