//! Results are bit for bit the same for any number of threads, and for a few rows together or one by one.

use half::f16;
use sottovoce_runtime::{Inputs, LoadOptions, Model, Outputs, Precision};
use sottovoce_tensor::Tensor;
use sottovoce_testkit::{Fixture, Interface, MASKED, Split, causal_mask, drive, fixtures};

/// The most rows whose results do not depend on how they are batched: more are multiplied in 8 bits.
const FEW_ROWS: usize = 8;

fn load(fixture: &Fixture, precision: Precision, threads: usize) -> Model {
    let options = LoadOptions { precision, threads: Some(threads), ..LoadOptions::default() };
    Model::load(&fixture.package, &options).unwrap_or_else(|error| panic!("{}: {error}", fixture.name))
}

fn logits(fixture: &Fixture, precision: Precision, threads: usize, split: Split) -> Vec<f32> {
    let model = load(fixture, precision, threads);
    let mut state = model.new_state();
    let predict = |inputs: &sottovoce_testkit::Inputs| -> Outputs {
        let inputs: Inputs = inputs.iter().map(|(name, tensor)| (name.as_str(), tensor.clone())).collect();
        model.predict(&inputs, &mut state).unwrap_or_else(|error| panic!("{}: {error}", fixture.name))
    };
    drive(fixture, split, predict).values
}

#[test]
fn any_number_of_threads_gives_the_same() {
    for fixture in fixtures() {
        for (precision, split) in [
            (Precision::Fast, Split::Whole),
            (Precision::Fast, Split::TokenByToken),
            (Precision::Exact, Split::Uneven { seed: 2 }),
        ] {
            let expected = logits(&fixture, precision, 1, split);
            for threads in [2, 3, 5] {
                let found = logits(&fixture, precision, threads, split);
                let same = found.iter().zip(&expected).all(|(a, b)| a.to_bits() == b.to_bits());
                assert!(same, "{}, {precision:?}, {split:?}: {threads} threads", fixture.name);
            }
        }
    }
}

/// One call of a package with states.
fn call(model: &Model, state: &mut sottovoce_runtime::State, ids: &[i32]) -> Vec<f16> {
    let inputs = Inputs::from([
        ("inputIds", Tensor::from_slice([1, ids.len()], ids).unwrap()),
        ("causalMask", causal_mask(ids.len(), state.len() + ids.len(), MASKED)),
    ]);
    model.predict(&inputs, state).unwrap()["logits"].as_slice().unwrap().to_vec()
}

#[test]
fn a_few_rows_together_are_what_they_are_one_by_one() {
    for fixture in fixtures().iter().filter(|fixture| fixture.interface == Interface::Stateful) {
        let model = load(fixture, Precision::Fast, 2);
        for (before, rows) in (2..=FEW_ROWS).map(|rows| (9 - rows, rows)) {
            let (past, now) = fixture.ids[..9].split_at(before);
            let mut state = model.new_state();
            past.iter().for_each(|&id| _ = call(&model, &mut state, &[id]));
            let mut fork = state.clone();
            let together = call(&model, &mut state, now);
            let alone: Vec<f16> = now.iter().flat_map(|&id| call(&model, &mut fork, &[id])).collect();
            let same = together.iter().zip(&alone).all(|(a, b)| a.to_bits() == b.to_bits());
            assert!(same && together.len() == alone.len(), "{}: {rows} rows after {before}", fixture.name);
        }
    }
}
