//! The bytes that each token stands for.

use serde_json::Value;

use super::{MAX_VOCABULARY, sentence_piece::SentencePiece};

/// Every token's bytes, one after the other.
pub(super) struct TokenBytes {
    bytes: Vec<u8>,
    /// Where each token's bytes end; they begin where the previous token's end.
    ends: Vec<usize>,
    leading_spaces: usize,
}

/// How a token's spelling becomes bytes: the forms that causal language models use.
#[derive(Default)]
struct Spelling {
    /// GPT-2's alphabet, in which a character stands for one byte.
    byte_alphabet: bool,
    /// `<0x0A>` stands for one byte.
    byte_fallback: bool,
    /// Replacements in the spelling, usually U+2581 by a space.
    replace: Vec<(String, String)>,
    /// Spaces to take off the beginning of a text.
    leading_spaces: usize,
}

impl TokenBytes {
    pub(super) fn new(tokenizer: &tokenizers::Tokenizer) -> Result<Self, String> {
        let decoder = serde_json::to_value(tokenizer.get_decoder()).map_err(|e| e.to_string())?;
        let mut spelling = Spelling::default();
        spelling.read(&decoder)?;

        let vocabulary = tokenizer.get_vocab(true);
        let count = vocabulary.values().max().map_or(0, |&id| (id as usize).saturating_add(1));
        if count == 0 || count > MAX_VOCABULARY {
            return Err(format!("{count} token ids, expected 1 to {MAX_VOCABULARY}"));
        }
        let mut by_id = vec![""; count];
        for (token, &id) in &vocabulary {
            by_id[id as usize] = token;
        }
        let mut table =
            Self { bytes: Vec::new(), ends: Vec::with_capacity(count), leading_spaces: spelling.leading_spaces };
        for token in by_id {
            spelling.append(token, &mut table.bytes);
            table.ends.push(table.bytes.len());
        }
        Ok(table)
    }

    pub(super) fn of_sentence_piece(model: &SentencePiece) -> Self {
        let (leading_spaces, count) = (model.leading_spaces(), model.len());
        let mut table = Self { bytes: Vec::new(), ends: Vec::with_capacity(count), leading_spaces };
        for id in (0..).take(count) {
            model.append_bytes(id, &mut table.bytes);
            table.ends.push(table.bytes.len());
        }
        table
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn leading_spaces(&self) -> usize {
        self.leading_spaces
    }

    pub(super) fn get(&self, id: u32) -> &[u8] {
        let id = id as usize;
        let Some(&end) = self.ends.get(id) else { return &[] };
        let start = if id == 0 { 0 } else { self.ends[id - 1] };
        &self.bytes[start..end]
    }
}

impl Spelling {
    /// Reads the `decoder` of a tokenizer.json.
    fn read(&mut self, decoder: &Value) -> Result<(), String> {
        let text = |key: &str| decoder[key].as_str();
        match text("type") {
            Some("Sequence") => {
                for step in decoder["decoders"].as_array().into_iter().flatten() {
                    self.read(step)?;
                }
            }
            Some("ByteLevel") => self.byte_alphabet = true,
            Some("ByteFallback") => self.byte_fallback = true,
            Some("Fuse") => {}
            Some("Replace") => {
                let from = decoder["pattern"]["String"].as_str().filter(|p| !p.is_empty());
                let from = from.ok_or("a Replace decoder with a regular expression, expected a plain string")?;
                self.replace.push((from.to_owned(), text("content").unwrap_or_default().to_owned()));
            }
            Some("Strip") if text("content") == Some(" ") && decoder["stop"] == 0 => {
                self.leading_spaces = decoder["start"].as_u64().map_or(0, |n| n as usize);
            }
            Some("Metaspace") => {
                self.replace.push((text("replacement").unwrap_or("\u{2581}").to_owned(), " ".to_owned()));
                self.leading_spaces = usize::from(text("prepend_scheme") != Some("never"));
            }
            kind => {
                return Err(format!(
                    "decoder {} is not supported, expected ByteLevel, Metaspace, or Replace, ByteFallback, Fuse, Strip",
                    kind.unwrap_or("(none)")
                ));
            }
        }
        Ok(())
    }

    /// Appends the bytes of a token spelled `token`.
    fn append(&self, token: &str, out: &mut Vec<u8>) {
        if self.byte_alphabet {
            let start = out.len();
            for c in token.chars() {
                match alphabet_byte(c) {
                    Some(byte) => out.push(byte),
                    // An added token may be spelled in plain characters; then all of it is.
                    None => {
                        out.truncate(start);
                        out.extend_from_slice(token.as_bytes());
                        return;
                    }
                }
            }
        } else if let Some(byte) = self.byte_fallback.then(|| fallback_byte(token)).flatten() {
            out.push(byte);
        } else {
            let mut token = token.to_owned();
            for (from, to) in &self.replace {
                token = token.replace(from, to);
            }
            out.extend_from_slice(token.as_bytes());
        }
    }
}

/// The byte that a character of GPT-2's alphabet stands for. Printable Latin-1 stands for itself; the 68 other bytes
/// follow from U+0100 on, in order.
fn alphabet_byte(c: char) -> Option<u8> {
    const SHIFTED: [(u32, u8, u32); 3] = [(0x100, 0, 33), (0x121, 127, 34), (0x143, 173, 1)];
    let code = c as u32;
    match code {
        33..=126 | 161..=172 | 174..=255 => u8::try_from(code).ok(),
        _ => SHIFTED
            .iter()
            .find(|&&(first, _, count)| (first..first + count).contains(&code))
            .and_then(|&(first, byte, _)| u8::try_from(u32::from(byte) + code - first).ok()),
    }
}

/// The byte of a SentencePiece byte token, `<0x0A>`.
pub(super) fn fallback_byte(token: &str) -> Option<u8> {
    let digits = token.strip_prefix("<0x")?.strip_suffix('>')?;
    (digits.len() == 2).then(|| u8::from_str_radix(digits, 16).ok()).flatten()
}
