//! SentencePiece vocabularies: text is normalised, then segmented as a whole by pair encoding or a unigram model.
//!
//! The encoding is that of the library (Kudo and Richardson, 2018), to the id. It is done here, not by the `tokenizers`
//! crate, which cannot say what such a model says: how its rewriting rules apply, that user-defined pieces are taken whole
//! after normalisation, which of two near ties wins.

mod charsmap;
mod model_file;
mod normalizer;
mod pair_encoding;
mod pieces;
mod unigram;

use serde_json::Value;

use super::{SpecialTokens, TokenKind, prefix_index::PrefixIndex, token_bytes::fallback_byte};
use pieces::Pieces;
use unigram::Unigram;

pub use normalizer::{Normalizer, SPACE};
pub use pieces::Piece;

/// Stretches of a text with their pieces; none where the text has no piece.
type Segments<'t> = Vec<(&'t str, Option<u32>)>;

/// How text is segmented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Segmentation {
    /// The pair whose piece scores best is merged, again and again.
    PairEncoding,
    /// The pieces whose scores sum up highest.
    Unigram,
}

/// A vocabulary and its rules, wherever they come from.
pub struct Model {
    /// Every piece by id.
    pub pieces: Vec<Piece>,
    /// Pieces whose spelling in a text stands for them whatever their kind.
    pub added: Vec<u32>,
    /// How text is segmented.
    pub segmentation: Segmentation,
    /// What happens to text before.
    pub normalizer: Normalizer,
    /// Whether text without a piece becomes the pieces of its bytes.
    pub byte_fallback: bool,
    /// How the unknown piece is shown.
    pub unknown_surface: String,
    /// Begins a text.
    pub bos: Option<u32>,
    /// Ends a text.
    pub eos: Option<u32>,
    /// Fills a batch.
    pub pad: Option<u32>,
    /// Whether a text begins with `bos`.
    pub add_bos: bool,
    /// Whether a text ends with `eos`.
    pub add_eos: bool,
}

/// An encoder of SentencePiece ids.
pub struct SentencePiece {
    pieces: Pieces,
    normalizer: Normalizer,
    /// `None` for pair encoding.
    unigram: Option<Unigram>,
    user_defined: PrefixIndex,
    /// Tokens at whose spelling a text is cut before anything else.
    cuts: PrefixIndex,
    byte_ids: Option<Vec<u32>>,
    unknown: u32,
    unknown_surface: String,
    around: [Option<u32>; 2],
    special: SpecialTokens,
}

impl SentencePiece {
    /// Reads a `tokenizer.model` with the `tokenizer_config.json` beside it; an error is the reason alone.
    pub fn read(bytes: &[u8], config: &Value) -> Result<Self, String> {
        Self::new(model_file::read(bytes, config)?)
    }

    /// Checks a vocabulary; an error is the reason alone.
    pub fn new(model: Model) -> Result<Self, String> {
        let pieces = Pieces::new(model.pieces)?;
        let of_kind = |kind| pieces.iter().filter(move |(_, piece)| piece.kind == kind);
        let unknown: Vec<u32> = of_kind(TokenKind::Unknown).map(|(id, _)| id).collect();
        let &[unknown] = &unknown[..] else {
            return Err(format!("the pieces {unknown:?} are of type 2 (unknown), expected one"));
        };
        if let Some((id, piece)) = of_kind(TokenKind::Byte).find(|(_, piece)| fallback_byte(&piece.text).is_none()) {
            return Err(format!("piece {id} is of type 6 (byte) but spelled {:?}", piece.text));
        }
        let byte_id = |byte: u8| {
            let id = pieces.id(&format!("<0x{byte:02X}>")).filter(|&id| pieces.kind(id) == TokenKind::Byte);
            id.ok_or_else(|| format!("byte_fallback is set but there is no piece for the byte 0x{byte:02X}"))
        };
        let byte_ids = model.byte_fallback.then(|| (0..=255).map(byte_id).collect::<Result<_, _>>()).transpose()?;
        let index = |(id, piece): (u32, &Piece)| (piece.text.as_str().into(), id);
        let added = model.added.iter().filter_map(|&id| Some((id, pieces.get(id)?)));
        let cuts = PrefixIndex::new(of_kind(TokenKind::Control).chain(added).map(index));
        let spelling = |id: Option<u32>| Some(pieces.get(id?)?.text.clone());
        let special = SpecialTokens {
            bos: spelling(model.bos),
            eos: spelling(model.eos),
            unk: spelling(Some(unknown)),
            pad: spelling(model.pad),
            stop: model.eos.into_iter().collect(),
        };
        Ok(Self {
            normalizer: model.normalizer,
            unigram: (model.segmentation == Segmentation::Unigram).then(|| Unigram::new(&pieces)),
            user_defined: PrefixIndex::new(of_kind(TokenKind::UserDefined).map(index)),
            cuts,
            byte_ids,
            unknown,
            unknown_surface: model.unknown_surface,
            around: [model.bos.filter(|_| model.add_bos), model.eos.filter(|_| model.add_eos)],
            special,
            pieces,
        })
    }

    /// The special tokens that the model itself names.
    pub fn special(&self) -> &SpecialTokens {
        &self.special
    }

    /// One more than the highest id.
    pub fn len(&self) -> usize {
        self.pieces.len()
    }

    /// The id of a spelling.
    pub fn id(&self, token: &str) -> Option<u32> {
        self.pieces.id(token)
    }

    /// The spelling of an id.
    pub fn token(&self, id: u32) -> Option<&str> {
        self.pieces.get(id).map(|piece| piece.text.as_str())
    }

    /// Whether a token is never part of a text by its kind.
    pub fn is_control(&self, id: u32) -> bool {
        self.pieces.get(id).is_some_and(|piece| piece.kind == TokenKind::Control)
    }

    /// Spaces at the beginning of a text that are not the text's: it has one put before it, or keeps none of its own.
    pub fn leading_spaces(&self) -> usize {
        usize::from(self.normalizer.add_dummy_prefix || self.normalizer.remove_extra_whitespaces)
    }

    /// Makes the spelling of `id` in a text stand for it.
    pub fn cut_at(&mut self, id: u32) {
        if let Some(piece) = self.pieces.get(id) {
            self.cuts.insert(&piece.text, id);
        }
    }

    /// Appends the bytes that `id` adds to a text. What has no spelling here shows as U+FFFD.
    pub fn append_bytes(&self, id: u32, out: &mut Vec<u8>) {
        match self.pieces.get(id) {
            None => out.extend_from_slice("\u{FFFD}".as_bytes()),
            Some(Piece { kind: TokenKind::Unknown, .. }) => out.extend_from_slice(self.unknown_surface.as_bytes()),
            Some(Piece { kind: TokenKind::Byte, text, .. }) => out.extend(fallback_byte(text)),
            Some(Piece { text, .. }) => out.extend_from_slice(text.replace(SPACE, " ").as_bytes()),
        }
    }

    /// Encodes a text, in which the spelling of a control token stands for that token; each stretch between such tokens is
    /// a text of its own. An error is the reason alone.
    pub fn encode(&self, text: &str, add_special: bool) -> Result<Vec<u32>, String> {
        let [before, after] = self.around.map(|id| id.filter(|_| add_special));
        let mut ids = Vec::with_capacity(text.len() / 2 + 2);
        ids.extend(before);
        let (mut start, mut at) = (0, 0);
        while let Some(c) = text[at..].chars().next() {
            let cut = self.cuts.longest(&text[at..]);
            if let Some((_, id)) = cut {
                self.encode_stretch(&text[start..at], &mut ids)?;
                ids.push(id);
            }
            at += cut.map_or(c.len_utf8(), |(length, _)| length);
            start = if cut.is_some() { at } else { start };
        }
        self.encode_stretch(&text[start..], &mut ids)?;
        ids.extend(after);
        Ok(ids)
    }

    fn encode_stretch(&self, text: &str, ids: &mut Vec<u32>) -> Result<(), String> {
        let text = self.normalizer.normalize(text, &self.user_defined)?;
        let segments = match &self.unigram {
            Some(unigram) => unigram.segment(&self.pieces, &text),
            None => pair_encoding::segment(&self.pieces, &self.user_defined, &text),
        };
        let mut after_unknown = false;
        for (text, id) in segments {
            match (id, &self.byte_ids) {
                (Some(id), _) => ids.push(id),
                (None, Some(byte_ids)) => ids.extend(text.bytes().map(|byte| byte_ids[usize::from(byte)])),
                // A run of unknown characters is one token.
                (None, None) if after_unknown => {}
                (None, None) => ids.push(self.unknown),
            }
            after_unknown = id.is_none();
        }
        Ok(())
    }
}
