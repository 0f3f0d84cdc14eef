//! Replays the corpus of the fuzz targets.

use std::{fs, path::Path};

#[path = "../../../fuzz/src/lib.rs"]
mod targets;

fn replay(target: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut count = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        println!("{}", path.display());
        run(&fs::read(&path).unwrap());
        count += 1;
    }
    assert!(count > 0, "no corpus in {}", folder.display());
}

#[test]
fn models() {
    replay("model", targets::model);
}

#[test]
fn weight_files() {
    replay("weights", targets::weights);
}

#[test]
fn manifests() {
    replay("manifest", targets::manifest);
}

#[test]
fn texts() {
    replay("text", targets::text);
}
