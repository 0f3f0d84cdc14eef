//! How models spell calls.

use super::FunctionCall;
use crate::tokenizer::Tokenizer;

/// A family's spelling of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToolFormat {
    /// `<tool_call>{"name": …, "arguments": …}</tool_call>`: Hermes, Qwen, SmolLM.
    Hermes,
    /// `<|python_tag|>{"name": …, "parameters": …}`, or the object alone: Llama 3.
    Llama,
    /// `[TOOL_CALLS] [{"name": …, "arguments": …}]`, or `[TOOL_CALLS]name[ARGS]{…}`: Mistral.
    Mistral,
    /// A fence of `tool_code` around a Python call or a JSON object, or the object alone: Gemma.
    Gemma,
    /// `<|tool_call|>[{"name": …, "arguments": …}]<|/tool_call|>`: Phi-4.
    Phi,
}

/// What stands around calls.
pub(super) struct Markup {
    pub open: &'static str,
    /// `None` where calls go on to the end of the answer.
    pub close: Option<&'static str>,
    /// Whether what it holds is a call whatever its name is, rather than an answer that looks like one.
    pub is_call: bool,
}

const fn markup(open: &'static str, close: Option<&'static str>) -> Markup {
    Markup { open, close, is_call: true }
}

const HERMES: &[Markup] = &[markup("<tool_call>", Some("</tool_call>"))];
const LLAMA: &[Markup] = &[markup("<|python_tag|>", None)];
const MISTRAL: &[Markup] = &[markup("[TOOL_CALLS]", None)];
const GEMMA: &[Markup] =
    &[markup("```tool_code", Some("```")), Markup { open: "```json", close: Some("```"), is_call: false }];
const PHI: &[Markup] = &[markup("<|tool_call|>", Some("<|/tool_call|>"))];

impl ToolFormat {
    /// The format of a model, by the markers that its vocabulary has, or else that of most models without any.
    pub fn of(tokenizer: &Tokenizer) -> Self {
        let knows = |token| tokenizer.id(token).is_some();
        if knows("<tool_call>") {
            Self::Hermes
        } else if knows("<|python_tag|>") {
            Self::Llama
        } else if knows("[TOOL_CALLS]") {
            Self::Mistral
        } else if knows("<|tool_call|>") {
            Self::Phi
        } else if knows("<start_of_turn>") {
            Self::Gemma
        } else {
            Self::Hermes
        }
    }

    /// The tokens of its markup that are control tokens, which are else no part of a text.
    pub fn control_tokens(self, tokenizer: &Tokenizer) -> Vec<u32> {
        let markers = self.markup().iter().flat_map(|markup| [Some(markup.open), markup.close]).flatten();
        let ids = markers.chain(["[ARGS]"]).filter_map(|marker| tokenizer.id(marker));
        ids.filter(|&id| tokenizer.is_special(id)).collect()
    }

    pub(super) fn markup(self) -> &'static [Markup] {
        match self {
            Self::Hermes => HERMES,
            Self::Llama => LLAMA,
            Self::Mistral => MISTRAL,
            Self::Gemma => GEMMA,
            Self::Phi => PHI,
        }
    }

    /// Whether an answer that is nothing but a JSON object may be a call.
    pub(super) fn calls_bare(self) -> bool {
        matches!(self, Self::Llama | Self::Gemma)
    }

    /// A call as the model would spell it.
    pub(super) fn spell(self, call: &FunctionCall) -> String {
        let json = serde_json::json!({ "name": call.name, "arguments": call.arguments });
        self.spell_json(&json.to_string())
    }

    /// `json` in the first form of markup.
    pub(super) fn spell_json(self, json: &str) -> String {
        let Markup { open, close, .. } = &self.markup()[0];
        format!("{open}\n{json}\n{}", close.unwrap_or_default())
    }
}
