//! The steps of Apple's article, and the packages that stand for them.

use std::path::{Path, PathBuf};

use serde::Serialize;
use sottovoce_convert::{Checkpoint, ConvertOptions, Quantize, Variant};

use crate::model_folder::{self, RandomShape};

/// A step of the ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rung {
    /// Every token computes the whole sequence.
    NoCache,
    /// The cache goes in and comes out with every call.
    CacheAsInput,
    /// The cache stays in the model's state.
    CacheAsState,
    /// That, with int4 weights, symmetric per block of 32.
    FourBit,
}

/// What Apple published for a step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Published {
    /// Seconds to the first token.
    pub first_token: f64,
    /// Tokens a second after it.
    pub tokens_per_second: f64,
}

/// What [`Published`] was measured with.
pub const PUBLISHED_WITH: &str = "Llama-3.1-8B on the GPU of an M1 Max, context 2048";
/// The context of [`PUBLISHED_WITH`].
pub const PUBLISHED_CONTEXT: usize = 2048;

impl Rung {
    /// From the bottom.
    pub const ALL: [Self; 4] = [Self::NoCache, Self::CacheAsInput, Self::CacheAsState, Self::FourBit];

    /// What people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoCache => "no cache",
            Self::CacheAsInput => "cache as input and output",
            Self::CacheAsState => "cache as state",
            Self::FourBit => "state and 4-bit weights",
        }
    }

    /// The figures of "On Device Llama 3.1 with Core ML" (machinelearning.apple.com, November 2024).
    pub const fn published(self) -> Published {
        let (first_token, tokens_per_second) = match self {
            Self::NoCache => (5.374, 0.19),
            Self::CacheAsInput => (0.934, 1.25),
            Self::CacheAsState => (0.128, 16.26),
            Self::FourBit => (0.0519, 33.67),
        };
        Published { first_token, tokens_per_second }
    }

    /// How the package is made.
    fn options(self, context: usize) -> ConvertOptions {
        let variant = match self {
            Self::NoCache => Variant::Baseline,
            Self::CacheAsInput => Variant::KvIo,
            Self::CacheAsState | Self::FourBit => Variant::Stateful,
        };
        ConvertOptions { quantize: self.quantize(), variant, context: Some(context), ..ConvertOptions::default() }
    }

    fn quantize(self) -> Quantize {
        if self == Self::FourBit { Quantize::Int4 } else { Quantize::F16 }
    }
}

/// What the packages are made from.
pub enum Source {
    /// A checkpoint.
    Checkpoint(PathBuf),
    /// Random numbers.
    Random(RandomShape),
}

impl Source {
    /// A path, or the checkpoint of a catalogue model, which is fetched.
    ///
    /// # Errors
    /// It is neither, or cannot be fetched.
    pub fn find(model: &str) -> anyhow::Result<Self> {
        Ok(Self::Checkpoint(model_folder::find_checkpoint(model)?.0))
    }

    /// The model's name, and the longest context it was made for.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn name_and_limit(&self) -> anyhow::Result<(String, usize)> {
        let checkpoint = self.open(Quantize::F16)?;
        Ok((checkpoint.name, checkpoint.config.max_context))
    }

    /// Makes the package of a rung in `folder`.
    ///
    /// # Errors
    /// It cannot be converted or written.
    pub fn make(&self, rung: Rung, context: usize, folder: &Path) -> anyhow::Result<PathBuf> {
        let checkpoint = self.open(rung.quantize())?;
        Ok(model_folder::write_package_into(&checkpoint, folder, &rung.options(context), None)?.0)
    }

    fn open(&self, quantize: Quantize) -> anyhow::Result<Checkpoint> {
        Ok(match self {
            Self::Checkpoint(path) => Checkpoint::open(path)?,
            Self::Random(shape) => shape.checkpoint(quantize)?,
        })
    }
}
