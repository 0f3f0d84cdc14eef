//! Voices of Piper: a VITS network over the phonemes of espeak-ng.
//!
//! The program `espeak-ng` makes the phonemes (`espeak`), clause by clause; marks are put between them. The network says
//! a sentence at once, with noise of its own, so that no two readings are the same to the bit.

mod espeak;
mod money;

#[cfg(test)]
mod tests;

use std::{collections::HashMap, fs::File, io::Read, ops::ControlFlow, path::Path};

use ort::value::TensorRef;
use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;

use super::{
    Manner, Synthesizer,
    delivery::{Delivery, pause_after},
    readable::readable,
};
use crate::{
    OnnxRuntime, VoiceError,
    onnx::{OnnxModel, numbers},
    speakable::is_abbreviation,
};

use espeak::Espeak;

const MODEL: &str = "piper";
/// Brings the voices to the loudness of other engines.
const GAIN: f32 = 1.15;
/// The longest clause, in bytes: what is longer is cut at a space.
const LONGEST_CLAUSE: usize = 300;
/// A larger configuration is none.
const MOST_CONFIGURATION: u64 = 1 << 20;

const BEGIN: char = '^';
const END: char = '$';
/// Stands between two phonemes.
const GAP: char = '_';

/// The file beside the network, `NAME.onnx.json`.
#[derive(Deserialize)]
struct Configuration {
    audio: Sound,
    espeak: Language,
    inference: Scales,
    phoneme_id_map: HashMap<char, Vec<i64>>,
    num_speakers: u32,
    /// The speaker's name.
    dataset: String,
}

#[derive(Deserialize)]
struct Sound {
    sample_rate: u32,
}

#[derive(Deserialize)]
struct Language {
    voice: String,
}

#[derive(Deserialize)]
struct Scales {
    noise_scale: f32,
    length_scale: f32,
    noise_w: f32,
}

/// A voice of Piper.
pub struct Piper {
    espeak: Espeak,
    network: OnnxModel,
    configuration: Configuration,
}

impl Piper {
    /// Opens the voice in `model`, a file `NAME.onnx` with `NAME.onnx.json` beside it. The network computes on `threads` threads.
    ///
    /// # Errors
    /// [`VoiceError::Program`] when espeak-ng is not installed, [`VoiceError::Io`] or [`VoiceError::Malformed`] when a file
    /// lacks or is something else.
    pub fn open(runtime: &OnnxRuntime, model: &Path, threads: usize) -> Result<Self, VoiceError> {
        let configuration = Configuration::read(&model.with_added_extension("json"))?;
        let espeak = Espeak::open(&configuration.espeak.voice)?;
        Ok(Self { espeak, network: runtime.model(MODEL, model, threads)?, configuration })
    }

    /// The phonemes of a sentence, with the marks between its clauses.
    fn phonemes(&self, sentence: &[Clause<'_>]) -> Result<String, VoiceError> {
        let mut phonemes = String::new();
        for clause in sentence {
            if !phonemes.is_empty() {
                phonemes.push(' ');
            }
            phonemes += &self.espeak.phonemes(clause.text)?;
            phonemes.extend(clause.mark);
        }
        Ok(phonemes.nfd().collect())
    }

    /// `None` where nothing in the phonemes is a sound.
    fn ids(&self, phonemes: &str) -> Option<Vec<i64>> {
        let map = &self.configuration.phoneme_id_map;
        let known =
            || phonemes.chars().filter(|phoneme| map.contains_key(phoneme) && ![BEGIN, END, GAP].contains(phoneme));
        known().any(char::is_alphabetic).then(|| {
            let spaced = [BEGIN].into_iter().chain(known()).flat_map(|phoneme| [phoneme, GAP]).chain([END]);
            spaced.filter_map(|phoneme| map.get(&phoneme)).flatten().copied().collect()
        })
    }

    fn say(&mut self, ids: &[i64], speed: f32) -> Result<Vec<f32>, VoiceError> {
        let scales = &self.configuration.inference;
        let (lengths, scales) = ([ids.len() as i64], [scales.noise_scale, scales.length_scale / speed, scales.noise_w]);
        let fail = |error: ort::Error| VoiceError::Model { model: MODEL, reason: error.to_string() };
        let input = TensorRef::from_array_view(([1, ids.len()], ids)).map_err(fail)?;
        let lengths = TensorRef::from_array_view(([1], &lengths[..])).map_err(fail)?;
        let scales = TensorRef::from_array_view(([3], &scales[..])).map_err(fail)?;
        let outputs =
            self.network.run(ort::inputs!["input" => input, "input_lengths" => lengths, "scales" => scales])?;
        finite(numbers::<f32>(MODEL, &outputs, "output")?)
    }
}

fn finite(samples: &[f32]) -> Result<Vec<f32>, VoiceError> {
    if samples.iter().all(|sample| sample.is_finite()) {
        return Ok(samples.to_vec());
    }
    Err(VoiceError::Model { model: MODEL, reason: "the network gave samples that are no numbers".into() })
}

impl Configuration {
    fn read(path: &Path) -> Result<Self, VoiceError> {
        let malformed = |found: String| VoiceError::Malformed {
            path: path.to_owned(),
            expected: "the configuration of a Piper voice with one speaker".into(),
            found,
        };
        let mut text = Vec::new();
        let read = File::open(path).and_then(|file| file.take(MOST_CONFIGURATION).read_to_end(&mut text));
        read.map_err(|source| VoiceError::Io { action: "read", path: path.to_owned(), source })?;
        let configuration: Self = serde_json::from_slice(&text).map_err(|error| malformed(error.to_string()))?;
        let scales = &configuration.inference;
        let has_marks = [BEGIN, END, GAP].iter().all(|mark| configuration.phoneme_id_map.contains_key(mark));
        match () {
            () if configuration.num_speakers > 1 => Err(malformed(format!("{} speakers", configuration.num_speakers))),
            () if !(8_000..=48_000).contains(&configuration.audio.sample_rate) => {
                Err(malformed(format!("{} samples a second", configuration.audio.sample_rate)))
            }
            () if !has_marks => Err(malformed("no ids for ^, $ and _".into())),
            () if scales.length_scale <= 0.0 => Err(malformed(format!("a length scale of {}", scales.length_scale))),
            () => Ok(configuration),
        }
    }
}

impl Synthesizer for Piper {
    fn sample_rate(&self) -> u32 {
        self.configuration.audio.sample_rate
    }

    fn voices(&self) -> Vec<&str> {
        vec![&self.configuration.dataset]
    }

    fn synthesize(
        &mut self,
        text: &str,
        manner: &Manner,
        sink: &mut dyn FnMut(&[f32]) -> ControlFlow<()>,
    ) -> Result<(), VoiceError> {
        manner.check(&self.voices())?;
        super::check_length(text)?;
        let text = money::with_currencies_behind(&readable(text));
        for sentence in sentences(&text) {
            let Some(ids) = self.ids(&self.phonemes(&sentence)?) else { continue };
            let samples = self.say(&ids, manner.speed)?;
            let mut delivery = Delivery::new(self.sample_rate(), GAIN, sink);
            let mark = sentence.last().and_then(|clause| clause.mark);
            if delivery.push(&samples).is_break() || delivery.finish(pause_after(mark, manner.speed)).is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// Part of a sentence, and the mark behind it.
#[derive(Debug, PartialEq)]
struct Clause<'t> {
    text: &'t str,
    mark: Option<char>,
}

/// The clauses of each sentence of `text`, which has single spaces.
fn sentences(text: &str) -> Vec<Vec<Clause<'_>>> {
    let (mut sentences, mut sentence) = (Vec::new(), Vec::new());
    let mut start = 0;
    let ends = text.match_indices(' ').map(|(space, _)| space).chain([text.len()]);
    for end in ends {
        let body = text[start..end].trim_end_matches(['"', '”', '’', '\'', ')', ']']);
        let next = text[end..].trim_start().chars().next();
        let word = body.trim_end_matches('.').rsplit(' ').next().unwrap_or_default();
        let mark = match body.chars().next_back() {
            Some('…') => Some('.'),
            Some('.') if next.is_some_and(|next| is_abbreviation(word, next)) => None,
            mark => mark.filter(|mark| ".,;:!?".contains(*mark)),
        };
        let is_last = next.is_none();
        if mark.is_none() && !is_last && end - start < LONGEST_CLAUSE {
            continue;
        }
        let mut clause = &text[start..end];
        start = (end + 1).min(text.len());
        while clause.len() > LONGEST_CLAUSE {
            let (cut, rest) = clause.split_at(clause.floor_char_boundary(LONGEST_CLAUSE));
            sentence.push(Clause { text: cut, mark: None });
            sentences.push(std::mem::take(&mut sentence));
            clause = rest;
        }
        if clause.is_empty() {
            continue;
        }
        sentence.push(Clause { text: clause, mark });
        let length: usize = sentence.iter().map(|clause| clause.text.len()).sum();
        if is_last || matches!(mark, Some('.' | '!' | '?')) || length > LONGEST_CLAUSE {
            sentences.push(std::mem::take(&mut sentence));
        }
    }
    sentences
}
