//! Chances of tokens, as chats tell them.

use serde_json::{Value, json};
use sottovoce_llm::tokenizer::Tokenizer;

use crate::{
    engine::TokenChance,
    openai::{in_json, spelling},
};

/// The `logprobs` of a choice; `null` where none were asked for.
pub fn logprobs(entries: Vec<Value>) -> Value {
    if entries.is_empty() { Value::Null } else { json!({ "content": entries, "refusal": null }) }
}

/// One token, with those in whose place it came.
pub fn entry(chance: &TokenChance, tokenizer: &Tokenizer) -> Value {
    let mut entry = token((chance.id, chance.log_probability), tokenizer);
    entry["top_logprobs"] = chance.alternatives.iter().map(|&chance| token(chance, tokenizer)).collect();
    entry
}

fn token((id, log_probability): (u32, f64), tokenizer: &Tokenizer) -> Value {
    let bytes = spelling(tokenizer, id);
    json!({ "token": String::from_utf8_lossy(&bytes), "logprob": in_json(log_probability), "bytes": bytes })
}
