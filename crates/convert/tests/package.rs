//! Whole conversions: the packages open, have Apple's interface, and hold the weights within the stated errors.

use std::{
    collections::BTreeMap,
    fs,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use sottovoce_convert::{
    Checkpoint, ConvertError, ConvertOptions, Quantize, Report, Variant, convert, package_name, quantize::Form,
    weights::WeightFormat,
};
use sottovoce_mil::{
    Package,
    description::{Feature, FeatureType},
    program::{Binding, Operation},
};
use sottovoce_tensor::DType;

const SOURCES: [&str; 5] = ["llama-hf", "llama.gguf", "llama-mixed.gguf", "gemma-hf", "gemma.gguf"];
const VARIANTS: [Variant; 3] = [Variant::Stateful, Variant::KvIo, Variant::Baseline];
const QUANTIZE: [Quantize; 4] = [Quantize::Keep, Quantize::F16, Quantize::Int8, Quantize::Int4];

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

fn open(source: &str) -> Checkpoint {
    Checkpoint::open(&fixtures().join("checkpoints").join(source)).unwrap()
}

fn convert_to(target: &Path, source: &str, options: &ConvertOptions) -> Report {
    convert(&open(source), target, options, &mut |_| ControlFlow::Continue(())).unwrap()
}

#[test]
fn every_combination_is_a_valid_package() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("model.mlpackage");
    for source in SOURCES {
        for variant in VARIANTS {
            for quantize in QUANTIZE {
                let options = ConvertOptions { quantize, variant, ..ConvertOptions::default() };
                let report = convert_to(&target, source, &options);
                let package = Package::open(&target).unwrap();
                assert_eq!(package.spec_version, 9);
                assert_eq!(package.program.functions["main"].opset, "CoreML8");
                let tensors: usize = report.changes.values().map(|change| change.tensors).sum();
                let expected = if open(source).config.tied { 20 } else { 21 };
                assert_eq!(tensors, expected, "{source}: every tensor is used once");
            }
        }
    }
}

/// Names, types and flexible sizes, without the texts.
fn interface(features: &[Feature]) -> Vec<(&str, &FeatureType)> {
    features.iter().map(|feature| (feature.name.as_str(), &feature.ty)).collect()
}

#[test]
fn the_interface_is_that_of_apples_converter() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("model.mlpackage");
    let cases = [
        ("llama.gguf", Variant::Stateful, "llama-fp16"),
        ("llama.gguf", Variant::KvIo, "llama-kvio"),
        ("llama.gguf", Variant::Baseline, "llama-baseline"),
        ("gemma.gguf", Variant::Stateful, "gemma-fp16"),
    ];
    for (source, variant, apple) in cases {
        convert_to(&target, source, &ConvertOptions { variant, context: Some(64), ..Default::default() });
        let ours = Package::open(&target).unwrap();
        let apple = Package::open(&fixtures().join("coremltools").join(format!("{apple}.mlpackage"))).unwrap();
        let [ours, theirs] = [&ours, &apple].map(|package| &package.description.main);
        assert_eq!(interface(&ours.inputs), interface(&theirs.inputs));
        assert_eq!(interface(&ours.outputs), interface(&theirs.outputs));
        assert_eq!(interface(&ours.states), interface(&theirs.states));
        assert_eq!(ours.states.len(), if variant == Variant::Stateful { 2 } else { 0 });
    }
}

#[test]
fn errors_are_reported_per_format() {
    let folder = tempfile::tempdir().unwrap();
    let report = convert_to(&folder.path().join("a.mlpackage"), "llama-mixed.gguf", &ConvertOptions::default());
    let blocks = |codes, offsets| Form::Blocks { codes, block: 32, offsets };
    // Carried over exactly, or up to an offset's eleven bits (a step is 1/15 or 1/31 of a block's spread), or as f16.
    let expected = [
        (WeightFormat::Q4_0, blocks(DType::I4, false), 0.0),
        (WeightFormat::Q4_1, blocks(DType::U4, true), 2e-3),
        (WeightFormat::Q5_0, blocks(DType::I8, false), 0.0),
        (WeightFormat::Q5_1, blocks(DType::U8, true), 2e-3),
        (WeightFormat::Q8_0, blocks(DType::I8, false), 0.0),
        (WeightFormat::BF16, Form::F16, 1e-7),
        (WeightFormat::F32, Form::F16, 2f64.powi(-11)),
    ];
    assert_eq!(report.changes.len(), expected.len());
    for (format, form, bound) in expected {
        let error = &report.changes[&(format, form)].error;
        assert!(error.relative_rms() <= bound && error.relative_max() <= bound, "{format}: {error:?}");
        assert!(error.weights > 0);
    }
    let table = report.to_string();
    assert!(table.contains("Q4_1   uint4 per block of 32 with offsets"), "{table}");

    let report = convert_to(
        &folder.path().join("b.mlpackage"),
        "llama.gguf",
        &ConvertOptions { quantize: Quantize::Int4, ..Default::default() },
    );
    let error = &report.changes[&(WeightFormat::F16, blocks(DType::I4, false))].error;
    // Normal weights in blocks of 32 at 4 bits: about 9 % of their RMS.
    assert!((0.05..0.11).contains(&error.relative_rms()), "{}", error.relative_rms());
}

/// Weights that a `constexpr_blockwise_shift_scale` of the package stands for, in f64.
fn decode(package: &Package, operation: &Operation) -> Vec<f64> {
    let input = |name: &str| {
        let Some([Binding::Value(value)]) = operation.inputs.get(name).map(Vec::as_slice) else { return None };
        Some(package.tensor(value).unwrap())
    };
    let (data, scale) = (input("data").unwrap(), input("scale").unwrap());
    let block = data.len() / scale.len();
    let offset = input("offset").map_or(vec![0.0; scale.len()], |offset| offset.to_f32_vec());
    let (codes, scale) = (data.to_f32_vec(), scale.to_f32_vec());
    let weight = |(index, code): (usize, &f32)| {
        f64::from(scale[index / block]) * (f64::from(*code) - f64::from(offset[index / block]))
    };
    codes.iter().enumerate().map(weight).collect()
}

#[test]
fn reported_errors_are_those_of_the_package() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("model.mlpackage");
    let checkpoint = open("llama-mixed.gguf");
    let names = matrix_names();
    for quantize in [Quantize::Keep, Quantize::Int8, Quantize::Int4] {
        let report = convert_to(&target, "llama-mixed.gguf", &ConvertOptions { quantize, ..Default::default() });
        let package = Package::open(&target).unwrap();
        let block = package.program.functions["main"].active_block().unwrap();
        let mut squares = BTreeMap::new();
        for operation in block.operations.iter().filter(|operation| operation.kind.starts_with("constexpr")) {
            let name = &operation.outputs[0].name;
            let named = |tensor: &&String| tensor.replace('.', "_") == *name;
            let tensor = checkpoint.tensor(names.iter().find(named).unwrap()).unwrap();
            let source = tensor.to_f32_vec().unwrap();
            let found = decode(&package, operation);
            assert_eq!(found.len(), source.len(), "{name}");
            let sum: f64 = found.iter().zip(&source).map(|(a, b)| (a - f64::from(*b)).powi(2)).sum();
            *squares.entry(tensor.format).or_insert(0.0) += sum;
        }
        for ((format, form), change) in report.changes.iter().filter(|((_, form), _)| *form != Form::F16) {
            // The report decodes and squares in f32: 2^-24 of each weight, and 2^-20 of the sum.
            let (stated, found) = (change.error.squares.sqrt(), squares[format]);
            let slack = 2f64.powi(-23) * change.error.weight_squares.sqrt() + 2f64.powi(-20) * stated;
            assert!((stated - f64::sqrt(found)).abs() <= slack, "{format} as {form}: {stated} {found}");
        }
    }
}

/// Names of the matrices of the tiny llama.
fn matrix_names() -> Vec<String> {
    let parts = ["self_attn.q", "self_attn.k", "self_attn.v", "self_attn.o", "mlp.gate", "mlp.up", "mlp.down"];
    let layer = |layer: usize| parts.map(|part| format!("model.layers.{layer}.{part}_proj.weight"));
    let ends = ["model.embed_tokens.weight".to_owned(), "lm_head.weight".to_owned()];
    ends.into_iter().chain(layer(0)).chain(layer(1)).collect()
}

#[test]
fn a_stopped_conversion_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("model.mlpackage");
    let checkpoint = open("llama.gguf");
    let mut steps = Vec::new();
    let mut stop_at_third = |progress: sottovoce_convert::Progress<'_>| {
        steps.push((progress.done, progress.total));
        if steps.len() == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let stopped = convert(&checkpoint, &target, &ConvertOptions::default(), &mut stop_at_third);
    assert!(matches!(stopped, Err(ConvertError::Cancelled)));
    assert!(steps.is_sorted() && steps[2].0 < steps[2].1, "{steps:?}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);

    // A package that was there before stays as it was.
    convert_to(&target, "llama.gguf", &ConvertOptions::default());
    let model = target.join("Data/com.apple.CoreML/model.mlmodel");
    let before = fs::read(&model).unwrap();
    let options = ConvertOptions { quantize: Quantize::Int4, ..Default::default() };
    assert!(convert(&checkpoint, &target, &options, &mut |_| ControlFlow::Break(())).is_err());
    assert_eq!(fs::read(&model).unwrap(), before);
}

#[test]
fn progress_reaches_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let mut last = (0, 1);
    let target = folder.path().join("model.mlpackage");
    convert(&open("gemma-hf"), &target, &ConvertOptions::default(), &mut |progress| {
        last = (progress.done, progress.total);
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(last.0, last.1);
}

#[test]
fn names_and_contexts_follow_the_model() {
    let name = |source: &str, options: &ConvertOptions| package_name(&open(source), options);
    let with = |quantize, variant, context| ConvertOptions { quantize, variant, context, ..Default::default() };
    let keep = with(Quantize::Keep, Variant::Stateful, None);
    assert_eq!(name("llama.gguf", &keep).unwrap(), "llama-Stateful-128.mlpackage");
    assert_eq!(name("gemma-hf", &keep).unwrap(), "gemma-hf-Stateful-128.mlpackage");
    let int4 = with(Quantize::Int4, Variant::KvIo, Some(64));
    assert_eq!(name("gemma.gguf", &int4).unwrap(), "gemma-KvIo-4bit-64.mlpackage");
    for context in [0, 129] {
        let error = name("llama.gguf", &with(Quantize::Keep, Variant::Stateful, Some(context))).unwrap_err();
        assert!(error.to_string().contains("outside 1..=128"), "{error}");
    }
}

#[test]
fn the_embedding_and_the_head_have_a_form_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("model.mlpackage");
    // The second uses its embedding as the head.
    for (source, of_their_own) in [("llama.gguf", 2), ("gemma-hf", 1)] {
        let int4 = ConvertOptions { quantize: Quantize::Int4, ..ConvertOptions::default() };
        let options = ConvertOptions { embedding: Some(Quantize::Int8), ..int4 };
        let tensors = |report: &Report, wanted: DType| -> usize {
            let has = |form: &Form| matches!(form, Form::Blocks { codes, .. } if *codes == wanted);
            report.changes.iter().filter(|((_, form), _)| has(form)).map(|(_, change)| change.tensors).sum()
        };
        let (all, mixed) = (convert_to(&target, source, &int4), convert_to(&target, source, &options));
        assert_eq!(tensors(&mixed, DType::I8), of_their_own, "{source}");
        assert_eq!(tensors(&mixed, DType::I4), tensors(&all, DType::I4) - of_their_own, "{source}");
        let package = Package::open(&target).unwrap();
        let facts = &package.description.metadata.user_defined;
        assert_eq!(facts["sottovoce.quantize"], "int4");
        assert_eq!(facts["sottovoce.quantize.embedding"], "int8");
    }
}

#[test]
fn weights_that_f16_cannot_hold_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("big.gguf");
    let mut bytes = fs::read(fixtures().join("checkpoints/llama.gguf")).unwrap();
    // The last tensor of the file is the F16 output projection; its last weight becomes infinite.
    let end = bytes.len() - 2;
    bytes[end..].copy_from_slice(&0x7c00u16.to_le_bytes());
    fs::write(&source, bytes).unwrap();
    let target = folder.path().join("model.mlpackage");
    let checkpoint = Checkpoint::open(&source).unwrap();
    let error = convert(&checkpoint, &target, &ConvertOptions::default(), &mut |_| ControlFlow::Continue(()));
    let message = error.unwrap_err().to_string();
    assert!(message.contains("output.weight holds inf"), "{message}");
    assert!(!target.exists());
}
