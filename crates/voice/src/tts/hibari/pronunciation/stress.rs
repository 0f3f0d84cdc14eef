//! Marks of stress in a string of phonemes.

/// The mark before a syllable of primary stress.
pub(super) const PRIMARY: char = 'ˈ';
/// The mark before a syllable of secondary stress.
pub(super) const SECONDARY: char = 'ˌ';

const VOWELS: &str = "AIOQWYaiuæɑɒɔəɛɜɪʊʌᵻ";
const DIPHTHONGS: &str = "AIOQWYʤʧ";

/// How the stress of a word is changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Stress {
    /// None at all.
    Strip,
    /// Primary stress becomes secondary.
    Weaken,
    /// Secondary where it is primary or there is none.
    Secondary,
    /// At least secondary.
    Some,
    /// Primary where it is secondary or there is none.
    Primary,
}

/// `phonemes` with their stress changed.
pub(super) fn apply(phonemes: &str, stress: Option<Stress>) -> String {
    let Some(stress) = stress else { return phonemes.to_owned() };
    let (primary, secondary) = (phonemes.contains(PRIMARY), phonemes.contains(SECONDARY));
    let weakened = || phonemes.replace(SECONDARY, "").replace(PRIMARY, "ˌ");
    match stress {
        Stress::Strip => phonemes.replace([PRIMARY, SECONDARY], ""),
        Stress::Weaken | Stress::Secondary if primary => weakened(),
        Stress::Secondary | Stress::Some if !primary && !secondary => mark(phonemes, SECONDARY),
        Stress::Primary if !primary && secondary => phonemes.replace(SECONDARY, "ˈ"),
        Stress::Primary if !primary => mark(phonemes, PRIMARY),
        _ => phonemes.to_owned(),
    }
}

/// Puts `stress` before the first vowel.
fn mark(phonemes: &str, stress: char) -> String {
    let mut marked = phonemes.to_owned();
    if let Some(vowel) = phonemes.find(is_vowel) {
        marked.insert(vowel, stress);
    }
    marked
}

pub(super) fn is_vowel(phoneme: char) -> bool {
    VOWELS.contains(phoneme)
}

/// How long `phonemes` are to say: diphthongs and affricates count twice.
pub(super) fn weight(phonemes: &str) -> usize {
    phonemes.chars().map(|phoneme| if DIPHTHONGS.contains(phoneme) { 2 } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::{Stress::*, *};

    #[test]
    fn stress_is_changed_as_asked() {
        for (stress, of_primary, of_secondary, of_none) in [
            (None, "həlˈO", "ˌʌp", "ðə"),
            (Option::Some(Strip), "həlO", "ʌp", "ðə"),
            (Option::Some(Weaken), "həlˌO", "ˌʌp", "ðə"),
            (Option::Some(Secondary), "həlˌO", "ˌʌp", "ðˌə"),
            (Option::Some(Some), "həlˈO", "ˌʌp", "ðˌə"),
            (Option::Some(Primary), "həlˈO", "ˈʌp", "ðˈə"),
        ] {
            let changed = ["həlˈO", "ˌʌp", "ðə"].map(|phonemes| apply(phonemes, stress));
            assert_eq!(changed, [of_primary, of_secondary, of_none], "{stress:?}");
        }
        assert_eq!(apply("z", Option::Some(Primary)), "z", "without a vowel there is no place for it");
    }
}
