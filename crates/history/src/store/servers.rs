//! Who makes which answer, and what becomes of it when the server dies.

use super::Store;
use crate::{
    HistoryError, TEND_INTERVAL,
    database::{Sql, Transaction},
    words,
};

/// How long after its last sign a server counts as alive: it may miss two.
const LEASE_MICROSECONDS: i64 = 3 * TEND_INTERVAL.as_micros() as i64;

/// The clock of the database, which is the same for all servers.
const NOW: Sql = Sql {
    sqlite: "SELECT CAST(unixepoch('subsec') * 1000000 AS INTEGER)",
    postgres: "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)",
};

impl Store {
    pub(super) async fn show_life(&self) -> Result<u64, HistoryError> {
        let server = self.server()?;
        let mut transaction = self.database.write().await?;
        let (now,): (i64,) = transaction.one(NOW, &[]).await?.ok_or(sqlx::Error::RowNotFound)?;
        let seen = "INSERT INTO servers (id, seen) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET seen = excluded.seen";
        transaction.run(seen, &[server.into(), now.into()]).await?;
        transaction.run("DELETE FROM servers WHERE seen < $1", &[(now - LEASE_MICROSECONDS).into()]).await?;
        let interrupted = interrupt_orphans(&mut transaction).await?;
        transaction.commit().await?;
        Ok(interrupted)
    }

    /// Leaves nothing behind that others would have to find out about.
    pub(super) async fn retire(&self) -> Result<(), HistoryError> {
        let mut transaction = self.database.write().await?;
        transaction.run("DELETE FROM servers WHERE id = $1", &[self.server.into()]).await?;
        interrupt_orphans(&mut transaction).await?;
        Ok(transaction.commit().await?)
    }

    /// Forgets all servers. Only for who knows that none of them lives.
    pub(super) async fn forget_servers(&self) -> Result<(), HistoryError> {
        let mut transaction = self.database.write().await?;
        transaction.run("DELETE FROM servers", &[]).await?;
        Ok(transaction.commit().await?)
    }
}

/// Marks what no living server is making.
async fn interrupt_orphans(transaction: &mut Transaction) -> Result<u64, HistoryError> {
    let orphans = "SELECT id FROM messages WHERE server IS NOT NULL AND server NOT IN (SELECT id FROM servers)";
    let mut interrupted = 0;
    for (id,) in transaction.all::<(uuid::Uuid,)>(orphans, &[]).await? {
        // Another server may have been faster.
        let mark = "UPDATE messages SET state = 'interrupted', server = NULL WHERE id = $1 AND server IS NOT NULL \
                    RETURNING text";
        if let Some((text,)) = transaction.one::<(String,)>(mark, &[id.into()]).await? {
            transaction.run(super::INDEX_MESSAGE, &[id.into(), words::indexed(&text).as_str().into()]).await?;
            interrupted += 1;
        }
    }
    Ok(interrupted)
}
