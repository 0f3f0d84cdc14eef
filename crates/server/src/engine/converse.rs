//! Answers of the model in this process to conversations.

use std::{
    collections::HashSet,
    ops::ControlFlow,
    sync::{Arc, atomic::AtomicBool},
};

use async_trait::async_trait;
use sottovoce_llm::{
    LlmError,
    generate::{GenerateOptions, Stats},
    sampling::Sampling,
    speculate::Speculation,
};
use tokio::sync::mpsc::{self, UnboundedSender};
use uuid::Uuid;

use super::{
    Answering, Chat, ChatEvent, ChatEvents, ChatModel, ChatOptions, ChatUsage, Engine, Occupancy, random_seed,
    seats::{Seat, Seats},
};
use crate::{
    ServerError,
    metrics::{self, TokenClock},
};

/// Where neither the settings nor the model's makers say, as in `sottovoce chat`: small models lose the thread at 1, which is
/// what OpenAI's interface takes.
const TEMPERATURE: f32 = 0.7;

type Sender = UnboundedSender<Result<ChatEvent, ServerError>>;

#[async_trait]
impl ChatModel for Engine {
    fn name(&self) -> &str {
        self.name()
    }

    fn context(&self) -> Option<usize> {
        Some(self.context())
    }

    fn occupancy(&self) -> Occupancy {
        self.occupancy()
    }

    async fn answer(&self, chat: Chat) -> Result<ChatEvents, ServerError> {
        let clock = TokenClock::start();
        let (prompt, _) = self.encode_chat(&chat.messages, Vec::new())?;
        let seat = self.seats.take(&prompt, chat.conversation).await?;
        let (sender, events) = mpsc::unbounded_channel();
        let answering = Answering::new(events, chat.stop.clone());
        let options = self.chat_options(chat.options, chat.stop.clone());
        // Nobody can have left already.
        let _ = sender.send(Ok(ChatEvent::Reading(prompt.len().min(self.context()))));
        tokio::task::spawn_blocking(move || {
            let mut seat = seat;
            let answered = answer(chat, options, &mut seat, &sender, clock);
            // Nobody to tell is as good as told. The seat goes back, and its state to the disk, after that.
            drop(sender.send(answered.map_err(ServerError::from)));
        });
        Ok(answering.into_stream())
    }

    async fn forget(&self, conversation: Uuid) {
        self.off_thread(move |seats| seats.forget(conversation)).await;
    }

    async fn retain(&self, conversations: &HashSet<Uuid>) {
        let conversations = conversations.clone();
        self.off_thread(move |seats| seats.retain(&conversations)).await;
    }

    async fn close(&self) {
        self.off_thread(Seats::save).await;
    }
}

impl Engine {
    /// Does what waits for the disk.
    async fn off_thread(&self, work: impl FnOnce(&Seats) + Send + 'static) {
        let seats = self.seats.clone();
        // A panic in it is no reason for another one here.
        drop(tokio::task::spawn_blocking(move || work(&seats)).await);
    }

    /// How tokens of a conversation are chosen.
    pub fn chat_sampling(&self, options: ChatOptions) -> Sampling {
        let default = self.sampling();
        Sampling {
            temperature: options.temperature.or(self.folder.defaults.temperature).unwrap_or(TEMPERATURE),
            top_k: options.top_k.or(default.top_k).filter(|&k| k > 0),
            top_p: options.top_p.or(default.top_p),
            seed: random_seed(),
            ..default
        }
    }

    fn chat_options(&self, options: ChatOptions, cancel: Arc<AtomicBool>) -> GenerateOptions {
        GenerateOptions {
            sampling: self.chat_sampling(options),
            max_tokens: options.max_tokens,
            speculation: if self.occupancy().running > 1 { Speculation::Off } else { Speculation::default() },
            cancel: Some(cancel),
            ..GenerateOptions::default()
        }
    }
}

/// Answers the last message, and tells of the text as it comes. Returns how it ended.
fn answer(
    chat: Chat,
    options: GenerateOptions,
    seat: &mut Seat,
    sender: &Sender,
    mut clock: TokenClock,
) -> Result<ChatEvent, LlmError> {
    let keep_state = chat.options.keep_state;
    let conversation = seat.go_on_with(chat.conversation);
    conversation.set_messages(chat.messages);
    let answer = conversation.retry(options, |text| {
        clock.token();
        match sender.send(Ok(ChatEvent::Text(text.to_owned()))) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    })?;
    if keep_state {
        seat.keep();
    }
    let usage = ChatUsage::from(answer.stats);
    metrics::took(usage);
    Ok(ChatEvent::Finished { reason: answer.finish, usage: Some(usage) })
}

impl From<Stats> for ChatUsage {
    fn from(stats: Stats) -> Self {
        Self {
            prompt_tokens: stats.prompt_tokens,
            cached_tokens: stats.reused_tokens,
            completion_tokens: stats.generated_tokens,
        }
    }
}
