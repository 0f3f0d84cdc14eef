//! What is particular to one kind of store: files with their rights and locks, servers that share a database.

use std::fs;

use sottovoce_history::{Location, MessageState, Purpose, open};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection, raw_sql};

use crate::{Place, answer, block_on, conversation, error, say};

impl Place {
    /// Runs a statement behind the store's back.
    pub async fn run(&self, statement: &str) {
        let statement = AssertSqlSafe(statement.to_owned());
        match &self.location {
            Location::File(path) => {
                let mut connection = SqliteConnection::connect(path.to_str().unwrap()).await.unwrap();
                raw_sql(statement).execute(&mut connection).await.unwrap();
            }
            Location::Postgres(url) => {
                let mut connection = PgConnection::connect(url).await.unwrap();
                raw_sql(statement).execute(&mut connection).await.unwrap();
            }
        }
    }

    /// Time goes by, as far as servers are concerned that share a database.
    pub async fn let_leases_end(&self) {
        if let Location::Postgres(_) = self.location {
            self.run("UPDATE sottovoce.servers SET seen = seen - 20000000").await;
        }
    }

    fn path(&self) -> &std::path::Path {
        let Location::File(path) = &self.location else { panic!("a file") };
        path
    }
}

#[test]
fn a_file_has_one_server() {
    block_on(async {
        let place = Place::sqlite();
        let history = place.serve().await;
        let path = place.path().display().to_string();
        let in_use = format!("another server is using {path}; stop it, or choose another folder with --data-dir");
        assert_eq!(error(open(&place.location, Purpose::Serve).await.map(drop)), in_use);
        let manager = place.open(Purpose::Manage).await;
        conversation(&*manager, "by the manager").await;
        assert_eq!(history.ids().await.unwrap().len(), 1);
        history.close().await;
        place.serve().await;
    });
}

#[test]
fn servers_share_a_database() {
    let Some(place) = Place::postgres() else { return };
    block_on(async {
        let (one, other) = (place.serve().await, place.serve().await);
        let id = conversation(&*one, "shared").await.id;
        let question = say(&*other, id, None, "question").await;
        let begun = answer(&*one, &question).await;
        assert_eq!(other.tend().await.unwrap(), 0);
        let refused = format!("message {} is not an answer that this server is making", begun.id);
        assert_eq!(error(other.write(begun.id, "text").await), refused);
        one.write(begun.id, "text").await.unwrap();
        // One is away for longer than its lease, and comes back.
        place.let_leases_end().await;
        assert_eq!(other.tend().await.unwrap(), 1);
        assert_eq!(error(one.write(begun.id, "more text").await), refused);
        assert_eq!(one.message(begun.id).await.unwrap().state, MessageState::Interrupted);
        let next = answer(&*one, &question).await;
        assert_eq!(one.tend().await.unwrap(), 0);
        assert_eq!(other.tend().await.unwrap(), 0);
        one.write(next.id, "text").await.unwrap();
    });
}

#[test]
fn a_history_is_made_once_by_many() {
    let places = [Some(Place::sqlite()), Place::postgres()];
    for place in places.into_iter().flatten() {
        block_on(async {
            let openings: Vec<_> = (0..8)
                .map(|_| {
                    let location = place.location.clone();
                    tokio::spawn(async move { open(&location, Purpose::Manage).await.map(drop) })
                })
                .collect();
            for opening in openings {
                opening.await.unwrap().unwrap();
            }
        });
    }
}

#[test]
#[cfg(unix)]
fn files_are_private() {
    use std::os::unix::fs::PermissionsExt;
    block_on(async {
        let place = Place::sqlite();
        let history = place.serve().await;
        conversation(&*history, "private").await;
        let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let folder = place.path().parent().unwrap();
        assert_eq!(mode(folder), 0o700);
        let files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(files.len(), 4, "{files:?}");
        assert!(files.iter().all(|file| mode(file) == 0o600), "{files:?}");
    });
}

#[test]
fn what_is_removed_is_gone_from_the_files() {
    block_on(async {
        let place = Place::sqlite();
        let history = place.serve().await;
        let has = |word: &str| {
            let files = fs::read_dir(place.path().parent().unwrap()).unwrap();
            files
                .map(|file| fs::read(file.unwrap().path()).unwrap())
                .any(|bytes| bytes.windows(word.len()).any(|at| at == word.as_bytes()))
        };
        let id = conversation(&*history, "titlexyzzy").await.id;
        say(&*history, id, None, "This keptxyzzy stays").await;
        let message = say(&*history, id, None, "My secretxyzzy, and more").await;
        let expired = conversation(&*history, "expiredxyzzy").await;
        assert!(["titlexyzzy", "secretxyzzy", "expiredxyzzy"].into_iter().all(has));
        history.delete_message(message.id).await.unwrap();
        assert!(!has("secretxyzzy") && has("keptxyzzy"));
        history.set_favourite(history.transcript(id).await.unwrap().messages[0].id, true).await.unwrap();
        assert_eq!(history.expire(jiff::Timestamp::MAX).await.unwrap(), [expired.id]);
        assert!(!has("expiredxyzzy") && has("keptxyzzy"));
        history.delete(id).await.unwrap();
        assert!(!has("titlexyzzy") && !has("keptxyzzy"));
        conversation(&*history, "lastxyzzy").await;
        history.delete_all().await.unwrap();
        assert!(!has("lastxyzzy"));
    });
}

#[test]
fn other_files_are_refused() {
    block_on(async {
        let place = Place::sqlite();
        let path = place.path();
        fs::create_dir(path.parent().unwrap()).unwrap();
        let refused = |reason: &str| {
            format!(
                "{} is not a history, or it is damaged ({reason}); move it away, or choose another folder",
                path.display()
            )
        };
        let opened = || async { error(open(&place.location, Purpose::Manage).await.map(drop)) };
        let text = "This is a letter. ".repeat(1_000);
        fs::write(path, &text).unwrap();
        assert_eq!(opened().await, refused("file is not a database"));
        assert_eq!(fs::read_to_string(path).unwrap(), text);
        fs::remove_file(path).unwrap();
        fs::write(path, "").unwrap();
        place.run("CREATE TABLE notes (text TEXT)").await;
        let bytes = fs::read(path).unwrap();
        assert_eq!(opened().await, refused("it is another program's database"));
        assert_eq!(fs::read(path).unwrap(), bytes);
        fs::remove_file(path).unwrap();
        fs::create_dir(path).unwrap();
        assert_eq!(opened().await, format!("cannot open {}: Is a directory (os error 21)", path.display()));
        let inside = Location::File(path.join("file/history.sqlite"));
        fs::write(path.join("file"), "").unwrap();
        let error = error(open(&inside, Purpose::Manage).await.map(drop));
        assert_eq!(error, format!("cannot create {}: File exists (os error 17)", path.join("file").display()));
    });
}

#[test]
fn damaged_files_are_refused() {
    block_on(async {
        let place = Place::sqlite();
        place.serve().await.close().await;
        let path = place.path();
        let mut bytes = fs::read(path).unwrap();
        bytes[100..4_096].fill(0xff);
        fs::write(path, bytes).unwrap();
        assert_eq!(
            error(open(&place.location, Purpose::Serve).await.map(drop)),
            format!(
                "{} is not a history, or it is damaged (database disk image is malformed); move it away, or choose \
                 another folder",
                path.display()
            )
        );
    });
}

#[test]
fn later_versions_are_refused() {
    block_on(async {
        for (place, statement) in [
            (Some(Place::sqlite()), "PRAGMA user_version = 7"),
            (Place::postgres(), "UPDATE sottovoce.version SET number = 7"),
        ] {
            let Some(place) = place else { continue };
            place.serve().await.close().await;
            place.run(statement).await;
            assert_eq!(
                error(open(&place.location, Purpose::Serve).await.map(drop)),
                format!(
                    "{} was made by a newer version of sottovoce (its tables have version 7, this program knows up to 1); \
                     update sottovoce",
                    place.location
                )
            );
        }
    });
}

#[test]
fn a_server_that_is_not_there_is_named_without_its_password() {
    block_on(async {
        for (url, expected) in [
            ("postgres://me:secret@127.0.0.1:1/db", "postgres://127.0.0.1:1/db"),
            ("postgres:///db?host=/nowhere&password=secret", "postgres:///db"),
            ("postgresql://127.0.0.1:port/db?password=secret", "postgresql://127.0.0.1:port/db"),
        ] {
            let location: Location = url.parse().unwrap();
            let error = error(open(&location, Purpose::Serve).await.map(drop));
            assert!(error.starts_with(&format!("cannot open the history in {expected}: ")), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    });
}
