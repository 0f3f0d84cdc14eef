//! Packages that keep keys and values elsewhere than in states.

use std::ops::ControlFlow;

use half::f16;
use sottovoce_convert::{Checkpoint, ConvertOptions, Variant, convert};
use sottovoce_runtime::{BackendKind, Inputs, LoadOptions, Model, OutputRows, Outputs, Precision, PredictOptions};
use sottovoce_tensor::{DType, Tensor};
use sottovoce_testkit::{Logits, MASKED, Random, Tolerance, assert_close, causal_mask, fixtures_dir};

const CACHES: [(&str, &str); 2] = [("keyCache", "newKeyCache"), ("valueCache", "newValueCache")];
const LAYERS: usize = 2;
const GROUPS: usize = 2;
const SIZE: usize = 16;

fn load(name: &str, backend: BackendKind, precision: Precision) -> Model {
    let path = fixtures_dir().join(format!("coremltools/{name}.mlpackage"));
    let options = LoadOptions { backend: Some(backend), precision, threads: Some(2), ..LoadOptions::default() };
    Model::load(path, &options).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn call(rows: usize, past: usize) -> Inputs {
    let ids: Vec<i32> = (0..rows as i32).map(|row| 5 + 13 * row).collect();
    Inputs::from([
        ("inputIds", Tensor::from_slice([1, rows], &ids).unwrap()),
        ("causalMask", causal_mask(rows, past + rows, MASKED)),
    ])
}

fn call_with_caches(rows: usize, past: usize) -> Inputs {
    let mut inputs = call(rows, past);
    let mut random = Random::new(3);
    for (name, _) in CACHES {
        inputs.insert(name, random.tensor(DType::F16, &[LAYERS, 1, GROUPS, past, SIZE], 1.0));
    }
    inputs
}

fn predict(model: &Model, inputs: &Inputs, rows: OutputRows) -> Outputs {
    let options = PredictOptions { rows, ..PredictOptions::default() };
    model.predict_with(inputs, &mut model.new_state(), &options).unwrap()
}

/// The positions of a cache from `first` on, head by head.
fn positions(cache: &Tensor, range: std::ops::Range<usize>) -> Vec<f32> {
    let positions = cache.shape()[3];
    let elements = cache.to_f32_vec();
    let heads = elements.chunks_exact(positions * SIZE);
    heads.flat_map(|head| &head[range.start * SIZE..range.end * SIZE]).copied().collect()
}

#[test]
fn caches_go_out_as_they_came_in_with_the_new_rows_behind() {
    let (rows, past) = (3, 4);
    let inputs = call_with_caches(rows, past);
    let reference = predict(&load("llama-kvio", BackendKind::Reference, Precision::Exact), &inputs, OutputRows::All);
    for (precision, tolerance) in [(Precision::Exact, Tolerance::Exact), (Precision::Fast, Tolerance::F16)] {
        let model = load("llama-kvio", BackendKind::Cpu, precision);
        for wanted in [OutputRows::All, OutputRows::Last] {
            let outputs = predict(&model, &inputs, wanted);
            assert!(outputs.keys().eq(["logits", "newKeyCache", "newValueCache"]));
            for (old, new) in CACHES {
                let (old, cache) = (inputs.get(old).unwrap(), &outputs[new]);
                assert_eq!((cache.dtype(), cache.shape()), (DType::F16, &[LAYERS, 1, GROUPS, past + rows, SIZE][..]));
                assert_eq!(positions(cache, 0..past), old.to_f32_vec());
                let rows_of = |cache| Logits { values: positions(cache, past..past + rows), width: SIZE };
                assert_close(&rows_of(cache), &rows_of(&reference[new]), tolerance, new);
            }
        }
    }
}

#[test]
fn the_last_row_alone_is_the_last_row_of_all() {
    for (name, inputs) in [("llama-kvio", call_with_caches(5, 4)), ("llama-baseline", call(5, 0))] {
        let model = load(name, BackendKind::Cpu, Precision::Exact);
        let all = predict(&model, &inputs, OutputRows::All)["logits"].to_f32_vec();
        let last = &predict(&model, &inputs, OutputRows::Last)["logits"];
        assert_eq!(last.shape(), [1, 1, 320], "{name}");
        assert_eq!(last.to_f32_vec(), all[4 * 320..], "{name}");
    }
}

#[test]
fn calls_of_changing_size_share_a_state() {
    // Memory of the calls before, larger and smaller, must not show.
    for (name, past) in [("llama-kvio", 4), ("llama-baseline", 0)] {
        let model = load(name, BackendKind::Cpu, Precision::Fast);
        let inputs = |rows| if past > 0 { call_with_caches(rows, past) } else { call(rows, 0) };
        let (mut state, mut outputs) = (model.new_state(), Outputs::new());
        for rows in [2, 20, 7, 1, 21, 2] {
            let options = PredictOptions::default();
            model.predict_into(&inputs(rows), &mut state, &options, &mut outputs).unwrap();
            assert_eq!(outputs, predict(&model, &inputs(rows), OutputRows::All), "{name}, {rows} rows");
        }
        assert_eq!(state.len(), 0);
    }
}

/// Logits of a package of ours, one call for the whole prompt; a cache that comes in has one position, which is hidden.
fn our_logits(variant: Variant, precision: Precision) -> Logits {
    let checkpoint = Checkpoint::open(&fixtures_dir().join("checkpoints/llama-hf")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ours.mlpackage");
    let options = ConvertOptions { variant, ..ConvertOptions::default() };
    convert(&checkpoint, &path, &options, &mut |_| ControlFlow::Continue(())).unwrap();
    let options = LoadOptions { precision, threads: Some(2), ..LoadOptions::default() };
    let model = Model::load(&path, &options).unwrap();
    assert_eq!(model.placement().backend, BackendKind::Cpu);
    let rows = 9;
    let inputs = match variant {
        Variant::Stateful | Variant::Baseline => call(rows, 0),
        Variant::KvIo => {
            let mut inputs = call_with_caches(rows, 1);
            let mask = inputs.get_mut("causalMask").unwrap().as_mut_slice::<f16>().unwrap();
            mask.iter_mut().step_by(rows + 1).for_each(|hidden| *hidden = f16::NEG_INFINITY);
            inputs
        }
    };
    let logits = &predict(&model, &inputs, OutputRows::All)["logits"];
    Logits { values: logits.to_f32_vec(), width: logits.shape()[2] }
}

#[test]
fn our_variants_of_a_model_agree() {
    for (precision, tolerance) in [(Precision::Exact, Tolerance::Exact), (Precision::Fast, Tolerance::Int8Activations)]
    {
        let stateful = our_logits(Variant::Stateful, precision);
        assert_eq!(our_logits(Variant::Baseline, precision).values, stateful.values, "the same steps on the same rows");
        // Rotary positions are relative, but in other roundings.
        assert_close(&our_logits(Variant::KvIo, precision), &stateful, tolerance, "cache as input and output");
    }
}
