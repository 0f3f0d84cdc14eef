//! The vocabulary of Moonshine: `tokenizer.bin`.
//!
//! One entry after the other, each its length and its bytes. A length below 128 is one byte; a longer one is two, the first
//! with its highest bit set: the second times 128, and the rest of the first.

use std::{fs::File, io::Read, path::Path};

use crate::VoiceError;

/// Entries; as many as the model has logits.
pub const COUNT: usize = 32_768;
/// Larger files are refused.
const MAX_BYTES: u64 = 4 << 20;
/// A space, within an entry.
const SPACE: &str = "▁";

/// The bytes that each token stands for.
#[derive(Debug)]
pub struct Tokens {
    bytes: Vec<u8>,
    /// Where each entry ends, in `bytes`.
    ends: Vec<usize>,
}

impl Tokens {
    /// Reads a file.
    ///
    /// # Errors
    /// [`VoiceError::Io`], or [`VoiceError::Malformed`] when it does not hold [`COUNT`] entries and nothing else.
    pub fn read(path: &Path) -> Result<Self, VoiceError> {
        let io = |source| VoiceError::Io { action: "read", path: path.to_owned(), source };
        let mut file = Vec::new();
        File::open(path).and_then(|opened| opened.take(MAX_BYTES + 1).read_to_end(&mut file)).map_err(io)?;
        Self::parse(&file).map_err(|found| VoiceError::Malformed {
            path: path.to_owned(),
            expected: format!("a vocabulary of {COUNT} tokens"),
            found,
        })
    }

    fn parse(mut file: &[u8]) -> Result<Self, String> {
        if file.len() as u64 > MAX_BYTES {
            return Err(format!("more than {MAX_BYTES} bytes"));
        }
        let (mut bytes, mut ends) = (Vec::with_capacity(file.len()), Vec::with_capacity(COUNT));
        while !file.is_empty() {
            if ends.len() == COUNT {
                return Err(format!("{} bytes more", file.len()));
            }
            let cut = || format!("an end in the middle of token {}", ends.len());
            let (length, rest) = length(file).ok_or_else(cut)?;
            let (entry, rest) = rest.split_at_checked(length).ok_or_else(cut)?;
            bytes.extend_from_slice(entry);
            ends.push(bytes.len());
            file = rest;
        }
        if ends.len() == COUNT { Ok(Self { bytes, ends }) } else { Err(format!("{}", ends.len())) }
    }

    /// The text of tokens, without those that are marks of the model, and without space around it.
    pub fn text(&self, ids: &[usize]) -> String {
        let entries = ids.iter().filter_map(|&id| self.entry(id)).filter(|entry| !is_mark(entry));
        let bytes: Vec<u8> = entries.flatten().copied().collect();
        // A model that was cut off may end within a character.
        String::from_utf8_lossy(&bytes).replace('\u{fffd}', "").replace(SPACE, " ").trim().to_owned()
    }

    fn entry(&self, id: usize) -> Option<&[u8]> {
        let end = *self.ends.get(id)?;
        let start = id.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(&self.bytes[start..end])
    }
}

/// The length of the next entry, and what follows it.
fn length(file: &[u8]) -> Option<(usize, &[u8])> {
    match file {
        [first @ 0..128, rest @ ..] => Some((usize::from(*first), rest)),
        [first, second, rest @ ..] => Some((usize::from(*second) * 128 + usize::from(*first) - 128, rest)),
        _ => None,
    }
}

/// True for `<unk>`, `<s>`, `</s>` and `<<ST_n>>`.
fn is_mark(entry: &[u8]) -> bool {
    matches!(entry, b"<unk>" | b"<s>" | b"</s>") || entry.starts_with(b"<<ST_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A vocabulary that begins with these entries; the others are empty.
    fn file(entries: &[&[u8]]) -> Vec<u8> {
        let mut file = Vec::new();
        for entry in entries {
            match entry.len() {
                length @ 0..128 => file.push(length as u8),
                length => file.extend([128 + (length % 128) as u8, (length / 128) as u8]),
            }
            file.extend_from_slice(entry);
        }
        file.resize(file.len() + COUNT - entries.len(), 0);
        file
    }

    #[test]
    fn entries_are_joined_to_text() {
        let long = "x".repeat(300);
        let entries = ["<s>", "▁Hello", "▁wor", "ld", "<<ST_7>>", &long, "</s>"];
        let mut entries: Vec<&[u8]> = entries.iter().map(|entry| entry.as_bytes()).collect();
        entries.extend([&[0xe2][..], &[0x82], &[0xac]]);
        let tokens = Tokens::parse(&file(&entries)).unwrap();
        assert_eq!(tokens.text(&[0, 1, 2, 3, 4, 6]), "Hello world");
        assert_eq!(tokens.text(&[5]), long);
        assert_eq!(tokens.text(&[1, 7, 8, 9]), "Hello€");
        assert_eq!(tokens.text(&[1, 7, 8]), "Hello", "a character that was cut off");
        assert_eq!(tokens.text(&[COUNT - 1, COUNT, usize::MAX]), "", "an empty entry, and none");
    }

    #[test]
    fn damage_is_named() {
        let sound = file(&[b"<s>", &[b'x'; 200]]);
        for (damaged, found) in [
            (vec![], "0"),
            (sound[..sound.len() - 1].to_vec(), "32767"),
            (sound[..3].to_vec(), "an end in the middle of token 0"),
            (sound[..5].to_vec(), "an end in the middle of token 1"),
            ([&sound[..], b"more"].concat(), "4 bytes more"),
            (vec![0; MAX_BYTES as usize + 1], "more than 4194304 bytes"),
        ] {
            assert_eq!(Tokens::parse(&damaged).unwrap_err(), found);
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokenizer.bin");
        assert!(Tokens::read(&path).unwrap_err().to_string().starts_with("cannot read "));
        std::fs::write(&path, "{}").unwrap();
        let error = Tokens::read(&path).unwrap_err().to_string();
        assert!(
            error.ends_with("expected a vocabulary of 32768 tokens, found an end in the middle of token 0"),
            "{error}"
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(start in prop::collection::vec(any::<u8>(), 0..2_000), ids in prop::collection::vec(any::<usize>(), 0..20)) {
            let mut bytes = start;
            bytes.resize(bytes.len() + COUNT, 0);
            if let Ok(tokens) = Tokens::parse(&bytes) {
                tokens.text(&ids);
            }
        }
    }
}
