//! Moonshine tiny: an encoder over the waveform and a decoder with a cache of keys and values.

use std::{fmt::Debug, path::Path};

use ort::value::{DynValue, PrimitiveTensorElementType, Tensor, TensorRef};

use super::{
    Recognizer,
    decoding::{Hypothesis, has_words},
    tokens::{COUNT, Tokens},
};
use crate::{
    FRAME, SAMPLE_RATE, VoiceActivity, VoiceError,
    onnx::{OnnxModel, OnnxRuntime, model_error, numbers},
    vad::SileroVad,
};

const NAME: &str = "Moonshine";
/// Longer sound is refused, in seconds: the model takes no more.
pub const MAX_SECONDS: u32 = 64;
const LAYERS: usize = 6;
const HEADS: usize = 8;
const HEAD_SIZE: usize = 36;
const HIDDEN: usize = 288;
const START: usize = 1;
const END: usize = 2;
/// Nobody says more tokens in a second.
const TOKENS_PER_SECOND: f64 = 6.5;
/// Frames of speech without which there are no words, 96 ms.
const LEAST_SPEECH: usize = 3;
/// A frame is speech from this probability on.
const SPEECH: f32 = 0.5;

/// Moonshine tiny-en in ONNX Runtime. It hears up to [`MAX_SECONDS`], best below 30 s ([`super::Transcriber`] cuts longer
/// recordings). What Silero VAD hears no speech in has no words: on noise and music the model makes some up.
pub struct Moonshine {
    encoder: OnnxModel,
    decoder: OnnxModel,
    tokens: Tokens,
    vad: SileroVad,
    names: Vec<CacheNames>,
}

/// A tensor of the cache.
struct CacheNames {
    past: String,
    present: String,
    /// Of the encoder's positions, which the first token alone computes.
    encoder: bool,
}

impl Moonshine {
    /// Loads `encoder_model.ort`, `decoder_model_merged.ort` and `tokenizer.bin` from a folder; computes on `threads` threads.
    ///
    /// # Errors
    /// [`VoiceError::Io`], or [`VoiceError::Malformed`] when a file is not what it should be.
    pub fn load(runtime: &OnnxRuntime, folder: &Path, vad: SileroVad, threads: usize) -> Result<Self, VoiceError> {
        let parts = ["decoder", "encoder"].into_iter().flat_map(|part| [(part, "key"), (part, "value")]);
        let names = (0..LAYERS).flat_map(|layer| {
            parts.clone().map(move |(part, kind)| CacheNames {
                past: format!("past_key_values.{layer}.{part}.{kind}"),
                present: format!("present.{layer}.{part}.{kind}"),
                encoder: part == "encoder",
            })
        });
        Ok(Self {
            tokens: Tokens::read(&folder.join("tokenizer.bin"))?,
            encoder: runtime.model(NAME, &folder.join("encoder_model.ort"), threads)?,
            decoder: runtime.model(NAME, &folder.join("decoder_model_merged.ort"), threads)?,
            vad,
            names: names.collect(),
        })
    }

    /// Whether somebody speaks in `audio`; hears no more of it than it has to.
    fn has_speech(&mut self, audio: &[f32]) -> Result<bool, VoiceError> {
        self.vad.reset();
        let mut speech = 0;
        for frame in audio.as_chunks::<FRAME>().0 {
            speech += usize::from(self.vad.probability(frame)? >= SPEECH);
            if speech == LEAST_SPEECH {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The encoder's states, [1, frames, [`HIDDEN`]], and the mask of `audio` that both models want.
    fn encode(&mut self, audio: &[f32]) -> Result<(DynValue, Tensor<i64>), VoiceError> {
        let mask = tensor([1, audio.len()], vec![1i64; audio.len()])?;
        let samples =
            TensorRef::from_array_view(([1, audio.len()], audio)).map_err(|error| model_error(NAME, error))?;
        let inputs = ort::inputs! { "input_values" => samples, "attention_mask" => &mask };
        let mut outputs = self.encoder.run(inputs)?;
        let states = outputs.remove("last_hidden_state");
        drop(outputs);
        let states = states.ok_or_else(|| self.encoder.error("there is no output last_hidden_state"))?;
        match &states.shape()[..] {
            [1, _, width] if *width == HIDDEN as i64 => Ok((states, mask)),
            shape => Err(self.encoder.error(format!("the states have shape {shape:?}"))),
        }
    }

    /// The likeliest tokens one by one, at most `limit`.
    fn decode(&mut self, states: &DynValue, mask: &Tensor<i64>, limit: usize) -> Result<Hypothesis, VoiceError> {
        let empty = || tensor([1, HEADS, 0, HEAD_SIZE], Vec::<f32>::new()).map(|tensor| tensor.into_dyn());
        let mut caches = self.names.iter().map(|_| empty()).collect::<Result<Vec<DynValue>, _>>()?;
        let (mut hypothesis, mut token) = (Hypothesis::default(), START);
        for step in 0..limit {
            let (id, has_past) = (tensor([1, 1], vec![token as i64])?, tensor([1], vec![step > 0])?);
            let mut inputs = ort::inputs! {
                "input_ids" => &id, "encoder_hidden_states" => states, "encoder_attention_mask" => mask,
                "use_cache_branch" => &has_past
            };
            inputs.extend(
                self.names.iter().zip(&caches).map(|(names, cache)| (names.past.as_str().into(), cache.into())),
            );
            let mut outputs = self.decoder.run(inputs)?;
            let logits = numbers(NAME, &outputs, "logits")?;
            if logits.len() != COUNT {
                return Err(model_error(NAME, format!("expected {COUNT} logits, found {}", logits.len())));
            }
            token = hypothesis.choose(logits, END);
            if hypothesis.ended {
                break;
            }
            for (names, cache) in self.names.iter().zip(&mut caches).filter(|(names, _)| step == 0 || !names.encoder) {
                let present = outputs.remove(&names.present);
                *cache = present.ok_or_else(|| model_error(NAME, format!("there is no output {}", names.present)))?;
            }
        }
        Ok(hypothesis)
    }
}

impl Recognizer for Moonshine {
    fn recognize(&mut self, audio: &[f32]) -> Result<String, VoiceError> {
        let seconds = audio.len() as f64 / f64::from(SAMPLE_RATE);
        if seconds > f64::from(MAX_SECONDS) {
            return Err(VoiceError::TooLong { model: NAME, seconds, limit: MAX_SECONDS });
        }
        if !self.has_speech(audio)? {
            return Ok(String::new());
        }
        let (states, mask) = self.encode(audio)?;
        let hypothesis = self.decode(&states, &mask, (seconds * TOKENS_PER_SECOND).ceil() as usize)?;
        let text = self.tokens.text(hypothesis.believed());
        Ok(if has_words(&text) { text } else { String::new() })
    }
}

/// A tensor that owns its numbers.
fn tensor<T, const N: usize>(shape: [usize; N], numbers: Vec<T>) -> Result<Tensor<T>, VoiceError>
where
    T: PrimitiveTensorElementType + Clone + Debug + 'static,
{
    Tensor::from_array((shape, numbers)).map_err(|error| model_error(NAME, error))
}
