//! Searching.

use sottovoce_history::{ConversationChange, Ending, Filter, History, MessageState};

use crate::{Place, answer, conversation, error, say};

fn filter(search: &str) -> Filter {
    Filter { search: search.to_owned(), limit: 50, ..Filter::default() }
}

/// Titles of what is found, in alphabetical order.
pub async fn found(history: &dyn History, search: &str) -> Vec<String> {
    let page = history.list(&filter(search)).await.unwrap();
    let mut titles: Vec<_> = page.conversations.into_iter().map(|listed| listed.conversation.title).collect();
    titles.sort();
    titles
}

pub async fn finds_words_and_their_beginnings(place: Place) {
    let history = place.serve().await;
    let mut ids = Vec::new();
    for title in ["Crème brûlée", "東京タワー", "Reisen", "URLs"] {
        ids.push(conversation(&*history, title).await.id);
    }
    say(&*history, ids[2], None, "Wohin im Frühling?\nÄgypten, oder ins Café").await;
    say(&*history, ids[2], None, "Oder nach Norden").await;
    say(&*history, ids[3], None, "see https://example.org/a-b/c.html and v1.25").await;
    for (search, expected) in [
        ("", &["Crème brûlée", "Reisen", "URLs", "東京タワー"][..]),
        ("creme", &["Crème brûlée"]),
        ("CRÈ BRU", &["Crème brûlée"]),
        ("reme", &[]),
        ("agypten frühling", &["Reisen"]),
        ("fruh cafe", &["Reisen"]),
        // Of which no message has both.
        ("norden cafe", &[]),
        ("京", &["東京タワー"]),
        ("タワ", &["東京タワー"]),
        ("example", &["URLs"]),
        ("html", &["URLs"]),
        ("a-b", &["URLs"]),
        ("1.25", &[]),
        ("25", &["URLs"]),
        ("v1.2", &["URLs"]),
        ("?!", &["Crème brûlée", "Reisen", "URLs", "東京タワー"]),
    ] {
        assert_eq!(found(&*history, search).await, expected, "{search}");
    }
}

pub async fn shows_where(place: Place) {
    let history = place.serve().await;
    let id = conversation(&*history, "Only the title has it").await.id;
    say(&*history, id, None, "The needle of the first message").await;
    let last = say(&*history, id, None, "And a second Needle, in a haystack").await;
    say(&*history, id, None, "Nothing here").await;
    let page = history.list(&filter("needl second")).await.unwrap();
    let excerpt = page.conversations[0].excerpt.clone().unwrap();
    assert_eq!((excerpt.message, excerpt.word.as_str()), (last.id, "Needle"));
    assert_eq!((excerpt.before.as_str(), excerpt.after.as_str()), ("And a second ", ", in a haystack"));
    for search in ["title", ""] {
        let page = history.list(&filter(search)).await.unwrap();
        assert_eq!((page.conversations.len(), &page.conversations[0].excerpt), (1, &None));
    }
}

pub async fn is_no_query_language(place: Place) {
    let history = place.serve().await;
    let id = conversation(&*history, "title").await.id;
    say(&*history, id, None, "one two near not or and words null").await;
    for search in [
        "\"one",
        "one*",
        "one OR xyz",
        "words:one",
        "NEAR(one two)",
        "^one",
        "-one",
        "one NOT two",
        "'one':*",
        "one & !two",
        "one <-> two",
        "(one",
        "\\one",
        "one\0two",
        "null",
        "$1",
        "'; DROP TABLE messages; --",
        "%",
        "\"\"",
        "\u{301}",
        "⑴ ㈱ ½",
        "{one two}",
        "one + two",
        "'",
        "\u{1f600}",
    ] {
        history.list(&filter(search)).await.unwrap_or_else(|error| panic!("{search}: {error}"));
    }
    assert_eq!(found(&*history, "one OR two").await, ["title"]);
    assert_eq!(found(&*history, "one OR xyz").await, [""; 0]);
    assert_eq!(found(&*history, "words:one").await, ["title"]);
    let many = "one ".repeat(250);
    assert_eq!(found(&*history, &many).await, ["title"]);
    let long = "a".repeat(1_001);
    assert_eq!(error(history.list(&filter(&long)).await), "the search has 1001 bytes; the limit is 1000");
}

pub async fn follows_changes(place: Place) {
    let history = place.serve().await;
    let id = conversation(&*history, "before").await.id;
    let change = ConversationChange { title: Some("after".to_owned()), ..Default::default() };
    history.update(id, change).await.unwrap();
    let question = say(&*history, id, None, "question").await;
    let begun = answer(&*history, &question).await;
    history.write(begun.id, "unfinished").await.unwrap();
    let ending = Ending { text: "ended".to_owned(), state: MessageState::Complete, usage: None };
    history.finish(begun.id, ending).await.unwrap();
    for (search, count) in [("before", 0), ("after", 1), ("question", 1), ("unfinished", 0), ("ended", 1)] {
        assert_eq!(found(&*history, search).await.len(), count, "{search}");
    }
    history.delete_message(begun.id).await.unwrap();
    assert_eq!(found(&*history, "ended").await.len(), 0);
    history.delete(id).await.unwrap();
    // A row that takes the place of another one does not inherit its words.
    conversation(&*history, "new").await;
    assert_eq!(found(&*history, "after").await.len() + found(&*history, "question").await.len(), 0);
    history.delete_all().await.unwrap();
    assert_eq!(found(&*history, "new").await.len(), 0);
}

pub async fn joins_favourites(place: Place) {
    let history = place.serve().await;
    let mut ids = Vec::new();
    for title in ["marked", "with a marked message", "neither"] {
        ids.push(conversation(&*history, title).await.id);
    }
    let favourite = ConversationChange { favourite: Some(true), ..Default::default() };
    history.update(ids[0], favourite).await.unwrap();
    let message = say(&*history, ids[1], None, "text").await;
    history.set_favourite(message.id, true).await.unwrap();
    let favourites = |search: &str| Filter { favourites: true, ..filter(search) };
    let count = async |filter| history.list(&filter).await.unwrap().conversations.len();
    assert_eq!(count(favourites("")).await, 2);
    assert_eq!(count(favourites("text")).await, 1);
    assert_eq!(count(favourites("neither")).await, 0);
}
