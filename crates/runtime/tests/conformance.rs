//! Every fixture that Apple's converter made, in every mode, with the prompt whole and in pieces, against PyTorch.

use sottovoce_runtime::{BackendKind, Inputs, LoadOptions, Model, Precision};
use sottovoce_testkit::{Fixture, Split, Tolerance, check_close, drive, fixtures};

fn tolerance(backend: BackendKind, precision: Precision, split: Split) -> Tolerance {
    match (backend, precision, split) {
        (_, Precision::Exact, _) => Tolerance::Exact,
        (BackendKind::Cpu, Precision::Fast, Split::Whole) => Tolerance::Int8Activations,
        // Up to eight rows activations keep 15 bits, four more than f16.
        (BackendKind::Cpu, Precision::Fast, _) | (BackendKind::Reference, Precision::Fast, _) => Tolerance::F16,
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
fn conform(backend: BackendKind, precision: Precision, split: Split) {
    let options = LoadOptions { backend: Some(backend), precision, ..LoadOptions::default() };
    let tolerance = tolerance(backend, precision, split);
    let mut failures = Vec::new();
    for fixture in fixtures() {
        match error(&fixture, &options, split, tolerance) {
            Ok(share) => println!("{}: {share:.5} of the largest logit", fixture.name),
            Err(error) => failures.push(format!("{}: {error}", fixture.name)),
        }
    }
    assert!(failures.is_empty(), "{backend:?}, {precision:?}, {split:?}, {tolerance:?}:\n{}", failures.join("\n"));
}

macro_rules! conformance {
    ($($module:ident: $backend:ident $precision:ident;)*) => {$(
        mod $module {
            use super::*;

            #[test]
            fn prompt_whole() {
                conform(BackendKind::$backend, Precision::$precision, Split::Whole);
            }

            #[test]
            fn prompt_token_by_token() {
                conform(BackendKind::$backend, Precision::$precision, Split::TokenByToken);
            }

            #[test]
            fn prompt_in_uneven_pieces() {
                conform(BackendKind::$backend, Precision::$precision, Split::Uneven { seed: 11 });
            }
        }
    )*};
}

conformance! {
    reference_rounding_to_f16: Reference Fast;
    reference_exact: Reference Exact;
    cpu_exact: Cpu Exact;
    cpu_fast: Cpu Fast;
}
