//! The rules of the prefill and decode loop, with a scripted model.

mod common;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use common::{IM_END, ScriptedModel, byte_tokenizer, one_hot};
use proptest::prelude::*;
use sottovoce_llm::generate::{Answer, FinishReason, GenerateOptions, Session, StopStrings};
use sottovoce_llm::sampling::Sampling;
use sottovoce_llm::{LanguageModel, LlmError};

fn bytes(text: &str) -> Vec<u32> {
    text.bytes().map(u32::from).collect()
}

/// The answer to "?" of a model that says `says`, one token a byte, and the pieces it was shown in.
fn answer(says: Vec<u32>, options: GenerateOptions) -> (Answer, Vec<String>) {
    let mut session = Session::new(ScriptedModel::answering(1, says), byte_tokenizer());
    let mut pieces = Vec::new();
    let generation = session.generate(&bytes("?"), options).unwrap();
    let answer = generation
        .run(|piece| {
            pieces.push(piece.to_owned());
            ControlFlow::Continue(())
        })
        .unwrap();
    (answer, pieces)
}

fn stopping_at(stops: &[&str]) -> GenerateOptions {
    GenerateOptions {
        stop_tokens: vec![IM_END],
        stop_strings: stops.iter().map(|s| s.to_string()).collect(),
        max_tokens: Some(200),
        ..GenerateOptions::default()
    }
}

#[test]
fn a_stop_token_ends_the_answer_and_is_not_part_of_it() {
    let (answer, _) = answer([bytes("Tokyo."), vec![IM_END]].concat(), stopping_at(&[]));
    assert_eq!((answer.text.as_str(), answer.finish), ("Tokyo.", FinishReason::StopToken));
    assert_eq!(answer.stats.generated_tokens, 7);
}

#[test]
fn a_stop_string_is_found_across_tokens_and_never_shown_in_part() {
    let (answer, pieces) = answer(bytes("abc</ab></answer>more"), stopping_at(&["</answer>"]));
    assert_eq!((answer.text.as_str(), answer.finish), ("abc</ab>", FinishReason::StopString));
    assert_eq!(pieces, ["a", "b", "c", "</ab", ">"], "text is shown as soon as it cannot be a stop string");
}

#[test]
fn text_held_back_for_a_stop_string_is_shown_at_the_end() {
    let (answer, _) = answer([bytes("abc</ans"), vec![IM_END]].concat(), stopping_at(&["</answer>"]));
    assert_eq!((answer.text.as_str(), answer.finish), ("abc</ans", FinishReason::StopToken));
}

#[test]
fn a_character_split_over_tokens_is_shown_whole() {
    let (answer, pieces) = answer([bytes("a👩\u{200D}🚀é"), vec![IM_END]].concat(), stopping_at(&[]));
    assert_eq!(answer.text, "a👩\u{200D}🚀é");
    assert_eq!(pieces, ["a", "👩", "\u{200D}", "🚀", "é"]);
}

#[test]
fn a_character_that_never_becomes_whole_is_replaced() {
    let (answer, _) = answer(vec![0x61, 0xF0, 0x9F, 0x98, IM_END], stopping_at(&[]));
    assert_eq!(answer.text, "a\u{FFFD}");
}

#[test]
fn the_limit_of_tokens_is_exact() {
    for limit in [0, 1, 3] {
        let options = GenerateOptions { max_tokens: Some(limit), ..GenerateOptions::default() };
        let (answer, _) = answer(bytes("abcdef"), options);
        assert_eq!((answer.text.as_str(), answer.finish), (&"abcdef"[..limit], FinishReason::MaxTokens));
        assert_eq!(answer.stats.generated_tokens, limit);
    }
}

#[test]
fn a_full_context_ends_the_answer() {
    let mut model = ScriptedModel::answering(3, bytes("abcdef"));
    model.context = 5;
    let mut session = Session::new(model, byte_tokenizer());
    let run = session.generate(&bytes("???"), GenerateOptions::default()).unwrap();
    let answer = run.run(|_| ControlFlow::Continue(())).unwrap();
    // Two tokens fit behind the prompt; the third is chosen from the last row and needs no room.
    assert_eq!((answer.text.as_str(), answer.finish), ("abc", FinishReason::ContextFull));
    assert_eq!(session.held(), bytes("???ab"));
}

#[test]
fn prompts_are_checked_before_anything_is_computed() {
    let mut model = ScriptedModel::answering(1, bytes("a"));
    model.context = 4;
    let mut session = Session::new(model, byte_tokenizer());
    let mut refused = |prompt: &[u32]| match session.generate(prompt, GenerateOptions::default()) {
        Ok(_) => panic!("accepted {prompt:?}"),
        Err(error) => error,
    };
    assert!(matches!(refused(&[]), LlmError::EmptyPrompt));
    assert!(matches!(refused(&[1; 5]), LlmError::PromptTooLong { tokens: 5, context: 4 }));
    assert!(matches!(refused(&[1, 9999]), LlmError::IdOutOfRange { id: 9999, .. }));
    assert!(session.model().calls.is_empty());
}

#[test]
fn cancelling_ends_before_the_next_token_and_keeps_the_state() {
    let cancel = Arc::new(AtomicBool::new(false));
    let options = GenerateOptions { cancel: Some(cancel.clone()), ..GenerateOptions::default() };
    let mut session = Session::new(ScriptedModel::answering(1, bytes("abcdef")), byte_tokenizer());
    let mut generation = session.generate(&bytes("?"), options).unwrap();
    assert_eq!(generation.step().unwrap().unwrap().text, "a");
    assert_eq!(generation.step().unwrap().unwrap().text, "b");
    cancel.store(true, Ordering::Relaxed);
    let last = generation.step().unwrap().unwrap();
    assert_eq!((last.id, last.finish), (None, Some(FinishReason::Cancelled)));
    assert!(generation.step().unwrap().is_none());
    assert_eq!(session.held(), bytes("?a"));
    assert_eq!(session.model().len(), 2);
}

#[test]
fn cancelling_breaks_off_a_long_prefill() {
    let cancel = Arc::new(AtomicBool::new(true));
    let options = GenerateOptions { cancel: Some(cancel), ..GenerateOptions::default() };
    let mut session = Session::new(ScriptedModel::answering(1000, bytes("a")), byte_tokenizer());
    let answer = session.generate(&[1; 1000], options).unwrap().run(|_| ControlFlow::Continue(())).unwrap();
    assert_eq!(answer.finish, FinishReason::Cancelled);
    assert!(session.model().calls.is_empty());
}

#[test]
fn a_reader_that_breaks_off_cancels() {
    let mut session = Session::new(ScriptedModel::answering(1, bytes("abc")), byte_tokenizer());
    let generation = session.generate(&bytes("?"), GenerateOptions::default()).unwrap();
    let answer = generation.run(|_| ControlFlow::Break(())).unwrap();
    assert_eq!((answer.text.as_str(), answer.finish), ("a", FinishReason::Cancelled));
}

#[test]
fn long_prompts_are_computed_in_chunks() {
    let mut session = Session::new(ScriptedModel::answering(1200, bytes("a")), byte_tokenizer());
    let options = GenerateOptions { max_tokens: Some(2), ..GenerateOptions::default() };
    session.generate(&[7; 1200], options).unwrap().run(|_| ControlFlow::Continue(())).unwrap();
    assert_eq!(session.model().calls, [512, 512, 176, 1]);
}

#[test]
fn a_failing_model_leaves_the_session_usable() {
    let mut model = ScriptedModel::answering(3, bytes("ab"));
    model.fail_at = Some(1);
    let mut session = Session::new(model, byte_tokenizer());
    let options = GenerateOptions { max_tokens: Some(2), ..GenerateOptions::default() };
    let run = |session: &mut Session<ScriptedModel>| {
        session.generate(&bytes("???"), options.clone()).unwrap().run(|_| ControlFlow::Continue(()))
    };
    assert!(matches!(run(&mut session), Err(LlmError::Model(_))));
    assert_eq!(session.held(), bytes("???"));
    assert_eq!(run(&mut session).unwrap().text, "ab");
}

#[test]
fn a_prompt_that_continues_the_state_costs_only_what_is_new() {
    let vocab = common::byte_vocabulary().tokens.len();
    // The answer depends on the whole state: a stale token in it would change the sum.
    let sum = move |state: &[u32]| one_hot(vocab, b'a' as u32 + state.iter().sum::<u32>() % 26);
    let mut session = Session::new(ScriptedModel::new(vocab, 4096, sum), byte_tokenizer());
    let options = GenerateOptions { max_tokens: Some(4), ..GenerateOptions::default() };
    let mut ask = |prompt: &str| {
        let before = session.model().calls.len();
        let run = session.generate(&bytes(prompt), options.clone()).unwrap();
        let answer = run.run(|_| ControlFlow::Continue(())).unwrap();
        (answer, session.model().calls[before])
    };
    let (first, rows) = ask("first question");
    assert_eq!((rows, first.stats.reused_tokens), (14, 0));
    let history = format!("first question{}", first.text);
    let (second, rows) = ask(&format!("{history} and more"));
    // The last token of an answer is chosen but not yet fed.
    assert_eq!((rows, second.stats.reused_tokens), (10, 17));
    let (branched, rows) = ask("first quest");
    assert_eq!((rows, branched.stats.reused_tokens), (1, 10));
    assert_eq!(ask("first question").0.text, first.text);
    assert_eq!(ask("other").1, 5);
}

#[test]
fn log_probabilities_are_those_of_the_whole_distribution() {
    let vocab = common::byte_vocabulary().tokens.len();
    let mut session = Session::new(ScriptedModel::new(vocab, 16, move |_| one_hot(vocab, 97)), byte_tokenizer());
    let sampling = Sampling { log_probabilities: Some(0), ..Sampling::GREEDY };
    let options = GenerateOptions { sampling, ..GenerateOptions::default() };
    let mut generation = session.generate(&bytes("?"), options).unwrap();
    let expected = 10.0 - (10f64.exp() + (vocab - 1) as f64).ln();
    let found = generation.step().unwrap().unwrap().log_probability.unwrap();
    // Both are sums of a few hundred f64 terms.
    assert!((found - expected).abs() < 1e-12, "{found} {expected}");
}

#[test]
fn the_same_seed_gives_the_same_answer() {
    let vocab = common::byte_vocabulary().tokens.len();
    let text = |seed| {
        let flat = ScriptedModel::new(vocab, 256, move |_| vec![0.0; vocab]);
        let sampling = Sampling { temperature: 1.0, seed, ..Sampling::GREEDY };
        let options = GenerateOptions { sampling, max_tokens: Some(50), ..GenerateOptions::default() };
        let mut session = Session::new(flat, byte_tokenizer());
        session.generate(&bytes("?"), options).unwrap().run(|_| ControlFlow::Continue(())).unwrap().text
    };
    assert_eq!(text(7), text(7));
    assert_ne!(text(7), text(8));
}

/// Where `text` ends, character by character: before the stop string that is complete first.
fn cut(text: &str, stops: &[String]) -> (String, bool) {
    for (at, c) in text.char_indices() {
        let seen = &text[..at + c.len_utf8()];
        if let Some(stop) = stops.iter().filter(|s| seen.ends_with(s.as_str())).max_by_key(|s| s.len()) {
            return (seen[..seen.len() - stop.len()].to_owned(), true);
        }
    }
    (text.to_owned(), false)
}

proptest! {
    #[test]
    fn stop_strings_do_not_depend_on_how_text_is_cut(
        pieces in prop::collection::vec("[ab\u{e9}]{0,4}", 0..12),
        stops in prop::collection::vec("[ab\u{e9}]{1,4}", 0..3),
    ) {
        let mut watch = StopStrings::new(stops.clone());
        let mut shown = String::new();
        let ended = pieces.iter().any(|piece| {
            let ended = watch.push(piece, &mut shown);
            // Nothing shown is ever taken back.
            assert!(cut(&pieces.concat(), &stops).0.starts_with(&shown));
            ended
        });
        if !ended {
            watch.finish(&mut shown);
        }
        prop_assert_eq!((shown, ended), cut(&pieces.concat(), &stops));
    }
}
