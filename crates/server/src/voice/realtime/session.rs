//! One session: what its client says, and what happens to it.

use std::sync::Arc;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use sottovoce_voice::VoiceActivity;
use tokio::{
    sync::mpsc::{self, UnboundedReceiver, UnboundedSender},
    time::{Instant, sleep_until},
};
use uuid::Uuid;

use super::{
    super::{SpeechParts, sound},
    events::{ClientEvent, NewItem, NewResponse},
    items::{self, Content, Item, Items, no_item},
    keeping::Unsettled,
    listener::Listener,
    loudspeaker::Loudspeaker,
    responses::Response,
    settings::Settings,
    turns::{Outcome, Turn},
};
use crate::{Assistant, assistant::Keeper, engine::Backend};

/// A conversation with one client.
pub struct Session {
    pub(super) settings: Settings,
    pub(super) items: Items,
    pub(super) listener: Listener,
    pub(super) backend: Arc<Backend>,
    pub(super) assistant: Arc<Assistant>,
    pub(super) parts: Arc<SpeechParts>,
    /// Under this name the model keeps what it computed.
    pub(super) conversation: Uuid,
    /// What somebody is saying.
    pub(super) turn: Option<Turn>,
    /// The transcription of what may be a remark on an answer.
    pub(super) remark: Option<u64>,
    pub(super) response: Option<Response>,
    pub(super) loudspeaker: Loudspeaker,
    /// Puts what is said into the history.
    pub(super) keeper: Option<Keeper>,
    pub(super) unsettled: Option<Unsettled>,
    /// A response that waits until all sound is understood.
    pub(super) wanted: Option<NewResponse>,
    pub(super) last_job: u64,
    pub(super) results: UnboundedSender<Outcome>,
    pub(super) done: UnboundedReceiver<Outcome>,
    events: Vec<Value>,
}

impl Session {
    pub fn new(
        backend: Arc<Backend>,
        assistant: Arc<Assistant>,
        parts: Arc<SpeechParts>,
        activity: Box<dyn VoiceActivity>,
    ) -> Self {
        let voice = parts.voices.first().map_or("default", String::as_str);
        let settings = Settings::new(new_id("sess"), backend.name(), voice);
        let listener = Listener::new(activity, settings.audio.input.turn_detection.as_ref());
        let (results, done) = mpsc::unbounded_channel();
        let mut session = Self {
            settings,
            items: Items::default(),
            listener,
            backend,
            assistant,
            parts,
            conversation: Uuid::now_v7(),
            turn: None,
            remark: None,
            response: None,
            loudspeaker: Loudspeaker::new(Instant::now()),
            keeper: None,
            unsettled: None,
            wanted: None,
            last_job: 0,
            results,
            done,
            events: Vec::new(),
        };
        session.tell("session.created", json!({ "session": session.settings }));
        session
    }

    /// The events for the client since the last call.
    pub fn take_events(&mut self) -> Vec<Value> {
        std::mem::take(&mut self.events)
    }

    pub(super) fn tell(&mut self, kind: &str, mut event: Value) {
        event["type"] = json!(kind);
        event["event_id"] = json!(new_id("event"));
        self.events.push(event);
    }

    /// Tells the client what is wrong.
    pub fn fail(&mut self, event_id: Option<&str>, message: &str) {
        self.fail_with(event_id, "invalid_request_error", None, message);
    }

    pub(super) fn fail_with(&mut self, event_id: Option<&str>, kind: &str, code: Option<&str>, message: &str) {
        let error = json!({ "type": kind, "code": code, "message": message, "param": null, "event_id": event_id });
        self.tell("error", json!({ "error": error }));
    }

    /// Waits for what is under way, and goes on with it.
    pub async fn go_on(&mut self) {
        let settles_at = self.settles_at();
        let settled = async {
            match settles_at {
                Some(time) => sleep_until(time).await,
                None => std::future::pending().await,
            }
        };
        let response = self.response.as_mut().filter(|response| response.committed);
        let piece = async {
            match response {
                Some(response) => response.pieces.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            piece = piece => self.response_went_on(piece),
            Some(result) = self.done.recv() => self.heard(result),
            () = settled => self.settle(),
        }
    }

    /// Takes an event of the client.
    pub async fn client_said(&mut self, text: &str) {
        let event: Value = match serde_json::from_str(text) {
            Ok(event) => event,
            Err(error) => return self.fail(None, &format!("this is not JSON: {error}")),
        };
        let id = event["event_id"].as_str().map(str::to_owned);
        let done = match serde_path_to_error::deserialize(event) {
            Ok(event) => self.obey(event).await,
            Err(error) => Err(error.to_string()),
        };
        if let Err(message) = done {
            self.fail(id.as_deref(), &message);
        }
    }

    async fn obey(&mut self, event: ClientEvent) -> Result<(), String> {
        match event {
            ClientEvent::UpdateSession { session } => self.update(session).await,
            ClientEvent::Append { audio } => self.append(&audio),
            ClientEvent::Commit => self.commit(),
            ClientEvent::Clear => {
                drop(self.listener.take());
                self.drop_turn();
                self.tell("input_audio_buffer.cleared", json!({}));
                Ok(())
            }
            ClientEvent::CreateItem { previous_item_id, item } => self.create_item(previous_item_id.as_deref(), item),
            ClientEvent::RetrieveItem { item_id } => {
                let item = self.items.get_mut(&item_id).ok_or_else(|| no_item(&item_id))?.json();
                self.tell("conversation.item.retrieved", json!({ "item": item }));
                Ok(())
            }
            ClientEvent::TruncateItem { item_id, content_index, audio_end_ms } => {
                self.truncate(&item_id, content_index, audio_end_ms)
            }
            ClientEvent::DeleteItem { item_id } => {
                if !self.items.remove(&item_id) {
                    return Err(no_item(&item_id));
                }
                self.tell("conversation.item.deleted", json!({ "item_id": item_id }));
                Ok(())
            }
            ClientEvent::CreateResponse { response } => {
                self.want_response(response.map(|response| *response).unwrap_or_default())
            }
            ClientEvent::CancelResponse { response_id } => self.cancel(response_id.as_deref()),
        }
    }

    async fn update(&mut self, change: Value) -> Result<(), String> {
        let changed = self.settings.changed(change.clone())?;
        self.parts.manner(Some(&changed.audio.output.voice), changed.audio.output.speed).map_err(|e| e.to_string())?;
        if changed.sottovoce != self.settings.sottovoce {
            self.keep_in(changed.sottovoce, &changed).await?;
        }
        self.settings = changed;
        if change.pointer("/audio/input/turn_detection").is_some() {
            self.drop_turn();
            self.listener.set_detection(self.settings.audio.input.turn_detection.as_ref());
        }
        self.tell("session.updated", json!({ "session": self.settings }));
        Ok(())
    }

    /// The sound of an event.
    pub(super) fn decode(audio: &str) -> Result<Vec<f32>, String> {
        let bytes = BASE64_STANDARD.decode(audio).map_err(|error| format!("audio is not Base64: {error}"))?;
        if bytes.len() % 2 != 0 {
            return Err("audio ends within a sample, expected 16-bit integers".to_owned());
        }
        Ok(sound::from_bytes(&bytes))
    }

    fn create_item(&mut self, behind: Option<&str>, item: NewItem) -> Result<(), String> {
        let (id, content, sound) = items::read(item)?;
        let id = id.unwrap_or_else(|| new_id("item"));
        let sound = sound.map(|sound| Self::decode(&sound)).transpose()?;
        let written = match &content {
            Content::User { text: Some(text), .. } => Some(text.clone()),
            _ => None,
        };
        self.add_item(Item { id: id.clone(), content, completed: true }, behind)?;
        if let Some(text) = written {
            self.keep_question(&text);
        }
        if let Some(sound) = sound {
            self.transcribe_item(id, &sound);
        }
        Ok(())
    }

    /// Adds an item and tells of it. Clients know one of the two names of the event.
    pub(super) fn add_item(&mut self, item: Item, behind: Option<&str>) -> Result<(), String> {
        let (id, completed, shown) = (item.id.clone(), item.completed, item.json());
        self.items.add(item, behind)?;
        let event = json!({ "previous_item_id": self.items.before(&id), "item": shown });
        self.tell("conversation.item.created", event.clone());
        self.tell("conversation.item.added", event.clone());
        if completed {
            self.tell("conversation.item.done", event);
        }
        Ok(())
    }

    /// Cuts what the model said where it was heard, in the text and so in what the model reads and keeps of it.
    fn truncate(&mut self, id: &str, content_index: usize, milliseconds: u64) -> Result<(), String> {
        if self.response.as_ref().is_some_and(|response| response.committed && response.item_id == id) {
            self.end_response("client_cancelled");
        }
        let item = self.items.get_mut(id).ok_or_else(|| no_item(id))?;
        match &mut item.content {
            Content::Assistant { text, answer: Some(answer) } if content_index == 0 => {
                let heard = answer.heard(milliseconds.saturating_mul(u64::from(super::PCM_RATE) / 1000));
                // It may have been cut before.
                text.truncate(heard.min(text.len()));
            }
            Content::Apology(_) if content_index == 0 => {}
            _ => return Err(format!("{id:?} has no sound at {content_index} that could be cut")),
        }
        self.settle_cut(id);
        let event = json!({ "item_id": id, "content_index": content_index, "audio_end_ms": milliseconds });
        self.tell("conversation.item.truncated", event);
        Ok(())
    }
}

/// An id that nobody guesses.
pub(super) fn new_id(prefix: &str) -> String {
    format!("{prefix}_{}", Uuid::now_v7().simple())
}
