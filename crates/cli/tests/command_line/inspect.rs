//! `sottovoce inspect`

use serde_json::Value;

use crate::run;

fn inspect(package: &str) -> Value {
    let (code, stdout, stderr) = run(&["inspect", package, "--json"]);
    assert_eq!((code, stderr.as_str()), (0, ""), "{package}");
    serde_json::from_str(&stdout).unwrap()
}

#[test]
fn the_text_of_a_stateful_4_bit_package() {
    let (code, stdout, _) = run(&["inspect", "coremltools/llama-int4.mlpackage"]);
    assert_eq!(code, 0);
    assert_eq!(stdout, include_str!("inspect-llama-int4.txt"));
}

#[test]
fn every_variant_is_told_apart() {
    for (name, variant, context) in [
        ("llama-fp16", "stateful", 64),
        ("llama-sdpa", "stateful", 64),
        ("gemma-int4", "stateful", 64),
        ("llama-long", "stateful", 2048),
        // One position of the caches is a placeholder: they cannot be empty.
        ("llama-kvio", "kv-io", 63),
        ("llama-baseline", "baseline", 64),
    ] {
        let verdict = &inspect(&format!("coremltools/{name}.mlpackage"))["verdict"];
        assert_eq!(verdict["kind"], "language-model", "{name}");
        assert_eq!(verdict["variant"], variant, "{name}");
        assert_eq!(verdict["context"], context, "{name}");
        assert_eq!(verdict["adapter"], serde_json::json!([]), "{name}");
    }
}

#[test]
fn adapters_and_a_first_call_are_printed() {
    let verdict = &inspect("interfaces/onetoken.mlpackage")["verdict"];
    assert_eq!(verdict["variant"], "stateful");
    assert_eq!(verdict["adapter"].as_array().unwrap().len(), 7, "{verdict}");
    assert_eq!(verdict["first_call"][2]["shape"], serde_json::json!([1, 1, 1, 64]));
    let (_, text, _) = run(&["inspect", "interfaces/onetoken.mlpackage"]);
    for line in [
        "run through an adapter: ids in input_ids, explicit positions in position_ids, full-context mask causal_mask of 64",
        "sottovoce predict interfaces/onetoken.mlpackage in.npz",
    ] {
        assert!(text.contains(line), "{text}");
    }
}

/// llama of the fixtures: 320 tokens, width 64, 2 layers; compressed packages hold the same parameters in fewer bytes.
#[test]
fn parameters_do_not_depend_on_the_compression() {
    let weights = |name: &str| inspect(&format!("coremltools/{name}.mlpackage"))["weights"].clone();
    let plain = weights("llama-fp16");
    assert_eq!(plain["bytes"].as_u64().unwrap(), 2 * plain["parameters"].as_u64().unwrap());
    for (name, form) in [
        ("llama-int4", "int4 per block"),
        ("llama-int4a", "uint4 per block with offset"),
        ("llama-int8", "int8 per block"),
        ("llama-lut4", "lut of uint4"),
        ("llama-lut6", "lut of uint6"),
        ("llama-sparse", "sparse to dense"),
    ] {
        let weights = weights(name);
        assert_eq!(weights["types"][0]["form"], form, "{name}");
        assert_eq!(weights["parameters"], plain["parameters"], "{name}");
        assert!(weights["bytes"].as_u64() < plain["bytes"].as_u64(), "{name}");
    }
}

#[test]
fn a_program_without_its_weights_is_inspected_and_planned() {
    let package = "programs/SmolLM2-135M-Stateful-4bit-512.mlpackage";
    let inspection = inspect(package);
    assert_eq!(inspection["complete"], false);
    assert_eq!(inspection["verdict"]["vocabulary"], 49152);
    assert_eq!(inspection["functions"][0]["states"][0]["shape"], "[30, 1, 3, 512, 64]");
    assert_eq!(inspection["functions"][0]["histogram"]["linear"], 211);

    let (code, stdout, stderr) = run(&["inspect", package, "--plan", "--json"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    let plan: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(plan["layers"], 30);
    let steps = plan["steps"].as_array().unwrap().len();
    assert!(steps <= 9 * 30 + 9, "{steps} steps: at most nine a layer, and a few around them");
    let (_, text, _) = run(&["inspect", package, "--plan"]);
    assert!(text.contains("30 layers"), "{text}");
}

#[test]
fn what_is_no_package_is_named() {
    for path in ["coremltools", "no-such.mlpackage", "README.md"] {
        let (code, stdout, stderr) = run(&["inspect", path]);
        assert_eq!((code, stdout.as_str()), (1, ""), "{path}");
        assert!(stderr.starts_with("error:") && stderr.contains(path), "{stderr}");
    }
}
