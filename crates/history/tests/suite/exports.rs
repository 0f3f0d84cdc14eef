//! Exporting and importing.

use std::collections::HashSet;

use jiff::Timestamp;
use proptest::{collection::vec, option, prelude::*, sample::Index};
use sottovoce_history::{
    Conversation, ConversationChange, History, HistoryError, Imported, JsonExport, MAX_EXPORT_BYTES, Message,
    MessageState, Role, Transcript, Usage, markdown, parse_export,
};
use uuid::Uuid;

use crate::{Place, answer, conversation, error, say};

async fn export(history: &dyn History) -> Vec<u8> {
    let mut export = JsonExport::new(Vec::new()).unwrap();
    for id in history.ids().await.unwrap() {
        export.add(&history.transcript(id).await.unwrap()).unwrap();
    }
    export.finish().unwrap()
}

fn json(transcripts: &[Transcript]) -> Vec<u8> {
    let mut export = JsonExport::new(Vec::new()).unwrap();
    transcripts.iter().for_each(|transcript| export.add(transcript).unwrap());
    export.finish().unwrap()
}

pub async fn importing_again_changes_nothing(place: Place) {
    let history = place.serve().await;
    let id = conversation(&*history, "kept").await.id;
    let question = say(&*history, id, None, "question").await;
    let streaming = answer(&*history, &question).await;
    let exported = parse_export(&export(&*history).await).unwrap();
    assert_eq!(history.import(&exported).await.unwrap(), Imported::default());
    let change = ConversationChange { title: Some("renamed".to_owned()), ..Default::default() };
    history.update(id, change).await.unwrap();
    history.delete_message(streaming.id).await.unwrap();
    say(&*history, id, Some(question.id), "added here").await;
    // What is missing comes back; what is here stays.
    assert_eq!(history.import(&exported).await.unwrap(), Imported { conversations: 0, messages: 1 });
    let transcript = history.transcript(id).await.unwrap();
    assert_eq!(transcript.conversation.title, "renamed");
    assert_eq!(transcript.messages.len(), 3);
    assert_eq!(history.message(streaming.id).await.unwrap().state, MessageState::Interrupted);
    assert_eq!(history.delete_all().await.unwrap(), 1);
    assert_eq!(history.import(&exported).await.unwrap(), Imported { conversations: 1, messages: 2 });
    assert_eq!(crate::search::found(&*history, "kept").await, ["kept"]);
    assert_eq!(crate::search::found(&*history, "quest").await, ["kept"]);
    // Old ones are not removed as soon as they are here.
    assert_eq!(history.expire(question.created).await.unwrap().len(), 0);
}

pub async fn imports_are_whole_or_not_at_all(place: Place) {
    let history = place.serve().await;
    let id = conversation(&*history, "here").await.id;
    let message = say(&*history, id, None, "message").await;
    let mut transcript = history.transcript(id).await.unwrap();
    let other = Uuid::from_u128(u128::MAX);
    transcript.conversation.id = other;
    transcript.messages[0].conversation = other;
    let first = Transcript {
        conversation: Conversation { id: Uuid::from_u128(1), ..transcript.conversation.clone() },
        messages: vec![],
    };
    assert_eq!(
        error(history.import(&[first, transcript]).await),
        format!(
            "cannot import this: message {} is in conversation {id} here, and in conversation {other} there",
            message.id
        )
    );
    assert_eq!(history.ids().await.unwrap(), [id]);
}

const START: &str = r#"{"format": "sottovoce history", "version": 1, "conversations": ["#;
const CONVERSATION: &str = r#"{"conversation": {"id": "01900000-0000-7000-8000-000000000001", "title": "", "favourite": false,
    "system_prompt": null, "created": "2026-11-29T12:00:00Z", "updated": "2026-11-29T12:00:00Z"}, "messages": ["#;

/// A message as JSON, with fields that differ from the usual ones.
fn message(number: u8, parent: Option<u8>, replace: (&str, &str)) -> String {
    let id = |number| format!("\"01900000-0000-7000-8000-0000000000{number:02}\"");
    let parent = parent.map_or("null".to_owned(), id);
    format!(
        r#"{{"id": {}, "conversation": {}, "parent": {parent}, "role": "user", "text": "", "state": "complete",
        "favourite": false, "created": "2026-11-29T12:00:00Z", "model": null, "usage": null}}"#,
        id(number),
        id(1)
    )
    .replace(replace.0, replace.1)
}

fn with_messages(messages: &[String]) -> String {
    format!("{START}{CONVERSATION}{}]}}]}}", messages.join(", "))
}

fn refused(bytes: &[u8]) -> String {
    let error = parse_export(bytes).unwrap_err();
    assert!(matches!(error, HistoryError::Import(_)), "{error:?}");
    error.to_string().strip_prefix("cannot import this: ").unwrap().to_owned()
}

#[test]
fn what_is_no_export_is_refused() {
    for (text, expected) in [
        ("", "it is not an export in JSON: EOF while parsing a value at line 1 column 0"),
        ("# Markdown", "it is not an export in JSON: expected value at line 1 column 1"),
        ("[]", "it is not an export in JSON: invalid length 0, expected an object at line 1 column 2"),
        ("{}", "it is JSON, but not an export, whose \"format\" is \"sottovoce history\""),
        (
            r#"{"format": "other", "version": 1}"#,
            "it is JSON, but not an export, whose \"format\" is \"sottovoce history\"",
        ),
        (r#"{"format": "sottovoce history"}"#, "its \"version\" is no positive whole number"),
        (r#"{"format": "sottovoce history", "version": -1}"#, "its \"version\" is no positive whole number"),
        (r#"{"format": "sottovoce history", "version": 0}"#, "its \"version\" is no positive whole number"),
        (
            r#"{"format": "sottovoce history", "version": 2, "threads": []}"#,
            "it has version 2, this program knows up to 1; update sottovoce",
        ),
        (r#"{"format": "sottovoce history", "version": 1}"#, "missing field `conversations` at line 1 column 45"),
        (&format!("{START}]}} x"), "it is not an export in JSON: trailing characters at line 1 column 68"),
        (&"[".repeat(100_000), "it is not an export in JSON: recursion limit exceeded at line 1 column 128"),
    ] {
        assert_eq!(refused(text.as_bytes()), expected, "{}", &text[..text.len().min(80)]);
    }
    let large = vec![b' '; MAX_EXPORT_BYTES + 1];
    assert_eq!(refused(&large), "it has 268435457 bytes; the limit is 268435456");
}

#[test]
fn the_place_of_a_mistake_is_named() {
    let sound = |number, parent| message(number, parent, ("", ""));
    assert_eq!(parse_export(with_messages(&[sound(3, Some(2)), sound(2, None)]).as_bytes()).unwrap().len(), 1);
    let id = |number| format!("01900000-0000-7000-8000-0000000000{number:02}");
    for (messages, place, expected) in [
        (
            vec![message(2, None, ("\"user\"", "\"robot\""))],
            "conversations[0].messages[0].role: ",
            "unknown variant `robot`",
        ),
        (
            vec![message(2, None, ("\"text\"", "\"words\""))],
            "conversations[0].messages[0].words: ",
            "unknown field `words`",
        ),
        (
            vec![message(2, None, ("29T12", "99T12"))],
            "conversations[0].messages[0].created: ",
            "'2026-11-99T12:00:00Z' is no time",
        ),
        (vec![message(2, None, ("0000-7", "000-7"))], "conversations[0].messages[0].id: ", "UUID parsing failed"),
        (
            vec![message(
                2,
                None,
                ("null}", r#"{"prompt_tokens": 1, "cached_tokens": 1, "completion_tokens": 1, "seconds": -1}}"#),
            )],
            "conversations[0].messages[0].usage.seconds: ",
            "-1 seconds are not between 0 and 1000000000",
        ),
        (
            vec![message(2, None, ("null}", "{\"prompt_tokens\": -1}}"))],
            "conversations[0].messages[0].usage.prompt_tokens: ",
            "invalid value",
        ),
        (
            vec![sound(2, None), sound(2, None)],
            "conversations[0].messages[1]: ",
            &format!("there is another message {}", id(2)),
        ),
        (
            vec![sound(2, Some(3))],
            "conversations[0].messages[0]: ",
            &format!("it follows message {}, which is not in the", id(3)),
        ),
        (vec![sound(2, Some(2))], "conversations[0].messages[0]: ", "it follows itself, by way of others"),
        (
            vec![sound(2, None), sound(3, Some(5)), sound(4, Some(3)), sound(5, Some(4))],
            "conversations[0].messages[1]: ",
            "it follows itself",
        ),
        (
            vec![sound(2, None), message(3, None, ("000001", "000009"))],
            "conversations[0].messages[1]: ",
            &format!("it belongs to conversation {}, not to {}", id(9), id(1)),
        ),
        (
            vec![message(2, None, ("\"text\": \"\"", &format!("\"text\": \"{}\"", "x".repeat(5 << 20))))],
            "conversations[0].messages[0]: ",
            "the message has 5242880 bytes; the limit is 4194304",
        ),
        (
            vec![message(2, None, ("\"model\": null", &format!("\"model\": \"{}\"", "x".repeat(1_001))))],
            "conversations[0].messages[0]: ",
            "the model's name has 1001 bytes; the limit is 1000",
        ),
    ] {
        let error = refused(with_messages(&messages).as_bytes());
        assert!(error.starts_with(&format!("{place}{expected}")), "{error}");
    }
    let twice = format!("{START}{CONVERSATION}]}}, {CONVERSATION}]}}]}}");
    assert_eq!(refused(twice.as_bytes()), format!("conversations[1]: there is another conversation {}", id(1)));
    let long = with_messages(&[]).replace("\"title\": \"\"", &format!("\"title\": \"{}\"", "x".repeat(1_001)));
    assert_eq!(refused(long.as_bytes()), "conversations[0]: the title has 1001 bytes; the limit is 1000");
}

#[test]
fn markdown_shows_the_newest_thread_and_the_others() {
    let answer = |number, parent, text: &str| Message {
        role: Role::Assistant,
        model: Some("smollm2".to_owned()),
        ..spoken(number, Some(parent), text)
    };
    let mut conversation = Conversation {
        id: Uuid::from_u128(1),
        title: "Two\nlines".to_owned(),
        favourite: false,
        system_prompt: Some("Be\nbrief.\n".to_owned()),
        created: "2026-11-29T12:00:00Z".parse().unwrap(),
        updated: "2026-11-29T12:00:00Z".parse().unwrap(),
    };
    let messages = vec![
        spoken(2, None, "First question?"),
        Message { favourite: true, ..answer(3, 2, "First try") },
        Message { state: MessageState::Stopped, ..answer(4, 2, "Second *try*\n") },
        spoken(5, Some(4), "Thanks"),
        spoken(6, Some(3), "Thank you"),
    ];
    assert_eq!(
        markdown(&Transcript { conversation: conversation.clone(), messages }),
        "# Two lines\n\n*2026-11-29 12:00 UTC, 5 messages*\n\n> Be\n> brief.\n\n\
         ## You\n\n*2026-11-29 12:02 UTC*\n\nFirst question?\n\n\
         ## smollm2\n\n*2026-11-29 12:03 UTC, version 1 of 2, favourite*\n\nFirst try\n\n\
         ## You\n\n*2026-11-29 12:06 UTC*\n\nThank you\n\n\
         ---\n\n*Another branch*\n\n\
         ## smollm2\n\n*2026-11-29 12:04 UTC, version 2 of 2, stopped*\n\nSecond *try*\n\n\
         ## You\n\n*2026-11-29 12:05 UTC*\n\nThanks\n"
    );
    conversation.title.clear();
    conversation.system_prompt = None;
    assert_eq!(
        markdown(&Transcript { conversation, messages: vec![] }),
        "# Conversation\n\n*2026-11-29 12:00 UTC, 0 messages*\n"
    );
}

/// A message of a person, as many minutes after noon as its number says.
fn spoken(number: u8, parent: Option<u8>, text: &str) -> Message {
    Message {
        id: Uuid::from_u128(number.into()),
        conversation: Uuid::from_u128(1),
        parent: parent.map(|parent| Uuid::from_u128(parent.into())),
        role: Role::User,
        text: text.to_owned(),
        state: MessageState::Complete,
        favourite: false,
        created: format!("2026-11-29T12:{number:02}:00Z").parse().unwrap(),
        model: None,
        usage: None,
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[^\0]{0,20}", "[\u{1}-\u{1f}\"\\\\/<]{0,8}", Just("🦀 \u{2028}\u{feff}".to_owned())]
}

fn time() -> impl Strategy<Value = Timestamp> {
    (-377_705_023_000_000_000_i64..253_402_207_200_000_000).prop_map(|time| Timestamp::from_microsecond(time).unwrap())
}

fn usage() -> impl Strategy<Value = Usage> {
    (any::<[u32; 3]>(), 0..10_000_000_000_u64).prop_map(|([prompt_tokens, cached_tokens, completion_tokens], time)| {
        Usage { prompt_tokens, cached_tokens, completion_tokens, seconds: time as f64 / 1e6 }
    })
}

fn messages() -> impl Strategy<Value = Vec<(u128, Option<Index>, Message)>> {
    let role = prop::sample::select(vec![Role::System, Role::User, Role::Assistant, Role::Tool]);
    let states = vec![MessageState::Complete, MessageState::Stopped, MessageState::Interrupted];
    let rest =
        (role, text(), prop::sample::select(states), any::<bool>(), time(), option::of(text()), option::of(usage()));
    let message = rest.prop_map(|(role, text, state, favourite, created, model, usage)| Message {
        id: Uuid::nil(),
        conversation: Uuid::nil(),
        parent: None,
        role,
        text,
        state,
        favourite,
        created,
        model,
        usage,
    });
    vec((any::<u128>(), option::of(any::<Index>()), message), 0..12)
}

fn transcript() -> impl Strategy<Value = Transcript> {
    let conversation = (any::<u128>(), text(), any::<bool>(), option::of(text()), time(), time());
    (conversation, messages()).prop_map(|((id, title, favourite, system_prompt, created, updated), messages)| {
        let conversation = Conversation { id: Uuid::from_u128(id), title, favourite, system_prompt, created, updated };
        let mut ids = HashSet::new();
        let mut built: Vec<Message> = Vec::new();
        for (id, parent, message) in messages {
            let parent = parent.filter(|_| !built.is_empty()).map(|parent| built[parent.index(built.len())].id);
            if ids.insert(id) {
                built.push(Message { id: Uuid::from_u128(id), conversation: conversation.id, parent, ..message });
            }
        }
        Transcript { conversation, messages: built }
    })
}

/// The same messages in an order that does not depend on what follows what.
fn sorted(mut transcript: Transcript) -> Transcript {
    transcript.messages.sort_by_key(|message| message.id);
    transcript
}

pub async fn survive_the_way_there_and_back(place: Place) {
    let history = place.serve().await;
    let config = ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = prop::test_runner::TestRunner::new(config);
    let handle = tokio::runtime::Handle::current();
    let run = runner.run(&transcript(), |transcript| {
        let bytes = json(std::slice::from_ref(&transcript));
        let parsed = parse_export(&bytes).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(&parsed, std::slice::from_ref(&transcript));
        let id = transcript.conversation.id;
        let stored = tokio::task::block_in_place(|| {
            handle.block_on(async {
                history.import(&parsed).await?;
                let stored = history.transcript(id).await?;
                history.delete(id).await?;
                Ok(stored)
            })
        });
        let stored = stored.map_err(|error: HistoryError| TestCaseError::fail(error.to_string()))?;
        let mut seen = HashSet::new();
        for message in &stored.messages {
            prop_assert!(message.parent.is_none_or(|parent| seen.contains(&parent)));
            seen.insert(message.id);
        }
        prop_assert!(!markdown(&stored).is_empty());
        prop_assert_eq!(sorted(stored), sorted(transcript));
        Ok(())
    });
    run.unwrap_or_else(|error| panic!("{error}\n{runner}"));
}
