//! Every architecture that the converter builds, in every mode, with the prompt whole and in pieces, against transformers;
//! and that its plan is as short as Llama's, but for a sum a norm.

use std::{ops::ControlFlow, path::Path};

use sottovoce_convert::{Checkpoint, ConvertOptions, Quantize};
use sottovoce_mil::Package;
use sottovoce_runtime::{BackendKind, Inputs, LoadOptions, Model, PlanReport, Precision};
use sottovoce_testkit::{CHECKPOINTS, CheckpointFixture, Fixture, Logits, Split, Tolerance, check_close, drive};

fn converted(tiny: CheckpointFixture, folder: &Path) -> Fixture {
    let package = folder.join(format!("{}.mlpackage", tiny.name));
    let options = ConvertOptions { context: Some(tiny.context), ..ConvertOptions::default() };
    let [source, _] = tiny.sources();
    let checkpoint = Checkpoint::open(&source).unwrap();
    sottovoce_convert::convert(&checkpoint, &package, &options, &mut |_| ControlFlow::Continue(())).unwrap();
    tiny.answered(package)
}

fn logits(fixture: &Fixture, options: &LoadOptions, split: Split) -> Result<Logits, String> {
    let model = Model::load(&fixture.package, options).map_err(|error| error.to_string())?;
    assert_eq!(Some(model.placement().backend), options.backend, "{}: {:?}", fixture.name, model.placement().notes);
    let mut state = model.new_state();
    Ok(drive(fixture, split, |inputs| {
        let inputs: Inputs = inputs.iter().map(|(name, tensor)| (name.as_str(), tensor.clone())).collect();
        model.predict(&inputs, &mut state).unwrap_or_else(|error| panic!("{}: {error}", fixture.name))
    }))
}

fn error(fixture: &Fixture, options: &LoadOptions, split: Split, tolerance: Tolerance) -> Result<f32, String> {
    check_close(&logits(fixture, options, split)?, &fixture.logits, tolerance.share())
}

#[test]
fn every_architecture_computes_what_transformers_computes() {
    let folder = tempfile::tempdir().unwrap();
    let mut failures = Vec::new();
    for tiny in CHECKPOINTS {
        let fixture = converted(tiny, folder.path());
        // Weights are f16, whose products are summed in f32 in either mode; the reference rounds every value to f16.
        for (backend, precision, tolerance) in [
            (BackendKind::Cpu, Precision::Exact, Tolerance::Exact),
            (BackendKind::Cpu, Precision::Fast, Tolerance::F16),
            (BackendKind::Reference, Precision::Fast, Tolerance::F16),
        ] {
            let options = LoadOptions { backend: Some(backend), precision, ..LoadOptions::default() };
            for split in [Split::Whole, Split::TokenByToken, Split::Uneven { seed: 11 }] {
                let what = format!("{}, {backend:?}, {precision:?}, {split:?}", tiny.name);
                match error(&fixture, &options, split, tolerance) {
                    Ok(share) => println!("{what}: {share:.5} of the largest logit"),
                    Err(error) => failures.push(format!("{what}, {tolerance:?}: {error}")),
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_architecture_runs_in_the_steps_of_llama() {
    let folder = tempfile::tempdir().unwrap();
    for tiny in CHECKPOINTS {
        let report = PlanReport::of(&Package::open(&converted(tiny, folder.path()).package).unwrap(), None).unwrap();
        assert_eq!(report.refusal, None, "{}", tiny.name);
        let layers = report.layers;
        // A norm behind attention or the feed-forward network is computed with the sum that follows it.
        let post_norms = ["gemma2", "gemma3"].contains(&tiny.name);
        let expected = [
            ("embed", 1),
            ("linear", 4 * layers + 1),
            ("heads", layers),
            ("attention", layers),
            ("add", if post_norms { 2 * layers } else { 0 }),
            ("to_tensor", 1),
        ];
        let expected = expected.into_iter().filter(|(_, count)| *count > 0);
        let expected: Vec<_> = expected.map(|(kind, count)| (kind.to_owned(), count)).collect();
        assert_eq!(report.kinds, expected, "{}", tiny.name);
    }
}

#[test]
fn norms_of_heads_join_the_rotation_and_partial_rotation_is_one_step() {
    let folder = tempfile::tempdir().unwrap();
    for (name, norms) in [("qwen3", true), ("phi3", false)] {
        let tiny = CHECKPOINTS.into_iter().find(|tiny| tiny.name == name).unwrap();
        let report = PlanReport::of(&Package::open(&converted(tiny, folder.path()).package).unwrap(), None).unwrap();
        let heads: Vec<&String> = report.steps.iter().filter(|step| step.starts_with("heads ")).collect();
        assert_eq!(heads.len(), report.layers, "{report}");
        for step in heads {
            assert_eq!(step.matches("rotated by table 0").count(), 2, "{step}");
            assert_eq!(step.matches("by heads rotated").count(), if norms { 2 } else { 0 }, "{step}");
            assert_eq!(step.split("; ").count(), 4, "{step}");
        }
    }
}

/// No published model has norms of heads where nothing turns; then the norm is computed by itself.
#[test]
fn norms_of_heads_do_without_a_rotation() {
    let tiny = CHECKPOINTS.into_iter().find(|tiny| tiny.name == "qwen3").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let package = folder.path().join("still.mlpackage");
    let [source, _] = tiny.sources();
    let mut config = Checkpoint::open(&source).unwrap().config;
    config.layers[1].rope = None;
    let checkpoint = Checkpoint::random("still", config, Quantize::F16).unwrap();
    let options = ConvertOptions { context: Some(tiny.context), ..ConvertOptions::default() };
    sottovoce_convert::convert(&checkpoint, &package, &options, &mut |_| ControlFlow::Continue(())).unwrap();

    let mut fixture = tiny.answered(package);
    let exact = |backend| LoadOptions { backend: Some(backend), precision: Precision::Exact, ..LoadOptions::default() };
    fixture.logits = logits(&fixture, &exact(BackendKind::Reference), Split::Whole).unwrap();
    for split in [Split::Whole, Split::TokenByToken] {
        error(&fixture, &exact(BackendKind::Cpu), split, Tolerance::Exact).unwrap();
    }
}
