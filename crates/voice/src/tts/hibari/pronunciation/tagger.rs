//! The part of speech of words in a sentence: an averaged perceptron over the word, its neighbours and the tags before.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
};

use serde::Deserialize;

use super::{
    characters::{is_letters, last},
    pairs::Pairs,
};

/// What stands before the first word and behind the last.
const START: [&str; 2] = ["-START2-", "-START-"];
const END: [&str; 2] = ["-END-", "-END2-"];
/// The tag where nothing is known.
const NOUN: &str = "NN";

/// The file, `tagger.json.gz`.
#[derive(Deserialize)]
pub(super) struct Weights {
    /// Tags of the Penn Treebank.
    tags: Vec<String>,
    /// Words that have one tag nearly always.
    tagdict: HashMap<String, String>,
    /// Words that the weights know.
    vocab: HashSet<String>,
    /// Feature → tag → weight, a multiple of 0.1.
    weights: Pairs<Pairs<f64>>,
}

pub(super) struct Tagger {
    tags: Vec<String>,
    certain: HashMap<String, String>,
    vocabulary: HashSet<String>,
    features: HashMap<Box<str>, Range<u32>>,
    /// Places in `tags`, and tenths.
    weights: Vec<(u8, i16)>,
}

impl Tagger {
    /// # Errors
    /// What is wrong with the file.
    pub(super) fn new(file: Weights) -> Result<Self, String> {
        let mut tags = file.tags;
        tags.sort_unstable();
        let Pairs(file_weights) = file.weights;
        if tags.len() > usize::from(u8::MAX) || file_weights.len() > 1 << 20 {
            return Err(format!("{} tags and {} features, more than expected", tags.len(), file_weights.len()));
        }
        let mut weights = Vec::new();
        let mut features = HashMap::with_capacity(file_weights.len());
        for (feature, Pairs(of_tags)) in file_weights {
            let start = weights.len() as u32;
            for (tag, weight) in of_tags {
                let index = tags
                    .binary_search_by(|known| known.as_str().cmp(&tag))
                    .map_err(|_| format!("a weight for '{tag}', which is no tag"))?;
                weights.push((index as u8, (weight * 10.0).round() as i16));
            }
            features.insert(feature, start..weights.len() as u32);
        }
        Ok(Self { tags, certain: file.tagdict, vocabulary: file.vocab, features, weights })
    }

    /// The tag of each word.
    pub(super) fn tag(&self, words: &[&str]) -> Vec<&str> {
        let known = |word: &&str| {
            let word_class = class(word);
            if self.vocabulary.contains(&word_class) { word_class } else { format!("<{}>", shape(word)) }
        };
        let [start, end] = [START, END].map(|marks| marks.map(str::to_owned));
        let context: Vec<String> = start.into_iter().chain(words.iter().map(known)).chain(end).collect();
        let mut tags = vec![START[0], START[1]];
        for (index, word) in words.iter().enumerate() {
            let tag = match self.certain.get(*word) {
                Some(tag) => tag,
                None => self.guess(&features(index, word, &context[index..index + 5], &tags)),
            };
            tags.push(tag);
        }
        tags.split_off(START.len())
    }

    /// The tag with the largest sum of weights; of equal ones, the last in the alphabet.
    fn guess(&self, features: &[String]) -> &str {
        let mut scores = vec![0.0; self.tags.len()];
        let mut found = false;
        for range in features.iter().filter_map(|feature| self.features.get(feature.as_str())) {
            found = true;
            for &(tag, tenths) in &self.weights[range.start as usize..range.end as usize] {
                // Divided, so that a sum has the very bits it had in training: ties are broken the same way.
                scores[usize::from(tag)] += f64::from(tenths) / 10.0;
            }
        }
        if !found {
            return NOUN;
        }
        self.tags.iter().zip(scores).max_by(|(_, a), (_, b)| a.total_cmp(b)).map_or(NOUN, |(tag, _)| tag)
    }
}

/// What the weights look at. `near` holds two words before, the word, and two behind it.
fn features(index: usize, word: &str, near: &[String], tags: &[&str]) -> [String; 15] {
    let [before_previous, previous, this, next, after_next] = near else { return Default::default() };
    let [.., tag_before_previous, tag_previous] = tags else { return Default::default() };
    [
        "b".to_owned(),
        format!("s3={}", last(word, 3)),
        format!("p1={}", word.chars().next().map_or(String::new(), String::from)),
        format!("w={this}"),
        format!("sh={}", shape(word)),
        if index == 0 { "i0" } else { "i+" }.to_owned(),
        format!("t-1={tag_previous}"),
        format!("t-2={tag_before_previous}"),
        format!("t-12={tag_previous},{tag_before_previous}"),
        format!("w-1={previous}"),
        format!("s3-1={}", last(previous, 3)),
        format!("w-2={before_previous}"),
        format!("w+1={next}"),
        format!("s3+1={}", last(next, 3)),
        format!("w+2={after_next}"),
    ]
}

/// The word in lower case, or the class that it belongs to.
fn class(word: &str) -> String {
    let digits = word.chars().all(char::is_numeric);
    if word.contains('-') && !word.starts_with('-') {
        "!HYPHEN".to_owned()
    } else if digits && word.chars().count() == 4 {
        "!YEAR".to_owned()
    } else if word.starts_with(char::is_numeric) {
        "!DIGITS".to_owned()
    } else {
        word.to_lowercase()
    }
}

/// How a word is written: in capitals, with digits and so on.
fn shape(word: &str) -> String {
    let mut rest = word.chars();
    let first = rest.next();
    let is_lower = |text: &str| text.contains(char::is_lowercase) && !text.contains(char::is_uppercase);
    let named = if is_letters(word) {
        let is_upper = word.contains(char::is_uppercase) && !word.contains(char::is_lowercase);
        match first {
            _ if is_lower(word) => "x",
            _ if is_upper && rest.as_str().is_empty() => "X1",
            _ if is_upper => "XX",
            Some(first) if first.is_uppercase() && is_lower(rest.as_str()) => "Xx",
            _ => "xX",
        }
    } else if !word.is_empty() && word.chars().all(char::is_numeric) {
        "d"
    } else {
        let letter = |c: char| {
            if c.is_numeric() {
                'd'
            } else if c.is_alphabetic() {
                'x'
            } else {
                c
            }
        };
        return word.chars().take(4).map(letter).collect();
    };
    named.to_owned()
}
