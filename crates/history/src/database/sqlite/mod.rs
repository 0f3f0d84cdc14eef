//! A history in a file.

use std::{
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use sqlx::{
    SqliteConnection, SqlitePool, raw_sql,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous},
};

use super::Database;
use crate::{HistoryError, Purpose};

/// Each takes the tables from the version before to its own, the first from none to 1.
const MIGRATIONS: [&str; 1] = [include_str!("1.sql")];
/// What `1.sql` writes into the file.
const APPLICATION: i64 = 1_398_171_753;
/// How long to wait for another process that is writing; also at the end of [`forget_log`].
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
const READERS: u32 = 4;
/// Result codes of SQLite for a file that is none of its own, or broken.
const DAMAGED: [&str; 2] = ["26", "11"];

/// What only one process at a time holds for a file. The system takes it back when the process ends, however it ends.
pub struct ServerLock(File);

impl ServerLock {
    fn take(database: &Path) -> Result<Self, HistoryError> {
        let path = beside(database, ".lock");
        let file = private_file(&path)?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(HistoryError::InUse { path: database.to_owned() }),
            Err(TryLockError::Error(source)) => Err(HistoryError::Io { action: "lock", path, source }),
        }
    }

    /// Lets the next server begin.
    pub fn release(&self) {
        // Where that fails, the end of the process does it.
        let _ = self.0.unlock();
    }
}

/// Opens the database, which is made where there is none, and brings its tables up to date.
pub async fn open(path: &Path, purpose: Purpose) -> Result<(Database, Option<ServerLock>), HistoryError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        let io = |source| HistoryError::Io { action: "create", path: folder.to_owned(), source };
        private_folder(folder).map_err(io)?;
    }
    let lock = (purpose == Purpose::Serve).then(|| ServerLock::take(path)).transpose()?;
    // SQLite gives the files beside it the mode of this one.
    private_file(path)?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY_TIMEOUT)
        .pragma("secure_delete", "ON");
    let writer = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await;
    let writer = writer.map_err(|error| refused(path, error))?;
    migrate(&writer, path).await?;
    let readers = SqlitePoolOptions::new().max_connections(READERS).connect_lazy_with(options);
    Ok((Database::Sqlite { writer, readers }, lock))
}

async fn migrate(writer: &SqlitePool, path: &Path) -> Result<(), HistoryError> {
    let refused = |error| refused(path, error);
    let is_empty =
        "SELECT (SELECT application_id FROM pragma_application_id), NOT EXISTS (SELECT 1 FROM sqlite_schema)";
    let (application, is_empty): (i64, bool) = sqlx::query_as(is_empty).fetch_one(writer).await.map_err(refused)?;
    if application != APPLICATION && !(application == 0 && is_empty) {
        let reason = "it is another program's database".to_owned();
        return Err(HistoryError::NotAHistory { path: path.to_owned(), reason });
    }
    raw_sql("PRAGMA journal_mode = WAL").execute(writer).await.map_err(refused)?;
    let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await.map_err(refused)?;
    let version = sqlx::query_as("SELECT user_version FROM pragma_user_version").fetch_one(&mut *transaction).await;
    let (version,): (i64,) = version.map_err(refused)?;
    for migration in super::pending(&MIGRATIONS, version, || path.display().to_string())? {
        raw_sql(*migration).execute(&mut *transaction).await.map_err(refused)?;
    }
    transaction.commit().await.map_err(refused)
}

/// Removes the words of removed texts from the indexes, which only mark them as removed.
pub async fn forget_words(transaction: &mut SqliteConnection) -> sqlx::Result<()> {
    let optimize = "INSERT INTO conversation_words (conversation_words) VALUES ('optimize');
                    INSERT INTO message_words (message_words) VALUES ('optimize')";
    raw_sql(optimize).execute(transaction).await.map(drop)
}

/// Writes what the log has into the database, and empties it. Whoever reads all the time is not waited for long: then the
/// next time does it.
pub async fn forget_log(writer: &SqlitePool) -> sqlx::Result<()> {
    let checkpoint = "PRAGMA busy_timeout = 200; PRAGMA wal_checkpoint(TRUNCATE); PRAGMA busy_timeout = 10000";
    raw_sql(checkpoint).execute(writer).await.map(drop)
}

/// Why a file could not be opened.
fn refused(path: &Path, error: sqlx::Error) -> HistoryError {
    match error.as_database_error() {
        Some(found) if found.code().is_some_and(|code| DAMAGED.contains(&&*code)) => {
            HistoryError::NotAHistory { path: path.to_owned(), reason: found.message().to_owned() }
        }
        Some(found) => HistoryError::Open { location: path.display().to_string(), reason: found.message().to_owned() },
        None => HistoryError::Open { location: path.display().to_string(), reason: error.to_string() },
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Opens a file, which is made for nobody but the user where there is none.
fn private_file(path: &Path) -> Result<File, HistoryError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|source| HistoryError::Io { action: "open", path: path.to_owned(), source })
}

/// Makes a folder for nobody but the user where there is none.
fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}
