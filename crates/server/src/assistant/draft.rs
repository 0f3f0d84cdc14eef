//! Answers in the making, as this server has them in memory.

use std::{collections::HashMap, sync::Arc, time::Instant};

use serde::Serialize;
use sottovoce_history::{Message, MessageState};
use tokio::sync::watch;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{ServerError, engine::Busy, http::Failure};

/// Answers in the making at most. Each is a few kilobytes and a task; those that the model has no place for wait.
const MOST_DRAFTS: usize = 256;

/// How far an answer is.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// All of its text so far.
    pub text: String,
    /// What it has taken so far, where that is known.
    pub taken: Option<Taken>,
    /// Set when nothing more comes.
    pub end: Option<End>,
}

/// What an answer in the making has taken.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Taken {
    /// Tokens of everything that the model was given.
    prompt_tokens: usize,
    /// Tokens of the answer.
    completion_tokens: usize,
    /// Since the request.
    seconds: f64,
}

/// How an answer ended.
#[derive(Clone, Debug, Default)]
pub struct End {
    /// The message as it is kept now, unless it is gone.
    pub message: Option<Message>,
    /// What went wrong.
    pub failure: Option<Failure>,
}

/// An answer in the making.
pub struct Draft {
    id: Uuid,
    began: Instant,
    progress: watch::Sender<Progress>,
    /// What its state is to be, once somebody has asked it to end.
    asked_to_end: watch::Sender<Option<MessageState>>,
}

impl Draft {
    /// The message that it will be.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// When the request came.
    pub fn began(&self) -> Instant {
        self.began
    }

    /// The model reads a prompt of so many tokens.
    pub fn read(&self, prompt_tokens: usize) {
        let taken = Taken { prompt_tokens, completion_tokens: 0, seconds: self.began.elapsed().as_secs_f64() };
        self.progress.send_modify(|progress| progress.taken = Some(taken));
    }

    /// Adds the text of a token.
    pub fn push(&self, text: &str) {
        self.progress.send_modify(|progress| {
            progress.text.push_str(text);
            if let Some(taken) = &mut progress.taken {
                taken.completion_tokens += 1;
                taken.seconds = self.began.elapsed().as_secs_f64();
            }
        });
    }

    /// Whether the model tells what an answer takes, also when it has to end.
    pub fn is_counted(&self) -> bool {
        self.progress.borrow().taken.is_some()
    }

    /// All of its text so far.
    pub fn text(&self) -> String {
        self.progress.borrow().text.clone()
    }

    /// Its length in bytes.
    pub fn len(&self) -> usize {
        self.progress.borrow().text.len()
    }

    /// How far it is, from now on.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Asks it to end before its own end, as `state`.
    pub fn ask_to_end(&self, state: MessageState) {
        self.asked_to_end.send_if_modified(|asked| asked.is_none() && asked.replace(state).is_none());
    }

    /// Waits until somebody asks it to end; returns what its state is to be.
    pub async fn wait_for_request(self: Arc<Self>) -> MessageState {
        let mut asked = self.asked_to_end.subscribe();
        let state = asked.wait_for(Option::is_some).await.ok().and_then(|state| *state);
        // The sender is in `self`.
        state.unwrap_or(MessageState::Interrupted)
    }
}

/// All answers in the making.
#[derive(Default)]
pub struct Drafts(watch::Sender<HashMap<Uuid, Arc<Draft>>>);

impl Drafts {
    /// Whether there is room for another.
    ///
    /// # Errors
    /// [`Busy`] when there is none.
    pub fn check_room(&self) -> Result<(), ServerError> {
        if self.0.borrow().len() < MOST_DRAFTS { Ok(()) } else { Err(Busy.into()) }
    }

    /// Begins the message `id`.
    pub fn begin(&self, id: Uuid) -> Arc<Draft> {
        let draft = Arc::new(Draft {
            id,
            began: Instant::now(),
            progress: watch::Sender::default(),
            asked_to_end: watch::Sender::default(),
        });
        self.0.send_modify(|drafts| _ = drafts.insert(id, draft.clone()));
        draft
    }

    /// The message `id`, if it is in the making here.
    pub fn get(&self, id: Uuid) -> Option<Arc<Draft>> {
        self.0.borrow().get(&id).cloned()
    }

    /// Ends a message: readers learn how, and the next ones find it in the history.
    pub fn end(&self, draft: &Draft, end: End) {
        draft.progress.send_modify(|progress| progress.end = Some(end));
        self.0.send_modify(|drafts| _ = drafts.remove(&draft.id));
    }

    /// Asks all of them to end.
    pub fn ask_all_to_end(&self, state: MessageState) {
        self.0.borrow().values().for_each(|draft| draft.ask_to_end(state));
    }

    /// Waits until there are none.
    pub async fn wait_for_none(&self) {
        // The sender is in `self`.
        let _ = self.0.subscribe().wait_for(HashMap::is_empty).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_first_counts() {
        let drafts = Drafts::default();
        let draft = drafts.begin(Uuid::nil());
        draft.ask_to_end(MessageState::Stopped);
        drafts.ask_all_to_end(MessageState::Interrupted);
        assert_eq!(*draft.asked_to_end.borrow(), Some(MessageState::Stopped));
    }

    #[test]
    fn there_is_an_end_to_room() {
        let drafts = Drafts::default();
        for number in 0..MOST_DRAFTS {
            drafts.check_room().unwrap();
            drafts.begin(Uuid::from_u128(number as u128));
        }
        assert!(matches!(drafts.check_room(), Err(ServerError::Busy(_))));
        let one = drafts.get(Uuid::nil()).unwrap();
        drafts.end(&one, End::default());
        drafts.check_room().unwrap();
        assert!(one.progress().borrow().end.is_some() && drafts.get(Uuid::nil()).is_none());
    }
}
