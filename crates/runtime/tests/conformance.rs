//! Every fixture that Apple's converter made, in every mode, with the prompt whole and in pieces, against PyTorch.

use sottovoce_runtime::{BackendKind, ComputeUnits, Inputs, LoadOptions, Model, Precision};
use sottovoce_testkit::{Fixture, Split, Tolerance, check_close, drive, fixtures};

fn tolerance(backend: BackendKind, precision: Precision, split: Split) -> Tolerance {
    match (backend, precision, split) {
        (_, Precision::Exact, _) => Tolerance::Exact,
        (BackendKind::Cpu, Precision::Fast, Split::Whole) => Tolerance::Int8Activations,
        // Up to eight rows activations keep 15 bits, four more than f16.
        (BackendKind::Cpu | BackendKind::Reference | BackendKind::CoreMl, Precision::Fast, _) => Tolerance::F16,
    }
}

/// What a back end is not held to, and why.
fn ignored(backend: BackendKind, fixture: &str) -> Option<&'static str> {
    match (backend, fixture) {
        (BackendKind::CoreMl, "llama-long") => Some(
            "its rotary angles are products of positions and frequencies in f16, which Core ML may compute as they are \
             written; our back ends compute them in f32",
        ),
        _ => None,
    }
}

fn error(fixture: &Fixture, options: &LoadOptions, split: Split, tolerance: Tolerance) -> Result<f32, String> {
    let model = Model::load(&fixture.package, options).map_err(|error| error.to_string())?;
    assert_eq!(Some(model.placement().backend), options.backend, "{}: {:?}", fixture.name, model.placement().notes);
    let mut state = model.new_state();
    let logits = drive(fixture, split, |inputs| {
        let inputs: Inputs = inputs.iter().map(|(name, tensor)| (name.as_str(), tensor.clone())).collect();
        model.predict(&inputs, &mut state).unwrap_or_else(|error| panic!("{}: {error}", fixture.name))
    });
    check_close(&logits, &fixture.logits, fixture.sharpness() * tolerance.share())
}

/// Runs every fixture and reports all that fail, not only the first.
fn conform(backend: BackendKind, precision: Precision, compute_units: ComputeUnits, split: Split) {
    let options = LoadOptions { backend: Some(backend), precision, compute_units, ..LoadOptions::default() };
    let tolerance = tolerance(backend, precision, split);
    let mut failures = Vec::new();
    for fixture in fixtures() {
        if let Some(reason) = ignored(backend, fixture.name) {
            println!("{}: ignored, since {reason}", fixture.name);
            continue;
        }
        match error(&fixture, &options, split, tolerance) {
            Ok(share) => println!("{}: {share:.5} of the largest logit", fixture.name),
            Err(error) => failures.push(format!("{}: {error}", fixture.name)),
        }
    }
    assert!(
        failures.is_empty(),
        "{backend:?}, {precision:?}, {compute_units:?}, {split:?}, {tolerance:?}:\n{}",
        failures.join("\n")
    );
}

macro_rules! conformance {
    ($($module:ident: $backend:ident $precision:ident $units:ident;)*) => {$(
        mod $module {
            use super::*;

            fn conform(split: Split) {
                super::conform(BackendKind::$backend, Precision::$precision, ComputeUnits::$units, split);
            }

            #[test]
            fn prompt_whole() {
                conform(Split::Whole);
            }

            #[test]
            fn prompt_token_by_token() {
                conform(Split::TokenByToken);
            }

            #[test]
            fn prompt_in_uneven_pieces() {
                conform(Split::Uneven { seed: 11 });
            }
        }
    )*};
}

conformance! {
    reference_rounding_to_f16: Reference Fast All;
    reference_exact: Reference Exact All;
    cpu_exact: Cpu Exact All;
    cpu_fast: Cpu Fast All;
}

#[cfg(target_vendor = "apple")]
conformance! {
    core_ml_on_the_cpu: CoreMl Fast CpuOnly;
    core_ml_on_cpu_and_gpu: CoreMl Fast CpuAndGpu;
    core_ml_on_all_units: CoreMl Fast All;
}
