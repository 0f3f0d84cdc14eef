//! Where a server keeps conversations, and where the commands that look at them find them.

use std::path::PathBuf;

use sottovoce_history::Location;

use crate::data_folder;

/// The file in the folder for data.
const FILE: &str = "history.sqlite";

/// Options that name a history.
#[derive(Clone, Debug, clap::Args)]
pub struct HistoryPlace {
    /// Folder for conversations and what was computed of them [default: SOTTOVOCE_DATA, or the system's folder for data]
    #[arg(long, value_name = "DIR", global = true)]
    data_dir: Option<PathBuf>,
    /// Where conversations are kept instead: a PostgreSQL server, which several servers may share, or a file
    #[arg(long, value_name = "URL", env = "SOTTOVOCE_HISTORY", hide_env_values = true, global = true)]
    history: Option<Location>,
}

impl HistoryPlace {
    /// The folder for data.
    ///
    /// # Errors
    /// None is given, and the platform names none.
    pub fn data_folder(&self) -> anyhow::Result<PathBuf> {
        self.data_dir.clone().map_or_else(data_folder::from_env, Ok)
    }

    /// The history: `history.sqlite` in the folder for data, unless another one is given.
    ///
    /// # Errors
    /// As for [`data_folder`](Self::data_folder).
    pub fn location(&self) -> anyhow::Result<Location> {
        match &self.history {
            Some(history) => Ok(history.clone()),
            None => Ok(Location::File(self.data_folder()?.join(FILE))),
        }
    }
}
