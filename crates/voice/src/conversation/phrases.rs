//! What short phrases mean to the machine.

/// Words that show that somebody listens and ask for nothing.
const REMARKS: [&str; 28] = [
    "ah", "aha", "alright", "cool", "good", "great", "hm", "hmm", "huh", "i see", "mhm", "mm", "mm hmm", "mmhmm",
    "nice", "oh", "ok", "okay", "right", "sure", "uh", "uh huh", "uhhuh", "um", "wow", "yeah", "yep", "yes",
];

/// Words in small letters without marks.
fn words(text: &str) -> Vec<String> {
    let plain: String = text.chars().map(|c| if c.is_alphanumeric() || c == '\'' { c } else { ' ' }).collect();
    plain
        .split_whitespace()
        .map(|word| word.trim_matches('\'').to_lowercase())
        .filter(|word| !word.is_empty())
        .collect()
}

/// Whether there is something in a text that could be meant.
pub fn is_intelligible(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

/// Whether it ends as a sentence does. One that trails off does not.
pub(super) fn ends_a_sentence(text: &str) -> bool {
    let text = text.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ')' | '”' | '’'));
    text.ends_with(['.', '!', '?']) && !text.ends_with("..")
}

/// Whether a text says no more than that somebody listens ("uh-huh", "okay"), or nothing at all.
pub fn is_remark(text: &str) -> bool {
    let words = words(text);
    let mut rest = &words[..];
    while !rest.is_empty() {
        // Two words together before one.
        let known = (1..=rest.len().min(2)).rev().find(|&count| REMARKS.contains(&rest[..count].join(" ").as_str()));
        let Some(known) = known else { return false };
        rest = &rest[known..];
    }
    true
}

/// What follows `phrase` in a text that begins with it. A letter in a word of five or more may be another, as recognisers
/// have not heard every name.
pub(super) fn after_wake_phrase(text: &str, phrase: &str) -> Option<String> {
    let phrase = words(phrase);
    let mut rest = text;
    for wanted in &phrase {
        rest = rest.trim_start_matches(|c: char| !c.is_alphanumeric());
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '\'').unwrap_or(rest.len());
        if !is_like(&rest[..end].to_lowercase(), wanted) {
            return None;
        }
        rest = &rest[end..];
    }
    Some(rest.trim_start_matches(|c: char| !c.is_alphanumeric()).to_owned())
}

fn is_like(heard: &str, wanted: &str) -> bool {
    let (heard, wanted): (Vec<char>, Vec<char>) = (heard.chars().collect(), wanted.chars().collect());
    let differing = heard.iter().zip(&wanted).filter(|(one, other)| one != other).count();
    heard.len() == wanted.len() && differing <= usize::from(wanted.len() >= 5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remarks_ask_for_nothing() {
        for remark in ["Uh-huh.", "Okay.", "yeah, yeah", "Mm-hmm, right.", "I see.", "Oh, okay!", "..."] {
            assert!(is_remark(remark), "{remark}");
        }
        for other in ["Okay, stop.", "Yes, but why?", "Wait.", "No.", "I see a dog."] {
            assert!(!is_remark(other), "{other}");
        }
    }

    #[test]
    fn sentences_end_with_a_mark() {
        for whole in ["Yes.", "What is it?", "He said \"stop!\" ", "(So it is.)"] {
            assert!(ends_a_sentence(whole), "{whole}");
        }
        for other in ["", "Eight of spades,", "I would like to", "Well...", "Well…", "12:"] {
            assert!(!ends_a_sentence(other), "{other}");
        }
    }

    #[test]
    fn a_wake_phrase_is_found_at_the_beginning() {
        let after = |text| after_wake_phrase(text, "Hey Computer");
        assert_eq!(after("Hey, computer! What's the time?").as_deref(), Some("What's the time?"));
        assert_eq!(after("hey compuder what now").as_deref(), Some("what now"));
        assert_eq!(after("Hey computer.").as_deref(), Some(""));
        for other in ["What's the time, hey computer?", "Hey", "Hay computer", "Hey companion", ""] {
            assert_eq!(after(other), None, "{other}");
        }
    }
}
