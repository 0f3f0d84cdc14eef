//! What is particular to checkpoints of Gemma 2 and 3: keys, windows, and text models that come with an eye.

use std::{collections::BTreeMap, fs, ops::ControlFlow};

use safetensors::{SafeTensors, serialize, tensor::TensorView};
use serde_json::{Value, json};
use sottovoce_convert::{
    Checkpoint, ConvertOptions, SLIDING_WINDOW,
    checkpoint::{Config, Layer, SoftCaps},
    convert,
};
use sottovoce_mil::Package;
use sottovoce_testkit::checkpoint;

fn read(config: &Value) -> Result<Config, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.json");
    fs::write(&path, config.to_string()).unwrap();
    Config::read(&path).map_err(|error| error.to_string())
}

/// The configuration of a fixture, with other values for some keys and without those that are `null`.
fn changed(name: &str, changes: Value) -> Value {
    let text = fs::read_to_string(checkpoint(&format!("{name}-hf/config.json"))).unwrap();
    let mut config: Value = serde_json::from_str(&text).unwrap();
    for (key, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => _ = config.as_object_mut().unwrap().remove(key),
            value => config[key] = value.clone(),
        }
    }
    config
}

/// Whether each layer has a window.
fn windows(config: &Config) -> Vec<bool> {
    config.layers.iter().map(|layer| layer.window.is_some()).collect()
}

#[test]
fn layers_alternate_where_no_list_names_them() {
    let gemma2 = read(&changed("gemma2", json!({"layer_types": null, "num_hidden_layers": 4}))).unwrap();
    assert_eq!(windows(&gemma2), [true, false, true, false]);
    let gemma3 = read(&changed("gemma3", json!({"layer_types": null}))).unwrap();
    assert_eq!(windows(&gemma3), [true, true, true, true, true, false, true]);
    let other = read(&changed("gemma3", json!({"layer_types": null, "sliding_window_pattern": 3}))).unwrap();
    assert_eq!(windows(&other), [true, true, false, true, true, false, true]);
    let local = Layer { rope: Some(1), window: Some(8) };
    assert_eq!(other.layers[..3], [local, local, Layer::FULL]);
    let error = read(&changed("gemma3", json!({"layer_types": null, "sliding_window_pattern": 0}))).unwrap_err();
    assert!(error.contains("sliding_window_pattern"), "{error}");
}

#[test]
fn frequencies_are_scaled_in_layers_that_see_everything() {
    let config = read(&changed("gemma3", json!({"rope_local_base_freq": 500.0}))).unwrap();
    let [whole, local] = config.ropes.as_slice() else { panic!("{:?}", config.ropes) };
    assert_eq!((whole.theta, local.theta), (1_000_000.0, 500.0));
    assert_eq!(whole.scaling.as_ref().unwrap().divisors, [8.0; 8]);
    assert_eq!(local.scaling, None);
}

#[test]
fn scales_and_caps_are_what_the_keys_say() {
    let of = |changes| read(&changed("gemma2", changes)).unwrap();
    assert_eq!(of(json!({})).query_scale, None);
    assert_eq!(of(json!({"query_pre_attn_scalar": 64})).query_scale, Some(0.125));
    assert_eq!(of(json!({})).soft_caps, SoftCaps { scores: Some(5.0), logits: Some(6.0) });
    let published = json!({"attn_logit_softcapping": null, "final_logit_softcapping": null});
    assert_eq!(of(published).soft_caps, SoftCaps { scores: Some(50.0), logits: Some(30.0) });
    for (key, value, part) in [
        ("attn_logit_softcapping", json!(-1.0), "soft cap of attention scores -1"),
        ("final_logit_softcapping", json!(0.0), "soft cap of logits 0"),
        ("query_pre_attn_scalar", json!(0), "scale of attention scores inf"),
        ("sliding_window", json!(0), "hides everything"),
        ("use_bidirectional_attention", json!(true), "use_bidirectional_attention"),
        ("layer_types", json!(["sliding_attention", "chunked_attention"]), "chunked_attention"),
    ] {
        let error = read(&changed("gemma2", json!({ key: value }))).unwrap_err();
        assert!(error.contains(part), "{error}");
    }
    let error = read(&changed("gemma3", json!({"attn_logit_softcapping": 50.0}))).unwrap_err();
    assert!(error.contains("attn_logit_softcapping"), "{error}");
}

#[test]
fn a_package_takes_the_masks_that_its_layers_need() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.mlpackage");
    for (source, context, expected, window) in [
        ("gemma2.gguf", 64, vec!["inputIds", "fullAttentionMask", "slidingAttentionMask"], Some("8")),
        ("gemma3-hf", 9, vec!["inputIds", "fullAttentionMask", "slidingAttentionMask"], Some("8")),
        // As far as the window reaches there is nothing to hide.
        ("gemma2-hf", 8, vec!["inputIds", "causalMask"], None),
        ("mistral-hf", 64, vec!["inputIds", "slidingAttentionMask"], Some("16")),
        ("mistral-hf", 16, vec!["inputIds", "causalMask"], None),
    ] {
        let options = ConvertOptions { context: Some(context), ..ConvertOptions::default() };
        let source = Checkpoint::open(&checkpoint(source)).unwrap();
        convert(&source, &path, &options, &mut |_| ControlFlow::Continue(())).unwrap();
        let description = Package::open(&path).unwrap().description;
        let names: Vec<&str> = description.main.inputs.iter().map(|input| input.name.as_str()).collect();
        assert_eq!(names, expected);
        assert_eq!(description.metadata.user_defined.get(SLIDING_WINDOW).map(String::as_str), window);
    }
}

/// The configurations of the larger models say little: the rest is what the configuration class assumes.
#[test]
fn a_text_model_beside_an_eye_is_described_apart() {
    let text = json!({
        "hidden_size": 2560, "intermediate_size": 10_240, "model_type": "gemma3_text", "num_hidden_layers": 34,
        "rope_scaling": {"factor": 8.0, "rope_type": "linear"}, "sliding_window": 1024,
    });
    let config = read(&json!({"model_type": "gemma3", "text_config": text, "vision_config": {}})).unwrap();
    assert_eq!((config.heads, config.kv_heads, config.head_dim), (8, 4, 256));
    assert_eq!((config.vocab, config.max_context, config.tied), (262_208, 131_072, true));
    assert_eq!(config.layers.iter().filter(|layer| layer.window == Some(1024)).count(), 29);
    let error = read(&json!({"model_type": "gemma3"})).unwrap_err();
    assert!(error.contains("text_config is missing"), "{error}");
}

#[test]
fn a_text_model_is_taken_out_of_one_that_sees() {
    let source = checkpoint("gemma3-hf");
    let plain = Checkpoint::open(&source).unwrap();
    let bytes = fs::read(source.join("model.safetensors")).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    // As the first files name them, and as transformers writes them since.
    for (text, eye) in [("language_model.model.", "vision_tower."), ("model.language_model.", "model.vision_tower.")] {
        let folder = tempfile::tempdir().unwrap();
        let mut renamed: BTreeMap<String, TensorView> = BTreeMap::new();
        for (name, tensor) in tensors.tensors() {
            renamed.insert(name.replacen("model.", text, 1), tensor);
        }
        renamed.insert(format!("{eye}norm.weight"), tensors.tensor("model.norm.weight").unwrap());
        fs::write(folder.path().join("model.safetensors"), serialize(renamed, None).unwrap()).unwrap();
        let config = json!({"model_type": "gemma3", "text_config": changed("gemma3", json!({})), "vision_config": {}});
        fs::write(folder.path().join("config.json"), config.to_string()).unwrap();

        let found = Checkpoint::open(folder.path()).unwrap();
        assert_eq!(found.config, plain.config);
        let weights = |checkpoint: &Checkpoint| {
            checkpoint.tensor("model.layers.3.self_attn.q_norm.weight").unwrap().to_f32_vec().unwrap()
        };
        assert_eq!(weights(&found), weights(&plain));
    }
}
