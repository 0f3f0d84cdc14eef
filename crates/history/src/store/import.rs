//! Taking in conversations from elsewhere.

use super::{INDEX_CONVERSATION, INDEX_MESSAGE, INSERT_MESSAGE, Store, check, insert_values};
use crate::{
    HistoryError, Imported, Message, MessageState, Transcript,
    database::{Transaction, Value},
    time, words,
};

impl Store {
    pub(super) async fn import_all(&self, transcripts: &[Transcript]) -> Result<Imported, HistoryError> {
        let messages = check::transcripts(transcripts)?;
        let mut checked: Vec<_> = transcripts.iter().map(|transcript| &transcript.conversation).zip(messages).collect();
        // In the order in which every import locks them.
        checked.sort_by_key(|(conversation, _)| conversation.id);
        let mut imported = Imported::default();
        let mut transaction = self.database.write().await?;
        for (conversation, messages) in checked {
            let title = check::title("the title", &conversation.title)?;
            let prompt = conversation.system_prompt.as_deref().map(|prompt| check::text("the system prompt", prompt));
            let prompt = prompt.transpose()?;
            let insert = "INSERT INTO conversations (id, title, favourite, system_prompt, created, updated, touched) \
                          VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING";
            let now = time::now().as_microsecond();
            let values: [Value<'_>; 7] = [
                conversation.id.into(),
                title.as_ref().into(),
                conversation.favourite.into(),
                prompt.as_deref().into(),
                conversation.created.as_microsecond().into(),
                conversation.updated.as_microsecond().into(),
                now.into(),
            ];
            if transaction.run(insert, &values).await? == 1 {
                imported.conversations += 1;
                let words = words::indexed(&title);
                transaction.run(INDEX_CONVERSATION, &[conversation.id.into(), words.as_str().into()]).await?;
            } else {
                super::touch(&mut transaction, conversation.id, None).await?;
            }
            for message in messages {
                imported.messages += import_message(&mut transaction, message).await?;
            }
        }
        transaction.commit().await?;
        Ok(imported)
    }
}

/// Returns how many messages there are more than before.
async fn import_message(transaction: &mut Transaction, message: &Message) -> Result<u64, HistoryError> {
    let text = check::text("the message", &message.text)?;
    let model = message.model.as_deref().map(|model| check::title("the model's name", model)).transpose()?;
    let state = match message.state {
        MessageState::Streaming => MessageState::Interrupted,
        state => state,
    };
    let stored = Message { state, text: text.into_owned(), model: model.map(Into::into), ..message.clone() };
    if transaction.run(INSERT_MESSAGE, &insert_values(&stored, None)).await? == 1 {
        let words = words::indexed(&stored.text);
        transaction.run(INDEX_MESSAGE, &[stored.id.into(), words.as_str().into()]).await?;
        return Ok(1);
    }
    let here = "SELECT conversation FROM messages WHERE id = $1";
    match transaction.one::<(uuid::Uuid,)>(here, &[stored.id.into()]).await? {
        Some((conversation,)) if conversation != stored.conversation => Err(HistoryError::Import(format!(
            "message {} is in conversation {conversation} here, and in conversation {} there",
            stored.id, stored.conversation
        ))),
        _ => Ok(0),
    }
}
