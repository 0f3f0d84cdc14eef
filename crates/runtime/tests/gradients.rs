//! Gradients of every architecture against differences: what a loss does when a weight is moved a little either way.

mod common;

use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    path::Path,
    sync::{Arc, Mutex},
};

use sottovoce_convert::{Checkpoint, ConvertOptions};
use sottovoce_kernels::{Floats, PackedLinear, Team, WeightSource};
use sottovoce_runtime::{
    BackendKind, BatchCall, BatchMemory, Inputs, LoadOptions, Model, Outputs, Precision, PredictOptions, RuntimeError,
    StandIns,
};
use sottovoce_testkit::{CHECKPOINTS, CheckpointFixture, Fixture, Random, Split, drive, fixtures, fixtures_dir};

use common::weight;

/// How far weights are moved, of their root mean square: keys and values in f16 drown what much less would do.
const STEP: f64 = 0.002;
/// Largest error of a slope, of the product of the lengths of gradient and direction: what f16 and the curvature of the sharpest
/// attentions leave (0.05 was seen). A term that is missing or wrong is more.
const TOLERANCE: f64 = 0.1;
/// Largest error of half of all slopes (0.001 was seen).
const TOLERANCE_OF_MOST: f64 = 0.003;
/// Directions that are tried for each weight, the first of which is the gradient itself.
const DIRECTIONS: usize = 3;

fn converted(tiny: CheckpointFixture, folder: &Path) -> Fixture {
    let package = folder.join(format!("{}.mlpackage", tiny.name));
    let options = ConvertOptions { context: Some(tiny.context), ..ConvertOptions::default() };
    let checkpoint = Checkpoint::open(&tiny.sources()[0]).unwrap();
    sottovoce_convert::convert(&checkpoint, &package, &options, &mut |_| ControlFlow::Continue(())).unwrap();
    tiny.answered(package)
}

/// The one call of a fixture's whole prompt.
fn inputs(fixture: &Fixture, model: &Model) -> Inputs {
    let mut inputs = Inputs::new();
    drive(fixture, Split::Whole, |call| {
        inputs = call.iter().map(|(name, tensor)| (name.as_str(), tensor.clone())).collect();
        model.predict(&inputs, &mut model.new_state()).unwrap()
    });
    inputs
}

/// A model with the one call that is differentiated.
struct Case {
    model: Model,
    inputs: Inputs,
    /// The loss is the sum of the logits times these.
    factors: Vec<f32>,
    /// Rows of each linear layer's input, by weight.
    seen: BTreeMap<String, (usize, Vec<f32>)>,
}

impl Case {
    fn new(fixture: &Fixture) -> Self {
        let options = LoadOptions { precision: Precision::Exact, ..LoadOptions::default() };
        let model = Model::load(&fixture.package, &options).unwrap();
        let inputs = inputs(fixture, &model);
        let mut random = Random::new(23);
        let factors = (0..fixture.ids.len() * fixture.logits.width).map(|_| random.normal()).collect();
        let mut case = Self { model, inputs, factors, seen: BTreeMap::new() };
        let seen: Arc<Mutex<BTreeMap<_, _>>> = Arc::default();
        let sink = Arc::clone(&seen);
        let observer = move |input: &sottovoce_runtime::LinearInput<'_>| {
            for &weight in input.weights {
                sink.lock().unwrap().insert(weight.to_owned(), (input.width, input.rows.to_vec()));
            }
        };
        case.loss(&mut BatchMemory::observed(observer, StandIns::default()));
        case.seen = std::mem::take(&mut seen.lock().unwrap());
        case
    }

    fn loss(&self, memory: &mut BatchMemory) -> f64 {
        let (mut state, mut outputs) = (self.model.new_state(), Outputs::new());
        let options = PredictOptions::default();
        let call = BatchCall { inputs: &self.inputs, state: &mut state, options, outputs: &mut outputs };
        self.model.predict_batch(&mut [call], memory).unwrap();
        let logits = outputs["logits"].to_f32_vec();
        logits.iter().zip(&self.factors).map(|(logit, factor)| f64::from(logit * factor)).sum()
    }

    /// The loss with other weights in place of one.
    fn loss_with(&self, name: &str, weights: &[f32], width: usize) -> f64 {
        let source = WeightSource::Float { rows: weights.len() / width, columns: width, data: Floats::F32(weights) };
        let stand_ins = StandIns::default();
        stand_ins.insert(name, PackedLinear::pack(&source, &Team::new(1)).unwrap());
        self.loss(&mut BatchMemory::observed(|_| {}, stand_ins))
    }

    /// Gradients of the outputs of each linear layer, by weight.
    fn gradients(&self) -> BTreeMap<String, Vec<f32>> {
        let mut gradients = BTreeMap::new();
        let width = self.factors.len() / self.seen.values().next().map_or(1, |(width, rows)| rows.len() / width);
        let mut loss = |row: usize, logits: &[f32], gradient: &mut [f32]| {
            assert_eq!(logits.len(), width);
            gradient.copy_from_slice(&self.factors[row * width..][..width]);
        };
        let visit = &mut |gradient: &sottovoce_runtime::LinearGradient<'_>| {
            gradients.insert(gradient.weight.to_owned(), gradient.rows.to_vec());
        };
        self.model.backward(&self.inputs, &mut loss, visit).unwrap();
        gradients
    }
}

/// The sum over rows of gᵀ x: the gradient of a weight.
fn of_weight(gradient: &[f32], rows: &[f32], width: usize) -> Vec<f32> {
    let count = rows.len() / width;
    let outputs = gradient.len() / count;
    let mut sum = vec![0.0; outputs * width];
    for (gradient, x) in gradient.chunks_exact(outputs).zip(rows.chunks_exact(width)) {
        for (sum, gradient) in sum.chunks_exact_mut(width).zip(gradient) {
            sum.iter_mut().zip(x).for_each(|(sum, x)| *sum += gradient * x);
        }
    }
    sum
}

fn norm(values: &[f32]) -> f64 {
    values.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>().sqrt()
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(a * b)).sum()
}

/// For each weight of each architecture, along the gradient and along other directions: the slope that the gradient promises,
/// against the difference of two losses.
#[test]
fn every_architecture_has_the_gradients_that_differences_show() {
    let folder = tempfile::tempdir().unwrap();
    let (mut failures, mut errors) = (Vec::new(), Vec::new());
    for tiny in CHECKPOINTS {
        let case = Case::new(&converted(tiny, folder.path()));
        let gradients = case.gradients();
        assert_eq!(gradients.len(), case.seen.len(), "{}: every linear layer has one", tiny.name);
        let mut random = Random::new(5);
        // Where embedding and head are one, moving it moves what is looked up too.
        for (name, (width, rows)) in case.seen.iter().filter(|(name, _)| !name.contains("embed")) {
            let (own, gradient) = (&weight(&case.model, name), of_weight(&gradients[name], rows, *width));
            for direction in 0..DIRECTIONS {
                // Others lean to the gradient too, so that there is a slope to see, but differently for each weight.
                let along =
                    |gradient: &f32| if direction == 0 { *gradient } else { gradient * (1.0 + 2.0 * random.normal()) };
                let along: Vec<f32> = gradient.iter().map(along).collect();
                let slope = |step: f64| {
                    let moved = |sign: f64| -> Vec<f32> {
                        own.iter().zip(&along).map(|(own, along)| own + (sign * step) as f32 * along).collect()
                    };
                    let [up, down] = [1.0, -1.0].map(|sign| case.loss_with(name, &moved(sign), *width));
                    (up - down) / (2.0 * step)
                };
                // Two steps, so that what goes with the square of a step falls out (Richardson's extrapolation).
                let step = STEP * norm(own) / norm(&along);
                let (found, expected) = ((4.0 * slope(step / 2.0) - slope(step)) / 3.0, dot(&gradient, &along));
                let error = (found - expected).abs() / (norm(&gradient) * norm(&along));
                errors.push(error);
                if error > TOLERANCE {
                    failures.push(format!("{} {name}, direction {direction}: {found} {expected}", tiny.name));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    errors.sort_by(f64::total_cmp);
    let middle = errors[errors.len() / 2];
    assert!(middle < TOLERANCE_OF_MOST, "{middle}");
}

#[test]
fn what_has_no_gradient_says_so() {
    for (name, backend, part) in [
        ("llama-fp16", BackendKind::Reference, "Reference runs it"),
        ("llama-kvio", BackendKind::Cpu, "not in states"),
        ("llama-baseline", BackendKind::Cpu, "not in states"),
    ] {
        let path = fixtures_dir().join(format!("coremltools/{name}.mlpackage"));
        let model = Model::load(path, &LoadOptions { backend: Some(backend), ..LoadOptions::default() }).unwrap();
        let fixture = fixtures().into_iter().find(|fixture| fixture.name == name).unwrap();
        let inputs = inputs(&fixture, &model);
        let error = model.backward(&inputs, &mut |_, _, _| {}, &mut |_| {}).unwrap_err();
        assert!(matches!(&error, RuntimeError::NoGradient(reason) if reason.contains(part)), "{error}");
    }
}
