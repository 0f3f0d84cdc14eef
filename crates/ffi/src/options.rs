//! How models are loaded and answers are made.

use std::sync::Arc;

use sottovoce_llm::{
    generate::{self, GenerateOptions, Stats},
    load::ModelFolder,
    sampling::{Penalties, Sampling},
};
use sottovoce_runtime::{BackendKind, Model, Precision};

use crate::{Cancellation, SottovoceError};

/// Hardware that a model may use, as Core ML names it. What a machine does not have falls back to the CPU, and the model's
/// notes say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum ComputeUnits {
    /// Whatever there is.
    All,
    /// The CPU alone.
    CpuOnly,
    /// CPU and GPU.
    CpuAndGpu,
    /// CPU and Neural Engine.
    CpuAndNeuralEngine,
}

/// What runs a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Backend {
    /// Fused steps and SIMD kernels.
    Cpu,
    /// Apple's Core ML, from macOS 15 and iOS 18 on; elsewhere it is refused.
    CoreMl,
    /// The interpreter that defines what every operation means: slow.
    Reference,
}

impl Backend {
    fn kind(self) -> BackendKind {
        match self {
            Self::Cpu => BackendKind::Cpu,
            Self::CoreMl => BackendKind::CoreMl,
            Self::Reference => BackendKind::Reference,
        }
    }

    /// What runs a model.
    pub(crate) fn of(model: &Model) -> Self {
        match model.placement().backend {
            BackendKind::Cpu => Self::Cpu,
            BackendKind::CoreMl => Self::CoreMl,
            BackendKind::Reference => Self::Reference,
        }
    }
}

/// How to load a package.
#[derive(Clone, Debug, Default, PartialEq, Eq, uniffi::Record)]
pub struct LoadOptions {
    /// What runs it; the CPU where nothing is said, or the interpreter for packages that have no plan there.
    #[uniffi(default = None)]
    pub backend: Option<Backend>,
    /// Hardware to use; whatever there is where nothing is said.
    #[uniffi(default = None)]
    pub compute_units: Option<ComputeUnits>,
    /// Compute everything in 32-bit floats.
    #[uniffi(default = false)]
    pub exact: bool,
    /// Threads; as many as the machine allows where nothing is said.
    #[uniffi(default = None)]
    pub threads: Option<u32>,
    /// Function of the package to run; its default function where nothing is said.
    #[uniffi(default = None)]
    pub function: Option<String>,
    /// Keep the packed weights in a file beside the package, which later loads map: much faster, and as large as the
    /// weights. Models in the store have one in any case.
    #[uniffi(default = false)]
    pub packed_cache: bool,
}

impl From<sottovoce_runtime::ComputeUnits> for ComputeUnits {
    fn from(units: sottovoce_runtime::ComputeUnits) -> Self {
        use sottovoce_runtime::ComputeUnits as Units;
        match units {
            Units::All => Self::All,
            Units::CpuOnly => Self::CpuOnly,
            Units::CpuAndGpu => Self::CpuAndGpu,
            Units::CpuAndNeuralEngine => Self::CpuAndNeuralEngine,
        }
    }
}

impl LoadOptions {
    pub(crate) fn runtime(&self) -> sottovoce_runtime::LoadOptions {
        use sottovoce_runtime::ComputeUnits as Units;
        sottovoce_runtime::LoadOptions {
            backend: self.backend.map(Backend::kind),
            compute_units: match self.compute_units {
                None | Some(ComputeUnits::All) => Units::All,
                Some(ComputeUnits::CpuOnly) => Units::CpuOnly,
                Some(ComputeUnits::CpuAndGpu) => Units::CpuAndGpu,
                Some(ComputeUnits::CpuAndNeuralEngine) => Units::CpuAndNeuralEngine,
            },
            precision: if self.exact { Precision::Exact } else { Precision::Fast },
            threads: self.threads.map(|threads| threads.max(1) as usize),
            function: self.function.clone(),
            packed_cache: self.packed_cache,
        }
    }
}

/// How to make an answer. What is not said is as the model's makers would have it, else as `sottovoce chat` has it.
#[derive(Clone, Debug, Default, PartialEq, uniffi::Record)]
pub struct AnswerOptions {
    /// Below 1 favours likely tokens, above 1 unlikely ones; 0 always takes the most likely.
    #[uniffi(default = None)]
    pub temperature: Option<f32>,
    /// Chooses among this many most likely tokens; 0 among all.
    #[uniffi(default = None)]
    pub top_k: Option<u32>,
    /// Chooses among the fewest likely tokens that have this probability together.
    #[uniffi(default = None)]
    pub top_p: Option<f32>,
    /// Chooses among tokens at least this times as likely as the most likely one.
    #[uniffi(default = None)]
    pub min_p: Option<f32>,
    /// Divides the logits of tokens that occurred.
    #[uniffi(default = None)]
    pub repetition_penalty: Option<f32>,
    /// The same seed gives the same answer; another answer each time where there is none.
    #[uniffi(default = None)]
    pub seed: Option<u64>,
    /// The most tokens; as many as the context holds where nothing is said.
    #[uniffi(default = None)]
    pub max_tokens: Option<u32>,
    /// Texts that end the answer and are not part of it.
    #[uniffi(default = [])]
    pub stop: Vec<String>,
    /// A JSON schema that the answer is guaranteed to follow, unless it is cut.
    #[uniffi(default = None)]
    pub json_schema: Option<String>,
}

impl AnswerOptions {
    /// Without what the answer is held to, which needs a compiled grammar.
    pub(crate) fn generate(&self, folder: &ModelFolder, cancellation: Option<&Arc<Cancellation>>) -> GenerateOptions {
        let defaults = &folder.defaults;
        let top_k = self.top_k.map(|k| k as usize).or(defaults.top_k).unwrap_or(40);
        // The hasher of the standard library is seeded by the operating system.
        let random = || std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), ());
        GenerateOptions {
            sampling: Sampling {
                temperature: self.temperature.or(defaults.temperature).unwrap_or(0.7),
                top_k: Some(top_k).filter(|&k| k > 0),
                top_p: self.top_p.or(defaults.top_p),
                min_p: self.min_p.or(defaults.min_p),
                penalties: Penalties {
                    repetition: self.repetition_penalty.or(defaults.repetition_penalty).unwrap_or(1.0),
                    ..Penalties::NONE
                },
                seed: self.seed.unwrap_or_else(random),
                ..Sampling::GREEDY
            },
            max_tokens: self.max_tokens.map(|tokens| tokens as usize),
            stop_tokens: folder.special.stop.clone(),
            stop_strings: self.stop.clone(),
            cancel: cancellation.map(|cancellation| cancellation.flag()),
            ..GenerateOptions::default()
        }
    }

    /// # Errors
    /// The schema is no JSON.
    pub(crate) fn schema(&self) -> Result<Option<serde_json::Value>, SottovoceError> {
        let parse = |text: &String| serde_json::from_str(text);
        let schema = self.json_schema.as_ref().map(parse).transpose();
        schema.map_err(|error| SottovoceError::input(format!("json_schema is no JSON: {error}")))
    }
}

/// Why an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum FinishReason {
    /// The model ended it.
    Ended,
    /// It reached a text that it should stop at.
    Stopped,
    /// What it had to be is complete.
    Complete,
    /// It has as many tokens as were asked for.
    MaxTokens,
    /// The model holds no more tokens.
    ContextFull,
    /// It was cancelled.
    Cancelled,
}

/// An answer, and what it took.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct Answer {
    /// Its text.
    pub text: String,
    /// Why it ended.
    pub finish: FinishReason,
    /// Whether it follows the schema that was asked for; true without one.
    pub is_valid: bool,
    /// Tokens of everything that the model was given.
    pub prompt_tokens: u32,
    /// How many of those it had in its state already.
    pub reused_tokens: u32,
    /// Tokens of the answer.
    pub generated_tokens: u32,
    /// Seconds to the first token.
    pub first_token_seconds: f64,
    /// Tokens a second after the first; none for an answer of one token.
    pub tokens_per_second: Option<f64>,
}

impl From<generate::Answer> for Answer {
    fn from(answer: generate::Answer) -> Self {
        use generate::FinishReason as Reason;
        let Stats { prompt_tokens, reused_tokens, generated_tokens, first_token, .. } = answer.stats;
        Self {
            text: answer.text,
            finish: match answer.finish {
                Reason::StopToken => FinishReason::Ended,
                Reason::StopString => FinishReason::Stopped,
                Reason::Complete => FinishReason::Complete,
                Reason::MaxTokens => FinishReason::MaxTokens,
                Reason::ContextFull => FinishReason::ContextFull,
                Reason::Cancelled => FinishReason::Cancelled,
            },
            is_valid: answer.is_valid,
            prompt_tokens: prompt_tokens as u32,
            reused_tokens: reused_tokens as u32,
            generated_tokens: generated_tokens as u32,
            first_token_seconds: first_token.as_secs_f64(),
            tokens_per_second: answer.stats.decode_tokens_per_second(),
        }
    }
}
