//! `sottovoce bench ladder`

use std::fs;

use serde_json::Value;

use crate::run;

#[test]
fn every_rung_is_measured_and_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let chart = folder.path().join("ladder.svg");
    let chart_option = ["--chart", chart.to_str().unwrap(), "--json"];
    for model in [&["checkpoints/llama.gguf"][..], &["--random-weights", "checkpoints/gemma-hf/config.json"]] {
        let (code, stdout, stderr) = run(&[&["bench", "ladder"], model, &chart_option].concat());
        assert_eq!(code, 0, "{stderr}");
        let json: Value = serde_json::from_str(stdout.lines().last().unwrap()).unwrap();
        let rungs = json["rungs"].as_array().unwrap();
        let names: Vec<&str> = rungs.iter().map(|rung| rung["rung"].as_str().unwrap()).collect();
        assert_eq!(names, ["no_cache", "cache_as_input", "cache_as_state", "four_bit"]);
        for rung in rungs {
            let point = &rung["sweep"][0];
            assert_eq!(point["context"], 128, "the tiny models go no further: {rung}");
            assert!(point["tokens_per_second"].as_f64().unwrap() > 0.0, "{rung}");
            assert!(rung["first_token"].as_f64().unwrap() > 0.0 && rung["prompt_tokens"] == 64, "{rung}");
        }
        let bytes = |index: usize| rungs[index]["package_bytes"].as_u64().unwrap();
        assert!(bytes(3) < bytes(2), "4-bit weights are smaller: {json}");
        assert!(stdout.contains("larger contexts are left out: the model was made for 128"), "{stdout}");
        let svg = fs::read_to_string(&chart).unwrap();
        assert!(svg.starts_with("<svg") && svg.contains("cache as state"), "{svg}");
    }
}

#[test]
fn a_model_that_is_nowhere_or_two_models_are_refused() {
    let (code, _, stderr) = run(&["bench", "ladder", "nosuch"]);
    assert_eq!(code, 1);
    assert!(stderr.contains("no file or folder 'nosuch'"), "{stderr}");
    let (code, _, _) = run(&["bench", "ladder", "checkpoints/llama.gguf", "--random-weights", "gemma-2b"]);
    assert_eq!(code, 2);
}
