//! Chances of tokens, as chats and responses tell them.

use serde::Serialize;
use sottovoce_llm::tokenizer::Tokenizer;
use utoipa::ToSchema;

use crate::{
    engine::TokenChance,
    openai::{in_json, spelling},
};

/// Chances of the tokens of an answer, or of a piece of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LogProbs {
    content: Vec<LogProb>,
    /// None: this server knows no refusals but those that the model writes as text.
    refusal: Option<Vec<LogProb>>,
}

/// One token, with those in whose place it came.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LogProb {
    #[serde(flatten)]
    token: TokenLogProb,
    top_logprobs: Vec<TokenLogProb>,
}

/// A token and ln of its probability.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct TokenLogProb {
    token: String,
    logprob: f64,
    /// The token's bytes, which alone may be no text.
    bytes: Vec<u8>,
}

impl LogProbs {
    /// `None` where no chances were asked for.
    pub fn new(content: Vec<LogProb>) -> Option<Self> {
        (!content.is_empty()).then_some(Self { content, refusal: None })
    }
}

impl LogProb {
    pub fn new(chance: &TokenChance, tokenizer: &Tokenizer) -> Self {
        let token = |&(id, log_probability): &(u32, f64)| {
            let bytes = spelling(tokenizer, id);
            let token = String::from_utf8_lossy(&bytes).into_owned();
            TokenLogProb { token, logprob: in_json(log_probability), bytes }
        };
        Self {
            token: token(&(chance.id, chance.log_probability)),
            top_logprobs: chance.alternatives.iter().map(token).collect(),
        }
    }
}
