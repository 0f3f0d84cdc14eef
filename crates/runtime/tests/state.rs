//! States: forks, and rows that are copied out and put back.

use std::{fs, ops::ControlFlow};

use sottovoce_convert::{Checkpoint, ConvertOptions, convert};
use sottovoce_runtime::{Inputs, LoadOptions, Model, RuntimeError, State};
use sottovoce_tensor::{DType, Tensor};
use sottovoce_testkit::{MASKED, causal_mask, fixtures_dir};

fn load(name: &str) -> Model {
    let path = fixtures_dir().join(format!("coremltools/{name}.mlpackage"));
    Model::load(path, &LoadOptions { threads: Some(2), ..LoadOptions::default() }).unwrap()
}

/// Logits of `ids` behind what the state holds.
fn append(model: &Model, state: &mut State, ids: &[i32]) -> Vec<f32> {
    let inputs = Inputs::from([
        ("inputIds", Tensor::from_slice([1, ids.len()], ids).unwrap()),
        ("causalMask", causal_mask(ids.len(), state.len() + ids.len(), MASKED)),
    ]);
    model.predict(&inputs, state).unwrap()["logits"].to_f32_vec()
}

#[test]
fn forks_go_on_alone() {
    for name in ["llama-int4", "gemma-fp16"] {
        let model = load(name);
        let mut trunk = model.new_state();
        append(&model, &mut trunk, &[5, 17, 300, 2, 90, 41, 8, 9, 10, 11]);
        let mut branch = trunk.clone();
        let other = append(&model, &mut branch, &[7, 8, 9]);
        let expected = append(&model, &mut trunk, &[1, 2]);
        let mut late = trunk.clone();
        late.rewind(10).unwrap();
        assert_eq!(append(&model, &mut late, &[7, 8, 9]), other, "{name}");
        branch.rewind(10).unwrap();
        assert_eq!(append(&model, &mut branch, &[1, 2]), expected, "{name}");
    }
}

#[test]
fn rows_that_are_put_back_are_as_if_computed() {
    let model = load("llama-int4");
    let mut state = model.new_state();
    append(&model, &mut state, &[5, 17, 300, 2, 90, 41, 8, 9, 10, 11, 12, 13]);
    let rows = [state.rows(0..9).unwrap(), state.rows(9..12).unwrap()];
    assert_eq!(rows[1].iter().map(|rows| rows.shape().to_vec()).collect::<Vec<_>>(), [[2, 1, 2, 3, 16]; 2]);
    let mut restored = model.new_state();
    rows.iter().for_each(|rows| restored.append(rows).unwrap());
    assert_eq!(restored.len(), 12);
    assert_eq!(append(&model, &mut restored, &[1]), append(&model, &mut state, &[1]));
}

/// Calls of many rows keep what they round of keys and values. A fork has the same positions and nothing rounded.
#[test]
fn what_earlier_calls_rounded_is_forgotten_with_its_positions() {
    // The fixture with a longer context.
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(fixtures_dir().join("checkpoints/llama-hf")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
    }
    let config = folder.path().join("config.json");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace("\"max_position_embeddings\": 128", "\"max_position_embeddings\": 480")).unwrap();
    let checkpoint = Checkpoint::open(folder.path()).unwrap();
    let path = folder.path().join("long.mlpackage");
    convert(&checkpoint, &path, &ConvertOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
    let model = Model::load(&path, &LoadOptions { threads: Some(2), ..LoadOptions::default() }).unwrap();
    let text = |seed: usize, count: usize| (0..count).map(|at| ((at * 37 + seed * 11) % 91) as i32).collect::<Vec<_>>();
    let mut state = model.new_state();
    let check = |state: &mut State, what: &str| {
        let (mut fork, len) = (state.clone(), state.len());
        assert_eq!(append(&model, state, &text(5, 20)), append(&model, &mut fork, &text(5, 20)), "{what}");
        state.rewind(len).unwrap();
    };
    append(&model, &mut state, &text(1, 300));
    check(&mut state, "a second call");
    state.rewind(100).unwrap();
    text(2, 200).iter().for_each(|&id| _ = append(&model, &mut state, &[id]));
    check(&mut state, "other positions, one by one");
    state.rewind(100).unwrap();
    append(&model, &mut state, &text(3, 200));
    check(&mut state, "others at once");
    let mut other = model.new_state();
    append(&model, &mut other, &text(4, 300));
    state.rewind(100).unwrap();
    state.append(&other.rows(100..300).unwrap()).unwrap();
    check(&mut state, "others that were put there");
}

#[test]
fn rows_that_do_not_fit_are_refused_and_change_nothing() {
    let model = load("llama-int4");
    let mut state = model.new_state();
    append(&model, &mut state, &[5; 40]);
    let rows = state.rows(0..40).unwrap();
    let other = |shape: [usize; 5], dtype| vec![Tensor::zeros(dtype, shape).unwrap(); 2];
    for (rows, words) in [
        (rows.clone(), "caches of fp16 [2, 1, 2, 64, 16], fp16 [2, 1, 2, 64, 16] that hold 40 positions"),
        (vec![rows[0].clone()], "fp16 [2, 1, 2, 40, 16] were given for"),
        (other([2, 1, 2, 3, 8], DType::F16), "[2, 1, 2, 3, 8]"),
        (other([2, 1, 2, 3, 16], DType::F32), "fp32 [2, 1, 2, 3, 16]"),
        (Vec::new(), "were given for"),
    ] {
        let error = state.append(&rows).unwrap_err();
        assert!(matches!(error, RuntimeError::Rows { .. }) && error.to_string().contains(words), "{error}");
        assert_eq!(state.len(), 40);
    }
    let error = state.rows(3..41).unwrap_err();
    assert!(error.to_string().contains("3..41 were asked for, 40 are held"), "{error}");
    assert_eq!(state.rows(0..40).unwrap(), rows);
}

#[test]
fn a_fingerprint_tells_package_and_precision() {
    let int4 = load("llama-int4").fingerprint();
    assert!(int4.is_some());
    assert_eq!(load("llama-int4").fingerprint(), int4);
    assert_ne!(load("llama-int4a").fingerprint(), int4);
    let path = fixtures_dir().join("coremltools/llama-int4.mlpackage");
    let options = LoadOptions { precision: sottovoce_runtime::Precision::Exact, ..LoadOptions::default() };
    assert_ne!(Model::load(path, &options).unwrap().fingerprint(), int4);
}
