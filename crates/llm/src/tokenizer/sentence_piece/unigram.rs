//! Segmentation into the likeliest sequence of pieces.

use super::{PrefixIndex, Segments, pieces::Pieces};
use crate::tokenizer::TokenKind;

/// What an unknown character scores below the worst piece.
const UNKNOWN_PENALTY: f32 = 10.0;
/// What a user-defined piece scores below its length times the best score.
const USER_DEFINED_PENALTY: f64 = 0.1;

/// A unigram language model over pieces (Kudo, 2018).
pub struct Unigram {
    index: PrefixIndex,
    best: f32,
    unknown: f32,
}

/// The best way to segment the text up to some place.
#[derive(Clone, Copy, Default)]
struct Path {
    score: f32,
    /// Where its last piece begins; `None` while the place has not been reached.
    start: Option<usize>,
    /// Its last piece; `None` for an unknown character.
    id: Option<u32>,
}

impl Unigram {
    /// The model over those of `pieces` that are in use.
    pub fn new(pieces: &Pieces) -> Self {
        let of_kind = |kinds: &'static [TokenKind]| pieces.iter().filter(|(_, piece)| kinds.contains(&piece.kind));
        let scores = || of_kind(&[TokenKind::Normal]).map(|(_, piece)| piece.score);
        Self {
            index: PrefixIndex::new(
                of_kind(&[TokenKind::Normal, TokenKind::UserDefined])
                    .map(|(id, piece)| (piece.text.as_str().into(), id)),
            ),
            // SentencePiece starts its search for the best at the smallest positive number.
            best: scores().fold(f32::MIN_POSITIVE, f32::max),
            unknown: scores().fold(f32::MAX, f32::min) - UNKNOWN_PENALTY,
        }
    }

    /// Segments a normalised text so that the sum of the scores is greatest (Viterbi). Sums are rounded as SentencePiece
    /// rounds them, so that near ties fall alike.
    pub fn segment<'t>(&self, pieces: &Pieces, text: &'t str) -> Segments<'t> {
        let mut paths = vec![Path::default(); text.len() + 1];
        for (start, c) in text.char_indices() {
            let so_far = paths[start].score;
            let mut has_character = false;
            for (length, id) in self.index.prefixes(&text[start..]) {
                let score = match pieces.kind(id) {
                    TokenKind::UserDefined => f64::from(length as f32 * self.best) - USER_DEFINED_PENALTY,
                    _ => f64::from(pieces.score(id)),
                };
                offer(&mut paths[start + length], score + f64::from(so_far), start, Some(id));
                has_character |= length == c.len_utf8();
            }
            if !has_character {
                offer(&mut paths[start + c.len_utf8()], f64::from(self.unknown + so_far), start, None);
            }
        }
        let mut segments = Vec::new();
        let mut end = text.len();
        while let Path { start: Some(start), id, .. } = paths[end] {
            segments.push((&text[start..end], id));
            end = start;
        }
        segments.reverse();
        segments
    }
}

/// Takes another way to a place if it is the first or better.
fn offer(path: &mut Path, score: f64, start: usize, id: Option<u32>) {
    if path.start.is_none() || score > f64::from(path.score) {
        *path = Path { score: score as f32, start: Some(start), id };
    }
}
