//! Recent responses, for clients that go on from one by its id. They are in memory alone: a server that ends forgets them.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use sottovoce_llm::chat::Message;

use super::object::Response;

/// Responses that are kept at most.
const MOST_RESPONSES: usize = 1_000;
/// Bytes of JSON that are kept at most.
const MOST_BYTES: usize = 64 << 20;

/// A response, and the conversation that it ends, without its instructions.
pub struct Stored {
    pub response: Response,
    pub conversation: Vec<Message>,
}

/// The most recent responses; the oldest make room for new ones.
#[derive(Default)]
pub struct Store(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    by_id: HashMap<String, (Arc<Stored>, usize)>,
    /// Ids in the order in which they came; those of deleted responses too.
    order: VecDeque<String>,
    bytes: usize,
}

impl Store {
    /// Keeps a response, unless it alone is too large.
    pub fn keep(&self, stored: Stored) {
        let Ok(bytes) = serde_json::to_vec(&(&stored.response, &stored.conversation)).map(|json| json.len()) else {
            return;
        };
        let mut kept = self.lock();
        let id = stored.response.id.clone();
        kept.bytes += bytes;
        kept.order.push_back(id.clone());
        kept.by_id.insert(id, (Arc::new(stored), bytes));
        while kept.order.len() > MOST_RESPONSES || kept.bytes > MOST_BYTES {
            let Some(oldest) = kept.order.pop_front() else { break };
            kept.remove(&oldest);
        }
    }

    /// The response with an id.
    pub fn get(&self, id: &str) -> Option<Arc<Stored>> {
        self.lock().by_id.get(id).map(|(stored, _)| stored.clone())
    }

    /// Forgets the response with an id. Returns whether there was one.
    pub fn delete(&self, id: &str) -> bool {
        self.lock().remove(id)
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        // Nothing panics while it holds the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn remove(&mut self, id: &str) -> bool {
        let removed = self.by_id.remove(id);
        self.bytes -= removed.as_ref().map_or(0, |(_, bytes)| *bytes);
        removed.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openai::responses::object::{Status, Truncation};

    fn stored(id: usize, text: &str) -> Stored {
        let response = Response {
            id: format!("resp_{id}"),
            object: "response",
            created_at: 0,
            completed_at: None,
            status: Status::Completed,
            error: None,
            incomplete_details: None,
            instructions: None,
            max_output_tokens: None,
            model: String::new(),
            output: Vec::new(),
            parallel_tool_calls: true,
            previous_response_id: None,
            store: true,
            temperature: 1.0,
            text: serde_json::Value::Null,
            tool_choice: serde_json::Value::Null,
            tools: Vec::new(),
            top_logprobs: 0,
            top_p: 1.0,
            truncation: Truncation::Disabled,
            usage: None,
            metadata: Default::default(),
        };
        Stored { response, conversation: vec![Message::user(text)] }
    }

    #[test]
    fn the_oldest_make_room() {
        let store = Store::default();
        for id in 0..=MOST_RESPONSES {
            store.keep(stored(id, "a"));
        }
        assert!(store.get("resp_0").is_none() && store.get("resp_1").is_some());
        assert!(store.delete("resp_1") && !store.delete("resp_1") && store.get("resp_1").is_none());

        let large = "x".repeat(MOST_BYTES / 2);
        store.keep(stored(5_000, &large));
        store.keep(stored(5_001, &large));
        assert!(store.get("resp_5000").is_none() && store.get("resp_5001").is_some());
        let too_large = "x".repeat(MOST_BYTES);
        store.keep(stored(5_002, &too_large));
        assert!(store.get("resp_5002").is_none());
        let kept = store.lock();
        assert_eq!((kept.by_id.len(), kept.order.len(), kept.bytes), (0, 0, 0));
    }
}
