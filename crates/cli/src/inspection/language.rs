//! Is it a language model, and of which kind?

use serde::Serialize;
use sottovoce_llm::package::{Cache, ExampleInput, LanguageInterface};
use sottovoce_mil::Package;

/// Where a language model keeps the keys and values of earlier positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Variant {
    /// In states that a call appends to.
    Stateful,
    /// In inputs and outputs.
    KvIo,
    /// Nowhere: every call runs the whole sequence.
    Baseline,
}

/// What a function is.
#[derive(Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Verdict {
    /// A causal language model that this program can run.
    LanguageModel {
        /// Where it keeps keys and values.
        variant: Variant,
        /// The most positions it holds.
        context: usize,
        /// Size of the vocabulary.
        vocabulary: usize,
        /// What is done for this package beyond Apple's recipe; empty for one that follows it.
        adapter: Vec<String>,
        /// Inputs of a call that begins a sequence, with NumPy expressions that make them.
        first_call: Vec<FirstInput>,
    },
    /// Anything else.
    Other {
        /// What is missing.
        reason: String,
    },
}

/// An input of a call that begins a sequence.
#[derive(Debug, PartialEq, Serialize)]
pub struct FirstInput {
    /// Name.
    pub name: String,
    /// Element type.
    pub dtype: &'static str,
    /// Shape.
    pub shape: Vec<usize>,
    /// A NumPy expression of that type and shape.
    pub numpy: String,
}

impl Verdict {
    /// Looks at the interface of a function.
    pub fn of(package: &Package, function: &str) -> Self {
        match LanguageInterface::of(package, function) {
            Err(error) => Self::Other { reason: error.to_string() },
            Ok(interface) => Self::LanguageModel {
                variant: match &interface.cache {
                    Cache::State(_) => Variant::Stateful,
                    Cache::Inputs(_) => Variant::KvIo,
                    Cache::Nowhere => Variant::Baseline,
                },
                context: interface.context,
                vocabulary: interface.vocab_size,
                adapter: interface.adapter(),
                first_call: interface.example().into_iter().map(FirstInput::from).collect(),
            },
        }
    }
}

impl From<ExampleInput> for FirstInput {
    fn from(ExampleInput { name, dtype, shape, numpy }: ExampleInput) -> Self {
        Self { name, dtype: dtype.name(), shape, numpy }
    }
}
