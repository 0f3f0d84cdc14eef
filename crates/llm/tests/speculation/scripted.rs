//! With models that play a script: every option, drafts of all kinds, failures.

use std::sync::OnceLock;

use proptest::prelude::*;
use sottovoce_llm::constrain::{Compiler, Grammar};
use sottovoce_llm::generate::{GenerateOptions, Session};
use sottovoce_llm::sampling::{Dry, Penalties, Sampling};
use sottovoce_llm::speculate::{DraftModel, Speculation};
use sottovoce_llm::{LanguageModel, LlmError};

use crate::common::{IM_END, ScriptedModel, byte_tokenizer, byte_vocabulary, one_hot, piece_vocabulary};
use crate::{assert_same, trace};

fn bytes(text: &str) -> Vec<u32> {
    text.bytes().map(u32::from).collect()
}

/// Logits that depend on the last `order` tokens and favour a few letters: such text repeats itself, but not always.
fn rambling(order: usize, salt: u32) -> impl Fn(&[u32]) -> Vec<f32> + Copy {
    move |state| {
        let recent = &state[state.len().saturating_sub(order)..];
        let mix = recent.iter().fold(salt, |mix, &id| (mix ^ id).wrapping_mul(0x9E37_79B1).rotate_left(13));
        let mut logits = vec![-20.0; byte_vocabulary().tokens.len()];
        for (letter, id) in [97, 98, 99, 32, 0xC3, IM_END].into_iter().enumerate() {
            let noise = mix.wrapping_mul(2 * letter as u32 + 1).wrapping_mul(0x85EB_CA6B) >> 16;
            logits[id as usize] = noise as f32 / 16384.0 - if id == IM_END { 2.0 } else { 0.0 };
        }
        logits
    }
}

/// A model that computes up to eight rows as it computes one.
fn model(context: usize, script: impl Fn(&[u32]) -> Vec<f32> + Send + 'static) -> ScriptedModel {
    let mut model = ScriptedModel::new(byte_vocabulary().tokens.len(), context, script);
    model.independent_rows = 8;
    model
}

/// Everything that a choice can depend on: the random sequence, and what was chosen before.
fn sampling() -> impl Strategy<Value = Sampling> {
    let temperature = prop_oneof![Just(0.0), 0.3f32..2.0];
    let filters = (temperature, prop::option::of(1usize..8), prop::option::of(0.1f32..1.0), any::<u64>());
    let (penalties, dry) = (prop::option::of(0.0f32..2.0), any::<bool>());
    (filters, penalties, dry, prop::option::of(0usize..3)).prop_map(|(filters, penalty, dry, log_probabilities)| {
        let (temperature, top_k, top_p, seed) = filters;
        let penalties = Penalties { frequency: penalty.unwrap_or(0.0), window: Some(9), ..Penalties::NONE };
        let breakers = vec![u32::from(b' ')];
        let dry = dry.then_some(Dry { multiplier: 0.8, base: 1.75, allowed_length: 2, window: None, breakers });
        Sampling { temperature, top_k, top_p, seed, penalties, dry, log_probabilities, ..Sampling::GREEDY }
    })
}

/// Grammars that leave much open, force every second token, and end.
const EXPRESSIONS: [&str; 3] = ["[abc ]*", "(ab|bc|c )+", "[ab ]{1,20}c?"];

fn compiler() -> &'static Compiler {
    static COMPILER: OnceLock<Compiler> = OnceLock::new();
    COMPILER.get_or_init(|| Compiler::new(byte_tokenizer(), &[IM_END]).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn nothing_but_the_time_changes(
        (order, salt) in (1usize..4, any::<u32>()),
        prompt in "[abc ]{1,30}",
        context in 31usize..120,
        sampling in sampling(),
        max_tokens in prop::option::of(0usize..60),
        stop_strings in prop::collection::vec("[abc ]{2,4}", 0..2),
        stops in any::<bool>(),
        cancel_at in prop::option::of(0usize..30),
        // A draft model that ends earlier or later than the model, and agrees with it in part or always.
        draft in prop::option::of((1usize..4, 20usize..150)),
        expression in prop::option::of(prop::sample::select(&EXPRESSIONS[..])),
    ) {
        let options = GenerateOptions {
            sampling,
            constraint: expression.map(|expression| compiler().compile(&Grammar::Regex(expression.into())).unwrap()),
            max_tokens,
            stop_strings,
            stop_tokens: if stops { vec![IM_END] } else { Vec::new() },
            ..GenerateOptions::default()
        };
        let session = || {
            let mut session = Session::new(model(context, rambling(order, salt)), byte_tokenizer());
            if let Some((order, context)) = draft {
                let draft = Box::new(model(context, rambling(order, salt)));
                session.set_draft(DraftModel::new(draft, &byte_tokenizer(), &byte_tokenizer()).unwrap());
            }
            session
        };
        assert_same(session, &bytes(&prompt), &options, cancel_at);
    }
}

#[test]
fn a_text_that_is_repeated_takes_a_call_for_several_tokens() {
    let says = "the cat sat on the mat and the dog sat on the cat. ".repeat(4);
    let prompt = bytes(&says);
    let mut session = Session::new(model(600, says_again(&says)), byte_tokenizer());
    let options = GenerateOptions { max_tokens: Some(120), ..GenerateOptions::default() };
    let (found, stats) = trace(&mut session, &prompt, &options, None);
    assert_eq!(found.chunks.len(), 120);
    let calls = session.model().calls.len();
    assert!(calls <= 1 + 120 / 6, "{calls} calls for 120 tokens");
    // Of 120 tokens, the first of every call was not guessed.
    assert_eq!(stats.accepted_tokens, 120 - calls, "{stats:?}");
    assert!(stats.guessed_tokens >= stats.accepted_tokens, "{stats:?}");
    assert!(session.model().calls[1..].iter().all(|&rows| rows <= 8), "{:?}", session.model().calls);
}

/// A model that says `text` over and over, by how long its state is.
fn says_again(text: &str) -> impl Fn(&[u32]) -> Vec<f32> + Clone + Send + use<> {
    let text = bytes(text);
    move |state| one_hot(byte_vocabulary().tokens.len(), text[state.len() % text.len()])
}

#[test]
fn what_does_not_repeat_takes_no_guesses() {
    // 200 tokens, each of which was never there before.
    let script = |state: &[u32]| one_hot(byte_vocabulary().tokens.len(), state.len() as u32);
    let mut session = Session::new(model(600, script), byte_tokenizer());
    let options = GenerateOptions { max_tokens: Some(200), ..GenerateOptions::default() };
    let (_, stats) = trace(&mut session, &[0], &options, None);
    assert_eq!((stats.guessed_tokens, session.model().calls.len()), (0, 200));
}

#[test]
fn a_model_whose_rows_depend_on_each_other_computes_one_a_call() {
    let says = "abcdefgh".repeat(8);
    let mut dependent = model(200, says_again(&says));
    dependent.independent_rows = 1;
    let mut session = Session::new(dependent, byte_tokenizer());
    let speculation = Speculation::Tokens(7);
    let options = GenerateOptions { max_tokens: Some(50), speculation, ..GenerateOptions::default() };
    let (_, stats) = trace(&mut session, &bytes(&says), &options, None);
    assert_eq!((stats.guessed_tokens, session.model().calls.len()), (0, 50));
}

#[test]
fn a_draft_model_that_knows_the_answer_is_taken_at_its_word() {
    // Nothing in it repeats: only the draft model can guess it.
    let says: String = (33u8..120).map(char::from).collect();
    let mut session = Session::new(model(200, says_again(&says)), byte_tokenizer());
    let draft = Box::new(model(200, says_again(&says)));
    session.set_draft(DraftModel::new(draft, &byte_tokenizer(), &byte_tokenizer()).unwrap());
    let speculation = Speculation::Tokens(4);
    let options = GenerateOptions { max_tokens: Some(61), speculation, ..GenerateOptions::default() };
    let (_, stats) = trace(&mut session, &bytes(&says[..10]), &options, None);
    // The prompt's call brings one token, each of the others five.
    assert_eq!((stats.guessed_tokens, stats.accepted_tokens, session.model().calls.len()), (48, 48, 13));
}

#[test]
fn a_draft_model_has_to_have_the_same_tokens() {
    let other = piece_vocabulary().tokenizer().unwrap();
    let draft = Box::new(model(64, rambling(1, 1)));
    let Err(error) = DraftModel::new(draft, &other, &byte_tokenizer()) else { panic!("accepted") };
    assert!(matches!(error, LlmError::DraftVocabulary { id: 0, .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("\"<unk>\"") && text.contains("token 0") && text.contains("same tokenizer"), "{text}");
}

#[test]
fn a_call_that_fails_leaves_the_session_usable() {
    let says = "abcdefgh".repeat(8);
    let mut failing = model(400, says_again(&says));
    failing.fail_at = Some(2);
    let mut session = Session::new(failing, byte_tokenizer());
    let options = GenerateOptions { max_tokens: Some(40), ..GenerateOptions::default() };
    let (found, _) = trace(&mut session, &bytes(&says), &options, None);
    assert_eq!(found.chunks.last().unwrap(), "scripted failure");
    assert_eq!((found.held.len(), session.held().len()), (found.len, session.model().len()));
    let (again, _) = trace(&mut session, &bytes(&says), &options, None);
    assert_eq!(again.chunks.len(), 40);
}

#[test]
fn logits_that_are_broken_further_on_end_the_answer_there() {
    let says = "abcdefgh".repeat(8);
    let broken = says_again(&says);
    let script = move |state: &[u32]| if state.len() == 75 { vec![f32::NAN; 263] } else { broken(state) };
    let options = GenerateOptions { max_tokens: Some(40), ..GenerateOptions::default() };
    let session = || Session::new(model(400, script.clone()), byte_tokenizer());
    assert_same(session, &bytes(&says), &options, None);
}
