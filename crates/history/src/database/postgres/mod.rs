//! A history in a database of a PostgreSQL server.

use std::time::Duration;

use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
    query_as, raw_sql,
};

use super::Database;
use crate::HistoryError;

/// Each takes the tables from the version before to its own, the first from none to 1.
const MIGRATIONS: [&str; 1] = [include_str!("1.sql")];
const SCHEMA: &str = "sottovoce";
/// How long to wait for the server.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Connects to the database at `url` and brings its tables up to date. Errors call it `location`.
pub async fn open(url: &str, location: &str) -> Result<Database, HistoryError> {
    let refused = |error: sqlx::Error| {
        let reason = match error.as_database_error() {
            Some(error) => error.message().to_owned(),
            None => error.to_string(),
        };
        HistoryError::Open { location: location.to_owned(), reason }
    };
    let options: PgConnectOptions = url.parse().map_err(refused)?;
    let options = options.options([("search_path", SCHEMA), ("synchronous_commit", "on")]);
    let pool = PgPoolOptions::new().acquire_timeout(TIMEOUT).connect_with(options).await.map_err(refused)?;
    migrate(&pool, location, refused).await?;
    Ok(Database::Postgres(pool))
}

async fn migrate(
    pool: &PgPool,
    location: &str,
    refused: impl Fn(sqlx::Error) -> HistoryError,
) -> Result<(), HistoryError> {
    let mut transaction = pool.begin().await.map_err(&refused)?;
    // One server at a time; the number is of no meaning but for this.
    let lock = "SELECT pg_advisory_xact_lock(7022362741846927665)";
    raw_sql(lock).execute(&mut *transaction).await.map_err(&refused)?;
    let exists = query_as("SELECT to_regclass('sottovoce.version') IS NOT NULL").fetch_one(&mut *transaction).await;
    let version = match exists.map_err(&refused)? {
        (true,) => query_as("SELECT number FROM version").fetch_one(&mut *transaction).await.map_err(&refused)?,
        (false,) => (0,),
    };
    for migration in super::pending(&MIGRATIONS, version.0, || location.to_owned())? {
        raw_sql(*migration).execute(&mut *transaction).await.map_err(&refused)?;
    }
    transaction.commit().await.map_err(&refused)
}
