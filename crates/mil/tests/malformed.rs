//! Damaged and hostile packages get an error that says where and what.

use std::{
    fs,
    path::{Path, PathBuf},
};

use prost::encoding::{WireType, encode_key, encode_varint};
use sottovoce_mil::{
    MAX_MODEL_BYTES, MilError, Model, Package, PackageWriter,
    builder::FunctionBuilder,
    description::{Feature, FeatureType, Flexibility, FunctionDescription, ModelDescription},
    program::{Program, TensorType, Value, ValueData, ValueType},
    write_package,
};
use sottovoce_tensor::DType;
use tempfile::TempDir;

const MODEL: &str = "Data/com.apple.CoreML/model.mlmodel";
const WEIGHTS: &str = "Data/com.apple.CoreML/weights/weight.bin";

fn feature(name: &str, shape: &[usize]) -> Feature {
    Feature {
        name: name.to_owned(),
        short_description: String::new(),
        optional: false,
        ty: FeatureType::Array { dtype: Some(DType::F16), shape: shape.to_vec(), flexibility: Flexibility::Fixed },
    }
}

/// `y = linear(x, weight)`, with a state that is not used, and the weight in a blob.
fn model(weight: Value) -> (ModelDescription, Program) {
    let mut function = FunctionBuilder::new("CoreML8");
    let x = function.input("x", TensorType::fixed(DType::F16, &[1, 4]));
    function.state("cache", TensorType::fixed(DType::F16, &[2, 4]));
    let weight = function.constant("weight", weight);
    let y = function.op("linear", "y").arg("x", &x).arg("weight", &weight).out(TensorType::fixed(DType::F16, &[1, 3]));
    let function = function.finish(&[&y]).unwrap();
    let main = FunctionDescription {
        inputs: vec![feature("x", &[1, 4])],
        outputs: vec![feature("y", &[])],
        states: vec![feature("cache", &[2, 4])],
    };
    let functions = [("main".to_owned(), function)].into_iter().collect();
    let program = Program { version: 1, functions, ..Program::default() };
    (ModelDescription { main, ..ModelDescription::default() }, program)
}

fn package() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.mlpackage");
    let mut writer = PackageWriter::create(&path).unwrap();
    let weight = writer.add_blob(DType::F16, &[3, 4], &[1; 24]).unwrap();
    let (description, program) = model(weight);
    writer.finish(9, &program, &description).unwrap();
    Package::open(&path).unwrap();
    (folder, path)
}

/// The error of a package whose file at `name` has been changed.
fn refused(name: &str, change: impl FnOnce(&mut Vec<u8>)) -> String {
    let (_folder, path) = package();
    let file = path.join(name);
    let mut data = fs::read(&file).unwrap();
    change(&mut data);
    fs::write(&file, data).unwrap();
    Package::open(&path).unwrap_err().to_string()
}

/// The error of a package with another program or description.
fn refused_model(change: impl FnOnce(&mut ModelDescription, &mut Program)) -> String {
    let (_folder, path) = package();
    let package = Package::open(&path).unwrap();
    let (mut description, mut program) = (package.description.as_ref().clone(), package.program.as_ref().clone());
    change(&mut description, &mut program);
    let encoded = Model::encode(9, &description, &program).unwrap();
    fs::write(path.join(MODEL), encoded).unwrap();
    Package::open(&path).unwrap_err().to_string()
}

fn main_block(program: &mut Program) -> &mut sottovoce_mil::program::Block {
    &mut program.functions["main"].block_specializations["CoreML8"]
}

fn blob(program: &mut Program) -> (&mut String, &mut u64) {
    match &mut main_block(program).operations[0].attributes["val"].data {
        ValueData::Blob { file, offset } => (file, offset),
        _ => panic!("the weight is a blob"),
    }
}

#[test]
fn truncated_models() {
    let (_folder, path) = package();
    let data = fs::read(path.join(MODEL)).unwrap();
    for len in 0..data.len() {
        let error = Model::decode(&data[..len]).expect_err("a part of a model is no model");
        assert!(matches!(error, MilError::Protobuf { .. } | MilError::NotMlProgram { .. }), "{len} bytes: {error}");
    }
    let message = refused(MODEL, |data| data.truncate(data.len() - 1));
    assert!(message.contains("model.mlmodel: the model is not a valid protobuf: a field of"), "{message}");
}

#[test]
fn oversized_models() {
    let (_folder, path) = package();
    fs::File::options().write(true).open(path.join(MODEL)).unwrap().set_len(MAX_MODEL_BYTES + 1).unwrap();
    let message = Package::open(&path).unwrap_err().to_string();
    assert!(message.contains("model file in bytes is too large: 134217729, the limit is 134217728"), "{message}");
    // An empty operation takes two bytes on the wire, and two hundred in memory.
    let message = refused(MODEL, |data| {
        let operations = [0x1a, 0].repeat(8_000_001);
        *data = nested(&[502, 2, 2, 3, 2], operations);
    });
    assert!(message.contains("number of strings and messages in the model is too large: 8000001"), "{message}");
}

/// Wraps bytes in messages, the outermost of which is field `fields[0]`.
fn nested(fields: &[u32], mut data: Vec<u8>) -> Vec<u8> {
    for &field in fields.iter().rev() {
        let mut outer = Vec::new();
        encode_key(field, WireType::LengthDelimited, &mut outer);
        encode_varint(data.len() as u64, &mut outer);
        outer.append(&mut data);
        data = outer;
    }
    data
}

#[test]
fn deep_models() {
    // Lists of lists, to a depth that would overflow the stack.
    let mut fields = vec![502, 4, 2, 2];
    fields.extend([2, 1].repeat(20_000));
    let message = refused(MODEL, |data| *data = nested(&fields, Vec::new()));
    assert!(message.contains("nesting of messages is too large: 101, the limit is 100"), "{message}");
}

#[test]
fn broken_wire_format() {
    let message = refused(MODEL, |data| *data = b"not a model at all".to_vec());
    assert!(message.contains("not a valid protobuf"), "{message}");
    let message = refused(MODEL, |data| data.splice(0..0, [0xff; 11]).for_each(drop));
    assert!(message.contains("a number of more than 64 bits"), "{message}");
    let message = refused(MODEL, |data| data.splice(0..0, [0x0b]).for_each(drop));
    assert!(message.contains("wire type 3 of field 1 of Model"), "{message}");
}

#[test]
fn other_models() {
    let message = refused(MODEL, |data| *data = nested(&[500], Vec::new()));
    assert!(message.contains("expected an ML Program, found neural network; convert"), "{message}");
    let message = refused(MODEL, Vec::clear);
    assert!(message.contains("expected an ML Program, found no model at all"), "{message}");
}

#[test]
fn fields_that_are_not_kept_are_not_lost_in_silence() {
    let (folder, path) = package();
    let mut data = fs::read(path.join(MODEL)).unwrap();
    data.extend(nested(&[12345], vec![1, 2, 3]));
    fs::write(path.join(MODEL), data).unwrap();
    let package = Package::open(&path).unwrap();
    let message = write_package(&package, &folder.path().join("copy.mlpackage")).unwrap_err().to_string();
    assert!(message.contains("the field Model.12345 is not supported, a copy would lose it"), "{message}");
}

#[test]
fn manifests() {
    let replace = |from: &str, to: &str| {
        refused("Manifest.json", |data| *data = String::from_utf8_lossy(data).replacen(from, to, 1).into_bytes())
    };
    let message = replace("{", "");
    assert!(message.contains("Manifest.json: ") && message.contains("at line 2"), "{message}");
    assert!(replace("1.0.0", "2.0.0").contains("expected file format version 1.0.0, found 2.0.0"));
    assert!(replace("rootModelIdentifier\": \"5", "rootModelIdentifier\": \"6").contains("is not among the items"));
    for path in ["../model.mlmodel", "/etc/model.mlmodel", "com.apple.CoreML/../../x", "..\\\\x", "c:x", ""] {
        let message = replace("com.apple.CoreML/model.mlmodel", path);
        assert!(message.contains("leaves the package"), "{message}");
    }
    let message = replace("com.apple.CoreML/model.mlmodel", "com.apple.CoreML/other.mlmodel");
    assert!(message.contains("cannot read") && message.contains("other.mlmodel"), "{message}");
    let message = refused("Manifest.json", |data| data.resize(2 << 20, b' '));
    assert!(message.contains("manifest in bytes is too large: 2097152, the limit is 1048576"), "{message}");
}

#[test]
fn places_without_a_package() {
    let (folder, path) = package();
    let found = |path: &Path| Package::open(path).unwrap_err().to_string();
    assert!(found(&folder.path().join("missing")).contains("found nothing at that path"));
    assert!(found(folder.path()).contains("found a folder without that file"));
    assert!(found(&path.join(MODEL)).contains("found a file; a package is a folder"));
    let compiled = folder.path().join("test.mlmodelc");
    fs::create_dir(&compiled).unwrap();
    assert!(found(&compiled).contains("found a compiled model"));
}

#[test]
fn weight_files() {
    let message = refused(WEIGHTS, |data| data[64] ^= 1);
    assert!(message.contains("function `main`, operation `weight` (const)"), "{message}");
    assert!(message.contains("weight.bin, blob at 64: expected the magic number 0xdeadbeef"), "{message}");
    let message = refused(WEIGHTS, |data| data.truncate(100));
    assert!(message.contains("blob at 64: lies outside the file, which has 100 bytes"), "{message}");
    let message = refused(WEIGHTS, |data| data[4] = 1);
    assert!(message.contains("expected blob storage of version 2, found 1"), "{message}");
    for offset in [0, 63, 128, 1 << 40, u64::MAX] {
        let message = refused_model(|_, program| *blob(program).1 = offset);
        assert!(message.contains("operation `weight` (const): "), "{message}");
        assert!(message.contains(&format!("blob at {offset}")), "{message}");
    }
    for file in ["@model_path/../weight.bin", "@model_path//etc/passwd", "weights/weight.bin", "@model_path/"] {
        let message = refused_model(|_, program| *blob(program).0 = file.to_owned());
        assert!(message.contains(&format!("weight file `{file}`: expected a path inside the package")), "{message}");
    }
}

#[test]
fn blob_shapes() {
    let other_type = |dtype, shape: &[usize]| {
        let ty = ValueType::Tensor(TensorType::fixed(dtype, shape));
        refused_model(|_, program| {
            let constant = &mut main_block(program).operations[0];
            constant.outputs[0].ty = ty.clone();
            constant.attributes["val"].ty = ty;
        })
    };
    assert!(other_type(DType::F32, &[3, 4]).contains("blob at 64: expected fp32, found fp16"));
    assert!(other_type(DType::F16, &[4, 4]).contains("expected 32 bytes for fp16[4, 4], found 24"));
    assert!(other_type(DType::F16, &[usize::MAX, 3]).contains("too large to address"));
}

#[test]
fn overlapping_blobs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.mlpackage");
    let mut writer = PackageWriter::create(&path).unwrap();
    let weight = writer.add_blob(DType::F16, &[3, 4], &[1; 24]).unwrap();
    let other = writer.add_blob(DType::U8, &[24], &[1; 24]).unwrap();
    let (description, mut program) = model(weight);
    program.functions["main"].attributes.insert("other".to_owned(), other);
    writer.finish(9, &program, &description).unwrap();
    let mut data = fs::read(path.join(WEIGHTS)).unwrap();
    // The second blob, at 192, claims the data of the first.
    data[192 + 16..192 + 24].copy_from_slice(&128u64.to_le_bytes());
    fs::write(path.join(WEIGHTS), data).unwrap();
    let message = Package::open(&path).unwrap_err().to_string();
    assert!(message.contains("shares bytes 128..152 with the blob at "), "{message}");
}

#[test]
fn a_missing_weight_file_fails_when_a_blob_is_asked_for() {
    let (_folder, path) = package();
    fs::remove_file(path.join(WEIGHTS)).unwrap();
    let package = Package::open(&path).unwrap();
    let weight = &package.program.functions["main"].active_block().unwrap().operations[0].attributes["val"];
    let message = package.tensor(weight).unwrap_err().to_string();
    assert!(message.contains("weight.bin is missing"), "{message}");
    assert!(package.require_weights().is_err());
}

#[test]
fn inconsistent_programs() {
    let message = refused_model(|_, program| program.functions["main"].opset = "CoreML12".to_owned());
    assert!(message.contains("model.mlmodel: function `main`: unknown opset `CoreML12`"), "{message}");
    let message = refused_model(|_, program| main_block(program).operations.reverse());
    assert!(
        message.contains("operation `y` (linear): argument `weight` is `weight`, which it or a later"),
        "{message}"
    );
    let message = refused_model(|_, program| drop(main_block(program).operations.remove(0)));
    assert!(message.contains("argument `weight` is `weight`, which nothing defines"), "{message}");
    let message = refused_model(|description, _| description.main.states[0] = feature("cache", &[2, 5]));
    assert!(message.contains("function `main`, state `cache`: is described with shape [2, 5]"), "{message}");
    let message = refused_model(|_, program| program.functions.clear());
    assert!(message.contains("program: has no functions"), "{message}");
}

#[test]
fn doubled_keys() {
    let (_folder, path) = package();
    let package = Package::open(&path).unwrap();
    let data = Model::encode(9, &package.description, &package.program).unwrap();
    // The same program once more: protobuf joins both, so that every function is there twice.
    let (once, twice) = (data.len(), [&data[..], &data[..]].concat());
    assert!(Model::decode(&twice[..once]).is_ok());
    let message = Model::decode(&twice).unwrap_err().to_string();
    assert!(message.contains("occurs twice"), "{message}");
}
