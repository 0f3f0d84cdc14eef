//! Conversations, their list, expiry and settings.

use serde_json::json;
use sottovoce_history::{ConversationChange, Filter, History, NewConversation, Purpose};
use sottovoce_testkit::Random;
use uuid::Uuid;

use crate::{Place, answer, conversation, error, say};

fn page(limit: u32, after: Option<Uuid>) -> Filter {
    Filter { limit, after, ..Filter::default() }
}

const NONE: [Uuid; 0] = [];

async fn titles(history: &dyn History, filter: Filter) -> (Vec<String>, bool) {
    let page = history.list(&filter).await.unwrap();
    (page.conversations.into_iter().map(|listed| listed.conversation.title).collect(), page.more)
}

pub async fn are_created_changed_and_kept(place: Place) {
    let history = place.serve().await;
    let new = NewConversation { title: "Naïve 🦀\0".to_owned(), system_prompt: Some("Be brief.".to_owned()) };
    let created = history.create(new).await.unwrap();
    assert_eq!((created.title.as_str(), created.favourite), ("Naïve 🦀\u{fffd}", false));
    assert_eq!((created.system_prompt.as_deref(), created.created), (Some("Be brief."), created.updated));
    assert_eq!(created.id.get_version_num(), 7);
    let change = |change| history.update(created.id, change);
    let changed = change(ConversationChange { title: Some("Crabs".to_owned()), ..Default::default() }).await.unwrap();
    assert_eq!((changed.title.as_str(), &changed.system_prompt), ("Crabs", &created.system_prompt));
    let changed = change(ConversationChange { favourite: Some(true), ..Default::default() }).await.unwrap();
    assert!(changed.favourite);
    let changed = change(ConversationChange { system_prompt: Some(None), ..Default::default() }).await.unwrap();
    assert_eq!((changed.system_prompt.as_ref(), changed.favourite, changed.updated), (None, true, created.updated));
    history.close().await;
    let again = place.serve().await;
    assert_eq!(again.conversation(created.id).await.unwrap(), changed);
    assert_eq!(again.ids().await.unwrap(), [created.id]);
}

pub async fn come_in_pages(place: Place) {
    let history = place.serve().await;
    let mut ids = Vec::new();
    for title in ["a", "b", "c", "d", "e"] {
        ids.push(conversation(&*history, title).await.id);
    }
    say(&*history, ids[1], None, "b comes first now").await;
    let first = history.list(&page(2, None)).await.unwrap();
    assert_eq!(first.conversations[1].conversation.title, "e");
    assert!(first.more);
    assert_eq!(titles(&*history, page(2, Some(ids[4]))).await, (vec!["d".to_owned(), "c".to_owned()], true));
    assert_eq!(titles(&*history, page(2, Some(ids[2]))).await, (vec!["a".to_owned()], false));
    assert_eq!(titles(&*history, page(0, None)).await, (vec![], true));
    assert_eq!(titles(&*history, page(u32::MAX, None)).await.0.join(""), "bedca");
    let gone = Uuid::now_v7();
    assert_eq!(error(history.list(&page(2, Some(gone))).await), format!("there is no conversation {gone}"));
}

pub async fn are_deleted_with_their_messages(place: Place) {
    let history = place.serve().await;
    let [a, b, c] = [
        conversation(&*history, "a").await.id,
        conversation(&*history, "b").await.id,
        conversation(&*history, "c").await.id,
    ];
    let question = say(&*history, a, None, "question").await;
    let streaming = answer(&*history, &question).await;
    history.delete(a).await.unwrap();
    assert_eq!(error(history.transcript(a).await), format!("there is no conversation {a}"));
    assert_eq!(error(history.message(question.id).await), format!("there is no message {}", question.id));
    let gone = format!("there is no message {}", streaming.id);
    assert_eq!(error(history.write(streaming.id, "text").await), gone);
    assert_eq!(error(history.delete(a).await), format!("there is no conversation {a}"));
    history.save_settings(&json!({"voice": "kept"})).await.unwrap();
    assert_eq!(history.ids().await.unwrap(), [b, c]);
    assert_eq!(history.delete_all().await.unwrap(), 2);
    assert_eq!(history.delete_all().await.unwrap(), 0);
    assert_eq!(history.ids().await.unwrap(), NONE);
    assert_eq!(history.settings().await.unwrap(), Some(json!({"voice": "kept"})));
}

pub async fn expire(place: Place) {
    let history = place.serve().await;
    let mut ids = Vec::new();
    for title in ["old", "favourite", "marked message", "streaming", "renamed"] {
        ids.push(conversation(&*history, title).await.id);
    }
    let favourite = ConversationChange { favourite: Some(true), ..Default::default() };
    history.update(ids[1], favourite).await.unwrap();
    let message = say(&*history, ids[2], None, "text").await;
    history.set_favourite(message.id, true).await.unwrap();
    let question = say(&*history, ids[3], None, "question").await;
    answer(&*history, &question).await;
    let before = jiff::Timestamp::now();
    let change = ConversationChange { title: Some("new".to_owned()), ..Default::default() };
    history.update(ids[4], change).await.unwrap();
    assert_eq!(history.expire(question.created - jiff::Span::new().hours(1)).await.unwrap(), NONE);
    assert_eq!(history.expire(before).await.unwrap(), [ids[0]]);
    assert_eq!(history.ids().await.unwrap(), ids[1..]);
    // No longer marked, it stays as long as anything else.
    history.set_favourite(message.id, false).await.unwrap();
    assert_eq!(history.expire(before).await.unwrap(), NONE);
    let mut expired = history.expire(jiff::Timestamp::MAX).await.unwrap();
    expired.sort();
    assert_eq!(expired, [ids[2], ids[4]]);
}

pub async fn settings_are_kept(place: Place) {
    let history = place.serve().await;
    assert_eq!(history.settings().await.unwrap(), None);
    for document in [json!({"temperature": 0.7, "text": "\0\u{1}é"}), json!(null), json!([])] {
        history.save_settings(&document).await.unwrap();
        assert_eq!(place.open(Purpose::Manage).await.settings().await.unwrap(), Some(document));
    }
}

pub async fn many_at_once_lose_nothing(place: Place) {
    let history = place.serve().await;
    let id = conversation(&*history, "busy").await.id;
    let tasks = (0..16).map(|number| {
        let history = history.clone();
        tokio::spawn(async move {
            for _ in 0..5 {
                let message = say(&*history, id, None, &format!("message of {number}")).await;
                let streaming = answer(&*history, &message).await;
                history.write(streaming.id, "half").await.unwrap();
                assert_eq!(history.transcript(id).await.unwrap().conversation.id, id);
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    assert_eq!(history.transcript(id).await.unwrap().messages.len(), 160);
}

/// A client that leaves takes the call that the server was making for it along, at any moment.
pub async fn abandoned_calls_do_all_or_nothing(place: Place) {
    let history = place.serve().await;
    let id = conversation(&*history, "kept").await.id;
    let mut random = Random::from_env(7);
    for _ in 0..200 {
        let call = tokio::spawn({
            let history = history.clone();
            async move {
                let message = say(&*history, id, None, "abandoned").await;
                history.set_favourite(message.id, true).await.unwrap();
                history.delete_message(message.id).await.unwrap();
            }
        });
        for _ in 0..random.below(4_000) {
            tokio::task::yield_now().await;
        }
        call.abort();
        // Whether it was done before is not the question.
        drop(call.await);
    }
    // What a database was told last it may do after the caller is gone, but not after it is closed.
    history.close().await;
    drop(history);
    let history = place.serve().await;
    let left = history.transcript(id).await.unwrap().messages;
    say(&*history, id, None, "last").await;
    assert_eq!(history.transcript(id).await.unwrap().messages.len(), left.len() + 1);
    for message in left {
        assert_eq!(message.text, "abandoned");
        history.delete_message(message.id).await.unwrap();
    }
    assert_eq!(crate::search::found(&*history, "abandoned").await.len(), 0);
    assert_eq!(crate::search::found(&*history, "last").await, ["kept"]);
}
