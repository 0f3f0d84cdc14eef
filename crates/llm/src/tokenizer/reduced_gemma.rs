//! A part of Gemma's vocabulary, for a Gemma package that comes without a tokenizer.

use serde::Deserialize;

use super::sentence_piece::{Model, Normalizer, Piece, Segmentation, SentencePiece};
use super::{TokenKind, Tokenizer, token_bytes::fallback_byte};
use crate::LlmError;

/// Token ids of Gemma 1 and 2.
pub const GEMMA_VOCABULARY: usize = 256_000;
/// Begins a text.
const BOS: u32 = 2;
/// Ends a text.
const EOS: u32 = 1;
/// Fills a batch.
const PAD: u32 = 0;
/// Mark-up, line ends and spaces in runs, which text becomes as they stand.
const USER_DEFINED: std::ops::RangeInclusive<u32> = 4..=216;

/// What `tools/make_reduced_gemma.py` writes.
#[derive(Deserialize)]
struct Reduced {
    /// The first id of a run, and the pieces of the ids from there on.
    runs: Vec<(u32, Vec<String>)>,
}

impl Tokenizer {
    /// The built-in part of the vocabulary of Gemma 1 and 2: the pieces that text is made of most, at their true ids, and
    /// the byte tokens. Any text becomes valid ids, more of them than with the whole vocabulary; ids beyond the part
    /// decode as U+FFFD.
    ///
    /// # Errors
    /// None that a test would let pass.
    pub fn reduced_gemma() -> Result<Self, LlmError> {
        let model = model().and_then(SentencePiece::new);
        model.map(Self::from_model).map_err(|reason| LlmError::Tokenizer { name: "built in".to_owned(), reason })
    }
}

fn model() -> Result<Model, String> {
    let reduced: Reduced = serde_json::from_str(include_str!("reduced_gemma.json")).map_err(|e| e.to_string())?;
    let mut pieces = vec![Piece::none(); GEMMA_VOCABULARY];
    for (first, texts) in reduced.runs {
        for (id, text) in (first..).zip(texts) {
            let kind = match text.as_str() {
                "<unk>" => TokenKind::Unknown,
                "<pad>" | "<eos>" | "<bos>" | "<start_of_turn>" | "<end_of_turn>" => TokenKind::Control,
                byte if fallback_byte(byte).is_some() => TokenKind::Byte,
                _ if USER_DEFINED.contains(&id) => TokenKind::UserDefined,
                _ => TokenKind::Normal,
            };
            let piece = pieces.get_mut(id as usize).ok_or_else(|| format!("there is no id {id}"))?;
            // The ids of Gemma are in the order of the merges.
            *piece = Piece { text, score: -(id as f32), kind };
        }
    }
    Ok(Model {
        pieces,
        added: Vec::new(),
        segmentation: Segmentation::PairEncoding,
        normalizer: Normalizer::default(),
        byte_fallback: true,
        unknown_surface: "\u{FFFD}".to_owned(),
        bos: Some(BOS),
        eos: Some(EOS),
        pad: Some(PAD),
        add_bos: true,
        add_eos: false,
    })
}
