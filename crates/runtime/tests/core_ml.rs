//! Core ML: the compiled model beside the package, and states that are forked, rewound, copied out and put back. What every
//! back end computes is in `conformance.rs`, what every call is checked for in `calls.rs`.
#![cfg(target_vendor = "apple")]

use std::{
    fs,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use sottovoce_runtime::{
    BackendKind, ComputeUnits, Inputs, LoadOptions, LoadStage, Model, Precision, RuntimeError, State,
};
use sottovoce_tensor::Tensor;
use sottovoce_testkit::{MASKED, causal_mask, fixtures_dir};

const IDS: [i32; 6] = [5, 17, 300, 2, 90, 41];

/// Core ML on the CPU, which computes the same every time.
fn options() -> LoadOptions {
    LoadOptions { backend: Some(BackendKind::CoreMl), compute_units: ComputeUnits::CpuOnly, ..LoadOptions::default() }
}

fn fixture(name: &str) -> PathBuf {
    fixtures_dir().join(format!("coremltools/{name}.mlpackage"))
}

fn load(name: &str) -> Model {
    let model = Model::load(fixture(name), &options()).unwrap();
    assert_eq!(model.placement().backend, BackendKind::CoreMl, "{:?}", model.placement().notes);
    model
}

fn append(model: &Model, state: &mut State, ids: &[i32]) -> Vec<f32> {
    let inputs = Inputs::from([
        ("inputIds", Tensor::from_slice([1, ids.len()], ids).unwrap()),
        ("causalMask", causal_mask(ids.len(), state.len() + ids.len(), MASKED)),
    ]);
    model.predict(&inputs, state).unwrap()["logits"].to_f32_vec()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}

fn compiled_models(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "mlmodelc")).collect()
}

#[test]
fn a_compiled_model_is_kept_until_the_package_changes() {
    let folder = tempfile::tempdir().unwrap();
    let package = folder.path().join("model.mlpackage");
    let kept = LoadOptions { packed_cache: true, ..options() };
    copy(&fixture("llama-fp16"), &package);
    drop(Model::load(&package, &options()).unwrap());
    assert!(compiled_models(folder.path()).is_empty(), "nobody asked for it to be kept");
    drop(Model::load(&package, &kept).unwrap());
    let first = compiled_models(folder.path());
    assert_eq!(first.len(), 1);
    drop(Model::load(&package, &kept).unwrap());
    assert_eq!(compiled_models(folder.path()), first);

    fs::remove_dir_all(&package).unwrap();
    copy(&fixture("llama-int8"), &package);
    drop(Model::load(&package, &kept).unwrap());
    let second = compiled_models(folder.path());
    assert!(second.len() == 1 && second != first, "{first:?}, {second:?}");
}

#[test]
fn a_compiled_model_that_is_damaged_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let package = folder.path().join("model.mlpackage");
    let kept = LoadOptions { packed_cache: true, ..options() };
    copy(&fixture("llama-fp16"), &package);
    drop(Model::load(&package, &kept).unwrap());
    for entry in fs::read_dir(&compiled_models(folder.path())[0]).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::remove_file(path).unwrap();
        }
    }
    let model = Model::load(&package, &kept).unwrap();
    assert_eq!(model.placement().backend, BackendKind::CoreMl, "{:?}", model.placement().notes);
}

#[test]
fn forks_go_on_alone_and_states_go_back() {
    for name in ["llama-int4", "gemma-fp16"] {
        let model = load(name);
        let mut trunk = model.new_state();
        append(&model, &mut trunk, &IDS);
        let mut branch = trunk.clone();
        let other = append(&model, &mut branch, &[7, 8, 9]);
        let expected = append(&model, &mut trunk, &[1, 2]);
        trunk.rewind(IDS.len()).unwrap();
        assert_eq!(append(&model, &mut trunk, &[7, 8, 9]), other, "{name}");
        branch.rewind(IDS.len()).unwrap();
        assert_eq!(append(&model, &mut branch, &[1, 2]), expected, "{name}");
    }
}

#[test]
fn rows_that_are_put_back_are_as_if_computed() {
    let model = load("llama-int4");
    let mut state = model.new_state();
    append(&model, &mut state, &IDS);
    let rows = [state.rows(0..4).unwrap(), state.rows(4..6).unwrap()];
    assert_eq!(rows[1].iter().map(|rows| rows.shape().to_vec()).collect::<Vec<_>>(), [[2, 1, 2, 2, 16]; 2]);
    let mut restored = model.new_state();
    rows.iter().for_each(|rows| restored.append(rows).unwrap());
    assert_eq!(append(&model, &mut restored, &[1]), append(&model, &mut state, &[1]));
}

#[test]
fn rows_are_those_of_the_cpu_back_end() {
    let exact = LoadOptions { precision: Precision::Exact, ..LoadOptions::default() };
    let (core_ml, cpu) = (load("llama-fp16"), Model::load(fixture("llama-fp16"), &exact).unwrap());
    let (mut first, mut second) = (core_ml.new_state(), cpu.new_state());
    append(&core_ml, &mut first, &IDS);
    append(&cpu, &mut second, &IDS);
    for (found, expected) in first.rows(0..6).unwrap().iter().zip(second.rows(0..6).unwrap()) {
        let largest = expected.to_f32_vec().into_iter().fold(0.0, |largest: f32, value| largest.max(value.abs()));
        for (found, expected) in found.to_f32_vec().into_iter().zip(expected.to_f32_vec()) {
            assert!((found - expected).abs() <= 0.02 * largest, "{found} for {expected}");
        }
    }
}

#[test]
fn exact_precision_is_refused() {
    let error = Model::load(fixture("llama-fp16"), &LoadOptions { precision: Precision::Exact, ..options() });
    let error = error.err().expect("Core ML computes in the types of the package");
    assert!(matches!(&error, RuntimeError::NoCoreMl { reason } if reason.contains("exact")), "{error:?}");
}

#[test]
fn a_load_tells_what_it_does_and_can_be_ended_in_between() {
    let stages = [LoadStage::Compiling, LoadStage::Preparing(ComputeUnits::CpuOnly)];
    for end in 0..stages.len() {
        let mut told = Vec::new();
        let model = Model::load_observed(fixture("llama-fp16"), &options(), &mut |stage| {
            told.push(stage);
            if told.len() > end { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert!(matches!(model.err(), Some(RuntimeError::Cancelled)));
        assert_eq!(told, stages[..=end]);
    }
}

#[test]
fn two_threads_share_a_model() {
    let model = load("llama-fp16");
    let expected = append(&model, &mut model.new_state(), &IDS);
    std::thread::scope(|scope| {
        let threads = [(); 2].map(|()| scope.spawn(|| append(&model, &mut model.new_state(), &IDS)));
        threads.into_iter().for_each(|thread| assert_eq!(thread.join().unwrap(), expected));
    });
}
