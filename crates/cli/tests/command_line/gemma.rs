//! A small model of Gemma's shape with Gemma's own tokenizer, made, loaded and talked to as the full-size one is.

use std::{fs, path::Path};

use serde_json::json;
use sottovoce_testkit::gemma_tokenizer;

use crate::{run, sottovoce};

/// Converts random weights into `Gemma-2B-IT-Stateful[-4bit]-128.mlpackage` in `folder/made`.
fn convert(folder: &Path, tokenizer: &Path, quantize: &str) -> (i32, String, String) {
    let config = folder.join("config.json");
    let sizes = json!({
        "model_type": "gemma", "num_hidden_layers": 2, "hidden_size": 64, "intermediate_size": 128,
        "num_attention_heads": 4, "num_key_value_heads": 1, "head_dim": 16, "vocab_size": 256_000,
        "max_position_embeddings": 8192, "rms_norm_eps": 1e-6,
    });
    fs::write(&config, sizes.to_string()).unwrap();
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let (config, tokenizer, made) = (text(&config), text(tokenizer), text(&folder.join("made")));
    let options = ["--name", "Gemma-2B-IT", "--context", "128", "--quantize", quantize, "--tokenizer", &tokenizer];
    run(&[&["convert", "--random-weights", &config, "-o", &made], options.as_slice()].concat())
}

/// Chats with the model in `folder/made`; every line of `questions` is one.
fn chat(folder: &Path, questions: &str, options: &[&str]) -> (i32, String) {
    let mut command = sottovoce(&folder.join("cache"));
    command.arg("chat").arg(folder.join("made")).args(["--greedy", "--system", "Be brief."]).args(options);
    let output = command.write_stdin(questions).output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_chat_in_a_context_of_128() {
    let Some(tokenizer) = gemma_tokenizer() else { return };
    let folder = tempfile::tempdir().unwrap();
    let size = |name: &str| {
        let weights = folder.path().join("made").join(name).join("Data/com.apple.CoreML/weights/weight.bin");
        fs::metadata(weights).unwrap().len() as f64
    };
    for (quantize, name) in
        [("int4", "Gemma-2B-IT-Stateful-4bit-128.mlpackage"), ("f16", "Gemma-2B-IT-Stateful-128.mlpackage")]
    {
        let (code, stdout, stderr) = convert(folder.path(), tokenizer, quantize);
        assert_eq!(code, 0, "{stderr}");
        assert!(stdout.trim().ends_with(name), "{stdout}");
    }
    // Half a byte and a scale of two for every 32 weights, against two bytes.
    let share = size("Gemma-2B-IT-Stateful-4bit-128.mlpackage") / size("Gemma-2B-IT-Stateful-128.mlpackage");
    assert!((0.25..0.3).contains(&share), "{share}");

    let (code, stderr) = chat(folder.path(), "Hi\nAnd you?\n", &["--max-tokens", "8"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stderr.contains("Gemma-2B-IT-Stateful-4bit-128"), "{stderr}");
    // Random weights hardly ever end an answer, so the context fills. A question that finds no room is told so.
    let long = "and so on ".repeat(50);
    let (code, stderr) = chat(folder.path(), &format!("Hi\n{long}\n"), &[]);
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("the context is full") && stderr.contains("128"), "{stderr}");
}

#[test]
fn a_tokenizer_that_cannot_be_had_is_an_error_before_anything_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let (code, _, stderr) = convert(folder.path(), Path::new("no-such-tokenizer"), "int4");
    assert_eq!(code, 1);
    assert!(stderr.contains("no-such-tokenizer") && stderr.contains("gemma-tokenizer"), "{stderr}");
    let (code, _, stderr) = convert(folder.path(), folder.path(), "int4");
    assert_eq!(code, 1);
    assert!(stderr.contains("there is no tokenizer in"), "{stderr}");
    assert!(!folder.path().join("made").exists());
}
