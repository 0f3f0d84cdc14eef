//! Responses: begun, told piece by piece, and ended.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use sottovoce_history::MessageState;
use sottovoce_llm::{chat::Message, generate::FinishReason, tools::FunctionCall};
use sottovoce_voice::conversation::{Answer, is_intelligible};
use tokio::{
    sync::mpsc::{self, Receiver},
    task::AbortHandle,
    time::Instant,
};

use super::{
    events::NewResponse,
    items::{self, Content, Item, Items},
    making::{self, Piece, Question, Usage},
    session::{Session, new_id},
    settings::Settings,
};

/// Pieces that wait for a client who reads slowly, or for the end of the turn.
const PIECES: usize = 32;

/// A response in the making. Dropping it ends the work on it.
pub(super) struct Response {
    id: String,
    pub(super) item_id: String,
    /// It may be told of. Until then its pieces wait.
    pub(super) committed: bool,
    pub(super) pieces: Receiver<Piece>,
    settings: Settings,
    /// It becomes part of the conversation.
    kept: bool,
    /// It says that nothing was understood.
    apologizes: bool,
    metadata: Value,
    /// Its message was told of.
    begun: bool,
    answer: Answer,
    /// Samples that were sent.
    samples: u64,
    output: Vec<Value>,
    cancelled: Arc<AtomicBool>,
    begun_at: Instant,
    task: AbortHandle,
}

impl Drop for Response {
    fn drop(&mut self) {
        self.cancelled.store(true, Ordering::Relaxed);
        self.task.abort();
    }
}

impl Response {
    fn json(&self, session: &Session, status: Value, usage: Option<Usage>) -> Value {
        let mut response = json!({
            "id": self.id,
            "object": "realtime.response",
            "status": status["type"],
            "status_details": status,
            "output": self.output,
            "conversation_id": self.kept.then(|| session.conversation.to_string()),
            "output_modalities": self.settings.output_modalities,
            "max_output_tokens": self.settings.max_output_tokens,
            "metadata": self.metadata,
            "audio": { "output": self.settings.audio.output },
        });
        if let Some(usage) = usage {
            response["usage"] = json!({
                "input_tokens": usage.input,
                "output_tokens": usage.output,
                "total_tokens": usage.input + usage.output,
                "input_token_details": { "cached_tokens": usage.cached, "text_tokens": usage.input, "audio_tokens": 0 },
                "output_token_details": { "text_tokens": usage.output, "audio_tokens": 0 },
            });
        }
        response
    }

    /// The message as an item, with the text so far.
    fn item(&mut self, text: String, completed: bool) -> Item {
        let speaks = self.settings.speaks();
        let content = if self.apologizes {
            Content::Apology(text)
        } else {
            Content::Assistant { text, answer: speaks.then(|| std::mem::take(&mut self.answer)) }
        };
        Item { id: self.item_id.clone(), content, completed }
    }

    /// What every event about the message says.
    fn place(&self) -> Value {
        json!({ "response_id": self.id, "item_id": self.item_id, "output_index": 0, "content_index": 0 })
    }

    fn part(&self, text: &str) -> Value {
        if self.settings.speaks() {
            json!({ "type": "audio", "transcript": text })
        } else {
            json!({ "type": "text", "text": text })
        }
    }
}

fn with(mut event: Value, name: &str, value: Value) -> Value {
    event[name] = value;
    event
}

impl Session {
    /// A client wants a response; it waits until all sound is understood.
    pub(super) fn want_response(&mut self, wanted: NewResponse) -> Result<(), String> {
        if self.response.as_ref().is_some_and(|response| response.committed) || self.wanted.is_some() {
            return Err("there is a response already; cancel it first".to_owned());
        }
        self.drop_secret_response();
        self.wanted = Some(wanted);
        self.answer_if_wanted();
        Ok(())
    }

    /// Begins the response that waits, if it need not wait any more.
    pub(super) fn answer_if_wanted(&mut self) {
        if !self.items.are_understood() {
            return;
        }
        if let Some(wanted) = self.wanted.take()
            && let Err(message) = self.begin_wanted(wanted)
        {
            self.fail(None, &message);
        }
    }

    fn begin_wanted(&mut self, wanted: NewResponse) -> Result<(), String> {
        let changes = [
            ("instructions", wanted.instructions.map(Value::from)),
            ("output_modalities", wanted.output_modalities),
            ("audio", wanted.audio),
            ("tools", wanted.tools),
            ("tool_choice", wanted.tool_choice),
            ("max_output_tokens", wanted.max_output_tokens),
            ("temperature", wanted.temperature),
            ("top_k", wanted.top_k),
            ("top_p", wanted.top_p),
        ];
        let change: serde_json::Map<String, Value> =
            changes.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
        let settings = self.settings.changed(Value::Object(change))?;
        let kept = match wanted.conversation.as_deref() {
            None | Some("auto") => true,
            Some("none") => false,
            Some(other) => return Err(format!("conversation is {other:?}, expected auto or none")),
        };
        let messages = match wanted.input {
            None => self.items.messages(&settings.instructions),
            Some(input) => {
                let mut items = Items::default();
                for item in input {
                    let (id, content, sound) = items::read(item)?;
                    if sound.is_some() {
                        return Err("the input of a response is text; create an item for sound".to_owned());
                    }
                    let id = id.unwrap_or_else(|| new_id("item"));
                    items.add(Item { id, content, completed: true }, None)?;
                }
                items.messages(&settings.instructions)
            }
        };
        self.begin(Some(messages), settings, true, kept, wanted.metadata.unwrap_or(Value::Null))
    }

    /// Answers a turn that is over; what was guessed right is there already.
    pub(super) fn answer_turn(&mut self, text: &str) {
        if self.response.as_ref().is_some_and(|response| response.committed) {
            // It was not to be interrupted.
            return;
        }
        if self.response.is_some() {
            self.commit_response();
            return;
        }
        let messages = is_intelligible(text).then(|| self.items.messages(&self.settings.instructions));
        if let Err(message) = self.begin(messages, self.settings.clone(), true, true, Value::Null) {
            self.fail(None, &message);
        }
    }

    /// Answers what may be a turn.
    pub(super) fn answer_in_secret(&mut self, text: &str) {
        if self.response.is_some() || !self.items.are_understood() || !is_intelligible(text) {
            return;
        }
        let mut messages = self.items.messages(&self.settings.instructions);
        messages.push(Message::user(text));
        // What cannot be begun now will say why when the turn is over.
        let _ = self.begin(Some(messages), self.settings.clone(), false, true, Value::Null);
    }

    /// Takes a secret response back. The model forgets of it what the next response does not begin with.
    pub(super) fn drop_secret_response(&mut self) {
        self.response.take_if(|response| !response.committed);
    }

    /// Begins a response; without messages it says that nothing was understood.
    fn begin(
        &mut self,
        messages: Option<Vec<Message>>,
        settings: Settings,
        committed: bool,
        kept: bool,
        metadata: Value,
    ) -> Result<(), String> {
        let tools = settings.functions()?;
        let output = &settings.audio.output;
        let manner = self.parts.manner(Some(&output.voice), output.speed).map_err(|error| error.to_string())?;
        let apologizes = messages.is_none();
        let question = messages.map_or(Question::Unintelligible, |messages| Question::Conversation {
            messages,
            tools,
            options: settings.chat_options(),
            conversation: self.conversation,
        });
        let speech = settings.speaks().then(|| (self.parts.clone(), manner));
        let (sender, pieces) = mpsc::channel(PIECES);
        let cancelled = Arc::new(AtomicBool::new(false));
        let task = tokio::spawn(making::make(question, self.backend.clone(), speech, sender, cancelled.clone()));
        self.response = Some(Response {
            id: new_id("resp"),
            item_id: new_id("item"),
            committed: false,
            pieces,
            settings,
            kept,
            apologizes,
            metadata,
            begun: false,
            answer: Answer::default(),
            samples: 0,
            output: Vec::new(),
            cancelled,
            begun_at: Instant::now(),
            task: task.abort_handle(),
        });
        if committed {
            self.commit_response();
        }
        Ok(())
    }

    fn commit_response(&mut self) {
        if let Some(mut response) = self.response.take() {
            response.committed = true;
            let shown = response.json(self, json!({ "type": "in_progress" }), None);
            self.response = Some(response);
            self.tell("response.created", json!({ "response": with(shown, "status_details", Value::Null) }));
        }
    }

    /// Takes the next piece of the response.
    pub(super) fn response_went_on(&mut self, piece: Option<Piece>) {
        let Some(mut response) = self.response.take() else { return };
        match piece {
            Some(Piece::Text(text)) => self.text_came(&mut response, &text),
            Some(Piece::Sound { clause, samples, bytes }) => {
                response.answer.add_samples(clause, samples);
                response.samples += samples as u64;
                self.loudspeaker.send(&response.item_id, samples, Instant::now());
                if !bytes.is_empty() {
                    let event = with(response.place(), "delta", json!(BASE64_STANDARD.encode(bytes)));
                    self.tell("response.output_audio.delta", event);
                }
            }
            Some(Piece::TextEnded) => response.answer.end_text(),
            Some(Piece::ClauseEnded(clause)) => response.answer.end_clause(clause),
            Some(Piece::Finished { reason, calls, usage }) => {
                let text = response.answer.text().to_owned();
                self.end_message(&mut response, text);
                let took = usage.kept(response.begun_at.elapsed());
                self.answer_ended(&response.item_id, MessageState::Complete, Some(took), response.settings.speaks());
                self.call(&mut response, calls);
                let status = match reason {
                    FinishReason::MaxTokens | FinishReason::ContextFull => {
                        json!({ "type": "incomplete", "reason": "max_output_tokens" })
                    }
                    _ => json!({ "type": "completed" }),
                };
                return self.done(response, status, Some(usage));
            }
            Some(Piece::Failed(reason)) => return self.break_off(response, &reason),
            None => return self.break_off(response, "the response broke off"),
        }
        self.response = Some(response);
    }

    fn text_came(&mut self, response: &mut Response, text: &str) {
        if !response.begun {
            self.begin_message(response);
        }
        response.answer.push(text);
        self.keep_text(&response.item_id, response.answer.text());
        let kind = if response.settings.speaks() {
            "response.output_audio_transcript.delta"
        } else {
            "response.output_text.delta"
        };
        self.tell(kind, with(response.place(), "delta", json!(text)));
    }

    fn begin_message(&mut self, response: &mut Response) {
        response.begun = true;
        let item = response.item(String::new(), false);
        let shown = item.json();
        let added = json!({ "response_id": response.id, "output_index": 0, "item": shown });
        self.tell("response.output_item.added", added);
        if response.kept {
            if let Err(full) = self.add_item(item, None) {
                self.fail(None, &full);
            }
            if !response.apologizes {
                self.keep_answer(&response.item_id);
            }
        }
        let part = with(response.place(), "part", response.part(""));
        self.tell("response.content_part.added", part);
    }

    /// Ends the message of a response with the text that it has; what was not said is left out.
    fn end_message(&mut self, response: &mut Response, text: String) {
        if !response.begun {
            return;
        }
        let place = response.place();
        if response.settings.speaks() {
            self.tell("response.output_audio.done", place.clone());
            let done = with(place.clone(), "transcript", json!(text));
            self.tell("response.output_audio_transcript.done", done);
        } else {
            self.tell("response.output_text.done", with(place.clone(), "text", json!(text)));
        }
        self.tell("response.content_part.done", with(place, "part", response.part(&text)));
        let item = response.item(text, true);
        let shown = item.json();
        response.output.push(shown.clone());
        let done = json!({ "response_id": response.id, "output_index": 0, "item": shown });
        self.tell("response.output_item.done", done);
        if let Some(known) = self.items.get_mut(&response.item_id) {
            *known = item;
            let event = json!({ "previous_item_id": self.items.before(&response.item_id), "item": shown });
            self.tell("conversation.item.done", event);
        }
    }

    /// Tells of the functions that the response calls.
    fn call(&mut self, response: &mut Response, calls: Vec<FunctionCall>) {
        for FunctionCall { name, arguments } in calls {
            let (id, call_id, arguments) = (new_id("item"), new_id("call"), arguments.to_string());
            let output_index = response.output.len();
            let content = Content::Call { call_id: call_id.clone(), name: name.clone(), arguments: arguments.clone() };
            let item = Item { id: id.clone(), content, completed: true };
            let shown = item.json();
            let place = json!({ "response_id": response.id, "output_index": output_index });
            self.tell("response.output_item.added", with(place.clone(), "item", shown.clone()));
            if response.kept
                && let Err(full) = self.add_item(item, None)
            {
                self.fail(None, &full);
            }
            let mut event = with(with(place.clone(), "item_id", json!(id)), "call_id", json!(call_id));
            self.tell("response.function_call_arguments.delta", with(event.clone(), "delta", json!(arguments)));
            event["name"] = json!(name);
            self.tell("response.function_call_arguments.done", with(event, "arguments", json!(arguments)));
            self.tell("response.output_item.done", with(place, "item", shown.clone()));
            response.output.push(shown);
        }
    }

    fn done(&mut self, response: Response, status: Value, usage: Option<Usage>) {
        let shown = response.json(self, status, usage);
        self.tell("response.done", json!({ "response": shown }));
    }

    fn break_off(&mut self, mut response: Response, reason: &str) {
        let text = response.answer.text()[..response.answer.heard(response.samples)].to_owned();
        self.end_message(&mut response, text);
        self.answer_ended(&response.item_id, MessageState::Interrupted, None, response.settings.speaks());
        let error = json!({ "type": "server_error", "code": null, "message": reason });
        self.done(response, json!({ "type": "failed", "error": error }), None);
    }

    /// A client ends the response.
    pub(super) fn cancel(&mut self, id: Option<&str>) -> Result<(), String> {
        if self.wanted.take().is_some() {
            return Ok(());
        }
        match &self.response {
            Some(response) if response.committed && id.is_none_or(|id| id == response.id) => {
                self.end_response("client_cancelled");
                Ok(())
            }
            _ => Err("there is no such response to cancel".to_owned()),
        }
    }

    /// Ends the response before its end. Text whose sound was not sent was not said.
    pub(super) fn end_response(&mut self, reason: &str) {
        let Some(mut response) = self.response.take_if(|response| response.committed) else { return };
        let speaks = response.settings.speaks();
        let heard = if speaks { response.answer.heard(response.samples) } else { response.answer.text().len() };
        let text = response.answer.text()[..heard].to_owned();
        self.end_message(&mut response, text);
        self.answer_ended(&response.item_id, MessageState::Stopped, None, speaks);
        self.done(response, json!({ "type": "cancelled", "reason": reason }), None);
    }
}
