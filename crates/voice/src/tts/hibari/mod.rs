//! The voice of the package hibari-tts: a network of 2 million parameters that was taught by Kokoro-82M.
//!
//! Text becomes phonemes (`pronunciation`), phonemes become a description of the sound (the network, in ONNX Runtime),
//! and that becomes samples (`vocoder`). The network describes a whole sentence at once; the vocoder hands out samples
//! as it makes them.

mod assets;
mod pronunciation;
mod vocoder;

#[cfg(test)]
mod tests;

use std::{collections::HashMap, ops::ControlFlow, path::Path};

use ort::value::TensorRef;

use super::{
    Manner, Synthesizer,
    delivery::{Delivery, pause_after},
    readable::readable,
};
use crate::{
    OnnxRuntime, VoiceError,
    onnx::{OnnxModel, numbers},
};

use assets::Assets;
use pronunciation::{Pronunciation, UNKNOWN_WORDS, UnknownWords};
use vocoder::{Description, SAMPLE_RATE, Vocoder};

const MODEL: &str = "hibari";
/// The name that the package gives its voice.
const VOICE: &str = "heart";
/// The most phonemes that the network is given at once.
const MOST_PHONEMES: usize = 400;
/// The noise of every sentence begins with this, so that the same text sounds the same.
const SEED: u64 = 0;
/// Frames that are handed out together: 0.1 s.
const PIECE: usize = 8;
/// Brings the voice to the loudness of other engines.
const GAIN: f32 = 1.5;
/// Stands at both ends of the phonemes.
const EDGE: i64 = 0;
/// Phonemes that may stand behind the mark at the end of a sentence.
const CLOSING: [char; 3] = ['”', '"', ')'];

/// A voice of American English, 24 kHz.
pub struct Hibari {
    pronunciation: Pronunciation,
    network: OnnxModel,
    ids: HashMap<char, i64>,
    vocoder: Vocoder,
}

impl Hibari {
    /// Opens the voice in `folder`, which holds the files of the package's `assets`: `hibari.onnx`, `vocab.json`,
    /// `normalize.json`, `tokenizer_exceptions.json`, `tagger.json.gz`, `lexicon_us_gold.json.gz`,
    /// `lexicon_us_silver.json.gz`, `oov.onnx` and `oov.json`. The network computes on `threads` threads.
    ///
    /// # Errors
    /// [`VoiceError::Io`] or [`VoiceError::Malformed`] when a file lacks or is something else.
    pub fn open(runtime: &OnnxRuntime, folder: &Path, threads: usize) -> Result<Self, VoiceError> {
        let assets = Assets(folder);
        let guesses = runtime.model(UNKNOWN_WORDS, &assets.path("oov.onnx"), 1)?;
        let unknown_words = UnknownWords::new(guesses, assets.json("oov.json")?);
        Ok(Self {
            pronunciation: Pronunciation::open(&assets, unknown_words)?,
            network: runtime.model(MODEL, &assets.path("hibari.onnx"), threads)?,
            ids: assets.json("vocab.json")?,
            vocoder: Vocoder::new(),
        })
    }

    /// The phonemes of `text`.
    ///
    /// # Errors
    /// The network for unknown words fails.
    pub fn phonemes(&mut self, text: &str) -> Result<String, VoiceError> {
        self.pronunciation.say(text)
    }

    fn ids(&self, phonemes: &str) -> Vec<i64> {
        let known = phonemes.chars().filter_map(|phoneme| self.ids.get(&phoneme).copied());
        [EDGE].into_iter().chain(known).chain([EDGE]).collect()
    }

    fn say(
        &mut self,
        phonemes: &str,
        speed: f32,
        sink: &mut dyn FnMut(&[f32]) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, VoiceError> {
        let (ids, speed) = (self.ids(phonemes), [speed]);
        let ids = TensorRef::from_array_view(([1, ids.len()], &ids[..])).map_err(|error| self.network.error(error))?;
        let speed = TensorRef::from_array_view(([1], &speed[..])).map_err(|error| self.network.error(error))?;
        let outputs = self.network.run(ort::inputs!["ids" => ids, "speed" => speed])?;
        let output = |name| numbers::<f32>(MODEL, &outputs, name);
        let description = Description {
            harmonics: output("lh")?,
            theta: output("theta")?,
            noise: output("ln")?,
            rest: output("lr")?,
            phi: output("phi")?,
            pitch: output("f0")?,
        };
        if !description.is_sound() {
            let reason = "the network gave spectra of the wrong size, or something that is no number".into();
            return Err(VoiceError::Model { model: MODEL, reason });
        }
        Ok(self.vocoder.synthesize(&description, SEED, PIECE, sink))
    }
}

impl Synthesizer for Hibari {
    fn sample_rate(&self) -> u32 {
        SAMPLE_RATE
    }

    fn voices(&self) -> Vec<&str> {
        vec![VOICE]
    }

    fn synthesize(
        &mut self,
        text: &str,
        manner: &Manner,
        sink: &mut dyn FnMut(&[f32]) -> ControlFlow<()>,
    ) -> Result<(), VoiceError> {
        manner.check(&[VOICE])?;
        super::check_length(text)?;
        let phonemes = self.phonemes(&readable(text))?;
        for sentence in sentences(&phonemes) {
            let mut delivery = Delivery::new(SAMPLE_RATE, GAIN, sink);
            let end = self.say(sentence, manner.speed, &mut |samples| delivery.push(samples))?;
            let mark = sentence.trim_end_matches(CLOSING).chars().next_back();
            if end.is_break() || delivery.finish(pause_after(mark, manner.speed)).is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// Phonemes that the network takes at once: sentences, cut where they are too long. At least one sound in each.
fn sentences(phonemes: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    let mut rest = phonemes;
    while !rest.is_empty() {
        let limit = rest.char_indices().nth(MOST_PHONEMES).map_or(rest.len(), |(index, _)| index);
        let end = |marks: &[char]| {
            let spaces = rest[..limit].match_indices(' ').map(|(space, _)| space);
            let ends = move |space: &usize| rest[..*space].trim_end_matches(CLOSING).ends_with(marks);
            spaces.filter(ends).collect::<Vec<_>>()
        };
        let sentence = end(&['.', '!', '?', '…']).first().copied();
        let cut = match sentence {
            None if limit == rest.len() => limit,
            None => {
                let clause = end(&[',', ';', ':', '—']).last().copied();
                clause.or_else(|| rest[..limit].rfind(' ')).unwrap_or(limit)
            }
            Some(end) => end,
        };
        sentences.push(rest[..cut].trim());
        rest = rest[cut..].trim_start();
    }
    sentences.retain(|sentence| sentence.contains(char::is_alphabetic));
    sentences
}
