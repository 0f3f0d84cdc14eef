//! The tree of messages, compared with a plain list of them.

use proptest::{collection::vec, prelude::*, sample::Index, test_runner::TestRunner};
use sottovoce_history::{Ending, History, HistoryError, MessageState, Role, Transcript};
use uuid::Uuid;

use crate::{Place, conversation, new};

#[derive(Clone, Debug)]
enum Operation {
    Append { parent: Option<Index>, is_answer: bool },
    Write(Index),
    Finish(Index),
    Mark(Index, bool),
    Delete(Index),
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        4 => (prop::option::of(any::<Index>()), any::<bool>())
            .prop_map(|(parent, is_answer)| Operation::Append { parent, is_answer }),
        2 => any::<Index>().prop_map(Operation::Write),
        1 => any::<Index>().prop_map(Operation::Finish),
        1 => (any::<Index>(), any::<bool>()).prop_map(|(message, favourite)| Operation::Mark(message, favourite)),
        1 => any::<Index>().prop_map(Operation::Delete),
    ]
}

/// A message as the list knows it.
#[derive(Clone, Debug, PartialEq)]
struct Entry {
    id: Uuid,
    parent: Option<Uuid>,
    text: String,
    state: MessageState,
    favourite: bool,
}

fn entries(transcript: &Transcript) -> Vec<Entry> {
    let entry = |message: &sottovoce_history::Message| Entry {
        id: message.id,
        parent: message.parent,
        text: message.text.clone(),
        state: message.state,
        favourite: message.favourite,
    };
    transcript.messages.iter().map(entry).collect()
}

pub async fn behaves_like_a_plain_list(place: Place) {
    let history = place.serve().await;
    let config = ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = TestRunner::new(config);
    let handle = tokio::runtime::Handle::current();
    let run = runner.run(&vec(operation(), 1..40), |operations| {
        tokio::task::block_in_place(|| handle.block_on(compare(&*history, &operations)))
    });
    run.unwrap_or_else(|error| panic!("{error}\n{runner}"));
}

/// Does the same to a conversation and to a list.
async fn compare(history: &dyn History, operations: &[Operation]) -> Result<(), TestCaseError> {
    let failed = |error: HistoryError| TestCaseError::fail(error.to_string());
    let conversation = conversation(history, "").await.id;
    let mut list: Vec<Entry> = Vec::new();
    for operation in operations {
        match operation {
            Operation::Append { parent, is_answer } => {
                let parent = parent.filter(|_| !list.is_empty()).map(|parent| list[parent.index(list.len())].id);
                let state = if *is_answer { MessageState::Streaming } else { MessageState::Complete };
                let appended =
                    history.append(new(conversation, parent, Role::User, "text", state)).await.map_err(failed)?;
                list.push(Entry { id: appended.id, parent, text: "text".to_owned(), state, favourite: false });
            }
            _ if list.is_empty() => {}
            Operation::Write(index) => {
                let entry = index.get_mut(&mut list);
                let text = format!("{}, more", entry.text);
                let written = history.write(entry.id, &text).await;
                prop_assert_eq!(written.is_ok(), entry.state == MessageState::Streaming);
                if written.is_ok() {
                    entry.text = text;
                }
            }
            Operation::Finish(index) => {
                let entry = index.get_mut(&mut list);
                let ending = Ending { text: "end".to_owned(), state: MessageState::Stopped, usage: None };
                let finished = history.finish(entry.id, ending).await;
                prop_assert_eq!(finished.is_ok(), entry.state == MessageState::Streaming);
                if finished.is_ok() {
                    *entry = Entry { text: "end".to_owned(), state: MessageState::Stopped, ..entry.clone() };
                }
            }
            Operation::Mark(index, favourite) => {
                let entry = index.get_mut(&mut list);
                entry.favourite = *favourite;
                history.set_favourite(entry.id, *favourite).await.map_err(failed)?;
            }
            Operation::Delete(index) => {
                let id = index.get(&list).id;
                history.delete_message(id).await.map_err(failed)?;
                let mut gone = vec![id];
                // The list has everything after what it follows.
                list.retain(|entry| {
                    let goes = entry.id == id || entry.parent.is_some_and(|parent| gone.contains(&parent));
                    if goes {
                        gone.push(entry.id);
                    }
                    !goes
                });
            }
        }
    }
    let transcript = history.transcript(conversation).await.map_err(failed)?;
    prop_assert_eq!(entries(&transcript), list.clone());
    if let Some(last) = list.last() {
        let mut thread: Vec<Uuid> = transcript.thread(last.id).iter().map(|message| message.id).collect();
        let mut next = Some(last.id);
        while let Some(id) = next {
            prop_assert_eq!(thread.pop(), Some(id));
            next = list.iter().find(|entry| entry.id == id).and_then(|entry| entry.parent);
        }
        prop_assert!(thread.is_empty());
    }
    Ok(())
}
