//! `sottovoce convert`

use std::{fs, path::Path};

use serde_json::Value;

use crate::run;

fn convert(source: &str, folder: &Path, options: &[&str]) -> (i32, String, String) {
    run(&[&["convert", source, "-o", folder.to_str().unwrap()], options].concat())
}

#[test]
fn checkpoints_become_packages_of_every_variant() {
    let folder = tempfile::tempdir().unwrap();
    for (source, variant) in [
        ("checkpoints/llama.gguf", "stateful"),
        ("checkpoints/llama-hf", "kv-io"),
        ("checkpoints/gemma.gguf", "baseline"),
        ("checkpoints/llama-mixed.gguf", "stateful"),
    ] {
        let made = folder.path().join(variant);
        let (code, stdout, stderr) = convert(source, &made, &["--variant", variant, "--context", "32"]);
        assert_eq!(code, 0, "{source}: {stderr}");
        assert!(stderr.contains("--tokenizer"), "these checkpoints have no vocabulary, which is told: {stderr}");
        assert!(fs::read_to_string(made.join("sottovoce.toml")).unwrap().contains("sha256"));
        let (_, json, _) = run(&["inspect", stdout.trim(), "--json"]);
        let verdict = serde_json::from_str::<Value>(&json).unwrap()["verdict"].clone();
        assert_eq!(verdict["variant"], variant, "{source}: {verdict}");
    }
}

#[test]
fn a_context_that_the_model_lacks_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("made");
    let (code, stdout, stderr) = convert("checkpoints/llama.gguf", &made, &["--context", "1000000"]);
    assert_eq!((code, stdout.as_str()), (1, ""));
    assert!(stderr.contains("1000000"), "{stderr}");
    assert!(!made.exists());
}
