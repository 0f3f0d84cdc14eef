//! Messages and their trees.

use sottovoce_history::{MAX_TEXT_BYTES, Message, MessageState, Role};
use uuid::Uuid;

use crate::{Place, conversation, error, new, say};

fn texts<'a>(messages: impl IntoIterator<Item = &'a Message>) -> String {
    messages.into_iter().map(|message| message.text.as_str()).collect()
}

pub async fn form_trees(place: Place) {
    let history = place.serve().await;
    let id = conversation(&*history, "tree").await.id;
    let a = say(&*history, id, None, "a").await;
    let b = say(&*history, id, Some(a.id), "b").await;
    let c = say(&*history, id, Some(a.id), "c").await;
    let d = say(&*history, id, Some(b.id), "d").await;
    let e = say(&*history, id, None, "e").await;
    let transcript = history.transcript(id).await.unwrap();
    assert_eq!(transcript.messages, [a.clone(), b.clone(), c.clone(), d.clone(), e.clone()]);
    assert_eq!(texts(transcript.thread(d.id)), "abd");
    assert_eq!(texts(transcript.thread(c.id)), "ac");
    assert_eq!(texts(transcript.thread(e.id)), "e");
    assert_eq!(texts(transcript.thread(id)), "");
    assert_eq!(transcript.conversation.updated, e.created);
    let other = conversation(&*history, "other").await.id;
    for parent in [a.id, Uuid::now_v7()] {
        assert_eq!(
            error(history.append(new(other, Some(parent), Role::User, "", MessageState::Complete)).await),
            format!("message {parent} is not in conversation {other}, so nothing can follow it there")
        );
    }
    assert_eq!(history.transcript(other).await.unwrap().messages, []);
}

pub async fn are_deleted_with_what_follows(place: Place) {
    let history = place.serve().await;
    let id = conversation(&*history, "tree").await.id;
    let a = say(&*history, id, None, "a").await;
    let b = say(&*history, id, Some(a.id), "b").await;
    say(&*history, id, Some(b.id), "c").await;
    say(&*history, id, Some(b.id), "d").await;
    say(&*history, id, Some(a.id), "e").await;
    history.delete_message(b.id).await.unwrap();
    assert_eq!(texts(&history.transcript(id).await.unwrap().messages), "ae");
    assert_eq!(error(history.delete_message(b.id).await), format!("there is no message {}", b.id));
    history.delete_message(a.id).await.unwrap();
    assert_eq!(history.transcript(id).await.unwrap().messages, []);
}

pub async fn deep_threads_are_deleted(place: Place) {
    let history = place.serve().await;
    for whole in [false, true] {
        let id = conversation(&*history, "deep").await.id;
        let first = say(&*history, id, None, "0").await;
        let mut last = first.id;
        // More than the depth to which SQLite lets one deletion cause another.
        for _ in 0..1_100 {
            last = say(&*history, id, Some(last), "more").await.id;
        }
        if whole {
            history.delete(id).await.unwrap();
        } else {
            assert_eq!(history.transcript(id).await.unwrap().thread(last).len(), 1_101);
            history.delete_message(first.id).await.unwrap();
            assert_eq!(history.transcript(id).await.unwrap().messages, []);
        }
    }
}

pub async fn are_marked(place: Place) {
    let history = place.serve().await;
    let id = conversation(&*history, "").await.id;
    let message = say(&*history, id, None, "text").await;
    let marked = history.set_favourite(message.id, true).await.unwrap();
    assert_eq!(marked, Message { favourite: true, ..message.clone() });
    assert_eq!(history.message(message.id).await.unwrap(), marked);
    assert_eq!(history.set_favourite(message.id, false).await.unwrap(), message);
}

pub async fn have_any_text(place: Place) {
    let history = place.serve().await;
    let id = conversation(&*history, "'; DROP TABLE messages; --").await.id;
    let largest = "🦀".repeat(MAX_TEXT_BYTES / 4);
    let distinct: String = (0..300_000).map(|number| format!("wort{number} ")).collect();
    let texts = ["", " \n\t", "'\"\\%_$1", "e\u{301} \u{202e} \u{10ffff}", "<script>", &largest, &distinct];
    for text in texts {
        let message = say(&*history, id, None, text).await;
        assert_eq!(history.message(message.id).await.unwrap().text, text);
    }
    let nul = say(&*history, id, None, "a\0b").await;
    assert_eq!((nul.text.as_str(), nul.clone()), ("a\u{fffd}b", history.message(nul.id).await.unwrap()));
}
