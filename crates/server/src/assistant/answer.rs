//! Making an answer: from the model into the history, a few times a second, and to whoever follows.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use futures_util::{
    FutureExt, StreamExt, TryFutureExt,
    stream::{self, Stream},
};
use sottovoce_history::{Continue, Ending, HistoryError, Message, MessageState, NewMessage, Role, Transcript, Usage};
use sottovoce_llm::chat;
use tokio::time::MissedTickBehavior;
use uuid::Uuid;

use super::{
    Assistant,
    draft::{Draft, End},
    settings::Settings,
};
use crate::{
    ServerError,
    engine::{Busy, Chat, ChatEvent, ChatUsage},
    http::Failure,
};

/// How often what has come is written down: what `kill -9` may cost of an answer.
pub(super) const WRITE_EVERY: Duration = Duration::from_millis(200);
/// After so many of those without a new word, the history is asked whether somebody wants the answer to stop.
const QUIET_TICKS: u32 = 25;
/// How often the end of an answer is tried to be written, when the database fails, and how long to wait in between.
const TRIES: u32 = 5;
const BETWEEN_TRIES: Duration = Duration::from_secs(2);

/// How an answer ended, and what there is to say about it.
struct Outcome {
    state: MessageState,
    usage: Option<ChatUsage>,
    failure: Option<Failure>,
}

impl From<MessageState> for Outcome {
    fn from(state: MessageState) -> Self {
        Self { state, usage: None, failure: None }
    }
}

impl From<Failure> for Outcome {
    fn from(failure: Failure) -> Self {
        Self { failure: Some(failure), ..MessageState::Interrupted.into() }
    }
}

/// What the task that makes an answer reacts to.
enum Turn {
    Event(Result<ChatEvent, ServerError>),
    /// The model has nothing more to say.
    Silence,
    AskedToEnd(MessageState),
    Tick,
}

impl Assistant {
    /// Whether another answer can begin.
    ///
    /// # Errors
    /// Too many are in the making, or the model cannot be used.
    pub fn check_room(&self) -> Result<(), ServerError> {
        self.drafts.check_room()?;
        match self.backend.chat() {
            Ok(chat) if chat.occupancy().is_full() => Err(Busy.into()),
            Ok(_) => Ok(()),
            // It will be there in a moment; the answer waits for it.
            Err(ServerError::Loading { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Begins an answer to `question`, and returns it as it is kept: empty. It goes on by itself from here.
    ///
    /// # Errors
    /// The history fails.
    pub async fn answer(self: &Arc<Self>, question: &Message) -> Result<Message, Failure> {
        let (transcript, settings) = (self.history.transcript(question.conversation).await?, self.settings().await?);
        let chat = Chat {
            conversation: Some(question.conversation),
            messages: messages(&transcript, question.id, &settings),
            options: settings.chat_options(),
            stop: Arc::default(),
        };
        let new = NewMessage {
            conversation: question.conversation,
            parent: Some(question.id),
            role: Role::Assistant,
            text: String::new(),
            state: MessageState::Streaming,
            model: Some(self.backend.chat_name()),
        };
        let answer = self.history.append(new).await?;
        let draft = self.drafts.begin(answer.id);
        tokio::spawn(self.clone().make(draft, chat));
        Ok(answer)
    }

    /// Makes an answer, and ends it.
    async fn make(self: Arc<Self>, draft: Arc<Draft>, chat: Chat) {
        let Outcome { state, usage, failure } = self.fill(&draft, chat).await;
        let seconds = draft.began().elapsed().as_secs_f64();
        let usage = usage.map(|usage| Usage {
            prompt_tokens: usage.prompt_tokens as u32,
            cached_tokens: usage.cached_tokens as u32,
            completion_tokens: usage.completion_tokens as u32,
            seconds,
        });
        let end = match self.finish(draft.id(), Ending { text: draft.text(), state, usage }).await {
            Ok(message) => End { message: Some(message), failure },
            Err(error) => End { message: None, failure: Some(error.into()) },
        };
        self.drafts.end(&draft, end);
    }

    /// Fills the draft with what the model says, until it has said all or has to end.
    async fn fill(&self, draft: &Arc<Draft>, chat: Chat) -> Outcome {
        let stop = chat.stop.clone();
        let mut turns = std::pin::pin!(self.turns(draft.clone(), chat));
        let (mut written, mut quiet, mut state) = (0, 0, MessageState::Complete);
        while let Some(turn) = turns.next().await {
            match turn {
                // A NUL is nothing that every database can hold.
                Turn::Event(Ok(ChatEvent::Reading(tokens))) => draft.read(tokens),
                Turn::Event(Ok(ChatEvent::Text(text))) => draft.push(&text.replace('\0', "\u{FFFD}")),
                Turn::Event(Ok(ChatEvent::Finished { usage, .. })) => {
                    return Outcome { usage, ..state.into() };
                }
                Turn::Event(Err(error)) => return Failure::from(error).into(),
                Turn::Silence => break,
                Turn::AskedToEnd(asked) if !draft.is_counted() || draft.len() == 0 => return asked.into(),
                // The model says what the answer took before it wrote another token.
                Turn::AskedToEnd(asked) => {
                    stop.store(true, Ordering::Relaxed);
                    state = asked;
                }
                Turn::Tick => {
                    quiet += 1;
                    if draft.len() == written && quiet < QUIET_TICKS {
                        continue;
                    }
                    let text = draft.text();
                    match self.history.write(draft.id(), &text).await {
                        Ok(Continue::Yes) => (written, quiet) = (text.len(), 0),
                        Ok(Continue::No) => draft.ask_to_end(MessageState::Stopped),
                        Err(error @ (HistoryError::NoMessage { .. } | HistoryError::NotStreaming { .. })) => {
                            return Failure::from(error).into();
                        }
                        // The next try has what this one should have written.
                        Err(_) => {}
                    }
                }
            }
        }
        Failure::new(axum::http::StatusCode::BAD_GATEWAY, "the model's answer broke off").into()
    }

    fn turns(&self, draft: Arc<Draft>, chat: Chat) -> impl Stream<Item = Turn> {
        let backend = self.backend.clone();
        let events = async move { backend.wait().await?.answer(chat).await }.try_flatten_stream();
        let events = events.map(Turn::Event).chain(stream::once(async { Turn::Silence }));
        let requests = draft.wait_for_request().map(Turn::AskedToEnd).into_stream();
        let mut ticks = tokio::time::interval(WRITE_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let ticks = stream::unfold(ticks, |mut ticks| async {
            ticks.tick().await;
            Some((Turn::Tick, ticks))
        });
        stream::select(events, stream::select(requests, ticks))
    }

    /// Writes the end of an answer; a database that does not answer for a moment does not cost it.
    pub(super) async fn finish(&self, id: Uuid, ending: Ending) -> Result<Message, HistoryError> {
        for _ in 1..TRIES {
            match self.history.finish(id, ending.clone()).await {
                Err(HistoryError::Database(_)) => tokio::time::sleep(BETWEEN_TRIES).await,
                ended => return ended,
            }
        }
        self.history.finish(id, ending).await
    }

    /// Asks an answer to stop; the text so far stays. Nothing happens to one that has ended.
    ///
    /// # Errors
    /// There is no such message, or the history fails.
    pub async fn stop(&self, id: Uuid) -> Result<(), Failure> {
        match self.drafts.get(id) {
            Some(draft) => draft.ask_to_end(MessageState::Stopped),
            // Perhaps another server makes it.
            None => self.history.request_stop(id).await?,
        }
        Ok(())
    }
}

/// What the model is told: the system prompt, and what was said up to `question`.
fn messages(transcript: &Transcript, question: Uuid, settings: &Settings) -> Vec<chat::Message> {
    let system = transcript.conversation.system_prompt.as_ref().unwrap_or(&settings.system_prompt);
    let system = Some(system).filter(|text| !text.trim().is_empty()).map(chat::Message::system);
    let said = transcript.thread(question).into_iter().filter_map(|message| match message.role {
        Role::System => Some(chat::Message::system(&message.text)),
        Role::User => Some(chat::Message::user(&message.text)),
        Role::Assistant => Some(chat::Message::assistant(&message.text)),
        // The calls that these belong to are not kept, and without them they mean nothing.
        Role::Tool => None,
    });
    system.into_iter().chain(said).collect()
}
