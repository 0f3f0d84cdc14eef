//! OpenAI's interface: requests become jobs of the engine, its events become responses.

mod chat;
mod completions;
mod models;
mod parameters;
mod responses;
mod stream;
mod tool_choice;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use axum::Extension;
use serde::Serialize;
use sottovoce_llm::{
    chat::Message,
    generate::{FinishReason, Stats},
    tokenizer::Tokenizer,
    tools::ToolCall,
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{engine::Engine, http::Services};

/// The interface's routes.
pub fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::new()
        .routes(routes!(models::list))
        .routes(routes!(models::retrieve))
        .routes(routes!(chat::create))
        .routes(routes!(completions::create))
        .routes(routes!(responses::create))
        .routes(routes!(responses::retrieve, responses::delete))
        .layer(Extension(Arc::<responses::Store>::default()))
}

/// What every response begins with.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct Head {
    id: String,
    object: &'static str,
    /// Seconds since 1970.
    created: u64,
    model: String,
}

impl Head {
    fn new(prefix: &str, object: &'static str, engine: &Engine) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let created = now();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self { id: format!("{prefix}-{created:x}{number:06x}"), object, created, model: engine.name().to_owned() }
    }
}

/// Seconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

/// The call that a result with this id belongs to: the last, as ids need not differ between answers.
fn find_call<'m>(conversation: &'m [Message], id: &str) -> Option<&'m ToolCall> {
    conversation.iter().rev().flat_map(|message| &message.tool_calls).find(|call| call.id == id)
}

/// Tokens that a response took.
#[derive(Clone, Copy, Debug, Default, Serialize, ToSchema)]
struct Usage {
    prompt_tokens: usize,
    completion_tokens: usize,
    total_tokens: usize,
    prompt_tokens_details: PromptDetails,
}

#[derive(Clone, Copy, Debug, Default, Serialize, ToSchema)]
struct PromptDetails {
    /// Tokens of the prompt whose keys and values were there already.
    cached_tokens: usize,
}

impl Usage {
    /// Adds an answer. The prompt counts once, however many answers it has; the first one found how much of it was known.
    fn add(&mut self, stats: &Stats) {
        if self.total_tokens == 0 {
            self.prompt_tokens = stats.prompt_tokens;
            self.prompt_tokens_details.cached_tokens = stats.reused_tokens;
            self.total_tokens = stats.prompt_tokens;
        }
        self.completion_tokens += stats.generated_tokens;
        self.total_tokens += stats.generated_tokens;
    }

    /// Adds the answers to another prompt.
    fn add_prompt(&mut self, other: &Self) {
        self.prompt_tokens += other.prompt_tokens;
        self.completion_tokens += other.completion_tokens;
        self.total_tokens += other.total_tokens;
        self.prompt_tokens_details.cached_tokens += other.prompt_tokens_details.cached_tokens;
    }
}

/// OpenAI's word for why an answer ended.
fn finish_reason(reason: FinishReason) -> &'static str {
    match reason {
        FinishReason::MaxTokens | FinishReason::ContextFull | FinishReason::Cancelled => "length",
        FinishReason::StopToken | FinishReason::StopString | FinishReason::Complete => "stop",
    }
}

/// The bytes of a token; of a control token, those of its name.
fn spelling(tokenizer: &Tokenizer, id: u32) -> Vec<u8> {
    match tokenizer.token(id) {
        Some(name) if tokenizer.is_special(id) => name.into_bytes(),
        _ => tokenizer.token_bytes(id).to_vec(),
    }
}

/// ln p in JSON, which has no −∞: OpenAI says −9999 for what is next to impossible.
fn in_json(log_probability: f64) -> f64 {
    log_probability.max(-9999.0)
}
