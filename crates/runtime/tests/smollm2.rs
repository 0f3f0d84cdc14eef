//! SmolLM2-135M-Instruct, from our converter and from Apple's, against Hugging Face transformers in f32.
//!
//! Near ties fall either way between engines, so what is compared is the likeliest token at each position of real text
//! with the reference's margin at hand, and perplexity; never generated text.

use std::{
    ops::ControlFlow,
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

use sottovoce_convert::{Checkpoint, ConvertOptions, Quantize, convert};
use sottovoce_mil::Package;
use sottovoce_runtime::{Inputs, LoadOptions, Model, Outputs, PlanReport, Precision, State};
use sottovoce_testkit::{
    Agreement, Logits, SmolLm2Reference, Split, Tolerance, apple_smollm2, check_close, fixtures_dir, smollm2_gguf,
    turns,
};

/// Margins of the reference above this are clear: no sound f16 computation turns them over.
const CLEAR_MARGIN: f32 = 0.1;
const LEAST_AGREEMENT: f64 = 0.99;
const VOCABULARY: usize = 49152;
/// What quantised activations may cost, perplexity of fast over exact.
const LARGEST_PERPLEXITY_RATIO: f64 = 1.01;

/// Each test uses every core, so they take turns.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn load(package: &Path, precision: Precision) -> Model {
    let options = LoadOptions { precision, ..LoadOptions::default() };
    Model::load(package, &options).unwrap_or_else(|error| panic!("{}: {error}", package.display()))
}

/// A package of ours, context 512, in a folder that lives as long as the test.
fn converted(quantize: Quantize) -> Option<(tempfile::TempDir, std::path::PathBuf)> {
    let checkpoint = Checkpoint::open(smollm2_gguf()?).expect("the GGUF is readable");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("SmolLM2.mlpackage");
    let options = ConvertOptions { quantize, context: Some(512), ..ConvertOptions::default() };
    convert(&checkpoint, &path, &options, &mut |_| ControlFlow::Continue(())).expect("the GGUF converts");
    Some((folder, path))
}

fn predict(model: &Model, state: &mut State, inputs: &sottovoce_testkit::Inputs) -> Outputs {
    let inputs: Inputs = inputs.iter().map(|(name, tensor)| (name.as_str(), tensor.clone())).collect();
    model.predict(&inputs, state).expect("the call is sound")
}

fn logits(model: &Model, ids: &[i32], split: Split) -> Logits {
    let mut state = model.new_state();
    let rows = |turn: sottovoce_testkit::Turn| predict(model, &mut state, &turn.inputs)["logits"].to_f32_vec();
    Logits { values: turns(ids, split).into_iter().flat_map(rows).collect(), width: VOCABULARY }
}

/// Sum of ln p over the tokens that follow.
fn log_likelihood(logits: &Logits, ids: &[i32]) -> f64 {
    (1..ids.len()).map(|position| logits.log_probability(position - 1, ids[position] as usize)).sum()
}

fn agrees_with(reference: &SmolLm2Reference, package: &Path) {
    let _turn = turn();
    let model = load(package, Precision::Exact);
    let mut agreement = Agreement::default();
    let (mut likelihood, mut count) = (0.0, 0);
    for (window, ids) in reference.windows.iter().enumerate() {
        let logits = logits(&model, ids, Split::Uneven { seed: window as u64 });
        for position in 0..ids.len() {
            let (expected, margin) = (reference.top1[window][position], reference.margin[window][position]);
            agreement.add(logits.top1(position), expected, margin, CLEAR_MARGIN);
        }
        likelihood += log_likelihood(&logits, ids);
        count += ids.len() - 1;
        for ((_, position), row) in reference.full_rows.iter().filter(|((of, _), _)| *of == window) {
            let found = Logits { values: logits.row(*position).to_vec(), width: VOCABULARY };
            let expected = Logits { values: row.clone(), width: VOCABULARY };
            // The reference's rows are rounded to f16, and so are 60 caches.
            let close = check_close(&found, &expected, Tolerance::F16.share());
            close.unwrap_or_else(|error| panic!("window {window}, position {position}: {error}"));
        }
    }
    for question in &reference.questions {
        let mut ids = question.prompt.clone();
        ids.extend(question.answer[..question.answer.len() - 1].iter().map(|&id| id as i32));
        let logits = logits(&model, &ids, Split::Whole);
        let answer = question.answer.iter().zip(&question.margin);
        for (row, (&expected, &margin)) in (question.prompt.len() - 1..).zip(answer) {
            agreement.add(logits.top1(row), expected, margin, CLEAR_MARGIN);
        }
    }
    let perplexity = (-likelihood / count as f64).exp();
    println!("{agreement:?}, {:.4}; perplexity {perplexity:.4} and {:.4}", agreement.share(), reference.perplexity());
    assert!(agreement.positions >= 1000);
    assert!(agreement.share() >= LEAST_AGREEMENT, "{agreement:?}: {}", agreement.share());
    assert_eq!(agreement.clear_misses, 0, "{agreement:?}");
    let ratio = perplexity / reference.perplexity();
    assert!((ratio - 1.0).abs() < 0.002, "perplexity {perplexity} instead of {}", reference.perplexity());
}

fn fast_loses_little(package: &Path) {
    let _turn = turn();
    let reference = SmolLm2Reference::load("reference");
    let likelihood = |precision| -> f64 {
        let model = load(package, precision);
        let windows = reference.windows.iter();
        windows.map(|ids| log_likelihood(&logits(&model, ids, Split::Uneven { seed: 5 }), ids)).sum()
    };
    let count: usize = reference.windows.iter().map(|ids| ids.len() - 1).sum();
    let ratio = ((likelihood(Precision::Exact) - likelihood(Precision::Fast)) / count as f64).exp();
    println!("perplexity of fast over exact: {ratio:.5}");
    assert!(ratio <= LARGEST_PERPLEXITY_RATIO, "{ratio}");
}

#[test]
fn our_f16_package_agrees_with_transformers() {
    let Some((_folder, package)) = converted(Quantize::F16) else { return };
    agrees_with(&SmolLm2Reference::load("reference"), &package);
}

#[test]
fn our_package_is_fused_as_apples() {
    let Some((_folder, package)) = converted(Quantize::F16) else { return };
    let apples = fixtures_dir().join("programs/SmolLM2-135M-Stateful-512.mlpackage");
    let kinds = |path: &Path| PlanReport::of(&Package::open(path).unwrap(), None).unwrap().kinds;
    assert_eq!(kinds(&package), kinds(&apples));
}

#[test]
fn apples_f16_package_agrees_with_transformers() {
    let Some(package) = apple_smollm2("SmolLM2-135M-Stateful-512") else { return };
    agrees_with(&SmolLm2Reference::load("reference-apple-f16"), &package);
}

#[test]
fn apples_int4_package_agrees_with_transformers() {
    let Some(package) = apple_smollm2("SmolLM2-135M-Stateful-4bit-512") else { return };
    agrees_with(&SmolLm2Reference::load("reference-apple-int4"), &package);
}

#[test]
fn fast_arithmetic_costs_our_4_bit_package_little() {
    let Some((_folder, package)) = converted(Quantize::Keep) else { return };
    fast_loses_little(&package);
}

#[test]
fn fast_arithmetic_costs_apples_4_bit_package_little() {
    let Some(package) = apple_smollm2("SmolLM2-135M-Stateful-4bit-512") else { return };
    fast_loses_little(&package);
}
