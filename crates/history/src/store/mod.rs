//! The one implementation of [`History`], for both databases.

pub mod check;
mod import;
mod list;
mod rows;
mod servers;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value as Json;
use uuid::Uuid;

use crate::{
    Continue, Conversation, ConversationChange, Ending, Filter, History, HistoryError, Imported, Message, MessageState,
    NewConversation, NewMessage, Page, Purpose, Transcript,
    database::{Database, ServerLock, Sql, Transaction, Value},
    time,
    tree::in_order,
    words,
};
use rows::{ConversationRow, MessageRow};

const SELECT_CONVERSATION: &str =
    "SELECT id, title, favourite, system_prompt, created, updated FROM conversations WHERE id = $1";
const SELECT_MESSAGE: &str = "SELECT id, conversation, parent, role, text, state, favourite, created, model, prompt_tokens, cached_tokens, \
     completion_tokens, microseconds FROM messages WHERE id = $1";
const INSERT_MESSAGE: &str = "INSERT INTO messages (id, conversation, parent, role, text, state, favourite, created, model, prompt_tokens, \
     cached_tokens, completion_tokens, microseconds, server) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT (id) DO NOTHING";
/// `$1`: the row, `$2`: its words.
const INDEX_CONVERSATION: Sql = Sql {
    sqlite: "INSERT OR REPLACE INTO conversation_words (rowid, words) SELECT number, $2 FROM conversations WHERE id = $1",
    postgres: "UPDATE conversations SET words = array_to_tsvector(string_to_array($2, ' ')) WHERE id = $1",
};
/// The same for a message.
const INDEX_MESSAGE: Sql = Sql {
    sqlite: "INSERT OR REPLACE INTO message_words (rowid, words) SELECT number, $2 FROM messages WHERE id = $1",
    postgres: "UPDATE messages SET words = array_to_tsvector(string_to_array($2, ' ')) WHERE id = $1",
};

/// An open history.
pub struct Store {
    database: Database,
    /// What this server is called in the database, if it is one.
    server: Option<Uuid>,
    lock: Option<ServerLock>,
}

impl Store {
    /// A store in a database with its tables, which `lock` keeps for this process alone, or which may have other servers.
    pub async fn new(database: Database, purpose: Purpose, lock: Option<ServerLock>) -> Result<Self, HistoryError> {
        let server = (purpose == Purpose::Serve).then(Uuid::now_v7);
        let store = Self { database, server, lock };
        if store.lock.is_some() {
            store.forget_servers().await?;
        }
        if server.is_some() {
            store.tend().await?;
        }
        Ok(store)
    }

    fn server(&self) -> Result<Uuid, HistoryError> {
        self.server.ok_or(HistoryError::NotServing)
    }
}

#[async_trait]
impl History for Store {
    async fn create(&self, new: NewConversation) -> Result<Conversation, HistoryError> {
        let title = check::title("the title", &new.title)?;
        let prompt = new.system_prompt.as_deref().map(|prompt| check::text("the system prompt", prompt)).transpose()?;
        let (id, now) = (Uuid::now_v7(), time::now());
        let mut transaction = self.database.write().await?;
        let insert = "INSERT INTO conversations (id, title, favourite, system_prompt, created, updated, touched) \
                      VALUES ($1, $2, FALSE, $3, $4, $4, $4)";
        let values = [id.into(), title.as_ref().into(), prompt.as_deref().into(), now.as_microsecond().into()];
        transaction.run(insert, &values).await?;
        transaction.run(INDEX_CONVERSATION, &[id.into(), words::indexed(&title).as_str().into()]).await?;
        let created = conversation(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(created)
    }

    async fn conversation(&self, id: Uuid) -> Result<Conversation, HistoryError> {
        conversation(&mut self.database.read().await?, id).await
    }

    async fn transcript(&self, id: Uuid) -> Result<Transcript, HistoryError> {
        let mut transaction = self.database.read().await?;
        let conversation = conversation(&mut transaction, id).await?;
        let all = "SELECT id, conversation, parent, role, text, state, favourite, created, model, prompt_tokens, \
                   cached_tokens, completion_tokens, microseconds FROM messages WHERE conversation = $1";
        let rows: Vec<MessageRow> = transaction.all(all, &[id.into()]).await?;
        let messages = rows.into_iter().map(Message::try_from).collect::<Result<Vec<_>, _>>()?;
        // The database keeps parents of the same conversation; only somebody who wrote into it could make a circle.
        let ordered = in_order(&messages).map_err(|(_, reason)| sqlx::Error::Decode(reason.into()))?;
        Ok(Transcript { conversation, messages: ordered.into_iter().cloned().collect() })
    }

    async fn list(&self, filter: &Filter) -> Result<Page, HistoryError> {
        self.list_page(filter).await
    }

    async fn ids(&self) -> Result<Vec<Uuid>, HistoryError> {
        let all = "SELECT id FROM conversations ORDER BY created, id";
        ids(&mut self.database.read().await?, all, &[]).await
    }

    async fn update(&self, id: Uuid, change: ConversationChange) -> Result<Conversation, HistoryError> {
        let mut transaction = self.database.write().await?;
        touch(&mut transaction, id, None).await?;
        if let Some(title) = &change.title {
            let title = check::title("the title", title)?;
            let set = "UPDATE conversations SET title = $2 WHERE id = $1";
            transaction.run(set, &[id.into(), title.as_ref().into()]).await?;
            transaction.run(INDEX_CONVERSATION, &[id.into(), words::indexed(&title).as_str().into()]).await?;
        }
        if let Some(favourite) = change.favourite {
            let set = "UPDATE conversations SET favourite = $2 WHERE id = $1";
            transaction.run(set, &[id.into(), favourite.into()]).await?;
        }
        if let Some(prompt) = &change.system_prompt {
            let prompt = prompt.as_deref().map(|prompt| check::text("the system prompt", prompt)).transpose()?;
            let set = "UPDATE conversations SET system_prompt = $2 WHERE id = $1";
            transaction.run(set, &[id.into(), prompt.as_deref().into()]).await?;
        }
        let changed = conversation(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(changed)
    }

    async fn delete(&self, id: Uuid) -> Result<(), HistoryError> {
        let mut transaction = self.database.write().await?;
        if transaction.run("DELETE FROM conversations WHERE id = $1", &[id.into()]).await? == 0 {
            return Err(none(id));
        }
        Ok(self.database.commit_removal(transaction).await?)
    }

    async fn delete_all(&self) -> Result<u64, HistoryError> {
        let mut transaction = self.database.write().await?;
        let deleted = transaction.run("DELETE FROM conversations", &[]).await?;
        self.database.commit_removal(transaction).await?;
        Ok(deleted)
    }

    async fn expire(&self, before: Timestamp) -> Result<Vec<Uuid>, HistoryError> {
        let mut transaction = self.database.write().await?;
        let delete = "DELETE FROM conversations WHERE touched < $1 AND NOT favourite AND id NOT IN \
                      (SELECT conversation FROM messages WHERE favourite OR state = 'streaming') RETURNING id";
        let expired = ids(&mut transaction, delete, &[before.as_microsecond().into()]).await?;
        if !expired.is_empty() {
            self.database.commit_removal(transaction).await?;
        }
        Ok(expired)
    }

    async fn append(&self, new: NewMessage) -> Result<Message, HistoryError> {
        let text = check::text("the message", &new.text)?;
        let model = new.model.as_deref().map(|model| check::title("the model's name", model)).transpose()?;
        let is_streaming = new.state == MessageState::Streaming;
        let server = is_streaming.then(|| self.server()).transpose()?;
        let message = Message {
            id: Uuid::now_v7(),
            conversation: new.conversation,
            parent: new.parent,
            role: new.role,
            text: text.into_owned(),
            state: new.state,
            favourite: false,
            created: time::now(),
            model: model.map(Into::into),
            usage: None,
        };
        let mut transaction = self.database.write().await?;
        touch(&mut transaction, message.conversation, Some(message.created)).await?;
        if let Some(parent) = message.parent {
            let there = "SELECT id FROM messages WHERE id = $1 AND conversation = $2";
            if ids(&mut transaction, there, &[parent.into(), message.conversation.into()]).await?.is_empty() {
                return Err(HistoryError::NoParent { conversation: message.conversation, parent });
            }
        }
        transaction.run(INSERT_MESSAGE, &insert_values(&message, server)).await?;
        if !is_streaming {
            let words = words::indexed(&message.text);
            transaction.run(INDEX_MESSAGE, &[message.id.into(), words.as_str().into()]).await?;
        }
        transaction.commit().await?;
        Ok(message)
    }

    async fn write(&self, id: Uuid, text: &str) -> Result<Continue, HistoryError> {
        let text = check::text("the message", text)?;
        let server = self.server()?;
        let mut transaction = self.database.write().await?;
        let write = "UPDATE messages SET text = $3 WHERE id = $1 AND server = $2 RETURNING stop";
        let written = transaction.one::<(bool,)>(write, &[id.into(), server.into(), text.as_ref().into()]).await?;
        let Some((stop,)) = written else { return Err(not_streaming(&mut transaction, id).await) };
        transaction.commit().await?;
        Ok(if stop { Continue::No } else { Continue::Yes })
    }

    async fn finish(&self, id: Uuid, ending: Ending) -> Result<Message, HistoryError> {
        let text = check::text("the message", &ending.text)?;
        let server = self.server()?;
        let state = match ending.state {
            MessageState::Streaming => MessageState::Interrupted,
            state => state,
        };
        let mut transaction = self.database.write().await?;
        touch_of_message(&mut transaction, id, Some(time::now())).await?;
        let finish = "UPDATE messages SET text = $3, state = $4, prompt_tokens = $5, cached_tokens = $6, \
                      completion_tokens = $7, microseconds = $8, server = NULL WHERE id = $1 AND server = $2";
        let [prompt, cached, completion, microseconds] = usage_values(ending.usage.as_ref());
        let values: [Value<'_>; 8] = [
            id.into(),
            server.into(),
            text.as_ref().into(),
            state.name().into(),
            prompt,
            cached,
            completion,
            microseconds,
        ];
        if transaction.run(finish, &values).await? == 0 {
            return Err(not_streaming(&mut transaction, id).await);
        }
        transaction.run(INDEX_MESSAGE, &[id.into(), words::indexed(&text).as_str().into()]).await?;
        let finished = message(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(finished)
    }

    async fn request_stop(&self, id: Uuid) -> Result<(), HistoryError> {
        let mut transaction = self.database.write().await?;
        if transaction.run("UPDATE messages SET stop = TRUE WHERE id = $1", &[id.into()]).await? == 0 {
            return Err(HistoryError::NoMessage { id });
        }
        Ok(transaction.commit().await?)
    }

    async fn message(&self, id: Uuid) -> Result<Message, HistoryError> {
        message(&mut self.database.read().await?, id).await
    }

    async fn set_favourite(&self, id: Uuid, favourite: bool) -> Result<Message, HistoryError> {
        let mut transaction = self.database.write().await?;
        touch_of_message(&mut transaction, id, None).await?;
        let set = "UPDATE messages SET favourite = $2 WHERE id = $1";
        transaction.run(set, &[id.into(), favourite.into()]).await?;
        let changed = message(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok(changed)
    }

    async fn delete_message(&self, id: Uuid) -> Result<(), HistoryError> {
        let mut transaction = self.database.write().await?;
        touch_of_message(&mut transaction, id, None).await?;
        let delete = "WITH RECURSIVE gone (id, conversation) AS (SELECT id, conversation FROM messages WHERE id = $1 \
                      UNION ALL SELECT m.id, m.conversation FROM messages m \
                      JOIN gone ON m.conversation = gone.conversation AND m.parent = gone.id) \
                      DELETE FROM messages WHERE id IN (SELECT id FROM gone)";
        if transaction.run(delete, &[id.into()]).await? == 0 {
            return Err(HistoryError::NoMessage { id });
        }
        Ok(self.database.commit_removal(transaction).await?)
    }

    async fn settings(&self) -> Result<Option<Json>, HistoryError> {
        let select = "SELECT document FROM settings";
        let document = self.database.read().await?.one::<(String,)>(select, &[]).await?;
        let parsed = document.map(|(document,)| serde_json::from_str(&document)).transpose();
        parsed.map_err(|error| sqlx::Error::Decode(error.into()).into())
    }

    async fn save_settings(&self, settings: &Json) -> Result<(), HistoryError> {
        let document = settings.to_string();
        let document = check::text("the settings", &document)?;
        let mut transaction = self.database.write().await?;
        let save = "INSERT INTO settings (id, document) VALUES (1, $1) \
                    ON CONFLICT (id) DO UPDATE SET document = excluded.document";
        transaction.run(save, &[document.as_ref().into()]).await?;
        Ok(transaction.commit().await?)
    }

    async fn import(&self, transcripts: &[Transcript]) -> Result<Imported, HistoryError> {
        self.import_all(transcripts).await
    }

    async fn tend(&self) -> Result<u64, HistoryError> {
        self.show_life().await
    }

    async fn close(&self) {
        if self.server.is_some() {
            // Where the database is gone, others find out when this server shows no life.
            let _ = self.retire().await;
        }
        self.database.close().await;
        if let Some(lock) = &self.lock {
            lock.release();
        }
    }
}

async fn conversation(transaction: &mut Transaction, id: Uuid) -> Result<Conversation, HistoryError> {
    let row: Option<ConversationRow> = transaction.one(SELECT_CONVERSATION, &[id.into()]).await?;
    row.ok_or(none(id))?.try_into()
}

async fn message(transaction: &mut Transaction, id: Uuid) -> Result<Message, HistoryError> {
    let row: Option<MessageRow> = transaction.one(SELECT_MESSAGE, &[id.into()]).await?;
    row.ok_or(HistoryError::NoMessage { id })?.try_into()
}

async fn ids(
    transaction: &mut Transaction,
    sql: &'static str,
    values: &[Value<'_>],
) -> Result<Vec<Uuid>, HistoryError> {
    let rows: Vec<(Uuid,)> = transaction.all(sql, values).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

fn none(id: Uuid) -> HistoryError {
    HistoryError::NoConversation { id }
}

/// Notes that a conversation changes now, and is told of at `updated`. Comes before every other change of it, so that two
/// of them wait for each other.
async fn touch(transaction: &mut Transaction, id: Uuid, updated: Option<Timestamp>) -> Result<(), HistoryError> {
    let sql = "UPDATE conversations SET touched = $2, updated = coalesce($3, updated) WHERE id = $1";
    let updated = updated.map(Timestamp::as_microsecond);
    match transaction.run(sql, &[id.into(), time::now().as_microsecond().into(), updated.into()]).await? {
        0 => Err(none(id)),
        _ => Ok(()),
    }
}

/// The same for the conversation of a message.
async fn touch_of_message(
    transaction: &mut Transaction,
    id: Uuid,
    updated: Option<Timestamp>,
) -> Result<(), HistoryError> {
    let conversation = ids(transaction, "SELECT conversation FROM messages WHERE id = $1", &[id.into()]).await?.pop();
    touch(transaction, conversation.ok_or(HistoryError::NoMessage { id })?, updated).await
}

/// Why a server cannot write a message.
async fn not_streaming(transaction: &mut Transaction, id: Uuid) -> HistoryError {
    match message(transaction, id).await {
        Ok(_) => HistoryError::NotStreaming { id },
        Err(error) => error,
    }
}

/// Values for [`INSERT_MESSAGE`].
fn insert_values(message: &Message, server: Option<Uuid>) -> [Value<'_>; 14] {
    let [prompt, cached, completion, microseconds] = usage_values(message.usage.as_ref());
    [
        message.id.into(),
        message.conversation.into(),
        message.parent.into(),
        message.role.name().into(),
        message.text.as_str().into(),
        message.state.name().into(),
        message.favourite.into(),
        message.created.as_microsecond().into(),
        message.model.as_deref().into(),
        prompt,
        cached,
        completion,
        microseconds,
        server.into(),
    ]
}

/// Tokens of prompt, cache and answer, and microseconds.
fn usage_values<'a>(usage: Option<&crate::Usage>) -> [Value<'a>; 4] {
    let tokens = |count: fn(&crate::Usage) -> u32| usage.map(|usage| i64::from(count(usage))).into();
    [
        tokens(|usage| usage.prompt_tokens),
        tokens(|usage| usage.cached_tokens),
        tokens(|usage| usage.completion_tokens),
        usage.map(rows::microseconds).into(),
    ]
}
