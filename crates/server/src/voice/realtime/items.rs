//! What was said in a session.

use serde_json::{Value, json};
use sottovoce_llm::{
    chat::{Message, Role},
    tools::{FunctionCall, ToolCall},
};
use sottovoce_voice::conversation::Answer;

use super::events::{NewItem, Part, Speaker};

/// Most items of a session, and most bytes of their texts together.
const MOST_ITEMS: usize = 4096;
const MOST_BYTES: usize = 4 << 20;

/// Something that was said.
pub struct Item {
    pub id: String,
    pub content: Content,
    /// It is as it will be.
    pub completed: bool,
}

/// What it is.
pub enum Content {
    /// What somebody says; `None` while it is being understood.
    User { text: Option<String>, spoken: bool },
    /// Instructions.
    System(String),
    /// What the model says. What became sound of it can be cut where it was heard.
    Assistant { text: String, answer: Option<Answer> },
    /// That nothing was understood: said, but no part of the conversation.
    Apology(String),
    /// A function that the model calls.
    Call { call_id: String, name: String, arguments: String },
    /// What it returned.
    Returned { call_id: String, output: String },
}

impl Item {
    /// The item as clients see it.
    pub fn json(&self) -> Value {
        let status = if self.completed { "completed" } else { "in_progress" };
        let mut item = match &self.content {
            Content::User { text, spoken: true } => {
                message("user", json!([{ "type": "input_audio", "transcript": text }]))
            }
            Content::User { text, spoken: false } => message("user", json!([{ "type": "input_text", "text": text }])),
            Content::System(text) => message("system", json!([{ "type": "input_text", "text": text }])),
            Content::Assistant { text, answer: None } => {
                message("assistant", json!([{ "type": "output_text", "text": text }]))
            }
            Content::Assistant { text, answer: Some(_) } | Content::Apology(text) => {
                message("assistant", json!([{ "type": "output_audio", "transcript": text }]))
            }
            Content::Call { call_id, name, arguments } => {
                json!({ "type": "function_call", "call_id": call_id, "name": name, "arguments": arguments })
            }
            Content::Returned { call_id, output } => {
                json!({ "type": "function_call_output", "call_id": call_id, "output": output })
            }
        };
        item["id"] = json!(self.id);
        item["object"] = json!("realtime.item");
        item["status"] = json!(status);
        item
    }

    fn bytes(&self) -> usize {
        match &self.content {
            Content::User { text, .. } => text.as_ref().map_or(0, String::len),
            Content::System(text) | Content::Assistant { text, .. } | Content::Apology(text) => text.len(),
            Content::Call { name, arguments, .. } => name.len() + arguments.len(),
            Content::Returned { output, .. } => output.len(),
        }
    }
}

fn message(role: &str, content: Value) -> Value {
    json!({ "type": "message", "role": role, "content": content })
}

/// The content of a new item, and its sound if it has to be understood first.
///
/// # Errors
/// What is wrong with it, in words.
pub fn read(item: NewItem) -> Result<(Option<String>, Content, Option<String>), String> {
    Ok(match item {
        NewItem::FunctionCall { id, call_id, name, arguments } => {
            let call_id = call_id.ok_or("a function_call needs its call_id")?;
            (id, Content::Call { call_id, name, arguments }, None)
        }
        NewItem::FunctionCallOutput { id, call_id, output } => (id, Content::Returned { call_id, output }, None),
        NewItem::Message { id, role, content } => {
            let (mut text, mut sound) = (String::new(), None);
            for part in content {
                match part {
                    Part::InputText { text: part } | Part::OutputAudio { transcript: part } => text.push_str(&part),
                    Part::InputAudio { .. } if role != Speaker::User => {
                        return Err("only a user's message has sound".into());
                    }
                    Part::InputAudio { .. } if sound.is_some() => return Err("a message has one sound at most".into()),
                    Part::InputAudio { audio } => sound = Some(audio),
                }
            }
            let content = match role {
                Speaker::System => Content::System(text),
                Speaker::Assistant => Content::Assistant { text, answer: None },
                Speaker::User if sound.is_some() && !text.is_empty() => {
                    return Err("a message has either text or sound".into());
                }
                Speaker::User => Content::User { spoken: sound.is_some(), text: sound.is_none().then_some(text) },
            };
            (id, content, sound)
        }
    })
}

/// Everything that was said, in order.
#[derive(Default)]
pub struct Items(Vec<Item>);

impl Items {
    pub fn get_mut(&mut self, id: &str) -> Option<&mut Item> {
        self.0.iter_mut().find(|item| item.id == id)
    }

    /// The id of the item before `id`; of the last item if there is no such.
    pub fn before(&self, id: &str) -> Option<&str> {
        let place = self.0.iter().position(|item| item.id == id).unwrap_or(self.0.len());
        Some(self.0[..place].last()?.id.as_str())
    }

    /// Adds an item behind another, or at the end.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn add(&mut self, item: Item, behind: Option<&str>) -> Result<(), String> {
        let bytes: usize = self.0.iter().chain([&item]).map(Item::bytes).sum();
        if self.0.len() >= MOST_ITEMS || bytes > MOST_BYTES {
            return Err(format!(
                "a session has at most {MOST_ITEMS} items, of {MOST_BYTES} bytes of text; delete some"
            ));
        }
        if self.0.iter().any(|known| known.id == item.id) {
            return Err(format!("there is an item {:?} already", item.id));
        }
        let place = match behind {
            None => self.0.len(),
            Some("root") => 0,
            Some(id) => {
                let place = self.0.iter().position(|known| known.id == id);
                place.ok_or_else(|| no_item(id))? + 1
            }
        };
        self.0.insert(place, item);
        Ok(())
    }

    /// Takes an item out.
    pub fn remove(&mut self, id: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|item| item.id != id);
        self.0.len() < before
    }

    /// Whether something is still being understood.
    pub fn are_understood(&self) -> bool {
        self.0.iter().all(|item| !matches!(item.content, Content::User { text: None, .. }))
    }

    /// The conversation as the model reads it.
    pub fn messages(&self, instructions: &str) -> Vec<Message> {
        let mut messages = Vec::new();
        if !instructions.is_empty() {
            messages.push(Message::system(instructions));
        }
        for item in &self.0 {
            match &item.content {
                Content::User { text: Some(text), .. } if !text.is_empty() => messages.push(Message::user(text)),
                Content::System(text) => messages.push(Message::system(text)),
                Content::Assistant { text, .. } if !text.is_empty() => messages.push(Message::assistant(text)),
                Content::Call { call_id, name, arguments } => {
                    let function = FunctionCall {
                        name: name.clone(),
                        arguments: serde_json::from_str(arguments).unwrap_or(Value::Null),
                    };
                    let call = ToolCall { id: call_id.clone(), function };
                    // Calls belong to what was said just before them.
                    match messages.last_mut().filter(|message| message.role == Role::Assistant) {
                        Some(message) => message.tool_calls.push(call),
                        None => messages.push(Message { tool_calls: vec![call], ..Message::assistant("") }),
                    }
                }
                Content::Returned { call_id, output } => {
                    let mut calls = messages.iter().flat_map(|message| &message.tool_calls);
                    if let Some(call) = calls.rfind(|call| call.id == *call_id).cloned() {
                        messages.push(Message::tool_result(&call, output));
                    }
                }
                Content::User { .. } | Content::Assistant { .. } | Content::Apology(_) => {}
            }
        }
        messages
    }
}

/// That there is no such item.
pub fn no_item(id: &str) -> String {
    format!("there is no item {id:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(id: &str, content: Content) -> Item {
        Item { id: id.to_owned(), content, completed: true }
    }

    fn user(text: &str) -> Content {
        Content::User { text: Some(text.to_owned()), spoken: true }
    }

    #[test]
    fn items_are_put_where_they_belong_and_become_messages() {
        let mut items = Items::default();
        items.add(item("b", user("What's the weather?")), None).unwrap();
        items.add(item("a", user("Hello.")), Some("root")).unwrap();
        let call =
            Content::Call { call_id: "c1".into(), name: "weather".into(), arguments: "{\"city\":\"Oslo\"}".into() };
        items.add(item("c", call), Some("b")).unwrap();
        items.add(item("d", Content::Returned { call_id: "c1".into(), output: "rain".into() }), None).unwrap();
        items.add(item("e", Content::Apology("I'm sorry.".into())), None).unwrap();
        assert_eq!((items.before("b"), items.before("a"), items.before("x")), (Some("a"), None, Some("e")));
        let messages = items.messages("Be kind.");
        let roles: Vec<Role> = messages.iter().map(|message| message.role).collect();
        assert_eq!(roles, [Role::System, Role::User, Role::User, Role::Assistant, Role::Tool]);
        assert_eq!(messages[3].tool_calls[0].function.arguments["city"], "Oslo");
        assert_eq!((messages[4].content.as_str(), messages[4].name.as_deref()), ("rain", Some("weather")));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let mut items = Items::default();
        items.add(item("a", user("Hello.")), None).unwrap();
        assert!(items.add(item("a", user("Hello.")), None).unwrap_err().contains("already"));
        assert!(items.add(item("b", user("Hello.")), Some("x")).unwrap_err().contains("no item"));
        assert!(items.add(item("b", user(&"long ".repeat(1 << 20))), None).unwrap_err().contains("at most"));
        assert!(items.remove("a") && !items.remove("a"));
    }
}
