//! A conversation as Markdown, for people.

use std::{collections::HashMap, fmt::Write};

use jiff::Timestamp;
use uuid::Uuid;

use crate::{Message, MessageState, Role, Transcript};

/// A conversation as Markdown. First the thread with the newest message, then every other version of a message with what
/// follows it; each message says which of how many versions it is.
pub fn markdown(transcript: &Transcript) -> String {
    let conversation = &transcript.conversation;
    let title = conversation.title.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut text = format!(
        "# {}\n\n*{}, {} messages*\n",
        if title.is_empty() { "Conversation" } else { &title },
        time(conversation.created),
        transcript.messages.len()
    );
    if let Some(prompt) = &conversation.system_prompt {
        text.push_str("\n> ");
        text.push_str(&prompt.trim_end().replace('\n', "\n> "));
        text.push('\n');
    }
    let tree = Tree::new(&transcript.messages);
    let main = tree.newest(None);
    let branches = transcript.messages.iter().filter(|message| tree.newest(message.parent) != Some(message));
    for (index, first) in main.into_iter().chain(branches).enumerate() {
        if index > 0 {
            text.push_str("\n---\n\n*Another branch*\n");
        }
        for message in std::iter::successors(Some(first), |message| tree.newest(Some(message.id))) {
            add(&mut text, message, tree.followers(message.parent));
        }
    }
    text
}

/// Adds a message, which is one of these versions.
fn add(text: &mut String, message: &Message, versions: &[&Message]) {
    let speaker = match (message.role, &message.model) {
        (Role::User, _) => "You",
        (Role::Assistant, Some(model)) => model,
        (Role::Assistant, None) => "Assistant",
        (Role::System, _) => "System",
        (Role::Tool, _) => "Tool",
    };
    let mut notes = vec![time(message.created)];
    if let Some(place) = versions.iter().position(|version| version.id == message.id).filter(|_| versions.len() > 1) {
        notes.push(format!("version {} of {}", place + 1, versions.len()));
    }
    if message.state != MessageState::Complete {
        notes.push(message.state.name().to_owned());
    }
    if message.favourite {
        notes.push("favourite".to_owned());
    }
    let body = message.text.trim_end();
    // Writing to a string does not fail.
    let _ = write!(text, "\n## {speaker}\n\n*{}*\n\n{body}\n", notes.join(", "));
}

fn time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// What follows each message.
struct Tree<'a> {
    followers: HashMap<Option<Uuid>, Vec<&'a Message>>,
    /// The newest message that follows each, directly or not.
    newest: HashMap<Uuid, (Timestamp, Uuid)>,
}

impl<'a> Tree<'a> {
    fn new(messages: &'a [Message]) -> Self {
        let mut tree = Self { followers: HashMap::new(), newest: HashMap::new() };
        for message in messages {
            tree.followers.entry(message.parent).or_default().push(message);
        }
        // Followers come after what they follow, so that each has its newest before its parent asks.
        for message in messages.iter().rev() {
            let followers = tree.followers(Some(message.id)).iter().filter_map(|next| tree.newest.get(&next.id));
            let newest = followers.copied().max().unwrap_or((message.created, message.id));
            tree.newest.insert(message.id, newest);
        }
        tree
    }

    fn followers(&self, of: Option<Uuid>) -> &[&'a Message] {
        self.followers.get(&of).map_or(&[], Vec::as_slice)
    }

    /// The follower that leads to the newest message.
    fn newest(&self, of: Option<Uuid>) -> Option<&'a Message> {
        self.followers(of).iter().copied().max_by_key(|message| self.newest.get(&message.id))
    }
}
