//! `sottovoce convert`

use std::{fs, path::Path};

use serde_json::{Value, json};
use sottovoce_testkit::fixtures_dir;

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

#[test]
fn random_weights_run_but_do_not_talk() {
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("made");
    let made = made.to_str().unwrap();
    let shape = "checkpoints/gemma-hf/config.json";
    let (code, stdout, stderr) = run(&["convert", "--random-weights", shape, "-o", made, "--quantize", "int4"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.trim().ends_with("made/gemma-hf-random-Stateful-4bit-128.mlpackage"), "{stdout}");
    let told = fs::read_to_string(Path::new(made).join("sottovoce.toml")).unwrap();
    assert!(told.contains("random weights"), "{told}");

    let (code, stdout, stderr) = run(&["bench", made, "--prompt", "4", "--decode", "4", "--repeat", "1"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("decode"), "{stdout}");
    let (code, _, stderr) = run(&["chat", made]);
    assert_eq!(code, 1);
    assert!(stderr.contains("has no tokenizer") && stderr.contains("random weights"), "{stderr}");
}

#[test]
fn a_model_of_gemmas_size_talks_without_a_tokenizer_and_with_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let config = fs::read(fixtures_dir().join("checkpoints/gemma-hf/config.json")).unwrap();
    let mut config: Value = serde_json::from_slice(&config).unwrap();
    (config["vocab_size"], config["hidden_size"]) = (256_000.into(), 32.into());
    let (shape, made) = (folder.path().join("config.json"), folder.path().join("made"));
    fs::write(&shape, config.to_string()).unwrap();
    let made = made.to_str().unwrap();
    let (code, _, stderr) = run(&[
        "convert",
        "--random-weights",
        shape.to_str().unwrap(),
        "-o",
        made,
        "--quantize",
        "int4",
        "--context",
        "64",
    ]);
    assert_eq!(code, 0, "{stderr}");
    for arguments in [&["generate", made, "Hi", "--greedy", "--max-tokens", "3"][..], &["tokenize", made, "Hi"]] {
        let (code, stdout, stderr) = run(arguments);
        assert_eq!(code, 0, "{stderr}");
        assert!(stderr.contains("warning: there is no tokenizer") && stderr.contains("256000 logits"), "{stderr}");
        assert!(!stdout.contains("warning"), "{stdout}");
    }
}

#[test]
fn calibration_is_for_int4_and_needs_its_text() {
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("made");
    for (text, quantize, part) in [
        ("calibration/prose.txt", "int8", "--calibrate is for --quantize int4"),
        ("calibration/nosuch.txt", "int4", "cannot read calibration/nosuch.txt"),
        ("calibration/prose.txt", "int4", "tokenizer"),
        ("self", "keep", "--calibrate is for --quantize int4"),
    ] {
        let options = ["--calibrate", text, "--quantize", quantize];
        let (code, stdout, stderr) = convert("checkpoints/llama.gguf", &made, &options);
        assert_eq!((code, stdout.as_str()), (1, ""), "{text} {quantize}");
        assert!(stderr.contains(part) && !made.exists(), "{stderr}");
    }
}

/// Without being asked, a model of a few thousand weights calibrates itself briefly; asked once, by more text, asked four times, by
/// enough for outputs to make up for each other; and by a file. Packages are of the same size, and the same every time.
#[test]
fn a_model_calibrates_itself() {
    let folder = tempfile::tempdir().unwrap();
    let tokenizer = folder.path().join("tokenizer.json");
    let characters = json!({"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": []});
    let bytes = json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true});
    let characters =
        json!({"version": "1.0", "added_tokens": [], "pre_tokenizer": bytes, "decoder": bytes, "model": characters});
    fs::write(&tokenizer, characters.to_string()).unwrap();
    let text = folder.path().join("text.txt");
    fs::write(&text, "abbabaabbaab".repeat(200)).unwrap();
    let convert_into = |name: &str, options: &[&str]| {
        let made = folder.path().join(name);
        let given = ["--quantize", "int4", "--tokenizer", tokenizer.to_str().unwrap()];
        let (code, stdout, stderr) = convert("checkpoints/llama.gguf", &made, &[&given, options].concat());
        assert_eq!(code, 0, "{stderr}");
        assert_eq!(stderr.matches("made ").count(), 1, "{stderr}");
        let left = fs::read_dir(&made).unwrap().count();
        assert_eq!(left, 3, "package, tokenizer and sottovoce.toml, and not what the model was run from");
        fs::read(Path::new(stdout.trim()).join("Data/com.apple.CoreML/weights/weight.bin")).unwrap()
    };
    let ways = [
        convert_into("weights-alone", &["--no-calibration"]),
        convert_into("briefly", &[]),
        convert_into("once", &["--calibrate", "self"]),
        convert_into("with-outputs", &["--calibrate", "self"].repeat(4)),
        convert_into("by-text", &["--calibrate", text.to_str().unwrap()]),
    ];
    for (index, way) in ways.iter().enumerate() {
        assert_eq!(way.len(), ways[0].len());
        assert!(!ways[..index].contains(way), "{index}");
    }
    assert!(ways[1] == convert_into("briefly-again", &[]), "the same both times");
    assert!(ways[2] == convert_into("once-again", &["--calibrate", "self"]), "the same both times");
}

/// int4 runs the model, so every architecture's has to run. These checkpoints have no tokenizer.
#[test]
fn every_architecture_is_calibrated_unasked() {
    let folder = tempfile::tempdir().unwrap();
    let mut count = 0;
    for entry in fs::read_dir(fixtures_dir().join("checkpoints")).unwrap() {
        let source = entry.unwrap().path();
        if source.is_dir() {
            let source = source.to_str().unwrap();
            let [calibrated, weights_alone] = ["calibrated", "weights-alone"].map(|name| {
                let options: &[&str] = if name == "calibrated" { &[] } else { &["--no-calibration"] };
                let made = folder.path().join(name);
                let (code, stdout, stderr) = convert(source, &made, &[&["--quantize", "int4"], options].concat());
                assert_eq!(code, 0, "{source}: {stderr}");
                fs::read(Path::new(stdout.trim()).join("Data/com.apple.CoreML/weights/weight.bin")).unwrap()
            });
            assert!(calibrated.len() == weights_alone.len() && calibrated != weights_alone, "{source}");
            count += 1;
        }
    }
    assert!(count >= 12, "{count}");
}

#[test]
fn a_shape_is_known_or_a_configuration() {
    for arguments in [
        &["convert", "-o", "x"][..],
        &["convert", "--random-weights", "gemma-7b", "-o", "x"],
        &["convert", "checkpoints/llama.gguf", "--random-weights", "gemma-2b", "-o", "x"],
    ] {
        let (code, _, stderr) = run(arguments);
        assert_eq!(code, 2, "{arguments:?}: {stderr}");
    }
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("made");
    let (code, _, stderr) = run(&["convert", "--random-weights", "README.md", "-o", made.to_str().unwrap()]);
    assert_eq!(code, 1);
    assert!(stderr.contains("README.md") && !made.exists(), "{stderr}");
}

#[test]
fn what_can_be_converted_is_listed() {
    let (code, stdout, _) = run(&["convert", "--list"]);
    assert_eq!(code, 0);
    for words in ["llama", "Gemma 1", "Q4_K", "BF16", "kv-io", "Rounded to 4 bits", "llama-3.1-8b"] {
        assert!(stdout.contains(words), "{words}: {stdout}");
    }
    let (_, json, _) = run(&["convert", "--list", "--json"]);
    let list: Value = serde_json::from_str(&json).unwrap();
    let architectures = list["architectures"].as_array().unwrap();
    // What is listed is what is read: a configuration of each name gets further than its name.
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config.json");
    for name in architectures.iter().map(|family| family["name"].as_str().unwrap()).chain(["mamba"]) {
        fs::write(&config, format!(r#"{{"model_type": "{name}"}}"#)).unwrap();
        let made = folder.path().join("made");
        let arguments = ["convert", "--random-weights", config.to_str().unwrap(), "-o", made.to_str().unwrap()];
        let (code, _, stderr) = run(&arguments);
        assert_eq!(code, 1);
        assert_eq!(stderr.contains("is not supported"), name == "mamba", "{stderr}");
    }
    for arguments in [&["convert", "--list", "-o", "x"][..], &["convert", "--json", "model.gguf", "-o", "x"]] {
        assert_eq!(run(arguments).0, 2, "{arguments:?}");
    }
}
