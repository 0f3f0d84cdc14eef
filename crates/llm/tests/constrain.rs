//! Structured output: whatever the logits say, an answer that ends is what the grammar accepts.

mod common;

use std::sync::Arc;

use common::{IM_END, ScriptedModel, byte_tokenizer, byte_vocabulary, one_hot};
use proptest::prelude::*;
use serde_json::{Value, json};
use sottovoce_llm::LlmError;
use sottovoce_llm::constrain::{Compiler, Constraint, Grammar};
use sottovoce_llm::generate::{Answer, FinishReason, GenerateOptions, Session};
use sottovoce_llm::sampling::{Sampler, Sampling};
use sottovoce_testkit::Random;

fn constraint(grammar: &Grammar) -> Constraint {
    Compiler::new(byte_tokenizer(), &[IM_END]).unwrap().compile(grammar).unwrap()
}

fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "name": { "type": "string", "maxLength": 12 },
            "age": { "type": "integer", "minimum": 0, "maximum": 150 },
            "tags": { "type": "array", "items": { "enum": ["a", "b\n", "\u{e9}"] }, "maxItems": 3 },
            "inner": { "$ref": "#/$defs/inner" }
        },
        "required": ["name", "age", "inner"],
        "additionalProperties": false,
        "$defs": { "inner": { "anyOf": [{ "type": "null" }, { "type": "object", "maxProperties": 2 }] } }
    })
}

/// The tokens that a model with random logits says, and whether its answer came to an end.
fn babble(constraint: Constraint, seed: u64, most: usize) -> (Vec<u32>, bool) {
    let mut random = Random::new(seed);
    let vocab = byte_vocabulary().tokens.len() + 8;
    let mut sampler = Sampler::new(Sampling { temperature: 1.0, seed, ..Sampling::GREEDY }, &[], 0).unwrap();
    sampler.constrain(constraint);
    let mut ids = Vec::new();
    while !sampler.is_complete() && ids.len() < most {
        let mut logits: Vec<f32> = (0..vocab).map(|_| random.normal() * 2.0).collect();
        // What closes strings, lists and answers, so that they come to an end.
        for id in [u32::from(b'"'), u32::from(b']'), u32::from(b'}'), IM_END] {
            logits[id as usize] += 4.0;
        }
        ids.push(sampler.choose(&logits).unwrap().id);
    }
    (ids, sampler.is_complete())
}

/// Babbles 60 answers, all but a few of which have to end, and shows each as text to `check`.
fn check_answers(grammar: &Grammar, check: impl Fn(&str)) {
    let tokenizer = byte_tokenizer();
    let constraint = constraint(grammar);
    let seed = Random::from_env(1).bits();
    let mut ended = 0;
    for seed in (0..60).map(|offset| seed.wrapping_add(offset)) {
        let (ids, is_complete) = babble(constraint.clone(), seed, 600);
        assert!(ids.iter().all(|&id| (id as usize) < tokenizer.vocab_size()), "{ids:?}");
        if is_complete {
            ended += 1;
            check(&tokenizer.decode(&ids));
        }
    }
    assert!(ended >= 40, "{ended} of 60 answers ended, seed {seed}");
}

#[test]
fn answers_to_a_schema_are_json_that_it_accepts() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    check_answers(&Grammar::JsonSchema(schema()), |text| {
        let json: Value = serde_json::from_str(text).unwrap_or_else(|e| panic!("{text:?}: {e}"));
        assert!(validator.is_valid(&json), "{text}");
    });
}

#[test]
fn answers_to_no_schema_are_json_objects() {
    check_answers(&Grammar::JsonObject, |text| {
        assert!(serde_json::from_str::<Value>(text).is_ok_and(|json| json.is_object()), "{text:?}");
    });
}

#[test]
fn answers_to_an_expression_are_matched_by_it() {
    check_answers(&Grammar::Regex("(hello|hi) [a-c]{2,4}(-[0-9]{1,3})?".into()), |text| {
        let rest = text.strip_prefix("hello ").or(text.strip_prefix("hi ")).unwrap_or_else(|| panic!("{text:?}"));
        let (letters, digits) = rest.split_once('-').unwrap_or((rest, "0"));
        assert!((2..=4).contains(&letters.len()) && letters.chars().all(|c| "abc".contains(c)), "{text:?}");
        assert!((1..=3).contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_digit()), "{text:?}");
    });
}

#[test]
fn answers_to_a_grammar_are_of_its_language() {
    let grammar = "start: pair\npair: \"(\" pair? \")\" | \"<\" pair? \">\"";
    check_answers(&Grammar::Lark(grammar.into()), |text| {
        let (opening, closing) = text.split_at(text.len() / 2);
        let mirrored: String = opening.chars().rev().map(|c| if c == '(' { ')' } else { '>' }).collect();
        assert!(!text.is_empty() && opening.chars().all(|c| "(<".contains(c)) && closing == mirrored, "{text:?}");
    });
}

#[test]
fn stop_tokens_are_allowed_where_the_grammar_accepts_and_only_there() {
    let mut constraint = constraint(&Grammar::Regex("ab+".into()));
    let allowed = |constraint: &mut Constraint| {
        let mut scores = vec![0.0; byte_vocabulary().tokens.len() + 1];
        constraint.mask(&mut scores).unwrap();
        (0..).zip(scores).filter(|(_, score)| *score == 0.0).map(|(id, _)| id).collect::<Vec<u32>>()
    };
    let (a, b) = (u32::from(b'a'), u32::from(b'b'));
    assert_eq!(allowed(&mut constraint), [a]);
    assert!(!constraint.is_satisfied());
    constraint.accept(a).unwrap();
    assert_eq!(allowed(&mut constraint), [b]);
    constraint.accept(b).unwrap();
    assert!(constraint.is_satisfied() && !constraint.is_complete());
    let mut fork = constraint.clone();
    assert_eq!(allowed(&mut constraint), [b, IM_END]);
    constraint.accept(IM_END).unwrap();
    assert!(constraint.is_complete());
    assert_eq!(allowed(&mut fork), [b, IM_END], "a clone goes on on its own");
    assert!(matches!(fork.accept(a), Err(LlmError::Constraint(_))));
}

/// The answer of a model that wants to say "x" for ever.
fn answer(grammar: &Grammar, options: GenerateOptions) -> (Answer, Vec<usize>) {
    let vocab = byte_vocabulary().tokens.len();
    let model = ScriptedModel::new(vocab, 4096, move |_| one_hot(vocab, u32::from(b'x')));
    let mut session = Session::new(model, byte_tokenizer());
    let options = GenerateOptions { constraint: Some(constraint(grammar)), stop_tokens: vec![IM_END], ..options };
    let generation = session.generate(&[1, 2], options).unwrap();
    let answer = generation.run(|_| std::ops::ControlFlow::Continue(())).unwrap();
    (answer, session.model().calls.clone())
}

#[test]
fn what_a_grammar_forces_is_not_computed_token_by_token() {
    let grammar = Grammar::Regex("hello worldx hello!".into());
    let (forced, calls) = answer(&grammar, GenerateOptions::default());
    assert_eq!((forced.text.as_str(), forced.finish), ("hello worldx hello!", FinishReason::Complete));
    assert!(forced.is_valid);
    assert!(calls.is_empty(), "nothing was left to choose: {calls:?}");
    let (free, calls) = answer(&Grammar::Regex("hello (world|[xyz]{3}) hello!".into()), GenerateOptions::default());
    assert_eq!(free.text, "hello xxx hello!");
    // The prompt together with "hello"; the space could also begin " w", so it and the three letters are chosen.
    assert_eq!(calls, [2 + 1, 1, 1, 1]);
}

#[test]
fn an_answer_that_was_cut_says_so() {
    let options = GenerateOptions { max_tokens: Some(6), ..GenerateOptions::default() };
    let (cut, _) = answer(&Grammar::Regex("x{9}".into()), options.clone());
    assert_eq!((cut.finish, cut.is_valid), (FinishReason::MaxTokens, false));
    let (enough, _) = answer(&Grammar::Regex("x{3,9}".into()), options);
    assert_eq!((enough.finish, enough.is_valid), (FinishReason::MaxTokens, true));
}

#[test]
fn malformed_grammars_say_what_is_wrong() {
    let compiler = Compiler::new(byte_tokenizer(), &[IM_END]).unwrap();
    for (grammar, kind, expected) in [
        (Grammar::Regex("a(b".into()), "regular expression: ", "unclosed group"),
        (Grammar::JsonSchema(json!({ "type": "nosuch" })), "JSON schema: ", "nosuch"),
        (Grammar::JsonSchema(json!({ "$ref": "#/$defs/none" })), "JSON schema: ", "none"),
        (Grammar::Lark("start: nothing".into()), "Lark grammar: ", "nothing"),
    ] {
        let error = compiler.compile(&grammar).map(drop).unwrap_err().to_string();
        assert!(error.starts_with(kind) && error.contains(expected), "{error}");
        assert!(!error.contains("<state>"), "{error}");
    }
    let refused = |stop: &[u32]| Compiler::new(byte_tokenizer(), stop).map(drop).unwrap_err();
    assert!(refused(&[]).to_string().contains("names no token that ends an answer"));
    assert!(matches!(refused(&[9999]), LlmError::IdOutOfRange { id: 9999, .. }));
}

/// Pieces with a space in front would be encoded differently in the middle of a text, so nothing is forced; the answer is
/// the same.
#[test]
fn vocabularies_of_sentencepiece_are_kept_within_too() {
    let tokenizer = Arc::new(common::piece_vocabulary().tokenizer().unwrap());
    let constraint =
        Compiler::new(tokenizer.clone(), &[2]).unwrap().compile(&Grammar::Regex("the cat".into())).unwrap();
    let mut sampler = Sampler::new(Sampling::GREEDY, &[], 0).unwrap();
    sampler.constrain(constraint);
    let mut ids = Vec::new();
    while !sampler.is_complete() {
        assert_eq!(sampler.force().unwrap(), None);
        ids.push(sampler.choose(&vec![0.0; tokenizer.vocab_size()]).unwrap().id);
    }
    assert_eq!(tokenizer.decode(&ids), "the cat");
}

/// Budgets end what is too large, and an error does not repeat it.
#[test]
fn grammars_that_would_take_forever_are_refused() {
    let compiler = Compiler::new(byte_tokenizer(), &[IM_END]).unwrap();
    let nested = |open: &str, inner: &str, close: &str| [&open.repeat(100_000), inner, &close.repeat(100_000)].concat();
    let pair = |i: usize| json!({ "anyOf": [{ "required": [format!("a{i}")] }, { "required": [format!("b{i}")] }] });
    let pairs: Vec<Value> = (0..60).map(pair).collect();
    for (grammar, expected) in [
        (Grammar::Regex(nested("(", "a", ")")), "maximum number of nested"),
        (Grammar::Lark(format!("start: {}", nested("(", "\"a\"", ")"))), "too deeply nested"),
        (Grammar::Lark(format!("start: %json {}", nested("{\"items\":", "{}", "}"))), "recursion limit"),
        (Grammar::JsonSchema(json!({ "allOf": pairs })), "too large"),
    ] {
        let error = compiler.compile(&grammar).map(drop).unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, LlmError::Grammar { .. }) && text.contains(expected), "{text}");
        assert!(text.len() < 2000, "{} bytes", text.len());
    }
}

/// What is large and possible is kept to, or the answer ends with an error where it becomes too much.
#[test]
fn large_grammars_are_kept_to_or_end_the_answer() {
    let choices: Vec<String> = (0..5000).map(|i| format!("choice {i}")).collect();
    for grammar in [
        Grammar::Regex("((a{1,1000}b){1,1000}c){1,1000}".into()),
        Grammar::Regex("(.*a.{40}b|.*b.{30}a)+".into()),
        Grammar::JsonSchema(json!({ "enum": choices })),
        Grammar::JsonSchema(json!({ "items": {}, "minItems": 4_000_000_000_u64 })),
        Grammar::JsonSchema(json!({ "type": "string", "minLength": 4_000_000_000_u64 })),
        Grammar::JsonSchema(json!({ "$ref": "#" })),
    ] {
        let constraint = constraint(&grammar);
        let vocab = byte_vocabulary().tokens.len();
        let mut sampler = Sampler::new(Sampling { temperature: 1.0, ..Sampling::GREEDY }, &[], 0).unwrap();
        sampler.constrain(constraint);
        for _ in 0..100 {
            if sampler.is_complete() {
                break;
            }
            let logits = sampler.prepare_beside(|| vec![0.0; vocab]);
            match sampler.choose(&logits) {
                Ok(choice) => assert!((choice.id as usize) < vocab),
                Err(error) => {
                    assert!(matches!(error, LlmError::Constraint(_)), "{error}");
                    break;
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// A mask that was found beside the model's call is the one that is found without.
    #[test]
    fn preparing_changes_nothing(seed: u64) {
        let vocab = byte_vocabulary().tokens.len();
        let constraint = constraint(&Grammar::JsonSchema(schema()));
        let ids = |is_prepared: bool| {
            let mut random = Random::new(seed);
            let mut sampler = Sampler::new(Sampling { temperature: 1.0, seed, ..Sampling::GREEDY }, &[], 0).unwrap();
            sampler.constrain(constraint.clone());
            let mut ids = Vec::new();
            while !sampler.is_complete() && ids.len() < 40 {
                let mut logits = || (0..vocab).map(|_| random.normal() * 2.0).collect::<Vec<f32>>();
                let logits = if is_prepared { sampler.prepare_beside(logits) } else { logits() };
                ids.push(sampler.choose(&logits).unwrap().id);
            }
            ids
        };
        prop_assert_eq!(ids(true), ids(false));
    }

    /// With probabilities asked for nothing is forced, and every token is chosen from logits.
    #[test]
    fn forcing_changes_nothing(seed: u64, scale in 0.1f32..3.0) {
        let grammar = Grammar::JsonSchema(schema());
        let vocab = byte_vocabulary().tokens.len();
        let text = |log_probabilities| {
            let model = ScriptedModel::new(vocab, 512, move |state| {
                let mut random = Random::new(state.iter().fold(seed, |hash, &id| hash.rotate_left(9) ^ u64::from(id)));
                (0..vocab).map(|id| random.normal() * scale + if id == 34 { 3.0 } else { 0.0 }).collect()
            });
            let mut session = Session::new(model, byte_tokenizer());
            let sampling = Sampling { temperature: 1.0, seed, log_probabilities, ..Sampling::GREEDY };
            let options = GenerateOptions {
                sampling,
                constraint: Some(constraint(&grammar)),
                stop_tokens: vec![IM_END],
                max_tokens: Some(200),
                ..GenerateOptions::default()
            };
            session.generate(&[1, 2], options).unwrap().run(|_| std::ops::ControlFlow::Continue(())).unwrap().text
        };
        prop_assert_eq!(text(None), text(Some(0)));
    }
}
