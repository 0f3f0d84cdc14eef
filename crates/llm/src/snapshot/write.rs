use std::io::{self, BufWriter, Write};
use std::path::Path;

use tempfile::NamedTempFile;

use super::{ALIGNMENT, DTYPES, HEADER_BYTES, MAGIC, MAX_CACHES, MAX_TEXT_BYTES, MAX_TOKENS, Snapshot, VERSION};
use crate::LlmError;

/// Writes a file with a text and, if there is one, a state. It gets its name when it is complete and on the disk: a
/// reader, and a machine that loses power, has the old file or the new one. Nobody but the user can read it.
///
/// # Errors
/// The folder cannot be written, or the text or state is larger than a file may hold.
pub fn write(path: &Path, text: &str, snapshot: Option<&Snapshot>) -> Result<(), LlmError> {
    let head = head(text, snapshot).map_err(|reason| LlmError::Snapshot { path: path.to_owned(), reason })?;
    let folder = path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
    let write = || -> io::Result<()> {
        // Temporary files are the user's alone.
        let mut file = NamedTempFile::new_in(folder)?;
        let mut out = BufWriter::new(&mut file);
        out.write_all(&head)?;
        let mut written = head.len();
        for rows in snapshot.into_iter().flat_map(|snapshot| &snapshot.rows) {
            out.write_all(&[0; ALIGNMENT][..written.next_multiple_of(ALIGNMENT) - written])?;
            out.write_all(rows.bytes())?;
            written = written.next_multiple_of(ALIGNMENT) + rows.bytes().len();
        }
        out.flush()?;
        drop(out);
        file.as_file().sync_all()?;
        file.persist(path).map(drop).map_err(|error| error.error)
    };
    write().map_err(|source| LlmError::Io { path: path.to_owned(), source })
}

/// Everything before the keys and values.
fn head(text: &str, snapshot: Option<&Snapshot>) -> Result<Vec<u8>, String> {
    let (tokens, caches) = snapshot.map_or((0, 0), |snapshot| (snapshot.tokens.len(), snapshot.rows.len()));
    for (what, size, limit) in
        [("bytes of text", text.len(), MAX_TEXT_BYTES), ("tokens", tokens, MAX_TOKENS), ("caches", caches, MAX_CACHES)]
    {
        if size > limit {
            return Err(format!("{size} {what} are more than the {limit} that a file may hold"));
        }
    }
    let mut head = MAGIC.to_vec();
    for number in [VERSION, text.len() as u32, tokens as u32, caches as u32] {
        head.extend_from_slice(&number.to_le_bytes());
    }
    head.resize(HEADER_BYTES - size_of::<crate::Identity>(), 0);
    head.extend_from_slice(&snapshot.map_or([0; _], |snapshot| snapshot.identity));
    head.extend_from_slice(text.as_bytes());
    if let Some(snapshot) = snapshot {
        head.extend(snapshot.tokens.iter().flat_map(|id| id.to_le_bytes()));
        for rows in &snapshot.rows {
            let dtype = DTYPES.iter().position(|&dtype| dtype == rows.dtype());
            let (Some(dtype), &[layers, batch, heads, positions, size]) = (dtype, rows.shape()) else {
                return Err(format!("a cache of {} {:?} has no form in a file", rows.dtype(), rows.shape()));
            };
            if positions != tokens {
                return Err(format!("a cache of {positions} positions does not belong to {tokens} tokens"));
            }
            for number in [dtype + 1, layers, batch, heads, size] {
                let number = u32::try_from(number).map_err(|_| format!("a cache is {:?} large", rows.shape()))?;
                head.extend_from_slice(&number.to_le_bytes());
            }
            head.extend_from_slice(&crc32fast::hash(rows.bytes()).to_le_bytes());
        }
    }
    head.extend_from_slice(&crc32fast::hash(&head).to_le_bytes());
    Ok(head)
}
