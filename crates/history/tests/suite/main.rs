//! What every store does, tested on each: a function per behaviour.

mod answers;
mod conversations;
mod errors;
mod exports;
mod files;
mod kills;
mod messages;
mod model;
mod search;

use std::{fmt::Debug, future::Future, sync::Arc};

use sottovoce_history::{
    Conversation, History, HistoryError, Location, Message, MessageState, NewConversation, NewMessage, Purpose, Role,
    open,
};
use sottovoce_testkit::postgres_database;
use tempfile::TempDir;
use uuid::Uuid;

/// Where a test keeps its history.
struct Place {
    location: Location,
    _folder: TempDir,
}

impl Place {
    fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { location: Location::File(folder.path().join("data/history.sqlite")), _folder: folder }
    }

    fn postgres() -> Option<Self> {
        Some(Self { location: Location::Postgres(postgres_database()?), _folder: tempfile::tempdir().unwrap() })
    }

    async fn open(&self, purpose: Purpose) -> Arc<dyn History> {
        open(&self.location, purpose).await.unwrap()
    }

    async fn serve(&self) -> Arc<dyn History> {
        self.open(Purpose::Serve).await
    }
}

/// Runs a test's own runtime, which ends with it.
fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(future)
}

macro_rules! behaviours {
    ($($module:ident: $($name:ident),+;)+) => {
        mod sqlite {
            $($(#[test]
            fn $name() {
                super::block_on(super::$module::$name(super::Place::sqlite()));
            })+)+
        }

        mod postgres {
            $($(#[test]
            fn $name() {
                if let Some(place) = super::Place::postgres() {
                    super::block_on(super::$module::$name(place));
                }
            })+)+
        }
    };
}
behaviours! {
    conversations: are_created_changed_and_kept, come_in_pages, are_deleted_with_their_messages, expire,
        settings_are_kept, many_at_once_lose_nothing, abandoned_calls_do_all_or_nothing;
    messages: form_trees, are_deleted_with_what_follows, are_marked, deep_threads_are_deleted, have_any_text;
    answers: are_written_and_finished, belong_to_their_server, stop_when_asked, are_interrupted_on_close,
        of_a_dead_server_are_interrupted, deleted_ones_end;
    search: finds_words_and_their_beginnings, shows_where, is_no_query_language, follows_changes, joins_favourites;
    exports: importing_again_changes_nothing, imports_are_whole_or_not_at_all, survive_the_way_there_and_back;
    model: behaves_like_a_plain_list;
    kills: nothing_acknowledged_is_lost;
    errors: missing_things_are_named, lengths_are_limited, managers_make_no_answers,
        what_others_wrote_is_not_believed, closed_ones_say_so;
}

/// The text of an error.
fn error<T: Debug>(result: Result<T, HistoryError>) -> String {
    result.unwrap_err().to_string()
}

async fn conversation(history: &dyn History, title: &str) -> Conversation {
    history.create(NewConversation { title: title.to_owned(), system_prompt: None }).await.unwrap()
}

/// Adds a whole message.
async fn say(history: &dyn History, conversation: Uuid, parent: Option<Uuid>, text: &str) -> Message {
    history.append(new(conversation, parent, Role::User, text, MessageState::Complete)).await.unwrap()
}

/// Begins an answer.
async fn answer(history: &dyn History, question: &Message) -> Message {
    let new = new(question.conversation, Some(question.id), Role::Assistant, "", MessageState::Streaming);
    history.append(new).await.unwrap()
}

fn new(conversation: Uuid, parent: Option<Uuid>, role: Role, text: &str, state: MessageState) -> NewMessage {
    let model = (role == Role::Assistant).then(|| "smollm2".to_owned());
    NewMessage { conversation, parent, role, text: text.to_owned(), state, model }
}
