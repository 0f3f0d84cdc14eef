//! `sottovoce check`

use serde_json::Value;

use crate::run;

/// What it says of a package for one target, with its exit code.
fn check(package: &str, target: &str) -> (i32, Value) {
    let (code, stdout, _) = run(&["check", package, "--for", target, "--json"]);
    let report: Value = serde_json::from_str(&stdout).unwrap();
    (code, report["targets"][0].clone())
}

#[test]
fn the_text_for_the_neural_engine() {
    let (code, stdout, stderr) = run(&["check", "coremltools/llama-int4.mlpackage", "--for", "macos15-ane"]);
    assert_eq!(code, 1);
    assert_eq!(stderr, "error: coremltools/llama-int4.mlpackage will not run on ios18-ane\n");
    assert_eq!(stdout, include_str!("check-llama-int4.txt"));
}

#[test]
fn warnings_are_no_failure_and_errors_are() {
    let package = "programs/SmolLM2-135M-Stateful-4bit-512.mlpackage";
    let (code, report) = check(package, "ios18-gpu");
    assert_eq!((code, &report["errors"]), (0, &Value::from(0)), "{report}");
    assert!(report["warnings"].as_u64().unwrap() > 0, "{report}");
    let (code, report) = check(package, "ios17-gpu");
    assert_eq!(code, 1);
    let finding = &report["findings"][0];
    assert_eq!(finding["rule"], "specification-newer-than-system");
    assert_eq!(finding["severity"], "error");
    assert_eq!(finding["found"], "specification 9, the system reads up to 8");
}

#[test]
fn without_a_target_every_unit_is_checked() {
    let (_, stdout, _) = run(&["check", "coremltools/llama-baseline.mlpackage", "--json"]);
    let report: Value = serde_json::from_str(&stdout).unwrap();
    let targets: Vec<_> = report["targets"].as_array().unwrap().iter().map(|checked| &checked["target"]).collect();
    assert_eq!(targets, ["ios18-cpu", "ios18-gpu", "ios18-ane"]);
}

#[test]
fn an_unknown_target_is_wrong_usage() {
    let (code, _, stderr) = run(&["check", "coremltools/llama-int4.mlpackage", "--for", "ios18"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("expected SYSTEM-UNIT"), "{stderr}");
}
