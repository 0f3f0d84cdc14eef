//! Every package that Apple's converter made survives reading and writing.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use sottovoce_mil::{MilError, Model, Package, text, write_package};

const MODEL: &str = "Data/com.apple.CoreML/model.mlmodel";
const WEIGHTS: &str = "Data/com.apple.CoreML/weights/weight.bin";

fn packages(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(folder);
    let mut packages: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "mlpackage"))
        .collect();
    packages.sort();
    assert!(!packages.is_empty(), "no packages in {}", folder.display());
    packages
}

#[test]
fn packages_are_written_as_they_were_read() {
    let folder = tempfile::tempdir().unwrap();
    for path in packages("coremltools") {
        let copy_path = folder.path().join(path.file_name().unwrap());
        let package = Package::open(&path).unwrap();
        write_package(&package, &copy_path).unwrap();
        let copy = Package::open(&copy_path).unwrap();
        assert_eq!(package.spec_version, copy.spec_version);
        assert_eq!(package.description, copy.description);
        assert_eq!(package.program, copy.program);
        // Both tools put the blobs in the same order, so that even the files are the same.
        assert!(fs::read(path.join(WEIGHTS)).unwrap() == fs::read(copy_path.join(WEIGHTS)).unwrap(), "{path:?}");
        assert!(fs::read(path.join(MODEL)).unwrap() == fs::read(copy_path.join(MODEL)).unwrap(), "{path:?}");
    }
}

/// Not only equal messages: the very bytes, so that nothing that was in a file is lost, known or not.
#[test]
fn models_are_encoded_byte_for_byte() {
    for path in packages("programs").into_iter().chain(packages("coremltools")) {
        let original = fs::read(path.join(MODEL)).unwrap();
        let model = Model::decode(&original).unwrap();
        assert_eq!(model.not_kept, None, "{path:?}");
        let encoded = Model::encode(model.spec_version, &model.description, &model.program).unwrap();
        assert!(original == encoded, "{path:?} differs");
    }
}

#[test]
fn programs_survive_text() {
    for path in packages("programs").into_iter().chain(packages("coremltools")) {
        let package = Package::open(&path).unwrap();
        let parsed = text::parse(&text::print(&package.program)).unwrap();
        assert!(parsed == *package.program, "{path:?} differs");
    }
}

#[test]
fn programs_open_without_their_weights() {
    for path in packages("programs") {
        let package = Package::open(&path).unwrap();
        assert!(matches!(package.require_weights(), Err(MilError::MissingWeights { .. })));
        let block = package.program.functions["main"].active_block().unwrap();
        let mut kinds = BTreeMap::<&str, usize>::new();
        for operation in &block.operations {
            *kinds.entry(&operation.kind).or_default() += 1;
        }
        assert_eq!(kinds["write_state"], 60, "two per layer");
        let target = tempfile::tempdir().unwrap().path().join("copy.mlpackage");
        assert!(matches!(write_package(&package, &target), Err(MilError::MissingWeights { .. })));
        assert!(!target.exists());
    }
}
