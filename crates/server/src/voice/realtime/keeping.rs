//! What is said becomes a part of the history as it is settled: a question when it is understood, an answer when it was heard.

use std::time::Duration;

use serde_json::json;
use sottovoce_history::{Message, MessageState, Role, Usage};
use sottovoce_voice::conversation::is_intelligible;
use tokio::time::Instant;

use super::{
    items::{Content, Item},
    session::{Session, new_id},
    settings::Settings,
    turns::Outcome,
};
use crate::{
    assistant::{Line, Place},
    http::Failure,
};

/// A client that heard an answer out has not said so after this time. One that was interrupted says how far it heard.
const SETTLING: Duration = Duration::from_secs(1);

/// The last answer, of which it is not certain yet how much was heard.
pub(super) struct Unsettled {
    item_id: String,
    /// It is not being made any more, and this is how far it got.
    reached: Option<MessageState>,
    usage: Option<Usage>,
    /// Something came over it. A client that has not said yet how much of it it heard will hardly do so any more.
    cut_short: bool,
}

impl Session {
    /// Keeps what is said from now on, behind what was said in a conversation before; without a place, all that was said is kept
    /// when this returns, and no more will be.
    pub(super) async fn keep_in(&mut self, place: Option<Place>, settings: &Settings) -> Result<(), String> {
        let Some(place) = place else {
            self.finish_keeping().await;
            return Ok(());
        };
        if self.keeper.is_some() {
            return Err("the place in the history is chosen once; set sottovoce to null before another".to_owned());
        }
        let said = self.assistant.thread(place).await.map_err(|failure| failure.message().to_owned())?;
        for message in said {
            self.recall(message)?;
        }
        self.conversation = place.conversation.unwrap_or(self.conversation);
        let results = self.results.clone();
        let told = move |kept| _ = results.send(Outcome::Kept(kept));
        self.keeper = Some(self.assistant.keep_lines(place, settings.instructions.clone(), told));
        Ok(())
    }

    fn recall(&mut self, Message { role, text, .. }: Message) -> Result<(), String> {
        let content = match role {
            Role::System => Content::System(text),
            Role::User => Content::User { text: Some(text), spoken: false },
            Role::Assistant => Content::Assistant { text, answer: None },
            // The calls that these belong to are not kept.
            Role::Tool => return Ok(()),
        };
        self.add_item(Item { id: new_id("item"), content, completed: true }, None)
    }

    /// Waits until all that was said is understood and kept.
    async fn finish_keeping(&mut self) {
        while self.keeper.is_some() && !self.items.are_understood() {
            self.go_on().await;
        }
        self.settle();
        let Some(keeper) = self.keeper.take() else { return };
        let mut keeping = keeper.finish();
        loop {
            tokio::select! {
                // A panic in it is no reason for another one here.
                _ = &mut keeping => break,
                Some(result) = self.done.recv() => self.heard(result),
            }
        }
        while let Ok(result) = self.done.try_recv() {
            self.heard(result);
        }
    }

    /// The client is gone. What it said is kept, also what it was saying, and what it heard.
    pub async fn leave(&mut self) {
        self.settings.ignore_turns();
        self.wanted = None;
        if let Some((at, audio)) = self.listener.stop() {
            self.turn_stopped(at, audio);
        }
        self.end_response("client_cancelled");
        self.cut_short();
        self.finish_keeping().await;
    }

    /// A line was kept, or was not.
    pub(super) fn kept(&mut self, place: Result<Place, Failure>) {
        match place {
            Ok(place) => {
                self.conversation = place.conversation.unwrap_or(self.conversation);
                // It may have been told to keep no more meanwhile.
                if self.settings.sottovoce.is_some() {
                    self.settings.sottovoce = Some(place);
                    self.tell("session.updated", json!({ "session": self.settings }));
                }
            }
            Err(failure) => {
                self.fail_with(None, "server_error", None, &format!("not kept: {}", failure.message()));
            }
        }
    }

    /// The person said something.
    pub(super) fn keep_question(&mut self, text: &str) {
        if self.unsettled.as_ref().is_some_and(|unsettled| unsettled.reached.is_some()) {
            self.settle();
        }
        if let Some(keeper) = self.keeper.as_ref().filter(|_| is_intelligible(text)) {
            keeper.keep(Line::Question(text.to_owned()));
        }
    }

    /// An answer begins.
    pub(super) fn keep_answer(&mut self, item_id: &str) {
        self.settle();
        if let Some(keeper) = &self.keeper {
            keeper.keep(Line::Answer);
            self.unsettled =
                Some(Unsettled { item_id: item_id.to_owned(), reached: None, usage: None, cut_short: false });
        }
    }

    /// It has this text now.
    pub(super) fn keep_text(&self, item_id: &str, text: &str) {
        if let Some(keeper) = &self.keeper
            && self.unsettled.as_ref().is_some_and(|unsettled| unsettled.item_id == item_id)
        {
            keeper.keep(Line::Text(text.to_owned()));
        }
    }

    /// It is not being made any more. What was written was read; what is spoken has yet to be heard.
    pub(super) fn answer_ended(&mut self, item_id: &str, reached: MessageState, usage: Option<Usage>, speaks: bool) {
        let Some(unsettled) = self.unsettled.as_mut().filter(|unsettled| unsettled.item_id == item_id) else { return };
        (unsettled.reached, unsettled.usage) = (Some(reached), usage);
        if !speaks {
            self.settle();
        }
    }

    /// When the last answer will have been heard, and the client have said so if not.
    pub(super) fn settles_at(&mut self) -> Option<Instant> {
        self.unsettled.as_ref()?.reached?;
        Some(self.loudspeaker.silent_at(Instant::now())? + SETTLING)
    }

    /// An answer that is being heard goes no further.
    pub(super) fn cut_short(&mut self) {
        let now = Instant::now();
        if let Some(unsettled) = &mut self.unsettled {
            unsettled.cut_short |= self.loudspeaker.is_playing(now);
        }
        self.loudspeaker.fall_silent(now);
    }

    /// The last answer was heard: all of it, where nothing came over it, or as far as it was played.
    pub(super) fn settle(&mut self) {
        let Some(unsettled) = self.unsettled.take() else { return };
        let whole = unsettled.reached == Some(MessageState::Complete) && !unsettled.cut_short;
        let played = if whole { u64::MAX } else { self.loudspeaker.played(&unsettled.item_id, Instant::now()) };
        self.settle_at(unsettled, played);
    }

    /// A client has said how much of an item it heard, and the item was cut there.
    pub(super) fn settle_cut(&mut self, item_id: &str) {
        self.loudspeaker.stop(item_id);
        if let Some(unsettled) = self.unsettled.take_if(|unsettled| unsettled.item_id == item_id) {
            self.settle_at(unsettled, u64::MAX);
        }
    }

    fn settle_at(&mut self, Unsettled { item_id, reached, usage, .. }: Unsettled, played: u64) {
        let (text, is_whole) = match self.items.get_mut(&item_id).map(|item| &item.content) {
            Some(Content::Assistant { text, answer: None }) => (text.clone(), true),
            Some(Content::Assistant { text, answer: Some(answer) }) => {
                let heard = answer.heard(played).min(text.len());
                (text[..heard].to_owned(), heard == answer.text().len())
            }
            // The client has deleted it.
            _ => (String::new(), false),
        };
        let state = match reached {
            Some(MessageState::Complete) if !is_whole => MessageState::Stopped,
            reached => reached.unwrap_or(MessageState::Stopped),
        };
        if let Some(keeper) = &self.keeper {
            keeper.keep(Line::Heard { text, state, usage });
        }
    }
}
