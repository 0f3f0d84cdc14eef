//! Usage, exit codes, and the commands that need no model.

use std::fs;

use crate::{run, sottovoce};

#[test]
fn wrong_usage_exits_with_2_and_help_with_0() {
    for arguments in [
        &[][..],
        &["nosuch"],
        &["inspect"],
        &["inspect", "a", "--nosuch"],
        &["generate"],
        &["generate", "a", "b", "c"],
        &["generate", "hello", "--greedy", "--temperature", "1"],
        &["generate", "hello", "--speculate", "0"],
        &["generate", "hello", "--regex", "a", "--json-object"],
        &["generate", "hello", "--logprobs", "3"],
        &["generate", "hello", "--dry-base", "2"],
        &["generate", "hello", "--n", "0"],
        &["generate", "hello", "--raw", "--tools", "tools.json"],
        &["bench", "--repeat", "0"],
        &["tokenize"],
        &["tokenize", "a", "b", "--count", "--json"],
        &["chat", "--threads", "0"],
        &["ask", "question.wav"],
        &["listen", "--push-to-talk", "--wake-phrase", "hello"],
        &["bench", "voice", "--turns", "0"],
        &["bench", "voice", "--duration", "1"],
        &["bench", "voice", "--duration", "1h", "--turns", "3"],
        &["session"],
        &["history"],
        &["history", "delete"],
        &["history", "delete", "--yes"],
        &["history", "delete", "a", "--all"],
        &["history", "expire", "--days", "0"],
        &["convert", "a", "-o", "b", "--quantize", "int3"],
    ] {
        let (code, stdout, stderr) = run(arguments);
        assert_eq!(code, 2, "{arguments:?}: {stderr}");
        assert_eq!(stdout, "", "{arguments:?}");
    }
    for command in [
        "demo",
        "chat",
        "generate",
        "convert",
        "inspect",
        "check",
        "predict",
        "perplexity",
        "tokenize",
        "bench",
        "ask",
        "listen",
        "transcribe",
        "bench quality",
        "bench ladder",
        "bench speculation",
        "bench speech",
        "bench echo",
        "bench turns",
        "bench voice",
        "session",
        "session save",
        "history",
        "history list",
        "history export",
        "models",
        "pull",
        "doctor",
        "completions",
    ] {
        let (code, stdout, _) = run(&command.split(' ').chain(["--help"]).collect::<Vec<_>>());
        assert_eq!(code, 0, "{command}");
        assert!(stdout.contains("Usage: sottovoce"), "{command}");
        assert!(stdout.lines().all(|line| line.chars().count() <= 120), "{command}: {stdout}");
    }
}

#[test]
fn a_model_that_is_nowhere_is_explained() {
    let data = tempfile::tempdir().unwrap();
    // A server listens first, and ends when it finds that it has nothing to serve.
    let serve = ["serve", "nosuch-model", "--port", "0", "--data-dir", data.path().to_str().unwrap()];
    for arguments in
        [&["generate", "nosuch-model", "hello"][..], &["chat", "nosuch-model"], &["bench", "nosuch-model"], &serve]
    {
        let (code, stdout, stderr) = run(arguments);
        assert_eq!((code, stdout.as_str()), (1, ""));
        assert!(stderr.contains("no file or folder 'nosuch-model'"), "{stderr}");
        assert!(stderr.contains("smollm2-135m-instruct"), "the message names what there is: {stderr}");
    }
    let (code, _, stderr) = run(&["chat", "nosuch/My.mlpackage"]);
    assert_eq!(code, 1);
    assert!(stderr.contains("'nosuch/My.mlpackage'") && !stderr.contains("catalogue"), "{stderr}");
    let (code, _, stderr) = run(&["generate", "coremltools/llama-fp16.mlpackage", "hello"]);
    assert_eq!(code, 1);
    assert!(stderr.contains("tokenizer.json"), "{stderr}");
}

#[test]
fn checkpoints_that_are_none_are_refused_and_leave_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("made");
    let damaged = folder.path().join("model.gguf");
    fs::write(&damaged, b"GGUF\x03\0\0\0").unwrap();
    for source in ["README.md", "coremltools", damaged.to_str().unwrap()] {
        let (code, _, stderr) = run(&["convert", source, "-o", output.to_str().unwrap()]);
        assert_eq!(code, 1, "{source}");
        assert!(stderr.contains(source), "{stderr}");
        assert!(!output.exists(), "{source}");
    }
}

#[test]
fn an_empty_cache_is_listed_and_nothing_can_be_removed() {
    let cache = tempfile::tempdir().unwrap();
    let output = sottovoce(cache.path()).arg("models").output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(stdout.contains("smollm2-135m-instruct  to fetch, 98.4 MB"), "{stdout}");
    assert!(stdout.contains("Apache-2.0"), "{stdout}");
    fs::create_dir_all(cache.path().join("models/mine/part")).unwrap();
    fs::write(cache.path().join("models/mine/part/file"), [0; 1500]).unwrap();
    let output = sottovoce(cache.path()).args(["models", "list"]).output().unwrap();
    assert!(String::from_utf8(output.stdout).unwrap().contains("mine  ready, 1.5 kB"));
    sottovoce(cache.path()).args(["models", "rm", "nosuch"]).assert().code(1);
    sottovoce(cache.path()).args(["models", "rm", "../models"]).assert().code(1);
    sottovoce(cache.path()).args(["models", "rm", "mine"]).assert().success();
    assert!(!cache.path().join("models/mine").exists());
}

#[test]
fn doctor_describes_the_machine_and_a_forced_level() {
    let cache = tempfile::tempdir().unwrap();
    let doctor = |isa: &str| {
        let output = sottovoce(cache.path()).arg("doctor").env("SOTTOVOCE_ISA", isa).output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    let scalar = doctor("scalar");
    assert!(scalar.contains("SIMD      scalar"), "{scalar}");
    for heading in ["CPU", "threads", "features", "memory", "cache", "back ends"] {
        assert!(scalar.contains(heading), "{scalar}");
    }
    assert!(doctor("sse9").contains("sse9"));
}

#[test]
fn completions_name_every_command() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let (code, stdout, _) = run(&["completions", shell]);
        assert_eq!(code, 0);
        assert!(stdout.contains("perplexity"), "{shell}");
    }
}
