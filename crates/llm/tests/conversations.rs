//! What conversations do over one state: edits, templates that rewrite, contexts that are full, files.

mod common;

use std::fs;
use std::ops::ControlFlow;
use std::sync::Arc;

use proptest::prelude::*;

use common::{IM_END, IM_START, ScriptedModel, byte_tokenizer, byte_vocabulary, one_hot};
use sottovoce_llm::chat::{ChatTemplate, Conversation, Message, Overflow, Resumed, StoredConversation};
use sottovoce_llm::generate::{Answer, FinishReason, GenerateOptions, PrefixCache, Session};
use sottovoce_llm::tokenizer::SpecialTokens;
use sottovoce_llm::{LlmError, snapshot};

/// Like those of models that think: what an earlier answer thought is left out, but not that of the last.
const FORGETS_THOUGHTS: &str = "\
{%- for message in messages -%}
{%- set content = message.content.split('</think>')[-1] if message.role == 'assistant' else message.content -%}
{{ '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>\\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\\n' }}{%- endif -%}";

fn special() -> SpecialTokens {
    SpecialTokens { eos: Some("<|im_end|>".into()), stop: vec![IM_END], ..SpecialTokens::default() }
}

/// The bytes that a turn spells.
fn spelled(ids: &[u32]) -> String {
    let words = ["he", "ll", "hell", "hello", " w"];
    let bytes = ids.iter().flat_map(|&id| match id {
        0..=255 => vec![id as u8],
        IM_START | IM_END => Vec::new(),
        _ => words[id as usize - 258].as_bytes().to_vec(),
    });
    String::from_utf8(bytes.collect()).expect("the tests are in ASCII")
}

/// A model that answers a question by `answer`, byte by byte, whatever was said before: the last question has to be in its
/// state, and what it said so far.
fn conversation(template: &str, context: usize, answer: fn(&str) -> String) -> Conversation<ScriptedModel> {
    let vocab = byte_vocabulary().tokens.len();
    let mut model = ScriptedModel::new(vocab, context, move |state| {
        let turns: Vec<&[u32]> = state.split(|&id| id == IM_START).collect();
        let [.., question, begun] = &turns[..] else { return one_hot(vocab, IM_END) };
        let question = question.split(|&id| id == IM_END).next().map(spelled).unwrap_or_default();
        let Some(said) = begun.strip_prefix(&byte_ids("assistant\n")[..]).map(spelled) else {
            // In the middle of a prompt nobody asks.
            return one_hot(vocab, IM_END);
        };
        let answer = answer(question.strip_prefix("user\n").expect("a question"));
        one_hot(vocab, answer.as_bytes().get(said.len()).map_or(IM_END, |&byte| byte.into()))
    });
    model.max_rows = 64;
    let template = ChatTemplate::new(template).unwrap().into();
    Conversation::new(Session::new(model, byte_tokenizer()), template, special())
}

fn byte_ids(text: &str) -> Vec<u32> {
    text.bytes().map(u32::from).collect()
}

const CHATML: &str = "\
{%- for message in messages -%}
{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\\n' }}{%- endif -%}";

fn options(max_tokens: Option<usize>) -> GenerateOptions {
    GenerateOptions { max_tokens, ..GenerateOptions::default() }
}

fn ask(conversation: &mut Conversation<ScriptedModel>, question: &str) -> Answer {
    conversation.ask(question, options(None), |_| ControlFlow::Continue(())).unwrap()
}

/// Rows that the model computed so far.
fn rows(conversation: &Conversation<ScriptedModel>) -> usize {
    conversation.session().model().calls.iter().sum()
}

/// The tokens of messages, and then of the beginning of an answer; the last token of an answer is chosen and not computed.
fn tokens(template: &str, messages: &[Message], begun: &str) -> Vec<u32> {
    let template = ChatTemplate::new(template).unwrap();
    let prompt = template.encode(messages, &special(), &byte_tokenizer()).unwrap();
    [prompt, byte_ids(begun)].concat()
}

fn echo(question: &str) -> String {
    format!("A{question}.")
}

#[test]
fn a_template_that_rewrites_earlier_answers_is_followed() {
    let mut conversation =
        conversation(FORGETS_THOUGHTS, 400, |question| format!("<think>{question}?</think>{question}!"));
    assert_eq!(ask(&mut conversation, "one").text, "<think>one?</think>one!");
    let before = rows(&conversation);
    let answer = ask(&mut conversation, "two");
    assert_eq!(answer.text, "<think>two?</think>two!", "nothing of the first answer's thoughts is left in the state");
    let history = [Message::user("one"), Message::assistant("one!"), Message::user("two")];
    assert_eq!(conversation.session().held(), tokens(FORGETS_THOUGHTS, &history, "<think>two?</think>two!"));
    // All up to the first answer was known; from there on it was computed.
    let known = tokens(FORGETS_THOUGHTS, &history[..1], "").len();
    assert_eq!(answer.stats.reused_tokens, known);
    assert_eq!(rows(&conversation) - before, conversation.session().held().len() - known);
    assert_eq!(conversation.messages()[1], Message::assistant("<think>one?</think>one!"), "what was said stays");
    // A third turn: nothing before the second answer is rewritten any more.
    let known = tokens(FORGETS_THOUGHTS, &history, "").len();
    assert_eq!(ask(&mut conversation, "three").stats.reused_tokens, known);
}

#[test]
fn a_models_own_spelling_is_not_computed_again() {
    // It says "hello world" byte by byte; the tokenizer would take "hello" and " w".
    let mut conversation = conversation(CHATML, 400, |_| "hello world".to_owned());
    ask(&mut conversation, "a");
    let held = conversation.session().held().to_vec();
    assert!(held.ends_with(&byte_ids("hello world")));
    let answer = ask(&mut conversation, "b");
    assert_eq!(answer.stats.reused_tokens, held.len(), "the stop token was chosen and not computed");
    assert!(conversation.session().held().starts_with(&held));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Whatever is said, also words that spell a turn's markers or parts of them, and whatever tokens the model spells it
    /// with, its state spells the whole conversation, and no token of it is computed twice.
    #[test]
    fn a_state_always_spells_what_was_said(
        questions in prop::collection::vec("(hello|hell| w|o|<\\|im_end\\|>|<\\|im_start\\|>user|<\\|im_|<|\n){1,6}", 1..5),
    ) {
        let mut conversation = conversation(CHATML, 2000, |question| format!("{question} hello"));
        for question in &questions {
            let held = conversation.session().held().len();
            let answer = ask(&mut conversation, question);
            prop_assert_eq!(answer.stats.reused_tokens, held, "all but the stop token was held");
            let (last, before) = conversation.messages().split_last().expect("an answer");
            let expected = tokens(CHATML, before, &last.content);
            let held = conversation.session().held();
            prop_assert_eq!(spelled(held), spelled(&expected));
            let markers = |ids: &[u32]| ids.iter().copied().filter(|&id| id == IM_START || id == IM_END).collect::<Vec<_>>();
            prop_assert_eq!(markers(held), markers(&expected));
        }
        let held = conversation.session().held().len();
        prop_assert_eq!(rows(&conversation), held, "no row twice");
    }
}

#[test]
fn a_full_context_stops_with_a_reason() {
    let mut conversation = conversation(CHATML, 80, |question| question.repeat(20));
    let answer = ask(&mut conversation, "abcde");
    assert_eq!(answer.finish, FinishReason::ContextFull);
    assert_eq!(conversation.session().held().len(), 80);
    let before = conversation.messages().to_vec();
    let error = conversation.ask("more", options(None), |_| ControlFlow::Continue(())).unwrap_err();
    assert!(matches!(error, LlmError::PromptTooLong { context: 80, .. }), "{error}");
    assert!(error.to_string().contains("start a new conversation"), "{error}");
    assert_eq!((conversation.messages(), conversation.forgotten()), (&before[..], 0));
}

#[test]
fn the_oldest_turns_are_forgotten_when_the_context_is_full() {
    let mut conversation = conversation(CHATML, 220, echo);
    conversation.set_overflow(Overflow::Forget);
    let system = Message::system("Be brief.");
    conversation.set_system(Some(system.content.clone()));
    let mut forgot = Vec::new();
    for turn in 0..12 {
        let question = format!("question {turn}");
        assert_eq!(ask(&mut conversation, &question).text, echo(&question));
        let forgotten = conversation.forgotten();
        assert!(forgotten.is_multiple_of(2), "whole turns");
        let messages = conversation.messages();
        assert_eq!(messages.len(), 2 * turn + 3, "what was said stays");
        let seen = [std::slice::from_ref(&system), &messages[1 + forgotten..messages.len() - 1]].concat();
        assert_eq!(conversation.session().held(), tokens(CHATML, &seen, &echo(&question)));
        forgot.push(forgotten);
    }
    forgot.dedup();
    // A turn takes some 50 tokens: half of the context holds one besides the newest, and then three more fit.
    assert!(forgot.len() > 2 && forgot.windows(2).all(|pair| pair[1] >= pair[0] + 4), "{forgot:?}");
}

#[test]
fn room_is_made_while_nobody_waits() {
    let mut conversation = conversation(CHATML, 220, echo);
    ask(&mut conversation, "question 0");
    let held = conversation.session().held().to_vec();
    conversation.make_room().unwrap();
    assert_eq!(conversation.session().held(), held, "a conversation that stops forgets nothing");
    conversation.set_overflow(Overflow::Forget);
    conversation.make_room().unwrap();
    assert_eq!(conversation.session().held(), held, "there is room");
    while conversation.session().held().len() <= 220 - 220 / 8 {
        assert_eq!(conversation.forgotten(), 0);
        ask(&mut conversation, "question 0");
    }
    conversation.make_room().unwrap();
    let (seen, held) = (&conversation.messages()[conversation.forgotten()..], conversation.session().held().to_vec());
    let (answer, before) = seen.split_last().unwrap();
    assert!(conversation.forgotten() > 0 && held.len() <= 110, "{} tokens", held.len());
    assert_eq!(held, tokens(CHATML, before, &answer.content));
    let forgotten = conversation.forgotten();
    let answer = ask(&mut conversation, "question 1");
    assert_eq!(
        (answer.stats.reused_tokens, conversation.forgotten()),
        (held.len(), forgotten),
        "nothing is computed twice"
    );
}

#[test]
fn an_answer_goes_on_when_the_context_is_full() {
    let long: fn(&str) -> String = |question| format!("{question} {}", "0123456789".repeat(7));
    let mut conversation = conversation(CHATML, 200, long);
    conversation.set_overflow(Overflow::Forget);
    conversation.set_system(Some("Be brief.".to_owned()));
    ask(&mut conversation, "one");
    assert_eq!(conversation.forgotten(), 0);
    let mut shown = String::new();
    let answer = conversation.ask("two", options(None), |piece| {
        shown.push_str(piece);
        ControlFlow::Continue(())
    });
    let answer = answer.unwrap();
    assert_eq!((answer.text.as_str(), answer.finish), (long("two").as_str(), FinishReason::StopToken));
    assert_eq!(shown, long("two"), "nothing is lost or said twice");
    assert_eq!(conversation.forgotten(), 2);
    let seen = [Message::system("Be brief."), Message::user("two")];
    assert_eq!(conversation.session().held(), tokens(CHATML, &seen, &long("two")));
}

#[test]
fn what_is_too_long_alone_stops_although_the_oldest_is_forgotten() {
    let mut conversation = conversation(CHATML, 120, |question| question.repeat(200));
    conversation.set_overflow(Overflow::Forget);
    ask(&mut conversation, "");
    let answer = ask(&mut conversation, "a");
    assert_eq!((answer.finish, conversation.forgotten()), (FinishReason::ContextFull, 2));
    let before = conversation.messages().to_vec();
    let error = conversation.ask(&"long ".repeat(40), options(None), |_| ControlFlow::Continue(())).unwrap_err();
    assert!(matches!(error, LlmError::PromptTooLong { .. }), "{error}");
    assert_eq!((conversation.messages(), conversation.forgotten()), (&before[..], 2), "as before the question");
}

#[test]
fn an_answer_is_cut_in_text_and_state() {
    let mut conversation = conversation(CHATML, 400, |_| "Tokyo, of course.".to_owned());
    ask(&mut conversation, "Japan?");
    conversation.truncate_answer(5).unwrap();
    assert_eq!(conversation.messages()[1], Message::assistant("Tokyo"));
    let question = [Message::user("Japan?")];
    assert_eq!(conversation.session().held(), tokens(CHATML, &question, "Tokyo"));
    conversation.truncate_answer(100).unwrap();
    assert_eq!(conversation.messages()[1], Message::assistant("Tokyo"));
    let known = conversation.session().held().len();
    let answer = ask(&mut conversation, "Sure?");
    assert_eq!(answer.stats.reused_tokens, known);
    let history = [question[0].clone(), Message::assistant("Tokyo"), Message::user("Sure?")];
    assert_eq!(conversation.session().held(), tokens(CHATML, &history, "Tokyo, of course."));
    conversation.truncate_answer(0).unwrap();
    assert_eq!(conversation.session().held(), tokens(CHATML, &history, ""));
    conversation.rewind(3);
    let error = conversation.truncate_answer(1).unwrap_err();
    assert_eq!(error.to_string(), "the conversation does not end with an answer");
}

#[test]
fn characters_are_counted_not_bytes() {
    let mut conversation = conversation(CHATML, 400, |_| "x".to_owned());
    ask(&mut conversation, "a");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.session");
    let text = r#"{"model":"m","messages":[{"role":"user","content":"a"},{"role":"assistant","content":"äöü"}],"forgotten":0}"#;
    snapshot::write(&path, text, None).unwrap();
    conversation.resume(&path).unwrap();
    conversation.truncate_answer(2).unwrap();
    assert_eq!(conversation.messages()[1], Message::assistant("äö"));
}

#[test]
fn an_answer_that_was_cut_short_goes_on() {
    let mut conversation = conversation(CHATML, 400, |_| "hello world".to_owned());
    let first = conversation.ask("a", options(Some(3)), |_| ControlFlow::Continue(())).unwrap();
    assert_eq!((first.text.as_str(), first.finish), ("hel", FinishReason::MaxTokens));
    let known = conversation.session().held().len();
    let rest = conversation.resume_answer(options(None), |_| ControlFlow::Continue(())).unwrap();
    assert_eq!((rest.text.as_str(), rest.finish), ("lo world", FinishReason::StopToken));
    assert_eq!(rest.stats.reused_tokens, known);
    assert_eq!(conversation.messages()[1], Message::assistant("hello world"));
    conversation.rewind(1);
    let error = conversation.resume_answer(options(None), |_| ControlFlow::Continue(())).unwrap_err();
    assert_eq!(error.to_string(), "the conversation does not end with an answer");
}

#[test]
fn questions_can_be_asked_again_and_edited() {
    let mut conversation = conversation(CHATML, 400, echo);
    ask(&mut conversation, "one");
    ask(&mut conversation, "two");
    let held = conversation.session().held().to_vec();
    let retried = conversation.retry(options(Some(2)), |_| ControlFlow::Continue(())).unwrap();
    assert_eq!((retried.text.as_str(), retried.stats.prompt_tokens - retried.stats.reused_tokens), ("At", 1));
    assert_eq!(conversation.messages().len(), 4);
    assert_eq!(conversation.messages()[3], Message::assistant("At"));
    // Another second question.
    conversation.rewind(2);
    let known = tokens(CHATML, &conversation.messages()[..1], "Aone.").len();
    let edited = ask(&mut conversation, "2");
    assert!(edited.stats.reused_tokens >= known && held.starts_with(&conversation.session().held()[..known]));
    assert_eq!(edited.text, "A2.");
    conversation.rewind(0);
    let error = conversation.retry(options(None), |_| ControlFlow::Continue(())).unwrap_err();
    assert_eq!(error.to_string(), "the conversation has no question that could be answered anew");
}

#[test]
fn a_stored_conversation_goes_on_without_computing_it_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.session");
    let mut first = conversation(CHATML, 400, echo);
    first.set_system(Some("Be brief.".to_owned()));
    ask(&mut first, "one");
    first.store(&path, "some model", true).unwrap();
    let held = first.session().held().to_vec();
    let (stored, tokens) = StoredConversation::read(&path).unwrap();
    assert_eq!((stored.model.as_str(), tokens), ("some model", held.len()));
    assert_eq!(stored.messages, first.messages());

    let mut second = conversation(CHATML, 400, echo);
    assert!(matches!(second.resume(&path), Ok(Resumed::State(tokens)) if tokens == held.len()));
    assert_eq!((second.messages(), second.session().held()), (first.messages(), &held[..]));
    let (found, expected) = (ask(&mut second, "two"), ask(&mut first, "two"));
    assert_eq!((found.text, found.stats.reused_tokens), (expected.text, held.len()));
    assert_eq!(second.session().held(), first.session().held());

    // The messages alone are computed with the next question.
    first.store(&path, "some model", false).unwrap();
    assert_eq!(StoredConversation::read(&path).unwrap().1, 0);
    assert!(matches!(second.resume(&path), Ok(Resumed::Messages)));
    assert!(second.session().held().is_empty());
    assert_eq!(ask(&mut second, "three").text, "Athree.");
    assert_eq!(second.messages().len(), 7);
}

#[test]
fn a_stored_state_that_is_of_no_use_leaves_the_messages() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.session");
    let mut large = conversation(CHATML, 400, echo);
    ask(&mut large, "one");
    ask(&mut large, &"two".repeat(20));
    large.store(&path, "", true).unwrap();
    let mut small = conversation(CHATML, 100, echo);
    small.set_overflow(Overflow::Forget);
    let resumed = small.resume(&path).unwrap();
    assert!(matches!(resumed, Resumed::Unusable(_)), "{resumed:?}");
    assert_eq!(small.messages().len(), 4);
    assert_eq!(ask(&mut small, "three").text, "Athree.");
    assert_eq!(small.forgotten(), 4);
}

#[test]
fn files_that_hold_no_conversation_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.session");
    let mut conversation = conversation(CHATML, 400, echo);
    ask(&mut conversation, "one");
    let before = conversation.messages().to_vec();
    let message = r#"{"role":"user","content":"a"}"#;
    for (text, words) in [
        ("", "it holds no conversation: EOF"),
        ("[]", "it holds no conversation"),
        (r#"{"model":"m","messages":[{"role":"nobody","content":"a"}],"forgotten":0}"#, "nobody"),
        (&format!(r#"{{"model":"m","messages":[{message}],"forgotten":1}}"#), "1 of 1 messages are forgotten"),
        (&format!(r#"{{"model":"m","messages":[],"forgotten":{}}}"#, u64::MAX), "of 0 messages are forgotten"),
    ] {
        snapshot::write(&path, text, None).unwrap();
        for error in [conversation.resume(&path).unwrap_err(), StoredConversation::read(&path).unwrap_err()] {
            assert!(matches!(error, LlmError::Snapshot { .. }) && error.to_string().contains(words), "{error}");
        }
        assert_eq!(conversation.messages(), before);
    }
    fs::write(&path, b"{}").unwrap();
    assert!(conversation.resume(&path).unwrap_err().to_string().contains("shorter than a header"));
}

#[test]
fn conversations_with_one_system_message_share_it() {
    let prefixes = Arc::new(PrefixCache::new(1 << 20));
    let vocab = byte_vocabulary().tokens.len();
    let begin = |system: &str| {
        let model = ScriptedModel::new(vocab, 400, move |_| one_hot(vocab, IM_END));
        let mut session = Session::new(model, byte_tokenizer());
        session.share_prefixes(prefixes.clone());
        let mut conversation = Conversation::new(session, ChatTemplate::chatml().unwrap().into(), special());
        conversation.set_system(Some(system.to_owned()));
        conversation
    };
    let system = "You are a pirate. ".repeat(4);
    let beginning = format!("Isystem\n{system}I\nIuser\n").len();
    let first = ask(&mut begin(&system), "Who?");
    assert_eq!(first.stats.reused_tokens, 0);
    for question in ["Who?", "Where?", ""] {
        let mut conversation = begin(&system);
        let stats = ask(&mut conversation, question).stats;
        assert_eq!(stats.reused_tokens, beginning, "{question:?}");
        assert_eq!(rows(&conversation), stats.prompt_tokens - beginning);
    }
    assert_eq!(ask(&mut begin("You are a very long-winded parrot."), "Who?").stats.reused_tokens, 0);
}
