//! Answers that have to be calls: whatever the logits say, what ends is a call with arguments that the schema accepts.

mod common;

use std::sync::Arc;

use common::{IM_END, byte_vocabulary};
use serde_json::{Value, json};
use sottovoce_llm::constrain::{Compiler, Constraint};
use sottovoce_llm::sampling::{Sampler, Sampling};
use sottovoce_llm::tokenizer::{TokenKind, Tokenizer};
use sottovoce_llm::tools::{FunctionCall, Tool, ToolFormat, Toolbox};
use sottovoce_testkit::Random;

fn weather_schema() -> Value {
    json!({
        "type": "object",
        "properties": { "city": { "$ref": "#/$defs/city" }, "days": { "type": "integer", "minimum": 1, "maximum": 7 } },
        "required": ["city"],
        "additionalProperties": false,
        "$defs": { "city": { "type": "string", "maxLength": 10 } },
    })
}

fn tools() -> Vec<Tool> {
    Tool::list(json!([{ "name": "weather", "parameters": weather_schema() }, { "name": "the \"time\"" }])).unwrap()
}

/// Bytes and the markers, which are control tokens or not.
fn tokenizer(markers: &[&str], kind: TokenKind) -> Arc<Tokenizer> {
    let mut vocabulary = byte_vocabulary();
    for marker in markers {
        vocabulary.tokens.push((*marker).to_owned());
        vocabulary.kinds.push(kind);
    }
    Arc::new(vocabulary.tokenizer().unwrap())
}

/// The text of an answer by a model with random logits, if it came to an end.
fn babble(constraint: Constraint, tokenizer: &Tokenizer, seed: u64) -> Option<String> {
    let mut random = Random::new(seed);
    let mut sampler = Sampler::new(Sampling { temperature: 1.0, seed, ..Sampling::GREEDY }, &[], 0).unwrap();
    sampler.constrain(constraint);
    let mut text = Vec::new();
    for _ in 0..600 {
        if sampler.is_complete() {
            return Some(String::from_utf8_lossy(&text).into_owned());
        }
        let mut logits: Vec<f32> = (0..tokenizer.vocab_size()).map(|_| random.normal() * 2.0).collect();
        // What closes strings and objects, so that they come to an end.
        for byte in *b"\"}" {
            logits[usize::from(byte)] += 4.0;
        }
        let id = sampler.choose(&logits).unwrap().id;
        assert_ne!(id, IM_END, "the answer ended before its call did");
        match tokenizer.token(id) {
            Some(marker) if tokenizer.is_special(id) => text.extend(marker.bytes()),
            _ => text.extend_from_slice(tokenizer.token_bytes(id)),
        }
    }
    None
}

/// The calls that answers under a grammar consist of, with no text around them.
fn calls(tokenizer: &Arc<Tokenizer>, name: Option<&str>) -> Vec<FunctionCall> {
    let toolbox = Toolbox::new(tools(), tokenizer);
    let grammar = toolbox.call_grammar(name, tokenizer).unwrap();
    let constraint = Compiler::new(tokenizer.clone(), &[IM_END]).unwrap().compile(&grammar).unwrap();
    let seed = Random::from_env(1).bits();
    let answers = (0..40).filter_map(|offset| babble(constraint.clone(), tokenizer, seed.wrapping_add(offset)));
    let calls: Vec<FunctionCall> = answers
        .map(|answer| {
            let (mut parser, mut shown) = (toolbox.parser(), String::new());
            parser.push(&answer, &mut shown);
            let mut calls = parser.finish(&mut shown);
            assert_eq!((calls.len(), shown.trim()), (1, ""), "{answer}, seed {seed}");
            calls.remove(0)
        })
        .collect();
    assert!(calls.len() >= 25, "{} of 40 answers ended, seed {seed}", calls.len());
    calls
}

#[test]
fn every_family_makes_valid_calls_in_its_own_spelling() {
    let validator = jsonschema::validator_for(&weather_schema()).unwrap();
    for (markers, kind, format) in [
        (&[][..], TokenKind::Normal, ToolFormat::Hermes),
        (&["<tool_call>", "</tool_call>"], TokenKind::UserDefined, ToolFormat::Hermes),
        (&["<tool_call>", "</tool_call>"], TokenKind::Control, ToolFormat::Hermes),
        (&["<|python_tag|>"], TokenKind::Control, ToolFormat::Llama),
        (&["[TOOL_CALLS]"], TokenKind::Control, ToolFormat::Mistral),
        (&["[TOOL_CALLS]", "[ARGS]"], TokenKind::Control, ToolFormat::Mistral),
        (&["<|tool_call|>", "<|/tool_call|>"], TokenKind::Control, ToolFormat::Phi),
        (&["<start_of_turn>"], TokenKind::Control, ToolFormat::Gemma),
    ] {
        let tokenizer = tokenizer(markers, kind);
        assert_eq!(ToolFormat::of(&tokenizer), format);
        let calls = calls(&tokenizer, None);
        for call in &calls {
            match call.name.as_str() {
                "weather" => assert!(validator.is_valid(&call.arguments), "{markers:?}: {}", call.arguments),
                _ => assert_eq!((call.name.as_str(), &call.arguments), ("the \"time\"", &json!({})), "{markers:?}"),
            }
        }
        assert!(calls.iter().any(|call| call.name == "weather"), "{markers:?}");
    }
}

#[test]
fn a_named_function_is_the_one_that_is_called() {
    let calls = calls(&tokenizer(&[], TokenKind::Normal), Some("weather"));
    assert!(calls.iter().all(|call| call.name == "weather"), "{calls:?}");
}

#[test]
fn calls_that_cannot_be_are_refused() {
    let tokenizer = tokenizer(&[], TokenKind::Normal);
    let refused = |tools: Value, name: Option<&str>, expected: &str| {
        let toolbox = Toolbox::new(Tool::list(tools).unwrap(), &tokenizer);
        let error = toolbox.call_grammar(name, &tokenizer).unwrap_err().to_string();
        assert!(error.starts_with("tools: ") && error.contains(expected), "{error}");
    };
    refused(json!([]), None, "there are no tools");
    refused(json!([{ "name": "a" }]), Some("b"), "\"b\" is demanded, which is not among the tools");
    refused(json!([{ "name": "a", "parameters": { "type": "string" } }]), None, "expected a JSON schema of type");
    refused(json!([{ "name": "a", "parameters": true }]), Some("a"), "expected a JSON schema of type");
}
