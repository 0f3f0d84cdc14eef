//! Incremental detokenisation.

use super::Tokenizer;

/// Turns tokens into text as they come, never splitting a UTF-8 character.
///
/// The pieces joined are exactly `String::from_utf8_lossy` of the tokens' bytes joined.
pub struct TextStream<'t> {
    tokenizer: &'t Tokenizer,
    /// The beginning of a character whose other bytes have not come yet: three bytes at most between calls.
    pending: Vec<u8>,
    /// Spaces at the beginning of the text that are still to be dropped.
    strip: usize,
    /// Control tokens that are part of the text.
    spelled: Vec<u32>,
}

impl<'t> TextStream<'t> {
    pub(super) fn new(tokenizer: &'t Tokenizer, strip: usize) -> Self {
        Self { tokenizer, pending: Vec::with_capacity(64), strip, spelled: Vec::new() }
    }

    /// Makes the spelling of these control tokens part of the text.
    pub fn spell(&mut self, tokens: &[u32]) {
        self.spelled.extend_from_slice(tokens);
    }

    /// Appends to `out` the text that `id` completes.
    pub fn push(&mut self, id: u32, out: &mut String) {
        if self.tokenizer.is_special(id) {
            if self.spelled.contains(&id) {
                self.finish(out);
                out.push_str(&self.tokenizer.token(id).unwrap_or_default());
            }
            return;
        }
        let mut bytes = self.tokenizer.token_bytes(id);
        while self.strip > 0 && !bytes.is_empty() {
            let Some(rest) = bytes.strip_prefix(b" ") else {
                self.strip = 0;
                break;
            };
            bytes = rest;
            self.strip -= 1;
        }
        self.pending.extend_from_slice(bytes);
        let kept = {
            let mut chunks = self.pending.utf8_chunks().peekable();
            let mut kept = 0;
            while let Some(chunk) = chunks.next() {
                out.push_str(chunk.valid());
                let invalid = chunk.invalid();
                if chunks.peek().is_none() && is_incomplete(invalid) {
                    kept = invalid.len();
                } else if !invalid.is_empty() {
                    out.push(char::REPLACEMENT_CHARACTER);
                }
            }
            kept
        };
        self.pending.drain(..self.pending.len() - kept);
    }

    /// Appends what is left of a character that never became whole, as U+FFFD.
    pub fn finish(&mut self, out: &mut String) {
        if !self.pending.is_empty() {
            out.push(char::REPLACEMENT_CHARACTER);
            self.pending.clear();
        }
    }
}

/// Whether more bytes could turn `bytes` into a character, rather than no byte ever.
fn is_incomplete(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|e| e.error_len().is_none())
}
