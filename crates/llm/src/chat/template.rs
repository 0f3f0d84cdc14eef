//! One chat template.

use std::path::Path;

use minijinja::value::Serde;
use minijinja::{Environment, context};
use serde_json::{Value, json};

use super::{Message, Role, builtin, environment::environment};
use crate::tokenizer::{SpecialTokens, Tokenizer};
use crate::tools::Toolbox;
use crate::{LlmError, files};

const NAME: &str = "chat_template";
/// A noncharacter that cuts the spelling of a special token in two; Unicode keeps it for such internal use.
const CUT: char = '\u{FDD0}';

/// Spells a conversation as the text that a model was trained on.
#[derive(Clone)]
pub struct ChatTemplate {
    environment: Environment<'static>,
    toolbox: Option<Toolbox>,
    /// Whether the template itself describes tools, spells calls and results.
    knows_tools: bool,
}

impl ChatTemplate {
    /// Compiles a Jinja template as Hugging Face models ship it.
    pub fn new(source: impl Into<String>) -> Result<Self, LlmError> {
        let mut environment = environment().map_err(template_error)?;
        environment.add_template_owned(NAME, source.into()).map_err(template_error)?;
        Ok(Self { environment, toolbox: None, knows_tools: false })
    }

    /// The template in a model folder: `chat_template.jinja`, or `chat_template` of `tokenizer_config.json`. Where the
    /// folder has none, the one whose turn markers the tokenizer knows, ChatML's or Gemma's; `None` where it knows
    /// neither.
    pub fn from_folder(folder: &Path, tokenizer: &Tokenizer) -> Result<Option<Self>, LlmError> {
        if let Some(source) = files::read_text(&folder.join("chat_template.jinja"))? {
            return Self::new(source).map(Some);
        }
        let path = folder.join("tokenizer_config.json");
        let config = files::read_json(&path)?.unwrap_or_default();
        let source = match &config["chat_template"] {
            Value::Null => return Self::for_tokenizer(tokenizer),
            Value::String(source) => Some(source.as_str()),
            // Models with several templates list them by name.
            Value::Array(named) => named.iter().find(|t| t["name"] == "default").and_then(|t| t["template"].as_str()),
            _ => None,
        };
        match source {
            Some(source) => Self::new(source).map(Some),
            None => {
                let reason = "chat_template holds neither a text nor a list with one named \"default\"".to_owned();
                Err(LlmError::Config { path, reason })
            }
        }
    }

    /// The built-in template whose turn markers are in the vocabulary, ChatML's or Gemma's.
    pub(crate) fn for_tokenizer(tokenizer: &Tokenizer) -> Result<Option<Self>, LlmError> {
        let knows = |tokens: [&str; 2]| tokens.iter().all(|token| tokenizer.id(token).is_some());
        if knows(["<|im_start|>", "<|im_end|>"]) {
            Self::chatml().map(Some)
        } else if knows(["<start_of_turn>", "<end_of_turn>"]) {
            Self::gemma().map(Some)
        } else {
            Ok(None)
        }
    }

    /// The built-in ChatML template.
    pub fn chatml() -> Result<Self, LlmError> {
        Self::new(builtin::CHATML)
    }

    /// The built-in Gemma template.
    pub fn gemma() -> Result<Self, LlmError> {
        Self::new(builtin::GEMMA)
    }

    /// Offers the tools of `toolbox` in every conversation from now on. A template that has no place for tools gets them
    /// in the system message.
    pub fn offer(&mut self, toolbox: Toolbox, special: &SpecialTokens) {
        const NAME: &str = "qqtoolqq";
        let probe = json!([{ "type": "function", "function":
            { "name": NAME, "description": "", "parameters": { "type": "object", "properties": {}, "required": [] } } }]);
        let text = self.render_with(&[Message::user("question")], special, true, Some(&probe));
        self.knows_tools = text.is_ok_and(|text| text.contains(NAME));
        self.toolbox = Some(toolbox);
    }

    /// The tools that are offered.
    pub fn toolbox(&self) -> Option<&Toolbox> {
        self.toolbox.as_ref()
    }

    /// Spells `messages`; with `answer`, up to where the model's answer begins. A template that refuses a system
    /// message, as Gemma's does, gets it as the first paragraph of the first user message.
    ///
    /// # Errors
    /// The template refuses the conversation in its own words, or does more work than any real one.
    pub fn render(&self, messages: &[Message], special: &SpecialTokens, answer: bool) -> Result<String, LlmError> {
        let spelled_out =
            self.toolbox.as_ref().filter(|_| !self.knows_tools).map(|toolbox| toolbox.spell_out(messages));
        let messages = spelled_out.as_deref().unwrap_or(messages);
        match (self.render_as_is(messages, special, answer), messages) {
            (
                Err(_),
                [
                    Message { role: Role::System, content: system, .. },
                    Message { role: Role::User, content, .. },
                    rest @ ..,
                ],
            ) => {
                let mut folded = vec![Message::user(format!("{system}\n\n{content}"))];
                folded.extend_from_slice(rest);
                self.render_as_is(&folded, special, answer)
            }
            (result, _) => result,
        }
    }

    /// The token ids of `messages` up to where the model's answer begins. A last message of the model's is an answer that
    /// is not finished: the ids end where it goes on.
    ///
    /// Only the template writes special tokens: where a message spells one, it is encoded as ordinary text, so that
    /// nothing a person or a web page says can end a turn or begin another.
    pub fn encode(
        &self,
        messages: &[Message],
        special: &SpecialTokens,
        tokenizer: &Tokenizer,
    ) -> Result<Vec<u32>, LlmError> {
        self.encode_behind(&[], messages, special, tokenizer).map(|(_, ids)| ids)
    }

    /// [`ChatTemplate::encode`] behind what a model holds, so that a long conversation is not encoded again for every
    /// turn: how many tokens of `held` spell the beginning, and the ids of the rest.
    pub(super) fn encode_behind(
        &self,
        held: &[u32],
        messages: &[Message],
        special: &SpecialTokens,
        tokenizer: &Tokenizer,
    ) -> Result<(usize, Vec<u32>), LlmError> {
        let shielded: Vec<Message> =
            messages.iter().map(|message| message.map_texts(&|text| shield(text, tokenizer))).collect();
        let (messages, begun) = match &shielded[..] {
            [before @ .., Message { role: Role::Assistant, content, tool_calls, .. }] if tool_calls.is_empty() => {
                (before, content.as_str())
            }
            all => (all, ""),
        };
        let text = self.render(messages, special, true)? + begun;
        let (kept, place) = tokenizer.spelled_by(held, &text);
        let mut ids = Vec::new();
        for part in text[place..].split(CUT) {
            ids.extend(tokenizer.encode(part, false)?);
        }
        Ok((kept, ids))
    }

    fn render_as_is(&self, messages: &[Message], special: &SpecialTokens, answer: bool) -> Result<String, LlmError> {
        let tools = self.toolbox.as_ref().filter(|_| self.knows_tools).map(|toolbox| json!(toolbox.tools()));
        self.render_with(messages, special, answer, tools.as_ref())
    }

    fn render_with(
        &self,
        messages: &[Message],
        special: &SpecialTokens,
        answer: bool,
        tools: Option<&Value>,
    ) -> Result<String, LlmError> {
        let context = context! {
            messages => minijinja::Value::from(Serde(messages)),
            add_generation_prompt => answer,
            // Templates ask whether these are none, which an undefined name is not.
            tools => minijinja::Value::from(Serde(tools)),
            documents => (),
            ..minijinja::Value::from(Serde(special.by_name()))
        };
        self.environment.get_template(NAME).and_then(|t| t.render(context)).map_err(template_error)
    }

    /// The special token that the template puts after an answer, such as `<|im_end|>` or `<end_of_turn>`.
    ///
    /// Found by rendering an answer and looking at what follows it, so that no list of names is needed.
    pub fn end_of_turn(&self, special: &SpecialTokens, tokenizer: &Tokenizer) -> Option<u32> {
        const ANSWER: &str = "qqansweredqq";
        let messages = [Message::user("question"), Message::assistant(ANSWER)];
        let text = self.render(&messages, special, false).ok()?;
        let (_, after) = text.split_once(ANSWER)?;
        tokenizer.encode(after.trim_start(), false).ok()?.first().copied().filter(|&id| tokenizer.is_special(id))
    }
}

/// Puts a cut after the first character of every control token's spelling in `content`.
fn shield(content: &str, tokenizer: &Tokenizer) -> String {
    let content = content.replace(CUT, "\u{FFFD}");
    let mut shielded = String::with_capacity(content.len());
    for (at, c) in content.char_indices() {
        shielded.push(c);
        if tokenizer.control_at(&content[at..]).is_some() {
            shielded.push(CUT);
        }
    }
    shielded
}

/// Names the template's line and says what it was about, in one line.
fn template_error(error: minijinja::Error) -> LlmError {
    let line = error.line().map_or(String::new(), |line| format!("line {line}: "));
    LlmError::Template(match error.detail() {
        Some(detail) => format!("{line}{detail}"),
        None => format!("{line}{}", error.kind()),
    })
}
