//! What has been computed of conversations, on disk: one goes on without its messages being computed again, after others had
//! its place in memory and after the server was started anew.

use std::{
    collections::HashSet,
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::SystemTime,
};

use sottovoce_llm::{
    chat::{Conversation, ConversationSnapshot, Resumed},
    package::PackageModel,
};
use uuid::Uuid;

/// What the files end with.
const EXTENSION: &str = "state";
/// Bytes of all of them at most; those that were written first go.
const MOST_BYTES: u64 = 4 << 30;

/// A folder with the states of conversations, which nobody but the user can read.
///
/// What is forgotten stays so: a copy of a state belongs to the age of the folder when the work on it began, and is not
/// written in a later one. Every deletion begins an age.
pub struct States {
    folder: PathBuf,
    age: AtomicU64,
    /// Held while files come and go.
    changing: Mutex<()>,
}

/// A state to be written.
pub struct StateCopy {
    /// The conversation.
    pub id: Uuid,
    /// The age that it belongs to.
    pub age: u64,
    /// The conversation's messages, tokens, keys and values.
    pub snapshot: ConversationSnapshot,
}

impl States {
    /// The states in `folder`, which is made if need be.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)?;
        Ok(Self { folder: folder.to_owned(), age: AtomicU64::new(0), changing: Mutex::new(()) })
    }

    /// The present age.
    pub fn age(&self) -> u64 {
        self.age.load(Ordering::SeqCst)
    }

    /// Takes up what is kept of a conversation, if it is of use for this model.
    pub fn resume(&self, id: Uuid, conversation: &mut Conversation<PackageModel>) {
        let path = self.path(id);
        if path.is_file() && !matches!(conversation.resume(&path), Ok(Resumed::State(_))) {
            // Of another model, or damaged: it will be of no more use the next time.
            remove(&path);
        }
    }

    /// Writes a state, and removes the oldest where there are too many bytes. What cannot be written will be computed again.
    pub fn write(&self, copy: &StateCopy) {
        let _changing = self.lock();
        if copy.age == self.age() && copy.snapshot.bytes() as u64 <= MOST_BYTES {
            drop(copy.snapshot.write(&self.path(copy.id)));
            self.make_room(MOST_BYTES);
        }
    }

    /// Removes the state of a conversation.
    pub fn forget(&self, id: Uuid) {
        let _changing = self.lock();
        self.age.fetch_add(1, Ordering::SeqCst);
        remove(&self.path(id));
    }

    /// Removes all states but those of `conversations`, and what a process that ended in the middle of writing left behind.
    pub fn retain(&self, conversations: &HashSet<Uuid>) {
        let _changing = self.lock();
        self.age.fetch_add(1, Ordering::SeqCst);
        for path in self.files().into_iter().map(|(_, _, path)| path) {
            let id = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok());
            if !id.is_some_and(|id| conversations.contains(&id)) {
                remove(&path);
            }
        }
    }

    fn make_room(&self, most: u64) {
        let mut files = self.files();
        files.sort();
        let mut bytes: u64 = files.iter().map(|&(_, size, _)| size).sum();
        for (_, size, path) in files {
            if bytes <= most {
                break;
            }
            remove(&path);
            bytes -= size;
        }
    }

    /// When each was written, its size and path.
    fn files(&self) -> Vec<(SystemTime, u64, PathBuf)> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let describe = |entry: fs::DirEntry| {
            let metadata = entry.metadata().ok().filter(fs::Metadata::is_file)?;
            Some((metadata.modified().ok()?, metadata.len(), entry.path()))
        };
        entries.filter_map(describe).collect()
    }

    fn path(&self, id: Uuid) -> PathBuf {
        self.folder.join(id.to_string()).with_extension(EXTENSION)
    }

    fn lock(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A file that is gone already is as good as removed; one that cannot be is tried again the next time.
fn remove(path: &Path) {
    drop(fs::remove_file(path));
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn write(states: &States, number: u128, bytes: usize, age: Duration) {
        let path = states.path(Uuid::from_u128(number));
        fs::write(&path, vec![0; bytes]).unwrap();
        fs::File::open(path).unwrap().set_modified(SystemTime::now() - age).unwrap();
    }

    fn left(states: &States) -> Vec<u128> {
        let id = |path: &PathBuf| Uuid::parse_str(path.file_stem().unwrap().to_str().unwrap()).unwrap().as_u128();
        let mut left: Vec<u128> = states.files().iter().map(|(_, _, path)| id(path)).collect();
        left.sort_unstable();
        left
    }

    #[test]
    fn the_oldest_make_room_and_what_is_not_retained_goes() {
        let folder = tempfile::tempdir().unwrap();
        let states = States::open(&folder.path().join("states")).unwrap();
        for (number, hours) in [(1, 3), (2, 9), (3, 1), (4, 5)] {
            write(&states, number, 100, Duration::from_secs(3600 * hours));
        }
        states.make_room(250);
        assert_eq!(left(&states), [1, 3]);
        states.make_room(250);
        assert_eq!(left(&states), [1, 3]);
        let age = states.age();
        states.retain(&HashSet::from([Uuid::from_u128(3), Uuid::from_u128(9)]));
        assert_eq!(left(&states), [3]);
        states.forget(Uuid::from_u128(3));
        assert_eq!((left(&states), states.age() - age), (vec![], 2));
    }
}
