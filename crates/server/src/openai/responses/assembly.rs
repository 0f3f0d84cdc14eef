//! A response in the making: events of the engine become items of the response, and events of its stream.

use sottovoce_llm::{
    chat::{Message, Role},
    generate::{FinishReason, Stats},
    tools::{FunctionCall, ToolCall},
};

use super::{
    events::EventKind,
    new_id,
    object::{ContentPart, IncompleteDetails, OutputItem, Response, ResponseError, Status},
};
use crate::openai::{chat::LogProb, now};

/// A response, and the text that it will have.
pub struct Assembly {
    pub response: Response,
    /// The conversation that is answered, and then the answer too.
    pub conversation: Vec<Message>,
    message: Draft,
}

/// A message that is written.
struct Draft {
    id: String,
    /// White space alone is no message: calls may follow it.
    is_open: bool,
    text: String,
    logprobs: Vec<LogProb>,
}

impl Assembly {
    pub fn new(response: Response, conversation: Vec<Message>) -> Self {
        let message = Draft { id: new_id("msg"), is_open: false, text: String::new(), logprobs: Vec::new() };
        Self { response, conversation, message }
    }

    /// The events that every stream begins with.
    pub fn begin(&self) -> [EventKind; 2] {
        let response = || self.response.clone();
        [EventKind::Created { response: response() }, EventKind::InProgress { response: response() }]
    }

    /// Takes text, with the chances of its tokens.
    pub fn push(&mut self, text: &str, logprobs: Vec<LogProb>) -> Vec<EventKind> {
        self.message.text.push_str(text);
        self.message.logprobs.extend(logprobs.iter().cloned());
        if self.message.is_open {
            return vec![self.delta(text.to_owned(), logprobs)];
        }
        if self.message.text.trim().is_empty() { Vec::new() } else { self.open() }
    }

    /// Takes the end of the answer.
    pub fn finish(&mut self, reason: FinishReason, calls: Vec<FunctionCall>, stats: Stats) -> Vec<EventKind> {
        let mut events = Vec::new();
        let cut = matches!(reason, FinishReason::MaxTokens | FinishReason::ContextFull | FinishReason::Cancelled);
        let status = if cut { Status::Incomplete } else { Status::Completed };
        if !self.message.is_open && calls.is_empty() {
            events.extend(self.open());
        }
        let mut answer = Message::assistant("");
        if self.message.is_open {
            events.extend(self.close(status));
            answer.content.clone_from(&self.message.text);
        }
        let earlier = self.conversation.iter().filter(|message| message.role == Role::Assistant);
        let earlier: usize = earlier.map(|message| message.tool_calls.len()).sum();
        for (number, call) in calls.into_iter().enumerate() {
            let call = ToolCall::new(earlier + number, call);
            events.extend(self.call(&call));
            answer.tool_calls.push(call);
        }
        self.conversation.push(answer);
        self.response.usage = Some(stats.into());
        self.response.status = status;
        if cut {
            // A full context is the same limit, set by the model.
            self.response.incomplete_details = Some(IncompleteDetails { reason: "max_output_tokens" });
            events.push(EventKind::Incomplete { response: self.response.clone() });
        } else {
            self.response.completed_at = Some(now());
            events.push(EventKind::Completed { response: self.response.clone() });
        }
        events
    }

    /// Takes a failure, which ends the response.
    pub fn fail(&mut self, message: String) -> EventKind {
        self.response.status = Status::Failed;
        self.response.error = Some(ResponseError { code: "server_error", message });
        EventKind::Failed { response: self.response.clone() }
    }

    /// Begins the message with the text that there is.
    fn open(&mut self) -> Vec<EventKind> {
        self.message.is_open = true;
        let (text, logprobs) = (self.message.text.clone(), self.message.logprobs.clone());
        let added = EventKind::PartAdded {
            item_id: self.message.id.clone(),
            output_index: 0,
            content_index: 0,
            part: ContentPart::text(String::new(), Vec::new()),
        };
        let item = self.item(Status::InProgress, Vec::new());
        let mut events = vec![EventKind::ItemAdded { output_index: 0, item }, added];
        if !text.is_empty() {
            events.push(self.delta(text, logprobs));
        }
        events
    }

    fn delta(&self, delta: String, logprobs: Vec<LogProb>) -> EventKind {
        EventKind::TextDelta { item_id: self.message.id.clone(), output_index: 0, content_index: 0, delta, logprobs }
    }

    fn close(&mut self, status: Status) -> [EventKind; 3] {
        let (text, logprobs) = (self.message.text.clone(), self.message.logprobs.clone());
        let part = ContentPart::text(text.clone(), logprobs.clone());
        let item = self.item(status, vec![part.clone()]);
        self.response.output.push(item.clone());
        let item_id = || self.message.id.clone();
        [
            EventKind::TextDone { item_id: item_id(), output_index: 0, content_index: 0, text, logprobs },
            EventKind::PartDone { item_id: item_id(), output_index: 0, content_index: 0, part },
            EventKind::ItemDone { output_index: 0, item },
        ]
    }

    fn item(&self, status: Status, content: Vec<ContentPart>) -> OutputItem {
        OutputItem::Message { id: self.message.id.clone(), status, role: "assistant", content }
    }

    fn call(&mut self, call: &ToolCall) -> [EventKind; 4] {
        let (id, output_index) = (new_id("fc"), self.response.output.len());
        let item = |status, arguments| OutputItem::FunctionCall {
            id: id.clone(),
            status,
            call_id: call.id.clone(),
            name: call.function.name.clone(),
            arguments,
        };
        let arguments = call.function.arguments.to_string();
        let done = item(Status::Completed, arguments.clone());
        self.response.output.push(done.clone());
        [
            EventKind::ItemAdded { output_index, item: item(Status::InProgress, String::new()) },
            EventKind::ArgumentsDelta { item_id: id.clone(), output_index, delta: arguments.clone() },
            EventKind::ArgumentsDone { item_id: id.clone(), output_index, name: call.function.name.clone(), arguments },
            EventKind::ItemDone { output_index, item: done },
        ]
    }
}
