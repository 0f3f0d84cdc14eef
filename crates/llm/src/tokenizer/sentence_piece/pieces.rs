//! The pieces of a vocabulary.

use std::collections::HashMap;

use crate::tokenizer::TokenKind;

/// The longest piece that SentencePiece itself accepts, in bytes.
const MAX_PIECE_BYTES: usize = 7999;

/// One token.
#[derive(Clone, Debug)]
pub struct Piece {
    /// Its spelling; empty for an id that no piece has.
    pub text: String,
    /// What it is worth: a log probability, or minus the rank of a merge.
    pub score: f32,
    /// What it is for.
    pub kind: TokenKind,
}

impl Piece {
    /// An id that no piece has.
    pub fn none() -> Self {
        Self { text: String::new(), score: 0.0, kind: TokenKind::Unused }
    }

    /// Whether text can become this piece by segmentation.
    fn is_text(&self) -> bool {
        matches!(self.kind, TokenKind::Normal | TokenKind::UserDefined | TokenKind::Unused)
    }
}

/// All pieces by id and by spelling.
pub struct Pieces {
    list: Vec<Piece>,
    ids: HashMap<String, u32>,
}

impl Pieces {
    /// Checks pieces; an error is the reason alone.
    pub fn new(list: Vec<Piece>) -> Result<Self, String> {
        let mut ids = HashMap::with_capacity(list.len());
        for (id, piece) in (0..).zip(&list).filter(|(_, piece)| !piece.text.is_empty()) {
            let text = &piece.text;
            if text.len() > MAX_PIECE_BYTES || text.contains('\0') {
                return Err(format!("piece {id} is longer than {MAX_PIECE_BYTES} bytes or holds a zero byte"));
            }
            if !piece.score.is_finite() {
                return Err(format!("piece {id}, {text:?}, has the score {}", piece.score));
            }
            if let Some(first) = ids.insert(text.clone(), id) {
                return Err(format!("pieces {first} and {id} are both spelled {text:?}"));
            }
        }
        Ok(Self { list, ids })
    }

    /// One more than the highest id.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// The piece of an id.
    pub fn get(&self, id: u32) -> Option<&Piece> {
        self.list.get(id as usize).filter(|piece| !piece.text.is_empty())
    }

    /// The id of a spelling.
    pub fn id(&self, text: &str) -> Option<u32> {
        self.ids.get(text).copied()
    }

    /// The id of a piece that text can become.
    pub fn text_id(&self, text: &str) -> Option<u32> {
        self.id(text).filter(|&id| self.list[id as usize].is_text())
    }

    /// The kind of a piece that exists.
    pub fn kind(&self, id: u32) -> TokenKind {
        self.list[id as usize].kind
    }

    /// The score of a piece that exists.
    pub fn score(&self, id: u32) -> f32 {
        self.list[id as usize].score
    }

    /// Every piece with its id.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &Piece)> {
        (0..).zip(&self.list).filter(|(_, piece)| !piece.text.is_empty())
    }
}
