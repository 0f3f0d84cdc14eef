//! A conversation in Gemma's format with Gemma's own tokenizer in a context of 128: what the model is given, where an
//! answer ends, and what happens when the context is full.

mod common;

use std::ops::ControlFlow;

use common::{ScriptedModel, one_hot};
use sottovoce_llm::LlmError;
use sottovoce_llm::chat::Conversation;
use sottovoce_llm::generate::{FinishReason, GenerateOptions};
use sottovoce_llm::load::ModelFolder;
use sottovoce_testkit::gemma_tokenizer;

const VOCABULARY: usize = 256_000;
const CONTEXT: usize = 128;
const BOS: u32 = 2;
const START_OF_TURN: u32 = 106;
const END_OF_TURN: u32 = 107;
/// `<start_of_turn>`, `model` and a line end.
const HEADER: usize = 3;

/// A conversation with a model that gives the tokens of `answer` in every turn, then `<end_of_turn>`, if `ends`; else it
/// begins again. `None` where the tokenizer cannot be had.
fn conversation(answer: &str, ends: bool) -> Option<Conversation<ScriptedModel>> {
    let tokenizer = gemma_tokenizer()?;
    let folder = tempfile::tempdir().unwrap();
    for file in ["tokenizer.json", "tokenizer_config.json"] {
        std::fs::copy(tokenizer.with_file_name(file), folder.path().join(file)).unwrap();
    }
    // Never loaded.
    std::fs::create_dir(folder.path().join("Gemma-Stateful-128.mlpackage")).unwrap();
    let folder = ModelFolder::open(folder.path()).unwrap();
    let mut answer = folder.tokenizer.encode(answer, false).unwrap();
    answer.extend(ends.then_some(END_OF_TURN));
    let model = ScriptedModel::new(VOCABULARY, CONTEXT, move |state| {
        assert_eq!(state[..2], [BOS, START_OF_TURN]);
        assert!(!state[1..].contains(&BOS), "one <bos> in all: {state:?}");
        let turn = state.iter().rposition(|&id| id == START_OF_TURN).unwrap();
        // While the prompt is computed nobody asks what comes next.
        let said = state.len().saturating_sub(turn + HEADER);
        one_hot(VOCABULARY, answer[said % answer.len()])
    });
    Some(folder.conversation(model).unwrap())
}

fn go_on(_: &str) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

#[test]
fn the_system_prompt_is_folded_in_and_end_of_turn_ends_an_answer() {
    let Some(mut chat) = conversation("Hello there!", true) else { return };
    chat.set_system(Some("Be brief.".to_owned()));
    let first = chat.ask("Hi", GenerateOptions::default(), go_on).unwrap();
    assert_eq!((first.text.as_str(), first.finish), ("Hello there!", FinishReason::StopToken));
    let text = "<bos><start_of_turn>user\nBe brief.\n\nHi<end_of_turn>\n<start_of_turn>model\nHello there!";
    assert_eq!(chat.session().held(), chat.session().tokenizer().encode(text, false).unwrap());

    let held = chat.session().held().len();
    let second = chat.ask("And you?", GenerateOptions::default(), go_on).unwrap();
    assert_eq!((second.text.as_str(), second.finish), ("Hello there!", FinishReason::StopToken));
    let text =
        format!("{text}<end_of_turn>\n<start_of_turn>user\nAnd you?<end_of_turn>\n<start_of_turn>model\nHello there!");
    assert_eq!(chat.session().held(), chat.session().tokenizer().encode(&text, false).unwrap());
    assert_eq!(second.stats.reused_tokens, held, "the first turn is not computed again");
}

#[test]
fn an_answer_ends_where_the_context_does() {
    let Some(mut chat) = conversation("and so on ", false) else { return };
    let answer = chat.ask("Hi", GenerateOptions::default(), go_on).unwrap();
    assert_eq!(answer.finish, FinishReason::ContextFull);
    assert_eq!(chat.session().held().len(), CONTEXT);
    // One more was chosen, from the logits of the last position.
    assert_eq!(answer.stats.prompt_tokens + answer.stats.generated_tokens, CONTEXT + 1);

    let error = chat.ask(&"And then? ".repeat(40), GenerateOptions::default(), go_on).unwrap_err();
    assert!(matches!(error, LlmError::PromptTooLong { context: CONTEXT, .. }), "{error}");
    assert_eq!(chat.messages().len(), 2, "the question that did not fit is forgotten");
    chat.reset();
    assert_eq!(chat.ask("Hi", GenerateOptions::default(), go_on).unwrap().text, answer.text);
}
