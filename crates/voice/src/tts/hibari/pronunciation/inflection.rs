//! Words that are forms of a word in the lexicon: -s, -ed, -ing.

use super::{
    characters::last,
    lexicon::{Following, Lexicon},
    stress::Stress,
};

/// Sounds after which an American t is flapped.
const BEFORE_FLAP: &str = "AIOWYiuæɑəɛɪɹʊʌ";
/// Consonants that are doubled before -ing.
const DOUBLED: &str = "bcdgklmnprstvxz";

impl Lexicon {
    /// The phonemes of a word that is a form of one in the lexicon.
    pub(super) fn inflected(
        &self,
        word: &str,
        tag: &str,
        stress: Option<Stress>,
        following: Option<Following>,
    ) -> Option<String> {
        let of = |stem: String, stress| self.look_up(&stem, tag, stress, following);
        None.or_else(|| with_s(&of(self.stem_of_s(word)?, stress)?))
            .or_else(|| with_ed(&of(self.stem_of_ed(word)?, stress)?))
            .or_else(|| with_ing(&of(self.stem_of_ing(word)?, stress.or(Some(Stress::Some)))?))
    }

    pub(super) fn is_inflected(&self, word: &str, tag: &str, stress: Option<Stress>, following: Following) -> bool {
        self.inflected(word, tag, stress, Some(following)).is_some()
    }

    fn stem_of_s(&self, word: &str) -> Option<String> {
        let length = word.chars().count();
        let without_s = word.strip_suffix('s').filter(|_| length >= 3)?;
        let known = |stem: &str| self.is_known(stem).then(|| stem.to_owned());
        None.or_else(|| known(without_s).filter(|_| !without_s.ends_with('s')))
            .or_else(|| known(without_s.strip_suffix('\'')?))
            .or_else(|| known(without_s.strip_suffix('e').filter(|stem| length > 4 && !stem.ends_with('i'))?))
            .or_else(|| known(&format!("{}y", word.strip_suffix("ies").filter(|_| length > 4)?)))
    }

    fn stem_of_ed(&self, word: &str) -> Option<String> {
        let length = word.chars().count();
        let without_d = word.strip_suffix('d').filter(|_| length >= 4)?;
        let known = |stem: &str| self.is_known(stem).then(|| stem.to_owned());
        None.or_else(|| known(without_d).filter(|_| !without_d.ends_with('d')))
            .or_else(|| known(without_d.strip_suffix('e').filter(|stem| length > 4 && !stem.ends_with('e'))?))
    }

    fn stem_of_ing(&self, word: &str) -> Option<String> {
        let length = word.chars().count();
        let stem = word.strip_suffix("ing").filter(|_| length >= 5)?;
        let known = |stem: &str| self.is_known(stem).then(|| stem.to_owned());
        let doubled = || {
            let (shorter, end) = stem.split_at(stem.len() - last(stem, 1).len());
            let twice = end == last(shorter, 1) && DOUBLED.contains(end);
            if twice || stem.ends_with("ck") { known(shorter) } else { None }
        };
        None.or_else(|| known(stem).filter(|_| length > 5))
            .or_else(|| known(&format!("{stem}e")))
            .or_else(|| doubled().filter(|_| length > 5))
    }
}

/// `stem` in the plural.
pub(super) fn with_s(stem: &str) -> Option<String> {
    let ending = match stem.chars().next_back()? {
        'p' | 't' | 'k' | 'f' | 'θ' => "s",
        's' | 'z' | 'ʃ' | 'ʒ' | 'ʧ' | 'ʤ' => "ᵻz",
        _ => "z",
    };
    Some(format!("{stem}{ending}"))
}

/// `stem` in the past.
pub(super) fn with_ed(stem: &str) -> Option<String> {
    Some(match stem.chars().next_back()? {
        'p' | 'k' | 'f' | 'θ' | 'ʃ' | 's' | 'ʧ' => format!("{stem}t"),
        'd' => format!("{stem}ᵻd"),
        't' if stem == "t" => format!("{stem}ɪd"),
        't' => match flapped(stem) {
            Some(flapped) => format!("{flapped}ᵻd"),
            None => format!("{stem}ᵻd"),
        },
        _ => format!("{stem}d"),
    })
}

/// `stem` going on.
pub(super) fn with_ing(stem: &str) -> Option<String> {
    if stem.is_empty() {
        return None;
    }
    Some(format!("{}ɪŋ", flapped(stem).as_deref().unwrap_or(stem)))
}

/// `stem` with a flap in place of its last t, if there is one after the right sound.
fn flapped(stem: &str) -> Option<String> {
    let before = stem.strip_suffix('t')?;
    BEFORE_FLAP.contains(before.chars().next_back()?).then(|| format!("{before}ɾ"))
}
