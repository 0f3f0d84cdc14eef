//! Lists of conversations, and searching.

use super::{Store, check, rows::ListedRow};
use crate::{
    Filter, HistoryError, Listed, MAX_PAGE, Page,
    database::{Sql, Transaction, Value},
    words,
};

/// `$1`: what is searched for, or nothing; `$2`: whether only favourites; `$3`, `$4`: time and identifier of the
/// conversation before, or nothing; `$5`: how many.
macro_rules! list {
    ($title:literal, $message:literal) => {
        concat!(
            "SELECT c.id, c.title, c.favourite, c.system_prompt, c.created, c.updated, (SELECT m.id FROM messages m \
             WHERE m.conversation = c.id AND ",
            $message,
            " ORDER BY m.created DESC, m.id DESC LIMIT 1) AS found FROM conversations c WHERE ($1 IS NULL OR ",
            $title,
            " OR c.id IN (SELECT m.conversation FROM messages m WHERE ",
            $message,
            ")) AND (NOT $2 OR c.favourite OR c.id IN (SELECT m.conversation FROM messages m WHERE m.favourite)) \
             AND ($3 IS NULL OR (c.updated, c.id) < ($3, $4)) ORDER BY c.updated DESC, c.id DESC LIMIT $5"
        )
    };
}
const LIST: Sql = Sql {
    sqlite: list!(
        "c.number IN (SELECT rowid FROM conversation_words WHERE conversation_words MATCH coalesce($1, '\"\"'))",
        "m.number IN (SELECT rowid FROM message_words WHERE message_words MATCH coalesce($1, '\"\"'))"
    ),
    postgres: list!("c.words @@ CAST($1 AS tsquery)", "m.words @@ CAST($1 AS tsquery)"),
};

impl Store {
    pub(super) async fn list_page(&self, filter: &Filter) -> Result<Page, HistoryError> {
        let wanted = words::searched(&check::title("the search", &filter.search)?);
        let limit = filter.limit.min(MAX_PAGE);
        let mut transaction = self.database.read().await?;
        let before = match filter.after {
            Some(id) => {
                let updated = "SELECT updated FROM conversations WHERE id = $1";
                let (updated,) =
                    transaction.one::<(i64,)>(updated, &[id.into()]).await?.ok_or_else(|| super::none(id))?;
                Some(updated)
            }
            None => None,
        };
        let query = (!wanted.is_empty()).then(|| query(&transaction, &wanted));
        let values: [Value<'_>; 5] = [
            query.as_deref().into(),
            filter.favourites.into(),
            before.into(),
            filter.after.into(),
            (i64::from(limit) + 1).into(),
        ];
        let mut rows: Vec<ListedRow> = transaction.all(LIST, &values).await?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let mut conversations = Vec::with_capacity(rows.len());
        for row in rows {
            // One text at a time: each may be long.
            let excerpt = match (row.found, wanted.first()) {
                (Some(id), Some(word)) => {
                    let select = "SELECT text FROM messages WHERE id = $1";
                    let text: Option<(String,)> = transaction.one(select, &[id.into()]).await?;
                    text.and_then(|(text,)| words::excerpt(id, &text, word))
                }
                _ => None,
            };
            conversations.push(Listed { conversation: row.conversation.try_into()?, excerpt });
        }
        Ok(Page { conversations, more })
    }
}

/// All of these words, or words that begin so, in the language of the database's search. They have no characters that
/// mean anything there.
fn query(transaction: &Transaction, wanted: &[String]) -> String {
    match transaction {
        Transaction::Sqlite(_) => wanted.iter().map(|word| format!("\"{word}\"*")).collect::<Vec<_>>().join(" "),
        Transaction::Postgres(_) => wanted.iter().map(|word| format!("'{word}':*")).collect::<Vec<_>>().join(" & "),
    }
}
