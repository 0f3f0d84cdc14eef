//! Checkpoints: both sources give the same model, and what no recipe builds is named.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use sottovoce_convert::{
    Checkpoint, ConvertError,
    checkpoint::{Config, Layer},
};
use sottovoce_testkit::CHECKPOINTS;
use tempfile::TempDir;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/checkpoints").join(name)
}

#[test]
fn both_sources_give_the_same_model() {
    for tiny in CHECKPOINTS {
        let name = tiny.name;
        let [folder, file] = tiny.sources().map(|source| Checkpoint::open(&source).unwrap());
        assert_eq!(folder.config.architecture.name(), tiny.model_type);
        if tiny.model_type == "mistral" {
            assert_eq!(folder.config.layers, [Layer { rope: Some(0), window: Some(16) }; 2]);
            assert_eq!(file.config.layers, [Layer::FULL; 2]);
        } else {
            assert_eq!(folder.config, file.config);
        }
        for part in ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj"]
            .into_iter()
            .chain(["mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"])
        {
            let tensor = format!("model.layers.1.{part}.weight");
            let [ours, theirs] = [&folder, &file].map(|source| source.tensor(&tensor).unwrap().to_f32_vec().unwrap());
            // Gemma's bf16 weights below f16's normal range lose bits in the GGUF file: at most half of f16's last one.
            let difference = ours.iter().zip(&theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(difference <= 2f32.powi(-25), "{name} {tensor}: {difference}");
            let bias = format!("model.layers.1.{part}.bias");
            let biases =
                [&folder, &file].map(|source| source.tensor(&bias).map(|bias| bias.to_f32_vec().unwrap()).ok());
            assert_eq!(biases[0], biases[1], "{name} {bias}");
        }
        let norms = [&folder, &file].map(|source| source.norm_factors("model.norm.weight").unwrap());
        assert_eq!(norms[0], norms[1], "{name}");
    }
}

/// The configuration of a fixture folder after a change.
fn config_of(source: &str, change: impl FnOnce(&mut Value)) -> Config {
    Config::read(&changed(source, change).path().join("config.json")).unwrap()
}

#[test]
fn layers_are_what_the_keys_say() {
    let full = Layer::FULL;
    let sliding = Layer { window: Some(8), ..full };
    let positionless = Layer { rope: None, ..full };
    let window = |config: &mut Value| {
        config["use_sliding_window"] = json!(true);
        config["sliding_window"] = json!(8);
    };
    let layers = |source: &str, change: &dyn Fn(&mut Value)| config_of(source, change).layers;
    let types = |names: [&'static str; 2]| move |config: &mut Value| config["layer_types"] = json!(names);

    let default_layers = |config: &mut Value| _ = config.as_object_mut().unwrap().remove("layer_types");
    assert_eq!(layers("qwen2-hf", &default_layers), [full; 2]);
    assert_eq!(
        layers("qwen2-hf", &|config| {
            window(config);
            default_layers(config);
            config["max_window_layers"] = json!(1);
        }),
        [full, sliding]
    );
    assert_eq!(
        layers("qwen3-hf", &|config| {
            window(config);
            types(["sliding_attention", "full_attention"])(config);
        }),
        [sliding, full]
    );
    let error = refused(&changed("qwen3-hf", types(["sliding_attention", "full_attention"])), "layer_types");
    assert!(error.to_string().contains("sliding_attention"), "{error}");
    refused(&changed("qwen3-hf", types(["full_attention", "chunked_attention"])), "chunked_attention");
    refused(&changed("qwen3-hf", |config| config["layer_types"] = json!(["full_attention"])), "1 layers of 2");

    assert_eq!(layers("smollm3-hf", &|_| {}), [full, full, full, positionless]);
    assert_eq!(layers("smollm3-hf", &|config| config["no_rope_layers"] = json!([0, 1, 1, 0]))[0], positionless);
    assert_eq!(
        layers("smollm3-hf", &|config| {
            config["no_rope_layers"] = Value::Null;
            config["no_rope_layer_interval"] = json!(2);
        }),
        [full, positionless, full, positionless]
    );
    let slid = layers("smollm3-hf", &|config| {
        window(config);
        default_layers(config);
    });
    assert_eq!(slid, [full, full, full, Layer { rope: None, ..sliding }]);
    refused(&changed("smollm3-hf", |config| config["no_rope_layers"] = json!([1])), "1 layers of 4");

    // Mistral's first version has a window unless its file says null.
    assert_eq!(layers("mistral-hf", &|config| config["sliding_window"] = Value::Null), [full; 2]);
    let missing = layers("mistral-hf", &|config| _ = config.as_object_mut().unwrap().remove("sliding_window"));
    assert_eq!(missing[0].window, Some(4096));
}

#[test]
fn sizes_that_files_leave_out_are_those_of_transformers() {
    let without = |source: &str| config_of(source, |config| _ = config.as_object_mut().unwrap().remove("head_dim"));
    assert_eq!(without("llama3-hf").head_dim, 32 / 4);
    assert_eq!(without("qwen3-hf").head_dim, 128);
    assert_eq!(without("gemma-hf").head_dim, 256);
}

/// A copy of a fixture folder with its configuration changed.
fn changed(source: &str, change: impl FnOnce(&mut Value)) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(fixture(source)).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    let path = folder.path().join("config.json");
    let mut config: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    change(&mut config);
    fs::write(path, config.to_string()).unwrap();
    folder
}

#[track_caller]
fn refused(folder: &TempDir, part: &str) -> ConvertError {
    let error = Checkpoint::open(folder.path()).unwrap_err();
    assert!(error.to_string().contains(part), "{error} does not mention {part:?}");
    error
}

#[test]
fn keys_that_no_recipe_builds_are_named() {
    let cases = [
        (
            "llama",
            "model_type",
            json!("mamba"),
            "architecture \"mamba\" is not supported; supported are llama, smollm3",
        ),
        (
            "llama",
            "rope_scaling",
            json!({"rope_type": "llama3", "factor": 8.0}),
            "rope_scaling.low_freq_factor is missing",
        ),
        ("llama", "rope_scaling", json!({"type": "dynamic", "factor": 8.0}), "rope_scaling.rope_type = \"dynamic\""),
        ("llama", "rope_scaling", json!({"type": "linear", "factor": 0}), "factor 0 is not a positive number"),
        ("llama", "rope_scaling", json!({"type": "linear", "factor": 2, "mscale": 1}), "rope_scaling.mscale = 1"),
        ("llama", "rope_parameters", json!({"rope_type": "yarn"}), "rope_parameters.rope_type = \"yarn\""),
        ("llama", "partial_rotary_factor", json!(0.5), "partial_rotary_factor = 0.5"),
        ("llama", "rope_interleaved", json!(true), "rope_interleaved = true"),
        ("llama", "hidden_act", json!("relu"), "hidden_act = \"relu\""),
        ("llama", "sliding_window", json!(4096), "sliding_window = 4096"),
        ("llama", "logit_scale", json!(0.5), "logit_scale = 0.5 is not supported for llama"),
        ("llama", "quantization_config", json!({"bits": 4}), "quantization_config"),
        ("llama", "attention_bias", json!(true), "self_attn.q_proj.bias is missing"),
        ("llama", "attention_bias", json!("yes"), "attention_bias = \"yes\""),
        ("gemma", "attention_bias", json!(true), "attention_bias = true"),
        ("qwen2", "mlp_bias", json!(true), "mlp_bias = true"),
        ("phi3", "partial_rotary_factor", json!(0.5), "6 factors for 4 frequencies"),
        ("phi3", "original_max_position_embeddings", Value::Null, "original_max_position_embeddings is missing"),
        ("phi3", "sliding_window", json!(0), "a sliding window of 0"),
    ];
    for (source, key, value, part) in cases {
        refused(&changed(&format!("{source}-hf"), |config| config[key] = value), part);
    }
}

#[test]
fn keys_without_a_value_are_as_good_as_absent() {
    for key in ["rope_scaling", "attention_bias", "mlp_bias", "sliding_window", "hidden_activation", "rope_parameters"]
    {
        let folder = changed("llama-hf", |config| config[key] = Value::Null);
        assert!(Checkpoint::open(folder.path()).is_ok(), "{key}");
    }
}

#[test]
fn keys_without_effect_are_let_through() {
    let cases = [
        (
            "llama",
            json!({"is_llama_config": true, "rope_interleaved": false, "transformers.js_config": {"dtype": "q4"}}),
        ),
        ("llama", json!({"_name_or_path": "somewhere", "eos_token_id": [128001, 128009], "pretraining_tp": 2})),
        ("smollm3", json!({"max_window_layers": 28})),
        ("qwen2", json!({"use_mrope": false, "max_window_layers": 70, "sliding_window": 131072})),
        ("phi3", json!({"full_attn_mod": 1, "interpolate_factor": 1, "lm_head_bias": false, "mlp_bias": false})),
    ];
    for (name, keys) in cases {
        let source = format!("{name}-hf");
        let with =
            config_of(&source, |config| config.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone()));
        assert_eq!(with, config_of(&source, |_| {}), "{name} {keys}");
    }
    refused(&changed("phi3-hf", |config| config["interpolate_factor"] = json!(2)), "interpolate_factor = 2");
}

#[test]
fn impossible_sizes_are_refused() {
    let cases = [
        ("num_hidden_layers", json!(0), "number of layers 0"),
        ("num_hidden_layers", json!(1u64 << 40), "number of layers"),
        ("num_attention_heads", json!(3), "cannot share"),
        ("head_dim", json!(15), "15 of 15 elements of a head turn"),
        ("vocab_size", json!(u64::MAX), "vocabulary"),
        ("hidden_size", json!(-1), "config.json"),
        ("rms_norm_eps", json!(0.0), "norm epsilon"),
        ("rope_theta", json!(-1.0), "rotary base"),
    ];
    for (key, value, part) in cases {
        refused(&changed("llama-hf", |config| config[key] = value), part);
    }
    refused(
        &changed("llama-hf", |config| config["hidden_size"] = json!(96)),
        "tensor model.embed_tokens.weight has shape",
    );
    refused(&changed("llama-hf", |config| config["num_hidden_layers"] = json!(3)), "model.layers.2");
    refused(
        &changed("llama-hf", |config| config["num_hidden_layers"] = json!(1)),
        "has no place in the llama architecture",
    );
    refused(&changed("llama-hf", |config| *config = json!({})), "model_type is missing");
    refused(&changed("llama-hf", |config| *config = json!([])), "model_type is missing");
}

#[test]
fn a_tied_projection_is_the_embedding() {
    let folder = changed("llama-hf", |config| config["tie_word_embeddings"] = json!(true));
    let checkpoint = Checkpoint::open(folder.path()).unwrap();
    assert!(checkpoint.tensor("lm_head.weight").is_err());
}

#[test]
fn damaged_folders_are_refused() {
    let shard = "model-00001-of-00002.safetensors";
    let fresh = || changed("llama-hf", |_| {});
    let write = |folder: &TempDir, name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    let whole = fs::read(fixture("llama-hf").join(shard)).unwrap();

    for len in [0, 7, 8, 100, whole.len() / 2, whole.len() - 1] {
        let folder = fresh();
        write(&folder, shard, &whole[..len]);
        refused(&folder, shard);
    }
    let folder = fresh();
    let huge = [&u64::MAX.to_le_bytes(), &whole[8..]].concat();
    write(&folder, shard, &huge);
    refused(&folder, shard);

    let folder = fresh();
    fs::remove_file(folder.path().join(shard)).unwrap();
    refused(&folder, shard);

    for name in ["../secret.safetensors", "/etc/passwd", "model.bin"] {
        let folder = fresh();
        write(&folder, "model.safetensors.index.json", json!({"weight_map": {"a": name}}).to_string().as_bytes());
        refused(&folder, "is not the name of a safetensors file");
    }
    let folder = fresh();
    write(&folder, "model.safetensors.index.json", b"{");
    refused(&folder, "model.safetensors.index.json");
    write(&folder, "config.json", b"\xff\xfe");
    refused(&folder, "config.json");

    let folder = tempfile::tempdir().unwrap();
    refused(&folder, "neither a GGUF file nor a folder");
    let file = folder.path().join("model.onnx");
    fs::write(&file, b"something else").unwrap();
    assert!(matches!(Checkpoint::open(&file), Err(ConvertError::UnknownSource { .. })));
}

/// A copy of the tiny llama's GGUF file with every `from` replaced by a `to` of the same length.
#[track_caller]
fn gguf_refused(from: &str, to: &str, part: &str) {
    assert_eq!(from.len(), to.len());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.gguf");
    let mut bytes = fs::read(fixture("llama.gguf")).unwrap();
    let places: Vec<usize> =
        bytes.windows(from.len()).enumerate().filter(|(_, w)| *w == from.as_bytes()).map(|(at, _)| at).collect();
    assert!(!places.is_empty(), "{from} is not in the file");
    places.into_iter().for_each(|at| bytes[at..at + to.len()].copy_from_slice(to.as_bytes()));
    fs::write(&path, bytes).unwrap();
    let message = Checkpoint::open(&path).unwrap_err().to_string();
    assert!(message.contains(part) && message.contains("test.gguf"), "{message:?} does not mention {part:?}");
}

#[test]
fn gguf_files_that_no_recipe_builds_are_named() {
    gguf_refused(
        "llama",
        "mamba",
        "architecture \"mamba\" is not supported; supported are llama, smollm3, qwen2, qwen3, phi3, gemma",
    );
    gguf_refused("general.architecture", "general.archexxcture", "general.architecture is missing");
    gguf_refused("llama.rope.freq_base", "llama.rope.freq_fact", "llama.rope.freq_fact is not supported");
    gguf_refused("llama.context_length", "other.context_length", "llama.context_length is missing");
    gguf_refused("blk.0.attn_q.weight", "blk.0.attn_q.biases", "tensor blk.0.attn_q.biases has no place");
    gguf_refused("blk.1.ffn_up.weight", "blk.7.ffn_up.weight", "model.layers.1.mlp.up_proj.weight is missing");
    gguf_refused("output_norm.weight", "rope_freqs_.weight", "tensor rope_freqs_.weight has no place");
    gguf_refused("token_embd.weight", "tokex_embd.weight", "token_embd.weight is missing");
}
