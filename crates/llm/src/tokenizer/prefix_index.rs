//! Words that a text begins with.

/// Words in order, so that those a text begins with are found by narrowing one range, byte by byte.
#[derive(Default)]
pub struct PrefixIndex {
    words: Vec<(Box<str>, u32)>,
    /// A bit for each byte that a word begins with: most of a text begins none.
    firsts: [u64; 4],
}

impl PrefixIndex {
    /// An index of words, none of them empty, with their values.
    pub fn new(words: impl IntoIterator<Item = (Box<str>, u32)>) -> Self {
        let mut words: Vec<_> = words.into_iter().collect();
        words.sort_unstable();
        words.dedup();
        let mut index = Self { firsts: [0; 4], words: Vec::new() };
        words.iter().for_each(|(word, _)| index.note_first(word));
        Self { words, ..index }
    }

    fn note_first(&mut self, word: &str) {
        if let Some(&first) = word.as_bytes().first() {
            self.firsts[usize::from(first / 64)] |= 1 << (first % 64);
        }
    }

    /// Adds a word unless it is there.
    pub fn insert(&mut self, word: &str, value: u32) {
        if let Err(place) = self.words.binary_search_by(|(known, _)| (**known).cmp(word)) {
            self.words.insert(place, (word.into(), value));
            self.note_first(word);
        }
    }

    /// Length in bytes and value of every word that `text` begins with, the shortest first.
    pub fn prefixes<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (usize, u32)> + 'a {
        let begins = |&first: &u8| self.firsts[usize::from(first / 64)] >> (first % 64) & 1 == 1;
        let mut range = if text.as_bytes().first().is_some_and(begins) { &self.words[..] } else { &[] };
        let narrowed = text.bytes().enumerate().map_while(move |(depth, byte)| {
            // All of the range share what is before `depth`; a word that ends there sorts first.
            let at = |word: &str| word.as_bytes().get(depth).copied();
            range = &range[range.partition_point(|(word, _)| at(word) < Some(byte))..];
            range = &range[..range.partition_point(|(word, _)| at(word) <= Some(byte))];
            let (word, value) = range.first()?;
            Some((word.len() == depth + 1).then_some((depth + 1, *value)))
        });
        narrowed.flatten()
    }

    /// The longest word that `text` begins with, as [`prefixes`](Self::prefixes) gives it.
    pub fn longest(&self, text: &str) -> Option<(usize, u32)> {
        self.prefixes(text).last()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn prefixes_are_those_of_a_plain_search(
            words in prop::collection::hash_set("[abé]{1,4}", 0..30),
            text in "[abé]{0,6}",
        ) {
            let words: Vec<String> = words.into_iter().collect();
            let valued = || words.iter().zip(0..).map(|(word, value)| (word.as_str().into(), value));
            let mut expected: Vec<(usize, u32)> =
                valued().filter(|(word, _): &(Box<str>, u32)| text.starts_with(&**word)).map(|(word, value)| (word.len(), value)).collect();
            expected.sort_unstable();
            let index = PrefixIndex::new(valued());
            prop_assert_eq!(index.prefixes(&text).collect::<Vec<_>>(), expected.clone());
            prop_assert_eq!(index.longest(&text), expected.last().copied());
            let mut grown = PrefixIndex::default();
            valued().for_each(|(word, value)| grown.insert(&word, value));
            prop_assert_eq!((grown.words, grown.firsts), (index.words, index.firsts));
        }
    }
}
