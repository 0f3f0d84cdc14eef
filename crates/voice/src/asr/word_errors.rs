//! How much of what was said was understood.

use std::ops::AddAssign;

/// Words of transcripts, and how many of them were not understood.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WordErrors {
    /// Words replaced, left out and added.
    pub errors: usize,
    /// Words that were said.
    pub words: usize,
}

impl WordErrors {
    /// Compares what was understood with what was said: the fewest replacements, omissions and additions that make one of
    /// the other. Case, punctuation and hyphens do not count, and "Mr." is "mister"; a number in digits is not the same as in
    /// words.
    pub fn count(said: &str, understood: &str) -> Self {
        let (said, understood) = (words(said), words(understood));
        // Errors of every beginning of what was understood, for the beginning of what was said.
        let mut row: Vec<usize> = (0..=understood.len()).collect();
        for (index, word) in said.iter().enumerate() {
            let mut diagonal = row[0];
            row[0] = index + 1;
            for (column, other) in understood.iter().enumerate() {
                let replaced = diagonal + usize::from(word != other);
                diagonal = row[column + 1];
                row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
            }
        }
        Self { errors: row[understood.len()], words: said.len() }
    }

    /// Errors in a word that was said; 0 where nothing was.
    pub fn rate(self) -> f64 {
        self.errors as f64 / self.words.max(1) as f64
    }
}

impl AddAssign for WordErrors {
    fn add_assign(&mut self, other: Self) {
        self.errors += other.errors;
        self.words += other.words;
    }
}

fn words(text: &str) -> Vec<String> {
    let letters = |word: &str| -> String {
        word.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let words = text.split(|character: char| character.is_whitespace() || character == '-').map(letters);
    let spelled = words.map(|word| if word == "mr" { "mister".to_owned() } else { word });
    spelled.filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_compared_whatever_their_spelling() {
        for (said, understood, errors) in [
            ("and mister john dashwood", "And Mr. John Dashwood,", 0),
            ("ill disposed", "Ill-disposed!", 0),
            ("ten of clubs", "ten of cloves", 1),
            ("ten of clubs", "ten clubs", 1),
            ("ten of clubs", "ten of the clubs", 1),
            ("ten of clubs", "", 3),
            ("a b c d", "b c d e", 2),
            ("", "made up words", 3),
            ("thirty three", "33", 2),
        ] {
            let words = said.split_whitespace().count();
            assert_eq!(WordErrors::count(said, understood), WordErrors { errors, words }, "{said} / {understood}");
        }
        assert_eq!(WordErrors { errors: 1, words: 4 }.rate(), 0.25);
        assert_eq!(WordErrors::default().rate(), 0.0);
    }
}
