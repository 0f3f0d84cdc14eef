//! Where a history is.

use std::{convert::Infallible, fmt, path::PathBuf, str::FromStr};

/// Where a history is: a file of SQLite's, or a database of a PostgreSQL server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// The file, which need not exist yet.
    File(PathBuf),
    /// A URL, `postgres://USER:PASSWORD@HOST:PORT/DATABASE`.
    Postgres(String),
}

impl FromStr for Location {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let url = ["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme));
        Ok(if url { Self::Postgres(text.to_owned()) } else { Self::File(text.into()) })
    }
}

/// Without user, password and parameters, one of which may be the password too.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Postgres(url) => {
                let (scheme, rest) = url.split_once("://").unwrap_or_default();
                // An '@' or '?' in a password is at most shown too little of.
                let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
                write!(f, "{scheme}://{}", place.split('?').next().unwrap_or_default())
            }
        }
    }
}

/// What a history is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To make answers; see [`History`](crate::History) for how many may at a time.
    Serve,
    /// To look at, and to change what is finished.
    Manage,
}
