//! `sottovoce predict`

use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use sottovoce_tensor::{Tensor, npz};
use sottovoce_testkit::{Fixture, Logits, Split, Tolerance, assert_close, fixtures, turns};

use crate::{run, sottovoce};

/// The fixtures' folder stays as it is.
const PREDICT: [&str; 2] = ["predict", "--no-packed-cache"];

fn fixture(name: &str) -> Fixture {
    fixtures().into_iter().find(|fixture| fixture.name == name).unwrap()
}

/// Writes the calls that feed the fixture's prompt.
fn write_calls(fixture: &Fixture, split: Split, folder: &Path) -> Vec<PathBuf> {
    let write = |(index, inputs): (usize, &IndexMap<String, Tensor>)| {
        let path = folder.join(format!("in-{index}.npz"));
        npz::write(&path, inputs).unwrap();
        path
    };
    turns(&fixture.ids, split).iter().map(|turn| &turn.inputs).enumerate().map(write).collect()
}

#[test]
fn files_are_calls_on_one_state() {
    let folder = tempfile::tempdir().unwrap();
    for (name, exact, tolerance) in [
        ("llama-fp16", true, Tolerance::Exact),
        ("llama-fp16", false, Tolerance::F16),
        ("llama-int4", false, Tolerance::Int8Activations),
    ] {
        let fixture = fixture(name);
        let inputs = write_calls(&fixture, Split::Uneven { seed: 7 }, folder.path());
        assert!(inputs.len() > 2);
        let outputs: Vec<PathBuf> = (0..inputs.len()).map(|i| folder.path().join(format!("out-{i}.npz"))).collect();
        let mut command = sottovoce(folder.path());
        command.args(PREDICT).arg(&fixture.package).args(&inputs).arg("-o").args(&outputs);
        command.args(exact.then_some("--exact")).assert().success().stdout("");
        let mut values = Vec::new();
        for output in outputs {
            values.extend(npz::read(&output).unwrap()["logits"].to_f32_vec());
        }
        assert_close(&Logits { values, width: fixture.logits.width }, &fixture.logits, tolerance, name);
    }
}

#[test]
fn the_back_end_is_a_choice_and_one_that_is_not_there_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let fixture = fixture("llama-fp16");
    let inputs = write_calls(&fixture, Split::Whole, folder.path());
    let predict = |options: &[&str]| {
        let mut command = sottovoce(folder.path());
        command.args(PREDICT).args(options).arg(&fixture.package).args(&inputs).output().unwrap()
    };
    let reference = predict(&["--backend", "reference", "--compute-units", "cpu-and-gpu"]);
    let stderr = String::from_utf8(reference.stderr).unwrap();
    assert!(reference.status.success() && stderr.contains("no GPU back end"), "{stderr}");
    if !cfg!(target_vendor = "apple") {
        let core_ml = predict(&["--backend", "core-ml", "--compute-units", "cpu-and-neural-engine"]);
        let stderr = String::from_utf8(core_ml.stderr).unwrap();
        assert!(!core_ml.status.success() && stderr.contains("macOS 15 or iOS 18"), "{stderr}");
    }
    let unknown = predict(&["--backend", "gpu"]);
    assert!(String::from_utf8(unknown.stderr).unwrap().contains("[possible values: cpu, reference, core-ml]"));
}

#[test]
fn outputs_are_summarised_without_files_for_them() {
    let folder = tempfile::tempdir().unwrap();
    let fixture = fixture("llama-fp16");
    let inputs = write_calls(&fixture, Split::Whole, folder.path());
    let mut command = sottovoce(folder.path());
    let output = command.args(PREDICT).arg(&fixture.package).args(&inputs).output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(stdout.contains("logits fp16 [1, 9, 320], from -"), "{stdout}");
}

#[test]
fn calls_that_do_not_fit_say_why_and_write_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let fixture = fixture("llama-fp16");
    let package = fixture.package.to_str().unwrap();
    let calls = turns(&fixture.ids, Split::TokenByToken);
    let out = folder.path().join("out.npz");
    let failure = |inputs: &IndexMap<String, Tensor>| {
        let path = folder.path().join("in.npz");
        npz::write(&path, inputs).unwrap();
        let (code, _, stderr) =
            run(&["predict", PREDICT[1], package, path.to_str().unwrap(), "-o", out.to_str().unwrap()]);
        assert_eq!(code, 1, "{stderr}");
        assert!(!out.exists(), "{stderr}");
        stderr
    };
    let second = failure(&calls[1].inputs);
    assert!(second.contains("begins at position 1") && second.contains("holds 0"), "{second}");

    let mut unknown = calls[0].inputs.clone();
    unknown.insert("banana".into(), Tensor::scalar(1i32));
    assert!(failure(&unknown).contains("banana"));

    let right = "inputIds int32 [1, 1..=64], causalMask fp16 [1, 1, 1..=64, 1..=64]";
    let mut missing = calls[0].inputs.clone();
    missing.swap_remove("causalMask");
    let missing = failure(&missing);
    assert!(missing.contains("input 'causalMask'") && missing.contains(right), "{missing}");

    let other = IndexMap::from([("input_ids".to_owned(), calls[0].inputs["inputIds"].clone())]);
    let other = failure(&other);
    assert!(other.contains("input 'input_ids'") && other.contains(right), "{other}");

    let mut outside = calls[0].inputs.clone();
    outside.insert("inputIds".into(), Tensor::from_slice([1, 1], &[320i32]).unwrap());
    let outside = failure(&outside);
    assert!(outside.contains("320") && outside.contains("vocabulary"), "{outside}");

    let mut hidden = calls[0].inputs.clone();
    hidden.insert("causalMask".into(), Tensor::from_slice([1, 1, 1, 1], &[half::f16::NEG_INFINITY]).unwrap());
    assert!(failure(&hidden).contains("mask"));
}

#[test]
fn files_that_are_no_arrays_are_named() {
    let package = "coremltools/llama-fp16.mlpackage";
    let (code, _, stderr) = run(&["predict", PREDICT[1], package, "README.md"]);
    assert_eq!(code, 1);
    assert!(stderr.contains("README.md"), "{stderr}");
    let (code, _, stderr) = run(&["predict", PREDICT[1], package, "a.npz", "b.npz", "-o", "c.npz"]);
    assert_eq!(code, 1);
    assert!(stderr.contains("2 inputs but 1 outputs"), "{stderr}");
    let (code, _, stderr) = run(&["predict", "programs/SmolLM2-135M-Stateful-512.mlpackage", "a.npz"]);
    assert_eq!(code, 1);
    assert!(stderr.contains("weight"), "planning works without the weight file, running does not: {stderr}");
}
