//! What each fuzz target of the package format does with its input: any bytes are read or refused, which it says,
//! and what was read holds what it promises. The tests of `sottovoce-mil` run the same on the files of `corpus`.

use std::{cell::LazyCell, fs, path::PathBuf};

use sottovoce_mil::{
    MilError, Model, Package, PackageWriter,
    program::{Function, Program, ValueData},
    text, validate,
};
use tempfile::TempDir;

/// A model that decodes is the same after encoding and decoding again, and survives text if it is valid.
pub fn model(data: &[u8]) -> bool {
    let Ok(model) = Model::decode(data) else { return false };
    let valid =
        validate::program(&model.program).and_then(|()| validate::description(&model.description, &model.program));
    if let Ok(encoded) = Model::encode(model.spec_version, &model.description, &model.program) {
        let again = Model::decode(&encoded).expect("what was encoded");
        assert_eq!((again.description, &again.program), (model.description, &model.program));
    }
    if valid.is_ok() {
        assert_eq!(text::parse(&text::print(&model.program)).expect("what was printed"), model.program);
    }
    true
}

/// A program that parses is the same after printing and parsing again.
pub fn text(data: &[u8]) -> bool {
    let Ok(source) = std::str::from_utf8(data) else { return false };
    let Ok(program) = text::parse(source) else { return false };
    let printed = text::print(&program);
    assert_eq!(text::parse(&printed).expect("what was printed"), program);
    true
}

/// A package that opens with these weights gives every tensor that its program refers to.
pub fn weights(data: &[u8]) -> bool {
    PACKAGE.with(|package| {
        fs::write(package.path.join("Data/com.apple.CoreML/weights/weight.bin"), data).expect("a writable folder");
        let Ok(opened) = Package::open(&package.path) else { return false };
        for value in opened.program.functions["main"].attributes.values() {
            let ValueData::Blob { .. } = value.data else { panic!("every attribute is a blob") };
            opened.tensor(value).expect("a blob that was checked").to_f32_vec();
        }
        true
    })
}

/// A manifest leads to the model in the package, or is refused; it never leads outside.
pub fn manifest(data: &[u8]) -> bool {
    PACKAGE.with(|package| {
        let path = package.path.join("Manifest.json");
        let sound = fs::read(&path).expect("the manifest");
        fs::write(&path, data).expect("a writable folder");
        let opened = Package::open(&package.path);
        if let Err(MilError::Io { path, .. }) = &opened {
            assert!(path.starts_with(&package.path));
        }
        fs::write(&path, sound).expect("a writable folder");
        opened.is_ok()
    })
}

struct Sample {
    path: PathBuf,
    _folder: TempDir,
}

thread_local! {
    static PACKAGE: LazyCell<Sample> = LazyCell::new(sample);
}

/// A package with three blobs of widths that pack differently.
fn sample() -> Sample {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("sample.mlpackage");
    let source = "program 1 func main() CoreML8 [a=fp16[3](@64), b=uint3[5](@192), c=int4[2,2](@320)] { return }";
    let program = text::parse(source).expect("a program");
    let mut writer = PackageWriter::create(&path).expect("a writable folder");
    for (value, data) in attributes(&program).zip([&[1, 2, 3, 4, 5, 6][..], &[0x88, 0x46], &[0x1f, 0x72]]) {
        let ty = value.ty.as_tensor().expect("a tensor");
        let (dtype, shape) = (ty.dtype().expect("numbers"), ty.fixed_shape().expect("a shape"));
        assert_eq!(writer.add_blob(dtype, &shape, data).expect("room for a blob"), *value);
    }
    writer.finish(9, &program, &Default::default()).expect("a package");
    Sample { path, _folder: folder }
}

fn attributes(program: &Program) -> impl Iterator<Item = &sottovoce_mil::program::Value> {
    program.functions.values().flat_map(|function: &Function| function.attributes.values())
}
