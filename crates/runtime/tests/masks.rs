//! Masks: several of them, of either float type, with a sliding window, over scores with a soft cap.

use std::path::Path;

use half::f16;
use sottovoce_mil::{
    Package, PackageWriter,
    builder::{FunctionBuilder, Var},
    description::{Feature, FeatureType, Flexibility, FunctionDescription, ModelDescription},
    program::{Dimension, Program, TensorType},
};
use sottovoce_runtime::{
    BackendKind, Inputs, LoadOptions, Model, OutputRows, PlanReport, Precision, PredictOptions, RuntimeError,
};
use sottovoce_tensor::{DType, Tensor};
use sottovoce_testkit::{Logits, Random, Tolerance, assert_close, causal_mask};

const ANY: usize = usize::MAX;
const WIDTH: usize = 32;
const HEADS: usize = 2;
const SIZE: usize = WIDTH / HEADS;
const VOCABULARY: usize = 48;
const CONTEXT: usize = 64;
/// Small enough to bend the scores of random activations.
const SOFT_CAP: f32 = 2.0;
const WINDOW: usize = 5;

fn tensor(dtype: DType, shape: &[usize]) -> TensorType {
    let dimension = |&size: &usize| match size {
        ANY => Dimension::Unknown { variadic: false },
        size => Dimension::Fixed(size as u64),
    };
    TensorType::with_dimensions(dtype, shape.iter().map(dimension).collect())
}

fn f16s(shape: &[usize]) -> TensorType {
    tensor(DType::F16, shape)
}

struct Builder {
    function: FunctionBuilder,
    random: Random,
}

impl Builder {
    fn linear(&mut self, name: &str, x: &Var, outputs: usize) -> Var {
        let weight = self.random.tensor(DType::F16, &[outputs, WIDTH], 0.4);
        self.function.op("linear", name).arg("x", x).value("weight", weight).out(f16s(&[1, ANY, outputs]))
    }

    fn heads(&mut self, name: &str, x: &Var) -> Var {
        let flat = self.linear(&format!("{name}_flat"), x, WIDTH);
        let split = self.function.op("reshape", &format!("{name}_split")).arg("x", &flat);
        let split = split.value("shape", [1, -1, HEADS as i32, SIZE as i32]).out(f16s(&[1, ANY, HEADS, SIZE]));
        let turned = self.function.op("transpose", name).arg("x", &split).value("perm", [0, 2, 1, 3]);
        turned.out(f16s(&[1, HEADS, ANY, SIZE]))
    }

    /// Attention as a program spells it, with a residual sum around it.
    fn attention(&mut self, name: &str, x: &Var, mask: &Var, soft_cap: Option<f32>) -> Var {
        let [query, key, value] = ["query", "key", "value"].map(|part| self.heads(&format!("{name}_{part}"), x));
        let square = f16s(&[1, HEADS, ANY, ANY]);
        let step = |part: &str| format!("{name}_{part}");
        let function = &mut self.function;
        let product = |function: &mut FunctionBuilder, name: String, x: &Var, y: &Var, turn: bool, ty: TensorType| {
            let product = function.op("matmul", &name).arg("x", x).arg("y", y);
            product.value("transpose_x", false).value("transpose_y", turn).out(ty)
        };
        let by = |function: &mut FunctionBuilder, kind: &str, name: String, x: &Var, factor: f32| {
            function.op(kind, &name).arg("x", x).value("y", f16::from_f32(factor)).out(square.clone())
        };
        let scores = product(function, step("scores"), &query, &key, true, square.clone());
        let mut scores = by(function, "mul", step("scaled"), &scores, 0.25);
        if let Some(cap) = soft_cap {
            let shrunk = by(function, "real_div", step("shrunk"), &scores, cap);
            let bent = function.op("tanh", &step("bent")).arg("x", &shrunk).out(square.clone());
            scores = by(function, "mul", step("capped"), &bent, cap);
        }
        let masked = function.op("add", &step("masked")).arg("x", &scores).arg("y", mask).out(square.clone());
        let weights = function.op("softmax", &step("weights")).arg("x", &masked).value("axis", -1).out(square.clone());
        let mixed = product(function, step("mixed"), &weights, &value, false, f16s(&[1, HEADS, ANY, SIZE]));
        let turned = function.op("transpose", &step("turned")).arg("x", &mixed).value("perm", [0, 2, 1, 3]);
        let turned = turned.out(f16s(&[1, ANY, HEADS, SIZE]));
        let joined = function.op("reshape", &step("joined")).arg("x", &turned).value("shape", [1, -1, WIDTH as i32]);
        let joined = joined.out(f16s(&[1, ANY, WIDTH]));
        let projected = self.linear(&step("projected"), &joined, WIDTH);
        self.function.op("add", name).arg("x", x).arg("y", &projected).out(f16s(&[1, ANY, WIDTH]))
    }
}

fn flexible(name: &str, dtype: DType, ranges: &[(usize, Option<usize>)]) -> Feature {
    let shape = ranges.iter().map(|range| range.0).collect();
    let flexibility = Flexibility::Ranges(ranges.to_vec());
    let ty = FeatureType::Array { dtype: Some(dtype), shape, flexibility };
    Feature { name: name.to_owned(), short_description: String::new(), optional: false, ty }
}

/// Two layers of attention without a cache: the first sees everything, through a soft cap, the second a window through a
/// mask that comes in f32.
fn write(path: &Path, soft_cap: Option<f32>) {
    let mut builder = Builder { function: FunctionBuilder::new("CoreML8"), random: Random::new(5) };
    let ids = builder.function.input("inputIds", tensor(DType::I32, &[1, ANY]));
    let full = builder.function.input("fullMask", f16s(&[1, 1, ANY, ANY]));
    let sliding = builder.function.input("slidingMask", tensor(DType::F32, &[1, 1, ANY, ANY]));
    let sliding = builder.function.op("cast", "sliding").arg("x", &sliding).value("dtype", "fp16");
    let sliding = sliding.out(f16s(&[1, 1, ANY, ANY]));
    let table = builder.random.tensor(DType::F16, &[VOCABULARY, WIDTH], 1.0);
    let x = builder.function.op("gather", "x").value("x", table).arg("indices", &ids).value("axis", 0);
    let x = x.value("batch_dims", 0).value("validate_indices", false).out(f16s(&[1, ANY, WIDTH]));
    let x = builder.attention("first", &x, &full, soft_cap);
    let x = builder.attention("second", &x, &sliding, None);
    let logits = builder.linear("logits", &x, VOCABULARY);
    let function = builder.function.finish(&[&logits]).unwrap();
    let (one, any) = ((1, Some(1)), (1, Some(CONTEXT)));
    let interface = FunctionDescription {
        inputs: vec![
            flexible("inputIds", DType::I32, &[one, any]),
            flexible("fullMask", DType::F16, &[one, one, any, any]),
            flexible("slidingMask", DType::F32, &[one, one, any, any]),
        ],
        outputs: vec![flexible("logits", DType::F16, &[])],
        states: Vec::new(),
    };
    let program = Program { version: 1, functions: [("main".to_owned(), function)].into(), ..Program::default() };
    let description = ModelDescription { main: interface, ..ModelDescription::default() };
    PackageWriter::create(path).unwrap().finish(9, &program, &description).unwrap();
}

/// A causal mask that also hides what lies `window` or more positions back, with the value of the input's type that
/// converters use: the smallest f32, which f16 turns into −∞.
fn sliding_mask(rows: usize, window: usize) -> Tensor {
    let visible = |row: usize, position: usize| position <= row && position + window > row;
    let element = |at: usize| if visible(at / rows, at % rows) { 0.0 } else { f32::MIN };
    let elements: Vec<f32> = (0..rows * rows).map(element).collect();
    Tensor::from_slice([1, 1, rows, rows], &elements).unwrap()
}

fn inputs(rows: usize, window: usize) -> Inputs {
    let ids: Vec<i32> = (0..rows).map(|row| (row * 7 % VOCABULARY) as i32).collect();
    Inputs::from([
        ("inputIds", Tensor::from_slice([1, rows], &ids).unwrap()),
        ("fullMask", causal_mask(rows, rows, f32::NEG_INFINITY)),
        ("slidingMask", sliding_mask(rows, window)),
    ])
}

fn logits(path: &Path, backend: BackendKind, window: usize, rows: OutputRows) -> Logits {
    let options =
        LoadOptions { backend: Some(backend), precision: Precision::Exact, threads: Some(2), ..LoadOptions::default() };
    let model = Model::load(path, &options).unwrap();
    let options = PredictOptions { rows, ..PredictOptions::default() };
    let outputs = model.predict_with(&inputs(40, window), &mut model.new_state(), &options).unwrap();
    Logits { values: outputs["logits"].to_f32_vec(), width: VOCABULARY }
}

#[test]
fn two_masks_and_a_soft_cap_run_without_generic_steps() {
    let folder = tempfile::tempdir().unwrap();
    let (capped, free) = (folder.path().join("capped.mlpackage"), folder.path().join("free.mlpackage"));
    write(&capped, Some(SOFT_CAP));
    write(&free, None);
    let report = PlanReport::of(&Package::open(&capped).unwrap(), None).unwrap();
    assert!(report.kinds.iter().all(|(kind, _)| !kind.starts_with("generic")), "{report}");
    let attentions: Vec<_> = report.steps.iter().filter(|step| step.contains("attention")).collect();
    assert!(attentions[0].ends_with("soft cap 2, mask 0") && attentions[1].ends_with("scale 0.25, mask 1"), "{report}");

    let expected = logits(&capped, BackendKind::Reference, WINDOW, OutputRows::All);
    let found = logits(&capped, BackendKind::Cpu, WINDOW, OutputRows::All);
    assert_close(&found, &expected, Tolerance::Exact, "all rows");
    let last = logits(&capped, BackendKind::Cpu, WINDOW, OutputRows::Last);
    // More than eight rows are computed otherwise than one.
    assert_close(&last, &found.tail(1), Tolerance::Exact, "the last row");
    // Each part matters.
    for (path, window) in [(&free, WINDOW), (&capped, WINDOW + 1)] {
        let other = logits(path, BackendKind::Cpu, window, OutputRows::All);
        assert!(sottovoce_testkit::check_close(&other, &expected, 0.01).is_err());
    }
}

#[test]
fn a_mask_in_f32_that_hides_a_row_in_f16_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("package.mlpackage");
    write(&path, None);
    let model = Model::load(&path, &LoadOptions::default()).unwrap();
    let mut call = inputs(3, 2);
    // Far from −∞ in f32.
    call.get_mut("slidingMask").unwrap().as_mut_slice::<f32>().unwrap()[3..6].fill(-1e9);
    let error = model.predict(&call, &mut model.new_state()).unwrap_err();
    assert!(matches!(error, RuntimeError::Mask { row: 1, .. }), "{error}");
    assert!(error.to_string().contains("slidingMask"), "{error}");
}
