//! Conversations and the templates that spell them for a model.

mod builtin;
mod conversation;
mod environment;
mod history;
mod message;
mod stored;
mod template;

pub use conversation::{Conversation, Overflow};
pub use message::{Message, Role};
pub use stored::{ConversationSnapshot, Resumed, StoredConversation};
pub use template::ChatTemplate;
