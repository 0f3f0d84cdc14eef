//! Conversations that are kept: one file each, private, in the data folder.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use anyhow::{Context, bail, ensure};
use sottovoce_llm::{
    LanguageModel,
    chat::{Conversation, Resumed, StoredConversation},
    package::PackageModel,
};

use crate::{console, data_folder};

/// What the files of sessions end with.
const EXTENSION: &str = "session";

/// The folder with the sessions.
#[derive(Clone, Debug)]
pub struct Sessions {
    folder: PathBuf,
}

/// A session in the folder.
pub struct Listed {
    /// Its name.
    pub name: String,
    /// Size of its file in bytes.
    pub bytes: u64,
    /// When it was last changed.
    pub modified: SystemTime,
    /// What is in it, and how many tokens of the model's state; or why it cannot be read.
    pub contents: anyhow::Result<(StoredConversation, usize)>,
}

/// A session that no other process of this program may change meanwhile.
pub struct OpenSession {
    /// Its name.
    pub name: String,
    /// Its file, which need not exist yet.
    pub path: PathBuf,
    _lock: File,
}

/// A name that means the same model wherever the program is started.
pub fn lasting_name(model: &str) -> String {
    Path::new(model).canonicalize().map_or_else(|_| model.to_owned(), |path| path.to_string_lossy().into_owned())
}

impl OpenSession {
    /// The model of the conversation that is kept, if there is one.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn model(&self) -> anyhow::Result<Option<String>> {
        let exists = self.path.exists();
        Ok(if exists { Some(StoredConversation::read(&self.path)?.0.model) } else { None })
    }

    /// Goes on with the conversation that is kept, and says what is known of it; a session that is new has none.
    ///
    /// # Errors
    /// It cannot be read, or is not of this model.
    pub fn take_up(&self, conversation: &mut Conversation<PackageModel>) -> anyhow::Result<()> {
        if !self.path.exists() {
            return Ok(());
        }
        let resumed = conversation.resume(&self.path)?;
        let (name, messages) = (&self.name, conversation.messages().len());
        match resumed {
            Resumed::State(tokens) => {
                console::note(format_args!("session {name}: {messages} messages, {tokens} tokens known"));
            }
            Resumed::Messages => console::note(format_args!("session {name}: {messages} messages")),
            Resumed::Unusable(reason) => console::note(format_args!("session {name}: {messages} messages; {reason}")),
        }
        Ok(())
    }

    /// Keeps a conversation with `model`, with the keys and values where that is wanted and can be. What goes wrong is told.
    pub fn keep(&self, conversation: &Conversation<PackageModel>, model: &str, state: bool) {
        let state = state && conversation.session().model().identity().is_some();
        if let Err(error) = conversation.store(&self.path, model, state) {
            console::warn(format_args!("the session '{}' was not kept: {error}", self.name));
        }
    }
}

impl Sessions {
    /// The sessions in the [data folder](data_folder::from_env).
    ///
    /// # Errors
    /// There is none.
    pub fn from_env() -> anyhow::Result<Self> {
        Ok(Self { folder: data_folder::from_env()?.join("sessions") })
    }

    /// The folder, which need not exist yet.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file of the session `name`, which has to exist.
    ///
    /// # Errors
    /// The name is none, or there is no such session.
    pub fn find(&self, name: &str) -> anyhow::Result<PathBuf> {
        let path = self.path(name)?;
        ensure!(path.is_file(), "there is no session '{name}'; `sottovoce session list` has the names");
        Ok(path)
    }

    /// The session `name`, existing or new, for this process alone.
    ///
    /// # Errors
    /// The name is none, the folder cannot be written, or another process has the session open.
    pub fn open(&self, name: &str) -> anyhow::Result<OpenSession> {
        let path = self.path(name)?;
        data_folder::create(&self.folder)?;
        let lock_path = path.with_extension("lock");
        let lock = File::create(&lock_path).with_context(|| format!("cannot create {}", lock_path.display()))?;
        match lock.try_lock() {
            Ok(()) => Ok(OpenSession { name: name.to_owned(), path, _lock: lock }),
            Err(TryLockError::WouldBlock) => bail!("the session '{name}' is open in another chat"),
            Err(TryLockError::Error(error)) => Err(error).context(format!("cannot lock {}", lock_path.display())),
        }
    }

    /// Removes the session `name`.
    ///
    /// # Errors
    /// There is no such session, it is open, or it cannot be removed.
    pub fn delete(&self, name: &str) -> anyhow::Result<()> {
        let path = self.find(name)?;
        let session = self.open(name)?;
        fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        // Left behind it would only be an empty file.
        let _ = fs::remove_file(session.path.with_extension("lock"));
        Ok(())
    }

    /// All sessions, the last changed first.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn list(&self) -> anyhow::Result<Vec<Listed>> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.with_context(|| format!("cannot read {}", self.folder.display()))?,
        };
        let mut found = Vec::new();
        for entry in entries {
            let path = entry.with_context(|| format!("cannot read {}", self.folder.display()))?.path();
            let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            // A session may go while others are listed.
            if let Ok(file) = self.path(name)
                && file == path
                && let Ok(metadata) = fs::metadata(&path)
            {
                found.push(Listed {
                    name: name.to_owned(),
                    bytes: metadata.len(),
                    modified: metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH),
                    contents: StoredConversation::read(&path).map_err(anyhow::Error::from),
                });
            }
        }
        found.sort_by(|a, b| (b.modified, &a.name).cmp(&(a.modified, &b.name)));
        Ok(found)
    }

    fn path(&self, name: &str) -> anyhow::Result<PathBuf> {
        let plain = |c: char| c.is_alphanumeric() || "-_".contains(c);
        let is_name = !name.starts_with('-') && (1..=64).contains(&name.len()) && name.chars().all(plain);
        ensure!(is_name, "'{name}' is no name of a session: use letters, digits, '-' and '_', at most 64 bytes");
        Ok(self.folder.join(name).with_extension(EXTENSION))
    }
}
