//! What a voice over an answer does to it.

use super::{Activity, Options, options::frames};

/// How an answer goes on while somebody speaks over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Overlap {
    /// As before.
    Full,
    /// Quietly: there is a sound that may be more than a click.
    Quiet,
    /// Not for now: there is a voice. It may yet turn out to be a noise or a remark, which costs a moment's silence.
    Silent,
    /// Not at all: whoever speaks so long wants the word.
    Ended,
}

impl Options {
    /// What the last frame does to an answer that is being said; nothing where it goes on as it does. `voiced` are the frames of
    /// speech in the turn that has begun over it, if one has.
    pub fn overlap(&self, activity: &Activity, voiced: Option<u32>) -> Option<Overlap> {
        match voiced {
            None if activity.run() > 0 => Some(Overlap::Quiet),
            None if activity.silence() >= frames(self.pause) => Some(Overlap::Full),
            None => None,
            Some(voiced) if voiced >= frames(self.longest_remark) => Some(Overlap::Ended),
            Some(_) => Some(Overlap::Silent),
        }
    }

    /// Whether so many frames of speech are too few for anybody's turn.
    pub fn is_click(&self, voiced: u32) -> bool {
        voiced < frames(self.shortest_speech)
    }
}
