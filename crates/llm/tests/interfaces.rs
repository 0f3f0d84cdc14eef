//! Packages whose interfaces are spelled as other converters spell them: recognised, and PyTorch's logits through each.

mod common;

use std::path::Path;
use std::sync::Arc;

use common::{byte_tokenizer, logits};
use sottovoce_llm::generate::{GenerateOptions, Session};
use sottovoce_llm::package::{LanguageInterface, PackageModel};
use sottovoce_llm::{LanguageModel, LlmError};
use sottovoce_mil::Package;
use sottovoce_mil::description::{FeatureType, Flexibility};
use sottovoce_runtime::{LoadOptions, Model, Precision};
use sottovoce_tensor::DType;
use sottovoce_testkit::{Interfaces, Logits, Tolerance, assert_close, fixtures_dir};

fn sequence(package: &Path) -> PackageModel {
    let options = LoadOptions { precision: Precision::Exact, threads: Some(1), ..LoadOptions::default() };
    PackageModel::new(Arc::new(Model::load(package, &options).unwrap())).unwrap()
}

#[test]
fn adapters_are_named() {
    let expected = [
        ("mask2d", "stateful", "ids in input_ids, two-dimensional mask attention_mask"),
        (
            "positions",
            "stateful",
            "ids in input_ids, explicit positions in position_ids, causal mask in causal_mask, keys and values in 4 states, \
             logits in scores",
        ),
        (
            "fullmask",
            "stateful",
            "ids in input_ids, full-context mask causal_mask of 64 columns, first position in current_pos, keys and values \
             in one state kv_cache",
        ),
        (
            "onetoken",
            "stateful",
            "ids in input_ids, explicit positions in position_ids, full-context mask causal_mask of 64 columns, explicit \
             positions in current_pos, one token a call, keys and values in one state kv_cache, logits in 2 parts",
        ),
        (
            "chunk8",
            "stateful",
            "ids in input_ids, explicit positions in position_ids, full-context mask causal_mask of 64 columns, first \
             position in current_pos, 8 tokens a call, padded, keys and values in one state kv_cache, logits in 2 parts",
        ),
        ("padded", "without a cache", "two-dimensional mask attentionMask, 64 tokens a call, padded"),
    ];
    let found = Interfaces::read().packages;
    assert_eq!(found.len(), expected.len());
    for ((name, path), (expected_name, variant, adapter)) in found.into_iter().zip(expected) {
        let package = Package::open(&path).unwrap();
        let interface = LanguageInterface::of(&package, package.default_function()).unwrap();
        assert_eq!(name, expected_name);
        let expected = format!("{variant} language model, context 64, vocabulary 320; adapter: {adapter}");
        assert_eq!(interface.to_string(), expected, "{name}");
    }
}

#[test]
fn logits_are_pytorchs_however_the_prompt_is_cut() {
    let Interfaces { packages, ids, logits: expected, .. } = Interfaces::read();
    for (name, path) in packages {
        let mut model = sequence(&path);
        for sizes in [&[9][..], &[1; 9], &[4, 1, 3, 1]] {
            model.rewind(0);
            let found = logits(&mut model, &ids, sizes);
            assert_close(&found, &expected, Tolerance::Exact, &format!("{name} in {sizes:?}"));
        }
        // The last row alone, and other tokens in between, of which nothing may be left.
        model.rewind(3);
        model.forward(&[1, 2, 3, 4]).unwrap();
        model.rewind(3);
        let last = model.forward(&ids[3..]).unwrap().to_vec();
        let found = Logits { values: last, width: expected.width };
        assert_close(&found, &expected.tail(1), Tolerance::Exact, name);
    }
}

#[test]
fn answers_are_pytorchs() {
    let Interfaces { packages, ids, answer, .. } = Interfaces::read();
    for (name, path) in packages {
        let mut session = Session::new(sequence(&path), byte_tokenizer());
        let options = GenerateOptions { max_tokens: Some(answer.len()), ..GenerateOptions::default() };
        let mut generation = session.generate(&ids, options).unwrap();
        let mut found = Vec::new();
        while let Some(chunk) = generation.step().unwrap() {
            found.extend(chunk.id);
        }
        assert_eq!(found, answer, "{name}");
    }
}

/// Where calls are padded, the last ones begin earlier and compute some positions again.
#[test]
fn the_whole_context_can_be_used() {
    let Interfaces { packages, ids, .. } = Interfaces::read();
    let prompt: Vec<u32> = ids.iter().cycle().take(62).copied().collect();
    let mut expected: Option<(Vec<f32>, Vec<f32>)> = None;
    for (name, path) in packages {
        let mut model = sequence(&path);
        let first = model.forward(&prompt).unwrap().to_vec();
        model.forward(&[1]).unwrap();
        let last = model.forward(&[2]).unwrap().to_vec();
        assert!(matches!(model.forward(&[3]), Err(LlmError::PromptTooLong { .. })), "{name}");
        assert_eq!(model.len(), 64, "{name}");
        let (expected_first, expected_last) = expected.get_or_insert_with(|| (first.clone(), last.clone()));
        for (found, expected) in [(first, expected_first), (last, expected_last)] {
            let [found, expected] = [found, expected.clone()].map(|values| Logits { values, width: 320 });
            assert_close(&found, &expected, Tolerance::Exact, name);
        }
    }
}

#[test]
fn what_does_not_fit_is_refused_and_changes_nothing() {
    let Interfaces { packages, ids, logits: expected, .. } = Interfaces::read();
    for (name, path) in packages {
        let mut model = sequence(&path);
        model.forward(&ids[..4]).unwrap();
        assert!(matches!(model.forward(&[]), Err(LlmError::EmptyPrompt)));
        assert!(matches!(model.forward(&[1, 320]), Err(LlmError::IdOutOfRange { .. })));
        assert!(matches!(model.forward(&[0; 61]), Err(LlmError::PromptTooLong { tokens: 65, .. })));
        assert_eq!(model.len(), 4, "{name}");
        let found = logits(&mut model, &ids[4..], &[5]);
        assert_close(&found, &expected.tail(5), Tolerance::Exact, name);
    }
}

/// Calls an input, output or state otherwise, in the description and where the program defines it.
fn rename(package: &mut Package, from: &str, to: &str) {
    let interface = &mut Arc::make_mut(&mut package.description).main;
    let features = interface.inputs.iter_mut().chain(&mut interface.outputs).chain(&mut interface.states);
    features.filter(|feature| feature.name == from).for_each(|feature| feature.name = to.to_owned());
    for function in Arc::make_mut(&mut package.program).functions.values_mut() {
        let operations = function.block_specializations.values_mut().flat_map(|block| &mut block.operations);
        let outputs = operations.flat_map(|operation| &mut operation.outputs);
        outputs.filter(|output| output.name == from).for_each(|output| output.name = to.to_owned());
    }
}

/// Gives an input or state a fixed shape and a type.
fn retype(package: &mut Package, name: &str, dtype: DType, shape: &[usize]) {
    let interface = &mut Arc::make_mut(&mut package.description).main;
    let mut features = interface.inputs.iter_mut().chain(&mut interface.states);
    features.find(|feature| feature.name == name).unwrap().ty =
        FeatureType::Array { dtype: Some(dtype), shape: shape.to_vec(), flexibility: Flexibility::Fixed };
}

/// What each change to a package is answered with.
type Case = (&'static str, fn(&mut Package), &'static [&'static str]);

const CASES: &[Case] = &[
    (
        "coremltools/llama-fp16",
        |package| rename(package, "inputIds", "banana"),
        &[
            "it has no input for token ids. Inputs: banana int32 [1, 1..64], causalMask fp16 [1, 1, 1..64, 1..64]. Outputs: ",
            "States: keyCache fp16 [2, 1, 2, 64, 16], valueCache fp16 [2, 1, 2, 64, 16]",
            "Expected: a language model takes ids as inputIds or input_ids (int32 [1, q])",
        ],
    ),
    (
        "coremltools/llama-fp16",
        |package| rename(package, "causalMask", "banana"),
        &["its input banana has no known meaning"],
    ),
    (
        "coremltools/llama-fp16",
        |package| rename(package, "causalMask", "inputs_embeds"),
        &["inputs_embeds has no known meaning; it is one part of a model that was cut into several packages"],
    ),
    (
        "coremltools/llama-fp16",
        |package| rename(package, "logits", "output_hidden_states"),
        &["it gives output_hidden_states and no logits: it is one part of a model"],
    ),
    (
        "interfaces/positions",
        |package| rename(package, "position_ids", "token_ids"),
        &["more than one input for token ids"],
    ),
    (
        "coremltools/llama-fp16",
        |package| retype(package, "inputIds", DType::F32, &[1, 1]),
        &["inputIds is fp32 [1, 1], expected int32 [1, q]"],
    ),
    (
        "coremltools/llama-fp16",
        |package| retype(package, "causalMask", DType::I32, &[1, 1, 1, 64]),
        &["causalMask is int32 [1, 1, 1, 64], expected fp16 or fp32 [1, 1, q, kv] of 0 and -inf"],
    ),
    (
        "coremltools/llama-fp16",
        |package| retype(package, "causalMask", DType::F16, &[1, 1, 1, 64]),
        &["nothing says at which position a call begins", "current_pos or position_ids"],
    ),
    (
        "interfaces/chunk8",
        |package| retype(package, "position_ids", DType::I32, &[4]),
        &["position_ids is int32 [4], expected as many rows as there are ids, 8..=8"],
    ),
    (
        "coremltools/llama-fp16",
        |package| retype(package, "keyCache", DType::F16, &[64]),
        &["keyCache is fp16 [64], expected a cache of keys or values"],
    ),
    (
        "coremltools/llama-kvio",
        |package| rename(package, "newKeyCache", "banana"),
        &["no output, or more than one, returns the cache keyCache"],
    ),
    ("interfaces/onetoken", |package| rename(package, "logits2", "logits3"), &["logits1, logits2, … have gaps"]),
    (
        "interfaces/onetoken",
        |package| {
            rename(package, "logits1", "first");
            rename(package, "logits2", "second");
        },
        &["its outputs first, second could all be logits: call the right one logits"],
    ),
];

#[test]
fn what_cannot_be_told_is_refused_with_what_is_expected() {
    for (name, change, words) in CASES {
        let mut package = Package::open(&fixtures_dir().join(format!("{name}.mlpackage"))).unwrap();
        change(&mut package);
        let error = LanguageInterface::of(&package, "main").expect_err(name).to_string();
        assert!(words.iter().all(|word| error.contains(word)), "{name}: {error}");
    }
}
