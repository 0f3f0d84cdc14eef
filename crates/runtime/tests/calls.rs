//! What a call is checked for, what a failed call leaves behind, and the options of a call.

use half::f16;
use sottovoce_runtime::{
    BackendKind, ComputeUnits, Inputs, LoadOptions, Model, OutputRows, Precision, PredictOptions, RuntimeError, State,
};
use sottovoce_tensor::{DType, Tensor};
use sottovoce_testkit::{MASKED, causal_mask, fixtures_dir};

const IDS: [i32; 6] = [5, 17, 300, 2, 90, 41];

fn options() -> LoadOptions {
    LoadOptions { threads: Some(2), ..LoadOptions::default() }
}

fn load(name: &str, options: &LoadOptions) -> Model {
    let path = fixtures_dir().join("coremltools").join(format!("{name}.mlpackage"));
    Model::load(path, options).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn inputs(ids: &[i32], past: usize) -> Inputs {
    Inputs::from([
        ("inputIds", Tensor::from_slice([1, ids.len()], ids).unwrap()),
        ("causalMask", causal_mask(ids.len(), past + ids.len(), MASKED)),
    ])
}

fn with_mask(mask: Tensor) -> Inputs {
    let ids = vec![1i32; mask.shape()[2]];
    Inputs::from([("inputIds", Tensor::from_slice([1, ids.len()], &ids).unwrap()), ("causalMask", mask)])
}

/// What every call is checked for, whatever runs it.
const BACKENDS: &[BackendKind] = if cfg!(target_vendor = "apple") {
    &[BackendKind::Cpu, BackendKind::Reference, BackendKind::CoreMl]
} else {
    &[BackendKind::Cpu, BackendKind::Reference]
};

/// The call fails on every back end with an error that `matches` and whose message holds `words`, and changes nothing.
fn refused(call: &Inputs, words: &[&str], matches: impl Fn(&RuntimeError) -> bool) {
    for &backend in BACKENDS {
        let model = load("llama-fp16", &LoadOptions { backend: Some(backend), ..options() });
        let (mut state, mut untouched) = (model.new_state(), model.new_state());
        for state in [&mut state, &mut untouched] {
            model.predict(&inputs(&IDS[..3], 0), state).unwrap();
        }
        let error = model.predict(call, &mut state).expect_err("the call is wrong");
        let message = error.to_string();
        assert!(matches(&error), "{backend:?}: {error:?}");
        assert!(words.iter().all(|word| message.contains(word)), "{backend:?}: {message}");
        assert_eq!(state.len(), 3);
        let next = |state: &mut State| model.predict(&inputs(&IDS[3..4], 3), state).unwrap()["logits"].to_f32_vec();
        assert_eq!(next(&mut state), next(&mut untouched), "{backend:?}: the failed call changed the state");
    }
}

#[test]
fn inputs_that_do_not_fit_are_named() {
    let is_input = |error: &RuntimeError| matches!(error, RuntimeError::Input { .. });
    let ids = Tensor::from_slice([1, 1], &[1i32]).unwrap();
    let right = "inputIds int32 [1, 1..=64], causalMask fp16 [1, 1, 1..=64, 1..=64]";
    let missing = format!("found nothing; the model's inputs are {right}");
    refused(&Inputs::from([("inputIds", ids.clone())]), &["input 'causalMask': expected fp16", &missing], is_input);
    // Names of another converter: the list of the right ones has their types and shapes.
    let unknown = format!("input 'input_ids': expected one of the model's inputs, {right}, found an unknown name");
    refused(&Inputs::from([("input_ids", ids.clone())]), &[&unknown], is_input);
    let mut call = inputs(&IDS[3..4], 3);
    call.insert("input_ids", ids);
    refused(&call, &[&unknown], is_input);
    let mut call = inputs(&IDS[3..4], 3);
    call.insert("inputIds", Tensor::from_slice([1, 1], &[1i64]).unwrap());
    refused(&call, &["inputIds", "int32 [1, 1..=64]", "int64 [1, 1]"], is_input);
    refused(&inputs(&[1; 65], 0), &["inputIds", "1..=64", "65"], is_input);
}

#[test]
fn calls_that_do_not_continue_the_state_are_refused() {
    let is_position = |error: &RuntimeError| matches!(error, RuntimeError::Position { .. });
    // The mistake seen most: a decode mask of [1, 1, 1, 1] overwrites position 0 for every token.
    refused(&inputs(&IDS[3..4], 0), &["position 0", "holds 3", "rewind"], is_position);
    refused(&inputs(&IDS[3..4], 5), &["position 5", "holds 3", "state length + q"], is_position);
    // A mask for other ids than those given, or for fewer positions than rows.
    let is_sizes = |error: &RuntimeError| matches!(error, RuntimeError::Sizes { .. });
    let mut call = inputs(&IDS[3..5], 3);
    call.insert("causalMask", causal_mask(3, 6, MASKED));
    refused(&call, &["inputIds", "causalMask", "kv − q"], is_sizes);
    let mask = Tensor::zeros(DType::F16, [1, 1, 4, 2]).unwrap();
    refused(&with_mask(mask), &["0 <= ", "kv − q"], is_sizes);
}

#[test]
fn masks_that_would_give_nan_are_refused() {
    let is_mask = |error: &RuntimeError| matches!(error, RuntimeError::Mask { .. });
    let mut mask = causal_mask(2, 5, f32::NEG_INFINITY);
    mask.as_mut_slice::<f16>().unwrap()[5..].fill(f16::NEG_INFINITY);
    refused(&with_mask(mask), &["causalMask", "row 1", "hides every position"], is_mask);
    let mut mask = causal_mask(2, 5, MASKED);
    mask.as_mut_slice::<f16>().unwrap()[3] = f16::NAN;
    refused(&with_mask(mask), &["row 0", "NaN"], is_mask);
}

#[test]
fn token_ids_outside_the_vocabulary_are_refused() {
    // The reference back end finds them while it computes, as an error of the operation.
    for &backend in BACKENDS.iter().filter(|&&backend| backend != BackendKind::Reference) {
        let model = load("llama-int4", &LoadOptions { backend: Some(backend), ..options() });
        for id in [-1, 320, i32::MAX] {
            let mut state = model.new_state();
            let error = model.predict(&inputs(&[3, id], 0), &mut state).unwrap_err();
            assert!(matches!(error, RuntimeError::TokenId { vocabulary: 320, .. }), "{error:?}");
            assert_eq!(state.len(), 0);
        }
    }
}

#[test]
fn a_state_belongs_to_its_model() {
    let (first, second) = (load("llama-fp16", &options()), load("llama-fp16", &options()));
    let error = first.predict(&inputs(&IDS, 0), &mut second.new_state()).unwrap_err();
    assert!(matches!(error, RuntimeError::ForeignState));
}

#[test]
fn a_rewound_or_forked_state_answers_as_a_fresh_one() {
    for precision in [Precision::Fast, Precision::Exact] {
        let model = load("gemma-int4", &LoadOptions { precision, ..options() });
        let logits = |call: &Inputs, state: &mut State| model.predict(call, state).unwrap()["logits"].to_f32_vec();
        let mut fresh = model.new_state();
        logits(&inputs(&IDS[..2], 0), &mut fresh);
        let expected = logits(&inputs(&IDS[2..4], 2), &mut fresh);

        let mut state = model.new_state();
        logits(&inputs(&IDS[..2], 0), &mut state);
        let mut fork = state.clone();
        logits(&inputs(&[7, 8, 9], 2), &mut state);
        assert!(matches!(state.rewind(6), Err(RuntimeError::Rewind { to: 6, len: 5 })));
        state.rewind(2).unwrap();
        assert_eq!(logits(&inputs(&IDS[2..4], 2), &mut state), expected);
        assert_eq!(logits(&inputs(&IDS[2..4], 2), &mut fork), expected);

        // Overwriting without a rewind has to be asked for.
        let overwrite = PredictOptions { allow_overwrite: true, ..PredictOptions::default() };
        let again = model.predict_with(&inputs(&IDS[2..4], 2), &mut state, &overwrite).unwrap();
        assert_eq!(again["logits"].to_f32_vec(), expected);
        assert_eq!(state.len(), 4);
    }
}

#[test]
fn the_last_row_alone_is_the_last_row_of_all() {
    for name in ["llama-fp16", "llama-int4", "llama-lut6", "gemma-int4"] {
        let model = load(name, &LoadOptions { precision: Precision::Exact, ..options() });
        let all = model.predict(&inputs(&IDS, 0), &mut model.new_state()).unwrap()["logits"].to_f32_vec();
        let last = PredictOptions { rows: OutputRows::Last, ..PredictOptions::default() };
        let mut state = model.new_state();
        let outputs = model.predict_with(&inputs(&IDS, 0), &mut state, &last).unwrap();
        assert_eq!(outputs["logits"].shape(), [1, 1, 320], "{name}");
        assert_eq!(outputs["logits"].to_f32_vec(), all[5 * 320..], "{name}");
        assert_eq!(state.len(), IDS.len());
    }
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let run = |threads| {
        let model = load("llama-int8", &LoadOptions { threads: Some(threads), ..options() });
        model.predict(&inputs(&IDS, 0), &mut model.new_state()).unwrap()["logits"].to_f32_vec()
    };
    let one = run(1);
    assert!([2, 3].into_iter().all(|threads| run(threads) == one));
}

#[test]
fn units_that_are_not_there_are_mentioned() {
    let notes =
        |compute_units| load("llama-fp16", &LoadOptions { compute_units, ..options() }).placement().notes.clone();
    assert!(notes(ComputeUnits::All).is_empty() && notes(ComputeUnits::CpuOnly).is_empty());
    assert!(notes(ComputeUnits::CpuAndNeuralEngine)[0].contains("Neural Engine"));
    assert!(notes(ComputeUnits::CpuAndGpu)[0].contains("GPU"));
}

#[cfg(not(target_vendor = "apple"))]
#[test]
fn core_ml_is_refused_where_there_is_none() {
    let path = fixtures_dir().join("coremltools/llama-fp16.mlpackage");
    let load = |backend| Model::load(&path, &LoadOptions { backend: Some(backend), ..options() });
    let error = load(BackendKind::CoreMl).err().expect("this is not Apple's system");
    assert!(matches!(error, RuntimeError::NoCoreMl { .. }), "{error:?}");
    let message = error.to_string();
    assert!(
        [std::env::consts::OS, "macOS 15", "--backend cpu"].iter().all(|words| message.contains(words)),
        "{message}"
    );
}

#[test]
fn a_model_without_its_weights_cannot_be_loaded() {
    let path = fixtures_dir().join("programs/SmolLM2-135M-Stateful-512.mlpackage");
    let error = Model::load(path, &options()).err().expect("there is no weight file").to_string();
    assert!(error.contains("weight.bin"), "{error}");
}
