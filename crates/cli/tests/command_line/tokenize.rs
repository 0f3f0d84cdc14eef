//! `sottovoce tokenize`

use std::fs;

use serde_json::{Value, json};
use sottovoce_testkit::fixtures_dir;

use crate::{run, sottovoce};

const MODEL: &str = "tokenizers/pairs.model";

fn tokenize(arguments: &[&str]) -> (i32, String, String) {
    run(&[&["tokenize", MODEL], arguments].concat())
}

#[test]
fn each_token_is_a_line_without_colours_where_there_is_no_terminal() {
    let (code, stdout, stderr) = tokenize(&["a\t<turn>é\u{7f}"]);
    assert_eq!(code, 0, "{stderr}");
    let lines: Vec<&str> = stdout.lines().map(str::trim_start).collect();
    let texts: Vec<&str> = lines.iter().map(|line| line.split_once("  ").unwrap().1).collect();
    assert_eq!(texts[..4], ["<s>", "\" a\"", "\"\\t\"", "<turn>"], "{stdout}");
    assert_eq!(texts.last(), Some(&"\"\\u{7f}\""), "{stdout}");
    assert!(!stdout.contains('\u{1b}') && !stdout.contains('\u{7f}'), "{stdout:?}");
    assert_eq!(stderr, format!("{} tokens\n", lines.len()));
}

#[test]
fn json_and_count_and_standard_input_agree_with_the_library() {
    let read = |name: &str| -> Value {
        serde_json::from_slice(&fs::read(fixtures_dir().join("tokenizers").join(name)).unwrap()).unwrap()
    };
    let (texts, expected) = (read("texts.json"), read("pairs.json"));
    for index in [3, 15, 26] {
        let text = texts[index].as_str().unwrap();
        let ids = expected["ids"][index].as_array().unwrap();
        let cache = tempfile::tempdir().unwrap();
        let output = |arguments: &[&str]| {
            let mut command = sottovoce(cache.path());
            let output = command.args(["tokenize", MODEL, "-"]).args(arguments).write_stdin(text).output().unwrap();
            String::from_utf8(output.stdout).unwrap()
        };
        let report: Value = serde_json::from_str(&output(&["--json"])).unwrap();
        let found: Vec<Value> = report["tokens"].as_array().unwrap().iter().map(|token| token["id"].clone()).collect();
        assert_eq!((&found[0], &found[1..]), (&json!(1), &ids[..]), "<s>, then the text: {text}");
        assert_eq!(report["tokens"][0], json!({"id": 1, "token": "<s>", "bytes": [], "special": true}));
        assert_eq!(report["text"], text);
        assert_eq!(output(&["--count"]), format!("{}\n", found.len()));

        let ids: Vec<String> = found.iter().map(Value::to_string).collect();
        let (code, stdout, _) = tokenize(&["--decode", &ids.join(", ")]);
        assert_eq!((code, stdout), (0, format!("{text}\n")));
    }
}

#[test]
fn what_is_no_id_or_no_tokenizer_is_named() {
    for (ids, named) in [("5 x", "'x' is no token id, expected 0 to 899"), ("900", "'900'"), ("-1", "'-1'")] {
        let (code, stdout, stderr) = tokenize(&["--decode", "--", ids]);
        assert_eq!((code, stdout.as_str()), (1, ""), "{ids}");
        assert!(stderr.contains(named), "{stderr}");
    }
    for (model, named) in [
        ("nosuch-model", "no file or folder 'nosuch-model'"),
        ("coremltools/llama-fp16.mlpackage", "holds no tokenizer.json, tokenizer.model or single GGUF file"),
        ("checkpoints/llama.gguf", "tokenizer.ggml.model is missing"),
        ("README.md", "not valid JSON"),
    ] {
        let (code, stdout, stderr) = run(&["tokenize", model, "hello"]);
        assert_eq!((code, stdout.as_str()), (1, ""), "{model}");
        assert!(stderr.contains(named), "{model}: {stderr}");
    }
}
