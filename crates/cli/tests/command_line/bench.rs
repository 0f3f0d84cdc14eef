//! `sottovoce bench`

use std::path::Path;

use serde_json::Value;

use crate::{run, sottovoce};

const PACKAGE: &str = "coremltools/llama-int4.mlpackage";

/// A measurement of a tiny model that takes no time and leaves the fixtures' folder as it is.
const SHORT: [&str; 9] = ["bench", PACKAGE, "--no-packed-cache", "--prompt", "16", "--decode", "4", "--repeat", "2"];

fn bench(arguments: &[&str]) -> (i32, String, String) {
    run(&[&SHORT[..], arguments].concat())
}

fn last_line(stdout: &str) -> Value {
    serde_json::from_str(stdout.lines().last().unwrap()).unwrap()
}

/// A summary has its figures in order, and they are positive.
fn assert_summary(summary: &Value) {
    let [lowest, median, highest] = ["lowest", "median", "highest"].map(|key| summary[key].as_f64().unwrap());
    assert!(0.0 < lowest && lowest <= median && median <= highest, "{summary}");
}

#[test]
fn arguments_that_make_no_sense_exit_with_2() {
    for arguments in [
        &["--threads", "0"][..],
        &["--threads", "1,,2"],
        &["--depth", "deep"],
        &["--depth", "-1"],
        &["--prompt", "0"],
        &["--gguf", "model.gguf"],
        &["--against", "llama.cpp=folder"],
        &["--against", "llama.cpp=", "--gguf", "model.gguf"],
        &["--against", "folder", "--gguf", "model.gguf"],
        &["--against", "other=folder", "--gguf", "model.gguf"],
    ] {
        let (code, stdout, stderr) = bench(arguments);
        assert_eq!((code, stdout.as_str()), (2, ""), "{arguments:?}: {stderr}");
    }
}

#[test]
fn every_number_of_threads_is_measured_at_every_depth_that_fits() {
    let (code, stdout, stderr) = bench(&["--threads", "1,2", "--depth", "40,0,1000", "--json", "--profile"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stderr.contains("left out depth 1000"), "{stderr}");
    let report = last_line(&stdout);
    assert_eq!((&report["context"], &report["repeats"]), (&64.into(), &2.into()));
    let speeds = report["speeds"].as_array().unwrap();
    let combinations: Vec<_> =
        speeds.iter().map(|speed| (speed["threads"].as_u64().unwrap(), speed["depth"].as_u64().unwrap())).collect();
    assert_eq!(combinations, [(1, 0), (1, 40), (2, 0), (2, 40)]);
    for speed in speeds {
        for key in ["prefill", "decode", "read_bytes_per_second", "bandwidth_fraction", "int8_fraction", "f32_fraction"]
        {
            assert_summary(&speed[key]);
        }
    }
    // Two layers of keys and values in f16, 2 heads of 16, for 40 more positions.
    let bytes = |row: usize| speeds[row]["bytes_per_token"].as_f64().unwrap();
    assert_eq!(bytes(1) - bytes(0), f64::from(2 * 2 * 2 * 16 * 40 * 2));
    assert_eq!(report["prefill_tokens_per_second"], speeds[0]["prefill"]["median"]);
    assert_eq!(report["decode_tokens_per_second"], speeds[0]["decode"]["median"]);
    assert!(report["load_seconds"]["first"].as_f64().unwrap() > 0.0);
    assert_summary(&report["load_seconds"]["warm"]);
    assert!(report.get("ratios").is_none() && report.get("limits").is_none());

    let calls = report["profile"].as_array().unwrap();
    assert_eq!(calls.len(), 2 * speeds.len(), "prefill and decode of each");
    for call in calls {
        let kinds = call["kinds"].as_array().unwrap();
        let steps: f64 = kinds.iter().map(|kind| kind["seconds"].as_f64().unwrap()).sum();
        assert!(0.0 < steps && steps <= call["seconds"].as_f64().unwrap(), "{call}");
        assert!(kinds.iter().any(|kind| kind["kind"] == "attention"), "{call}");
    }
    assert!(stdout.contains("prefill of 16 tokens") && stdout.contains("outside of steps"), "{stdout}");
}

#[test]
fn what_does_not_fit_the_context_is_refused() {
    let (code, stdout, stderr) = bench(&["--depth", "60"]);
    assert_eq!((code, stdout.as_str()), (1, ""));
    assert!(stderr.contains("16 tokens at depth 60") && stderr.contains("context of 64"), "{stderr}");
    let (code, _, stderr) = run(&["bench", PACKAGE, SHORT[2]]);
    assert_eq!(code, 1);
    assert!(stderr.contains("512 tokens at depth 0"), "{stderr}");
}

#[test]
fn the_reference_back_end_has_speed_but_no_known_work() {
    let package = "coremltools/llama-baseline.mlpackage";
    let short = ["--prompt", "4", "--decode", "2", "--repeat", "1", "--depth", "3", "--json"];
    let arguments = [&["bench", package, SHORT[2]][..], &short].concat();
    let (code, stdout, stderr) = run(&arguments);
    assert_eq!(code, 0, "{stderr}");
    assert_summary(&last_line(&stdout)["speeds"][0]["decode"]);
}

#[test]
fn limits_need_no_model() {
    let (code, stdout, stderr) = run(&["bench", "--limits", "--threads", "2", "--json"]);
    assert_eq!(code, 0, "{stderr}");
    let report = last_line(&stdout);
    assert!(report.get("speeds").is_none(), "the cache is empty, and nothing is fetched: {report}");
    let limits = &report["limits"];
    for reading in limits["reading"].as_array().unwrap() {
        assert!(reading["bytes_per_second"].as_f64().unwrap() > 0.0, "{reading}");
    }
    let levels: Vec<_> = limits["arithmetic"].as_array().unwrap().iter().map(|row| row["level"].clone()).collect();
    assert_eq!(levels[..2], ["scalar", "scalar"], "with 1 and with 2 threads");
}

#[test]
fn a_peer_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let peer = format!("llama.cpp={}", folder.path().display());
    let (code, _, stderr) = bench(&["--against", &peer, "--gguf", "README.md"]);
    assert_eq!(code, 1);
    assert!(stderr.contains("llama-bench") && stderr.contains(folder.path().to_str().unwrap()), "{stderr}");
}

#[cfg(unix)]
mod peers {
    use std::{
        fs,
        os::unix::fs::PermissionsExt,
        process::{Command, Stdio},
        thread,
        time::Duration,
    };

    use super::*;

    /// A folder with a `llama-bench` that is this shell script.
    fn write_script(folder: &Path, script: &str) -> String {
        let path = folder.join("llama-bench");
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        format!("llama.cpp={}", folder.display())
    }

    #[test]
    fn what_goes_wrong_with_a_peer_is_told() {
        for (script, words) in [
            ("echo 'cannot read the model' >&2; exit 3", &["cannot read the model", "exit status: 3"][..]),
            ("echo '| model | size |'", &["not its JSON form"]),
            ("echo '[]'", &["no test of 16 prompt and 0 new tokens"]),
            (r#"echo '[{"n_prompt":16,"n_gen":0,"avg_ts":-1,"build_commit":""}]'"#, &["a speed of -1 tokens/s"]),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let peer = write_script(folder.path(), script);
            let (code, stdout, stderr) = bench(&["--against", &peer, "--gguf", "README.md"]);
            assert_eq!((code, stdout.as_str()), (1, ""), "{script}: {stderr}");
            assert!(words.iter().all(|word| stderr.contains(word)), "{script}: {stderr}");
        }
        let folder = tempfile::tempdir().unwrap();
        let peer = write_script(folder.path(), "exit 0");
        let (code, _, stderr) = bench(&["--against", &peer, "--gguf", "nosuch.gguf"]);
        assert_eq!(code, 1);
        assert!(stderr.contains("nosuch.gguf"), "{stderr}");
    }

    #[test]
    fn an_interruption_ends_the_peer_too() {
        let folder = tempfile::tempdir().unwrap();
        let started = folder.path().join("started");
        let peer = write_script(
            folder.path(),
            &format!("echo $$ > {0}.part; mv {0}.part {0}; exec sleep 600", started.display()),
        );
        let cache = tempfile::tempdir().unwrap();
        let mut child = Command::new(sottovoce(cache.path()).get_program())
            .current_dir(sottovoce_testkit::fixtures_dir())
            .args(SHORT)
            .args(["--against", &peer, "--gguf", "README.md"])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while !started.exists() {
            assert!(child.try_wait().unwrap().is_none(), "it waits for the peer");
            thread::sleep(Duration::from_millis(20));
        }
        let pid = fs::read_to_string(&started).unwrap().trim().to_owned();
        let kill = |signal: &str, pid: &str| Command::new("kill").args([signal, pid]).stderr(Stdio::null()).status();
        assert!(kill("-INT", &child.id().to_string()).unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(130));
        assert!(!kill("-0", &pid).unwrap().success(), "the peer still runs");
    }
}
