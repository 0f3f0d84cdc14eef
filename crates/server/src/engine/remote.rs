//! A model that another server runs, asked in OpenAI's interface.

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_openai::{
    Client,
    config::OpenAIConfig,
    error::OpenAIError,
    types::chat::{
        ChatCompletionRequestAssistantMessage, ChatCompletionRequestMessage, ChatCompletionRequestSystemMessage,
        ChatCompletionRequestToolMessage, ChatCompletionRequestUserMessage, ChatCompletionResponseStream,
        ChatCompletionStreamOptions, CompletionUsage, CreateChatCompletionRequest, FinishReason as RemoteReason,
    },
};
use async_trait::async_trait;
use futures_util::{StreamExt, stream};
use serde_json::Value;
use sottovoce_llm::{
    chat::{Message, Role},
    generate::FinishReason,
};
use tokio::time::timeout;

use super::{Busy, Chat, ChatEvent, ChatEvents, ChatModel, ChatOptions, ChatUsage, Occupancy};
use crate::{
    ServerError,
    metrics::{self, TokenClock},
};

/// How long the other server may be silent: it may have a queue, and a long prompt.
const PATIENCE: Duration = Duration::from_secs(120);

/// Another server.
#[derive(Clone)]
pub struct RemoteOptions {
    /// Where its interface begins, such as `http://cluster:8000/v1`.
    pub url: String,
    /// What it wants to be sent as `Authorization: Bearer …`.
    pub key: Option<String>,
    /// Which of its models; the first that it lists, if `None`.
    pub model: Option<String>,
}

/// A model of another server.
pub struct Remote {
    client: Client<OpenAIConfig>,
    url: String,
    model: String,
    running: Arc<AtomicUsize>,
}

impl Remote {
    /// Asks the server for its models.
    ///
    /// # Errors
    /// It cannot be reached, refuses the key, or does not have the model.
    pub async fn connect(options: &RemoteOptions) -> Result<Self, ServerError> {
        let url = options.url.trim_end_matches('/').to_owned();
        let key = options.key.clone().unwrap_or_default();
        if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            let reason = "a key has printable ASCII characters alone, and no spaces".to_owned();
            return Err(ServerError::RefusedKey { url, reason });
        }
        // There is one for the process; whoever came first has chosen it.
        drop(rustls::crypto::ring::default_provider().install_default());
        let config = OpenAIConfig::new().with_api_base(&url).with_api_key(key);
        let mut remote =
            Self { client: Client::with_config(config), url, model: String::new(), running: Arc::default() };
        let models = remote.client.models();
        let listed = timeout(PATIENCE, models.list()).await.map_err(|_| remote.silent())?;
        let known: Vec<String> = listed.map_err(|e| remote.failure(e))?.data.into_iter().map(|m| m.id).collect();
        remote.model = match (&options.model, known.first()) {
            (Some(model), _) if known.contains(model) => model.clone(),
            (None, Some(first)) => first.clone(),
            (model, _) => {
                let model = model.clone().unwrap_or_default();
                let reason = format!("it has {}", if known.is_empty() { "none".to_owned() } else { known.join(", ") });
                return Err(ServerError::NoModel { url: remote.url, model, reason });
            }
        };
        Ok(remote)
    }

    /// Which of the server's models it is.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// Sends a conversation; the answer comes in pieces.
    async fn ask(
        &self,
        messages: &[Message],
        options: ChatOptions,
    ) -> Result<ChatCompletionResponseStream, ServerError> {
        let request = CreateChatCompletionRequest {
            model: self.model.clone(),
            messages: messages.iter().map(spelled).collect(),
            temperature: options.temperature,
            top_p: options.top_p,
            max_completion_tokens: options.max_tokens.map(|most| u32::try_from(most).unwrap_or(u32::MAX)),
            stream: Some(true),
            stream_options: Some(ChatCompletionStreamOptions { include_usage: Some(true), include_obfuscation: None }),
            ..Default::default()
        };
        let chat = self.client.chat();
        let answer = timeout(PATIENCE, chat.create_stream(request)).await.map_err(|_| self.silent())?;
        answer.map_err(|error| self.failure(error))
    }

    fn silent(&self) -> ServerError {
        let reason = format!("nothing came for {} s", PATIENCE.as_secs());
        ServerError::Unreachable { url: self.url.clone(), reason }
    }

    fn failure(&self, error: OpenAIError) -> ServerError {
        failure(&self.url, &self.model, error)
    }
}

#[async_trait]
impl ChatModel for Remote {
    fn name(&self) -> &str {
        &self.model
    }

    fn context(&self) -> Option<usize> {
        None
    }

    fn occupancy(&self) -> Occupancy {
        // Its places and its queue are its own business.
        Occupancy { running: self.running.load(Ordering::Relaxed), seats: 0, waiting: 0, queue: 0 }
    }

    async fn answer(&self, chat: Chat) -> Result<ChatEvents, ServerError> {
        let clock = TokenClock::start();
        let mut messages = chat.messages;
        let pieces = loop {
            match self.ask(&messages, chat.options).await {
                Err(ServerError::TooLong { .. }) if forget(&mut messages) => {}
                answer => break answer?,
            }
        };
        let answer = Answer {
            pieces,
            url: self.url.clone(),
            model: self.model.clone(),
            reason: None,
            usage: None,
            clock,
            _running: Running::new(&self.running),
        };
        let events = stream::unfold(Some(answer), |answer| async {
            let mut answer = answer?;
            let event = answer.next().await;
            let goes_on = matches!(event, Ok(ChatEvent::Text(_)));
            Some((event, goes_on.then_some(answer)))
        });
        Ok(events.boxed())
    }
}

/// An answer in the making. Dropping it ends the connection, by which the other server knows.
struct Answer {
    pieces: ChatCompletionResponseStream,
    url: String,
    model: String,
    reason: Option<FinishReason>,
    usage: Option<ChatUsage>,
    clock: TokenClock,
    _running: Running,
}

impl Answer {
    async fn next(&mut self) -> Result<ChatEvent, ServerError> {
        loop {
            let Ok(piece) = timeout(PATIENCE, self.pieces.next()).await else {
                return Err(self.broken(format!("nothing came for {} s", PATIENCE.as_secs())));
            };
            let Some(piece) = piece else {
                let reason = self.reason.ok_or_else(|| self.broken("the answer broke off".to_owned()))?;
                metrics::took(self.usage.unwrap_or_default());
                return Ok(ChatEvent::Finished { reason, usage: self.usage });
            };
            let piece = piece.map_err(|error| failure(&self.url, &self.model, error))?;
            self.usage = piece.usage.map(ChatUsage::from).or(self.usage);
            let Some(choice) = piece.choices.into_iter().next() else { continue };
            self.reason = choice.finish_reason.map(reason).or(self.reason);
            if let Some(text) = choice.delta.content.filter(|text| !text.is_empty()) {
                self.clock.token();
                return Ok(ChatEvent::Text(text));
            }
        }
    }

    fn broken(&self, reason: String) -> ServerError {
        ServerError::Remote { url: self.url.clone(), reason }
    }
}

/// One more answer, until it is dropped.
struct Running(Arc<AtomicUsize>);

impl Running {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count.clone())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Leaves out the older half of the turns; false when there is but one.
fn forget(messages: &mut Vec<Message>) -> bool {
    let is_question = |&at: &usize| messages[at].role == Role::User;
    let turns: Vec<usize> = (0..messages.len()).filter(is_question).collect();
    let Some(&start) = turns.get(turns.len().div_ceil(2)) else { return false };
    let mut number = 0;
    messages.retain(|message| {
        number += 1;
        number > start || message.role == Role::System
    });
    true
}

fn spelled(message: &Message) -> ChatCompletionRequestMessage {
    let content = message.content.clone();
    match message.role {
        Role::System => ChatCompletionRequestSystemMessage::from(content).into(),
        Role::User => ChatCompletionRequestUserMessage::from(content).into(),
        Role::Assistant => ChatCompletionRequestAssistantMessage::from(content).into(),
        Role::Tool => {
            let tool_call_id = message.tool_call_id.clone().unwrap_or_default();
            ChatCompletionRequestToolMessage { content: content.into(), tool_call_id }.into()
        }
    }
}

fn reason(reason: RemoteReason) -> FinishReason {
    match reason {
        RemoteReason::Length => FinishReason::MaxTokens,
        RemoteReason::Stop | RemoteReason::ToolCalls | RemoteReason::ContentFilter | RemoteReason::FunctionCall => {
            FinishReason::StopToken
        }
    }
}

impl From<CompletionUsage> for ChatUsage {
    fn from(usage: CompletionUsage) -> Self {
        let cached = usage.prompt_tokens_details.and_then(|details| details.cached_tokens);
        Self {
            prompt_tokens: usage.prompt_tokens as usize,
            cached_tokens: cached.unwrap_or(0) as usize,
            completion_tokens: usage.completion_tokens as usize,
        }
    }
}

/// What went wrong, told so that a user can act on it. No `model` was asked for where its name is empty.
fn failure(url: &str, model: &str, error: OpenAIError) -> ServerError {
    let (url, model) = (url.to_owned(), model.to_owned());
    match error {
        OpenAIError::Reqwest(error) if error.is_connect() || error.is_timeout() => {
            ServerError::Unreachable { url, reason: cause(&error) }
        }
        OpenAIError::Reqwest(error) => ServerError::Remote { url, reason: cause(&error) },
        OpenAIError::ApiError(answer) => {
            let (status, error) = (answer.status_code.as_u16(), answer.api_error);
            let too_long = error.code.as_deref() == Some("context_length_exceeded") || speaks_of_length(&error.message);
            match status {
                401 | 403 => ServerError::RefusedKey { url, reason: error.message },
                404 if !model.is_empty() => ServerError::NoModel { url, model, reason: error.message },
                429 => ServerError::Busy(Busy),
                400 | 413 | 422 if too_long => ServerError::TooLong { reason: error.message },
                _ => ServerError::Remote { url, reason: format!("{status}: {}", error.message) },
            }
        }
        // Servers spell errors in other ways too.
        OpenAIError::JSONDeserialize(_, content) => match message(&content) {
            Some(reason) if speaks_of_length(&reason) => ServerError::TooLong { reason },
            Some(reason) => ServerError::Remote { url, reason },
            None => {
                let begin: String = content.chars().take(200).collect();
                ServerError::Remote { url, reason: format!("this is not OpenAI's interface: {begin:?}") }
            }
        },
        other => ServerError::Remote { url, reason: other.to_string() },
    }
}

/// What is at the bottom of an error.
fn cause(error: &dyn Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

/// The message in an error object, which may lie in another.
fn message(json: &str) -> Option<String> {
    let body: Value = serde_json::from_str(json).ok()?;
    let texts = [&body["error"]["message"], &body["message"], &body["error"], &body["detail"]];
    texts.into_iter().find_map(Value::as_str).map(str::to_owned)
}

/// Whether a message says that a conversation is longer than the context, as vLLM and llama.cpp do without a code.
fn speaks_of_length(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    ["context length", "context size", "context window", "maximum context"].iter().any(|text| message.contains(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_older_half_is_forgotten_until_one_turn_is_left() {
        let mut messages = vec![Message::system("s")];
        for turn in ["1", "2", "3"] {
            messages.extend([Message::user(turn), Message::assistant("a")]);
        }
        messages.push(Message::user("4"));
        let questions = |messages: &[Message]| {
            let questions = messages.iter().filter(|message| message.role == Role::User);
            questions.map(|message| message.content.as_str()).collect::<String>()
        };
        for left in ["34", "4"] {
            assert!(forget(&mut messages));
            assert_eq!(questions(&messages), left);
            assert_eq!(messages[0], Message::system("s"));
        }
        assert!(!forget(&mut messages));
    }

    #[test]
    fn errors_in_other_spellings_are_read() {
        let read = |content: &str| {
            let error = serde_json::from_str::<Value>("{").unwrap_err();
            failure("http://x/v1", "m", OpenAIError::JSONDeserialize(error, content.to_owned()))
        };
        // vLLM: the code is a number.
        let vllm = r#"{"error": {"message": "This model's maximum context length is 512 tokens.", "code": 400}}"#;
        assert!(matches!(read(vllm), ServerError::TooLong { .. }));
        assert!(read(r#"{"detail": "Not Found"}"#).to_string().contains("Not Found"));
        assert!(read("<html>").to_string().contains("not OpenAI's interface: \"<html>\""));
    }
}
