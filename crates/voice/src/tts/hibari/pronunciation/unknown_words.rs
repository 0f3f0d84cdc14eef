//! Words that no rule can read: a small network guesses their phonemes from their letters.

use std::collections::HashMap;

use ort::value::TensorRef;
use serde::Deserialize;

use crate::{
    VoiceError,
    onnx::{OnnxModel, numbers},
};

pub(in crate::tts::hibari) const MODEL: &str = "hibari's network for unknown words";

/// The file, `oov.json`.
#[derive(Deserialize)]
pub(in crate::tts::hibari) struct Alphabets {
    /// Letters; the first is 1.
    r#in: Vec<char>,
    /// Phonemes; the first is 1, and 0 is a pause between two equal ones.
    out: Vec<char>,
    /// The most letters of a word.
    maxlen: usize,
}

pub(in crate::tts::hibari) struct UnknownWords {
    network: OnnxModel,
    letters: HashMap<char, i64>,
    phonemes: Vec<char>,
    longest: usize,
}

impl UnknownWords {
    pub(in crate::tts::hibari) fn new(network: OnnxModel, alphabets: Alphabets) -> Self {
        let letters = alphabets.r#in.into_iter().zip(1..).collect();
        Self { network, letters, phonemes: alphabets.out, longest: alphabets.maxlen }
    }

    /// The phonemes of a word. Letters that the network does not know are left out, and so is what follows the longest
    /// word that it takes.
    ///
    /// # Errors
    /// The network fails.
    pub(super) fn say(&mut self, word: &str) -> Result<String, VoiceError> {
        let ids = word.chars().filter_map(|letter| self.letters.get(&letter).copied());
        let ids: Vec<i64> = ids.take(self.longest).collect();
        if ids.is_empty() {
            return Ok(String::new());
        }
        let chars =
            TensorRef::from_array_view(([1, ids.len()], &ids[..])).map_err(|error| self.network.error(error))?;
        let outputs = self.network.run(ort::inputs!["chars" => chars])?;
        let mut spoken = numbers::<i64>(MODEL, &outputs, "ids")?.to_vec();
        spoken.dedup();
        let phoneme = |id: i64| self.phonemes.get(usize::try_from(id).ok()?.checked_sub(1)?);
        Ok(spoken.into_iter().filter_map(phoneme).collect())
    }
}
