//! What is refused, and how it is said.

use serde_json::json;
use sottovoce_history::{
    ConversationChange, Ending, Location, MAX_TEXT_BYTES, MAX_TITLE_BYTES, MessageState, NewConversation, Purpose, Role,
};
use uuid::Uuid;

use crate::{Place, answer, conversation, error, new, say};

pub async fn missing_things_are_named(place: Place) {
    let history = place.serve().await;
    let id = Uuid::now_v7();
    let no_conversation = format!("there is no conversation {id}");
    assert_eq!(error(history.conversation(id).await), no_conversation);
    assert_eq!(error(history.transcript(id).await), no_conversation);
    assert_eq!(error(history.update(id, ConversationChange::default()).await), no_conversation);
    assert_eq!(error(history.delete(id).await), no_conversation);
    assert_eq!(error(history.append(new(id, None, Role::User, "", MessageState::Complete)).await), no_conversation);
    let no_message = format!("there is no message {id}");
    assert_eq!(error(history.message(id).await), no_message);
    assert_eq!(error(history.set_favourite(id, true).await), no_message);
    assert_eq!(error(history.delete_message(id).await), no_message);
    assert_eq!(error(history.request_stop(id).await), no_message);
    assert_eq!(error(history.write(id, "").await), no_message);
}

pub async fn lengths_are_limited(place: Place) {
    let history = place.serve().await;
    let id = conversation(&*history, &"x".repeat(MAX_TITLE_BYTES)).await.id;
    let (long_title, long_text) = ("é".repeat(MAX_TITLE_BYTES / 2) + "x", "x".repeat(MAX_TEXT_BYTES + 1));
    let title = "the title has 1001 bytes; the limit is 1000";
    let new_title = NewConversation { title: long_title.clone(), system_prompt: None };
    assert_eq!(error(history.create(new_title).await), title);
    let change = ConversationChange { title: Some(long_title.clone()), favourite: Some(true), ..Default::default() };
    assert_eq!(error(history.update(id, change).await), title);
    let prompt = "the system prompt has 4194305 bytes; the limit is 4194304";
    let new_prompt = NewConversation { title: String::new(), system_prompt: Some(long_text.clone()) };
    assert_eq!(error(history.create(new_prompt).await), prompt);
    let change = ConversationChange {
        system_prompt: Some(Some(long_text.clone())),
        favourite: Some(true),
        ..Default::default()
    };
    assert_eq!(error(history.update(id, change).await), prompt);
    let message = "the message has 4194305 bytes; the limit is 4194304";
    assert_eq!(error(history.append(new(id, None, Role::User, &long_text, MessageState::Complete)).await), message);
    let question = say(&*history, id, None, "").await;
    let begun = answer(&*history, &question).await;
    assert_eq!(error(history.write(begun.id, &long_text).await), message);
    let ending = Ending { text: long_text.clone(), state: MessageState::Complete, usage: None };
    assert_eq!(error(history.finish(begun.id, ending).await), message);
    let mut long_model = new(id, None, Role::Assistant, "", MessageState::Complete);
    long_model.model = Some(long_title);
    assert_eq!(error(history.append(long_model).await), "the model's name has 1001 bytes; the limit is 1000");
    let settings = "the settings has 4194307 bytes; the limit is 4194304";
    assert_eq!(error(history.save_settings(&json!(long_text)).await), settings);
    let transcript = history.transcript(id).await.unwrap();
    assert!(!transcript.conversation.favourite);
    assert_eq!(transcript.messages, [question, begun]);
}

pub async fn what_others_wrote_is_not_believed(place: Place) {
    let history = place.serve().await;
    let id = conversation(&*history, "").await.id;
    let message = say(&*history, id, None, "").await;
    let schema = if let Location::Postgres(_) = place.location { "sottovoce." } else { "" };
    place.run(&format!("UPDATE {schema}messages SET role = 'robot'")).await;
    let refused = "the history's database failed: error occurred while decoding: unknown variant `robot`, expected one of \
                   `system`, `user`, `assistant`, `tool`";
    assert_eq!(error(history.message(message.id).await), refused);
    assert_eq!(error(history.transcript(id).await), refused);
}

pub async fn closed_ones_say_so(place: Place) {
    let history = place.serve().await;
    history.close().await;
    let refused = "the history's database failed: attempted to acquire a connection on a closed pool";
    assert_eq!(error(history.ids().await), refused);
    assert_eq!(error(history.delete_all().await), refused);
}

pub async fn managers_make_no_answers(place: Place) {
    let history = place.open(Purpose::Manage).await;
    let refused = "this history was opened to look at and to change; only a server makes answers";
    let question = say(&*history, conversation(&*history, "").await.id, None, "").await;
    let streaming = new(question.conversation, None, Role::Assistant, "", MessageState::Streaming);
    assert_eq!(error(history.append(streaming).await), refused);
    assert_eq!(error(history.write(question.id, "").await), refused);
    let ending = Ending { text: String::new(), state: MessageState::Complete, usage: None };
    assert_eq!(error(history.finish(question.id, ending).await), refused);
    assert_eq!(error(history.tend().await), refused);
}
