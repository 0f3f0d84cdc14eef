//! One way to talk to either database: statements with numbered places, values for them, records out of them.

mod postgres;
mod sqlite;

use sqlx::{
    Arguments, Encode, FromRow, PgPool, Postgres, Sqlite, SqlitePool, Type, postgres::PgRow, query_as_with, query_with,
    sqlite::SqliteRow,
};
use uuid::Uuid;

use crate::HistoryError;

pub use postgres::open as open_postgres;
pub use sqlite::{ServerLock, open as open_sqlite};

/// An open database.
pub enum Database {
    /// A file. Its one writer has a connection of its own, so that nobody in this process waits for a lock.
    Sqlite { writer: SqlitePool, readers: SqlitePool },
    /// A server's.
    Postgres(PgPool),
}

/// Statements that see the database as it is at one moment, and change all or nothing.
pub enum Transaction {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    Postgres(sqlx::Transaction<'static, Postgres>),
}

/// A statement: in words that both databases know, or in those of each.
#[derive(Clone, Copy)]
pub struct Sql {
    pub sqlite: &'static str,
    pub postgres: &'static str,
}

impl From<&'static str> for Sql {
    fn from(both: &'static str) -> Self {
        Self { sqlite: both, postgres: both }
    }
}

/// What takes the place `$1`, `$2` and so on in a statement.
#[derive(Clone, Copy)]
pub enum Value<'a> {
    Boolean(bool),
    Integer(Option<i64>),
    Text(Option<&'a str>),
    Id(Option<Uuid>),
}

macro_rules! values {
    ($($from:ty, $value:ident => $to:expr;)*) => {$(
        impl<'a> From<$from> for Value<'a> {
            fn from($value: $from) -> Self {
                $to
            }
        }
    )*};
}
values! {
    bool, value => Self::Boolean(value);
    i64, value => Self::Integer(Some(value));
    Option<i64>, value => Self::Integer(value);
    &'a str, value => Self::Text(Some(value));
    Option<&'a str>, value => Self::Text(value);
    Uuid, value => Self::Id(Some(value));
    Option<Uuid>, value => Self::Id(value);
}

/// What a statement returns rows of.
pub trait Record: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}
impl<T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin> Record for T {}

impl Database {
    /// Begins to look.
    pub async fn read(&self) -> sqlx::Result<Transaction> {
        Ok(match self {
            Self::Sqlite { readers, .. } => Transaction::Sqlite(readers.begin().await?),
            Self::Postgres(pool) => {
                Transaction::Postgres(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
            }
        })
    }

    /// Begins to change something.
    pub async fn write(&self) -> sqlx::Result<Transaction> {
        Ok(match self {
            Self::Sqlite { writer, .. } => Transaction::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Self::Postgres(pool) => Transaction::Postgres(pool.begin().await?),
        })
    }

    /// Commits the removal of something, and leaves no trace of it in the files. What a PostgreSQL server keeps of removed
    /// rows, and how long, is its own matter.
    pub async fn commit_removal(&self, mut transaction: Transaction) -> sqlx::Result<()> {
        if let Transaction::Sqlite(transaction) = &mut transaction {
            sqlite::forget_words(transaction).await?;
        }
        transaction.commit().await?;
        if let Self::Sqlite { writer, .. } = self {
            sqlite::forget_log(writer).await?;
        }
        Ok(())
    }

    /// Waits for what is under way, and disconnects.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

impl Transaction {
    /// All rows that a statement returns.
    pub async fn all<T: Record>(&mut self, sql: impl Into<Sql>, values: &[Value<'_>]) -> sqlx::Result<Vec<T>> {
        let sql = sql.into();
        match self {
            Self::Sqlite(transaction) => {
                query_as_with(sql.sqlite, arguments::<Sqlite>(values)?).fetch_all(&mut **transaction).await
            }
            Self::Postgres(transaction) => {
                query_as_with(sql.postgres, arguments::<Postgres>(values)?).fetch_all(&mut **transaction).await
            }
        }
    }

    /// The row that a statement returns, if it returns one.
    pub async fn one<T: Record>(&mut self, sql: impl Into<Sql>, values: &[Value<'_>]) -> sqlx::Result<Option<T>> {
        Ok(self.all(sql, values).await?.pop())
    }

    /// Runs a statement, and returns how many rows it changed.
    pub async fn run(&mut self, sql: impl Into<Sql>, values: &[Value<'_>]) -> sqlx::Result<u64> {
        let sql = sql.into();
        Ok(match self {
            Self::Sqlite(transaction) => {
                let query = query_with(sql.sqlite, arguments::<Sqlite>(values)?);
                query.execute(&mut **transaction).await?.rows_affected()
            }
            Self::Postgres(transaction) => {
                let query = query_with(sql.postgres, arguments::<Postgres>(values)?);
                query.execute(&mut **transaction).await?.rows_affected()
            }
        })
    }

    /// Makes what was changed last; dropped before, a transaction leaves nothing.
    pub async fn commit(self) -> sqlx::Result<()> {
        match self {
            Self::Sqlite(transaction) => transaction.commit().await,
            Self::Postgres(transaction) => transaction.commit().await,
        }
    }
}

fn arguments<D: sqlx::Database>(values: &[Value<'_>]) -> sqlx::Result<D::Arguments>
where
    bool: for<'t> Encode<'t, D> + Type<D>,
    Option<i64>: for<'t> Encode<'t, D> + Type<D>,
    for<'t> Option<&'t str>: Encode<'t, D> + Type<D>,
    Option<Uuid>: for<'t> Encode<'t, D> + Type<D>,
{
    let mut arguments = D::Arguments::default();
    for &value in values {
        match value {
            Value::Boolean(value) => arguments.add(value),
            Value::Integer(value) => arguments.add(value),
            Value::Text(value) => arguments.add(value),
            Value::Id(value) => arguments.add(value),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

/// The migrations that tables of this version lack.
fn pending<'a>(
    migrations: &'a [&'static str],
    version: i64,
    location: impl Fn() -> String,
) -> Result<&'a [&'static str], HistoryError> {
    let done = usize::try_from(version).ok().and_then(|done| migrations.get(done..));
    done.ok_or_else(|| HistoryError::Newer { location: location(), found: version, known: migrations.len() as i64 })
}
