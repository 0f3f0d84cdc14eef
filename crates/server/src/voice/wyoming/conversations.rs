//! What was said in conversations that clients name, for as long as they may go on.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use sottovoce_llm::chat::Message;
use uuid::Uuid;

/// Conversations at most; the one that nobody touched for longest makes room.
const MOST: usize = 32;
/// Home Assistant begins another one after five minutes.
const LONGEST_PAUSE: Duration = Duration::from_secs(10 * 60);
/// Messages of one at most; the model sees no more anyway.
const MOST_MESSAGES: usize = 64;

/// A conversation.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// What the model knows it by.
    pub id: Uuid,
    /// Questions and answers.
    pub messages: Vec<Message>,
}

/// All of them, in memory; the last touched last.
#[derive(Default)]
pub struct Conversations(Mutex<VecDeque<(String, Instant, Kept)>>);

impl Conversations {
    /// The conversation of this name, which is given back with [`Conversations::put`]; a new one where there is none, or
    /// somebody else has it.
    pub fn take(&self, name: &str, now: Instant) -> Kept {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = all.iter().position(|(known, touched, _)| known == name && is_fresh(*touched, now));
        let kept = found.and_then(|at| all.remove(at)).map(|(_, _, kept)| kept);
        kept.unwrap_or_else(|| Kept { id: Uuid::now_v7(), messages: Vec::new() })
    }

    /// Keeps a conversation, and returns those that are not kept any more.
    pub fn put(&self, name: String, mut kept: Kept, now: Instant) -> Vec<Uuid> {
        let surplus = kept.messages.len().saturating_sub(MOST_MESSAGES);
        kept.messages.drain(..surplus);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::take(&mut *all);
        let (mut stay, gone): (VecDeque<_>, VecDeque<_>) =
            before.into_iter().partition(|(known, touched, _)| *known != name && is_fresh(*touched, now));
        stay.push_back((name, now, kept));
        let surplus = stay.len().saturating_sub(MOST);
        let gone = gone.into_iter().chain(stay.drain(..surplus)).map(|(_, _, kept)| kept.id).collect();
        *all = stay;
        gone
    }
}

fn is_fresh(touched: Instant, now: Instant) -> bool {
    now.saturating_duration_since(touched) < LONGEST_PAUSE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_goes_on_until_it_has_paused_for_too_long() {
        let (all, now) = (Conversations::default(), Instant::now());
        let mut first = all.take("kitchen", now);
        first.messages.push(Message::user("Hello"));
        assert!(all.put("kitchen".to_owned(), first.clone(), now).is_empty());
        assert_ne!(all.take("hall", now).id, first.id);
        let later = now + LONGEST_PAUSE / 2;
        assert_eq!(all.take("kitchen", later), first);
        assert!(all.take("kitchen", later).messages.is_empty(), "somebody has it");
        all.put("kitchen".to_owned(), first.clone(), later);
        assert!(all.take("kitchen", later + LONGEST_PAUSE).messages.is_empty());
        let other = all.take("hall", later);
        assert_eq!(all.put("hall".to_owned(), other, later + LONGEST_PAUSE), [first.id]);
    }

    #[test]
    fn there_is_an_end_to_what_is_kept() {
        let (all, now) = (Conversations::default(), Instant::now());
        let ids: Vec<Uuid> = (0..MOST + 2)
            .map(|number| {
                let mut kept = all.take(&number.to_string(), now);
                kept.messages = vec![Message::user("Hello"); MOST_MESSAGES + number];
                let id = kept.id;
                let gone = all.put(number.to_string(), kept, now);
                assert_eq!(gone.len(), usize::from(number >= MOST));
                id
            })
            .collect();
        assert_ne!(all.take("0", now).id, ids[0]);
        let last = all.take(&(MOST + 1).to_string(), now);
        assert_eq!((last.id, last.messages.len()), (ids[MOST + 1], MOST_MESSAGES));
    }
}
