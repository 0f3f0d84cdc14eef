//! The package writer replaces packages safely and leaves nothing half-made.

use std::{fs, path::Path};

use sottovoce_mil::{
    MilError, Package, PackageWriter,
    builder::FunctionBuilder,
    description::{Feature, FeatureType, Flexibility, FunctionDescription, ModelDescription},
    program::{Program, TensorType, Value},
};
use sottovoce_tensor::DType;

/// A function that adds a weight to its input.
fn model(weight: Value) -> (Program, ModelDescription) {
    let mut function = FunctionBuilder::new("CoreML8");
    let ty = TensorType::fixed(DType::F32, &[2]);
    let x = function.input("x", ty.clone());
    let weight = function.constant("weight", weight);
    let y = function.op("add", "y").arg("x", &x).arg("y", &weight).out(ty);
    let functions = [("main".to_owned(), function.finish(&[&y]).unwrap())].into_iter().collect();
    let array = |name: &str| Feature {
        name: name.to_owned(),
        short_description: String::new(),
        optional: false,
        ty: FeatureType::Array { dtype: Some(DType::F32), shape: vec![2], flexibility: Flexibility::Fixed },
    };
    let main = FunctionDescription { inputs: vec![array("x")], outputs: vec![array("y")], states: Vec::new() };
    let description = ModelDescription { main, ..ModelDescription::default() };
    (Program { version: 1, functions, ..Program::default() }, description)
}

fn write(path: &Path, bytes: [u8; 8]) {
    let mut writer = PackageWriter::create(path).unwrap();
    let weight = writer.add_blob(DType::F32, &[2], &bytes).unwrap();
    let (program, description) = model(weight);
    writer.finish(8, &program, &description).unwrap();
}

fn weight_bytes(path: &Path) -> Vec<u8> {
    let package = Package::open(path).unwrap();
    let constant = &package.program.functions["main"].active_block().unwrap().operations[0];
    package.tensor(&constant.attributes["val"]).unwrap().bytes().to_vec()
}

fn names(folder: &Path) -> Vec<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn packages_are_made_and_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sub/test.mlpackage");
    write(&path, [1; 8]);
    assert_eq!(weight_bytes(&path), [1; 8]);
    let old = Package::open(&path).unwrap();
    write(&path, [2; 8]);
    assert_eq!(weight_bytes(&path), [2; 8]);
    // Whoever had the old one open keeps it.
    let constant = &old.program.functions["main"].active_block().unwrap().operations[0];
    assert_eq!(old.tensor(&constant.attributes["val"]).unwrap().bytes()[..], [1; 8]);
    assert_eq!(names(path.parent().unwrap()), ["test.mlpackage"]);
}

#[test]
fn tensors_outlive_the_package() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.mlpackage");
    write(&path, [3; 8]);
    let package = Package::open(&path).unwrap();
    let constant = package.program.functions["main"].active_block().unwrap().operations[0].clone();
    let tensor = package.tensor(&constant.attributes["val"]).unwrap();
    drop(package);
    drop(folder);
    assert!(tensor.bytes().is_mapped());
    assert_eq!(tensor.bytes()[..], [3; 8]);
}

#[test]
fn a_dropped_writer_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.mlpackage");
    let mut writer = PackageWriter::create(&path).unwrap();
    writer.add_blob(DType::F32, &[2], &[0; 8]).unwrap();
    assert_eq!(names(folder.path()).len(), 1);
    drop(writer);
    assert!(names(folder.path()).is_empty());
}

#[test]
fn a_failed_finish_keeps_the_old_package() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.mlpackage");
    write(&path, [1; 8]);
    // The blob of another writer: this one has written none.
    let package = Package::open(&path).unwrap();
    let writer = PackageWriter::create(&path).unwrap();
    let error = writer.finish(8, &package.program, &package.description).unwrap_err();
    assert!(matches!(error, MilError::MissingWeights { .. }), "{error}");
    // A description that does not fit.
    let writer = PackageWriter::create(&path).unwrap();
    let (program, _) = model(Value::tensor(sottovoce_tensor::Tensor::zeros(DType::F32, [2]).unwrap()));
    let error = writer.finish(8, &program, &ModelDescription::default()).unwrap_err();
    assert!(error.to_string().contains("input `x` is not described"), "{error}");
    assert_eq!(weight_bytes(&path), [1; 8]);
    assert_eq!(names(folder.path()), ["test.mlpackage"]);
}

#[test]
fn only_packages_are_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("notes.txt");
    fs::write(&file, "keep me").unwrap();
    let message = PackageWriter::create(&file).unwrap_err().to_string();
    assert!(message.contains("something that is not a Core ML package is there"), "{message}");
    let message = PackageWriter::create(folder.path()).unwrap_err().to_string();
    assert!(message.contains("something that is not a Core ML package is there"), "{message}");
    assert_eq!(names(folder.path()), ["notes.txt"]);
}

#[test]
fn packages_without_weights_have_no_weight_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.mlpackage");
    let (program, description) = model(Value::tensor(sottovoce_tensor::Tensor::zeros(DType::F32, [2]).unwrap()));
    PackageWriter::create(&path).unwrap().finish(8, &program, &description).unwrap();
    assert_eq!(weight_bytes(&path), [0; 8]);
    assert_eq!(names(&path.join("Data/com.apple.CoreML")), ["model.mlmodel"]);
}
