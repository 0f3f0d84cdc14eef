//! Answers in the making, and the servers that make them.

use sottovoce_history::{Continue, Ending, Message, MessageState, Purpose, Usage};

use crate::{Place, answer, conversation, error, say};

fn ending(text: &str, state: MessageState) -> Ending {
    let usage = Usage { prompt_tokens: 7, cached_tokens: 5, completion_tokens: u32::MAX, seconds: 1.25 };
    Ending { text: text.to_owned(), state, usage: Some(usage) }
}

pub async fn are_written_and_finished(place: Place) {
    let history = place.serve().await;
    let id = conversation(&*history, "").await.id;
    let question = say(&*history, id, None, "question").await;
    let begun = answer(&*history, &question).await;
    assert_eq!((begun.state, begun.model.as_deref()), (MessageState::Streaming, Some("smollm2")));
    assert_eq!(history.write(begun.id, "Half").await.unwrap(), Continue::Yes);
    assert_eq!(history.message(begun.id).await.unwrap(), Message { text: "Half".to_owned(), ..begun.clone() });
    let end = ending("Half and half", MessageState::Complete);
    let finished = history.finish(begun.id, end.clone()).await.unwrap();
    let expected = Message { text: end.text, state: MessageState::Complete, usage: end.usage, ..begun };
    assert_eq!(finished, expected);
    assert_eq!(history.message(finished.id).await.unwrap(), expected);
    assert!(history.conversation(id).await.unwrap().updated > finished.created);
    let refused = format!("message {} is not an answer that this server is making", finished.id);
    assert_eq!(error(history.write(finished.id, "more").await), refused);
    assert_eq!(error(history.finish(finished.id, ending("", MessageState::Complete)).await), refused);
    assert_eq!(history.message(finished.id).await.unwrap(), expected);
    let other = answer(&*history, &question).await;
    let cut = history.finish(other.id, ending("a", MessageState::Streaming)).await.unwrap();
    assert_eq!(cut.state, MessageState::Interrupted);
}

pub async fn belong_to_their_server(place: Place) {
    let history = place.serve().await;
    let id = conversation(&*history, "").await.id;
    let question = say(&*history, id, None, "question").await;
    let begun = answer(&*history, &question).await;
    assert_eq!(history.tend().await.unwrap(), 0);
    let manager = place.open(Purpose::Manage).await;
    assert_eq!(error(manager.write(begun.id, "text").await), MANAGER);
    assert_eq!(history.write(begun.id, "text").await.unwrap(), Continue::Yes);
    manager.close().await;
    assert_eq!(
        history.finish(begun.id, ending("text", MessageState::Stopped)).await.unwrap().state,
        MessageState::Stopped
    );
}

const MANAGER: &str = "this history was opened to look at and to change; only a server makes answers";

pub async fn stop_when_asked(place: Place) {
    let history = place.serve().await;
    let id = conversation(&*history, "").await.id;
    let question = say(&*history, id, None, "question").await;
    let [one, other] = [answer(&*history, &question).await.id, answer(&*history, &question).await.id];
    place.open(Purpose::Manage).await.request_stop(one).await.unwrap();
    assert_eq!(history.write(one, "text").await.unwrap(), Continue::No);
    assert_eq!(history.write(other, "text").await.unwrap(), Continue::Yes);
    history.finish(one, ending("text", MessageState::Stopped)).await.unwrap();
    history.request_stop(one).await.unwrap();
    assert_eq!(error(history.request_stop(id).await), format!("there is no message {id}"));
}

pub async fn are_interrupted_on_close(place: Place) {
    let history = place.serve().await;
    let id = conversation(&*history, "").await.id;
    let question = say(&*history, id, None, "question").await;
    let begun = answer(&*history, &question).await;
    history.write(begun.id, "so far").await.unwrap();
    history.close().await;
    let closed = place.open(Purpose::Manage).await.message(begun.id).await.unwrap();
    assert_eq!(closed, Message { text: "so far".to_owned(), state: MessageState::Interrupted, ..begun });
}

pub async fn of_a_dead_server_are_interrupted(place: Place) {
    let history = place.serve().await;
    let id = conversation(&*history, "").await.id;
    let question = say(&*history, id, None, "question").await;
    let begun = answer(&*history, &question).await;
    history.write(begun.id, "so far").await.unwrap();
    // It goes without a word.
    drop(history);
    place.let_leases_end().await;
    let next = place.serve().await;
    let left = next.message(begun.id).await.unwrap();
    assert_eq!(left, Message { text: "so far".to_owned(), state: MessageState::Interrupted, ..begun });
    let refused = format!("message {} is not an answer that this server is making", left.id);
    assert_eq!(error(next.write(left.id, "more").await), refused);
    assert_eq!(crate::search::found(&*next, "far").await, [""]);
}

pub async fn deleted_ones_end(place: Place) {
    let history = place.serve().await;
    let id = conversation(&*history, "").await.id;
    let question = say(&*history, id, None, "question").await;
    let begun = answer(&*history, &question).await;
    history.delete_message(question.id).await.unwrap();
    let gone = format!("there is no message {}", begun.id);
    assert_eq!(error(history.write(begun.id, "text").await), gone);
    assert_eq!(error(history.finish(begun.id, ending("text", MessageState::Complete)).await), gone);
}
