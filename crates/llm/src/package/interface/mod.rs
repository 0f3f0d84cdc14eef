//! The interface of a language model package: which input, output and state plays which part.
//!
//! Converters spell interfaces in many ways. Parts are told by name, type and shape, from a small table
//! ([`spelling`]); what is not in it, or could be two things, is refused with a list of what is expected.

mod cache;
mod example;
mod logits;
mod recognise;
mod shape;
mod spelling;

use std::fmt;
use std::ops::RangeInclusive;

use sottovoce_mil::Package;
use sottovoce_tensor::DType;

use crate::{LlmError, PREFILL_CHUNK};

pub use cache::{Cache, CacheInput};
pub use example::ExampleInput;

/// Masks as Apple's recipe and swift-transformers call them.
const MASKS: [&str; 3] = ["causalMask", "fullAttentionMask", "slidingAttentionMask"];

/// What an input means. Sizes: q rows of a call, kv positions that they may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Token ids, [1, q].
    Ids,
    /// What attention adds to its scores, [1, 1, q, columns]: 0 where a row may look, −∞ elsewhere.
    CausalMask {
        /// Columns at least; those beyond kv are hidden.
        least: usize,
        /// Positions that a row sees, itself among them; `None` for all before it.
        window: Option<usize>,
    },
    /// 1 where there is a token and 0 elsewhere, [1, columns]; the package itself hides later tokens.
    TokenMask {
        /// Columns at least.
        least: usize,
    },
    /// The position of every row, `[q]` or `[1, q]`.
    Positions {
        /// 1 or 2.
        rank: usize,
    },
    /// The position of the first row, `[1]` or `[1, 1]`.
    FirstPosition {
        /// 1 or 2.
        rank: usize,
    },
}

/// An input that is filled anew for every call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Its name.
    pub name: String,
    /// Element type.
    pub dtype: DType,
    /// What it means.
    pub role: Role,
}

/// The interface of a package that is a causal language model. Its `Display` names the adapter that drives it, if the
/// package does not follow Apple's recipe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LanguageInterface {
    /// Inputs but the caches, in the package's order.
    pub inputs: Vec<Input>,
    /// Where keys and values are kept.
    pub cache: Cache,
    /// Outputs that hold the logits [1, q, width], side by side, with their widths.
    pub logits: Vec<(String, usize)>,
    /// The most tokens a sequence can hold.
    pub context: usize,
    /// Rows that one call takes; fewer are padded.
    pub rows: RangeInclusive<usize>,
    /// Number of logits in a row.
    pub vocab_size: usize,
}

impl LanguageInterface {
    /// The caches that the caller keeps.
    pub fn caches(&self) -> &[CacheInput] {
        match &self.cache {
            Cache::Inputs(caches) => caches,
            Cache::State(_) | Cache::Nowhere => &[],
        }
    }

    /// Columns of masks in front of the first position: a cache that the caller keeps cannot be empty, so one position is
    /// always there and never seen.
    pub fn placeholders(&self) -> usize {
        usize::from(matches!(self.cache, Cache::Inputs(_)))
    }

    /// Rows that a prompt should come in.
    pub fn max_rows(&self) -> usize {
        PREFILL_CHUNK.clamp(*self.rows.start(), *self.rows.end())
    }

    /// Recognises the interface of a function of `package`.
    ///
    /// # Errors
    /// [`LlmError::Interface`], which says what a language model has and this function lacks.
    pub fn of(package: &Package, function: &str) -> Result<Self, LlmError> {
        recognise::recognise(package, function)
            .map_err(|reason| LlmError::Interface { path: package.path().to_owned(), reason })
    }

    /// What is done for this package beyond Apple's recipe (`inputIds`, `causalMask`, `keyCache`, `valueCache`, `logits`);
    /// empty for one that follows it.
    pub fn adapter(&self) -> Vec<String> {
        let mut parts = Vec::new();
        let (least_rows, most_rows) = (*self.rows.start(), *self.rows.end());
        for Input { name, role, .. } in &self.inputs {
            match role {
                Role::Ids if name == "inputIds" => {}
                Role::Ids => parts.push(format!("ids in {name}")),
                Role::CausalMask { least, .. } if *least > least_rows => {
                    parts.push(format!("full-context mask {name} of {least} columns"));
                }
                Role::CausalMask { .. } if MASKS.contains(&name.as_str()) => {}
                Role::CausalMask { .. } => parts.push(format!("causal mask in {name}")),
                Role::TokenMask { .. } => parts.push(format!("two-dimensional mask {name}")),
                Role::Positions { .. } => parts.push(format!("explicit positions in {name}")),
                Role::FirstPosition { .. } => parts.push(format!("first position in {name}")),
            }
        }
        if !self.inputs.iter().any(|input| matches!(input.role, Role::CausalMask { .. } | Role::TokenMask { .. })) {
            parts.push("no mask".to_owned());
        }
        match (least_rows, most_rows) {
            (1, 1) => parts.push("one token a call".to_owned()),
            (1, _) => {}
            (least, most) if least == most => parts.push(format!("{least} tokens a call, padded")),
            (least, _) => parts.push(format!("at least {least} tokens a call, padded")),
        }
        parts.extend(self.cache.adapter());
        match self.logits.as_slice() {
            [(name, _)] if name == "logits" => {}
            [(name, _)] => parts.push(format!("logits in {name}")),
            several => parts.push(format!("logits in {} parts", several.len())),
        }
        parts
    }
}

impl fmt::Display for LanguageInterface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let variant = match self.cache {
            Cache::State(_) => "stateful",
            Cache::Inputs(_) => "cache as input and output",
            Cache::Nowhere => "without a cache",
        };
        write!(f, "{variant} language model, context {}, vocabulary {}", self.context, self.vocab_size)?;
        let adapter = self.adapter();
        if adapter.is_empty() { Ok(()) } else { write!(f, "; adapter: {}", adapter.join(", ")) }
    }
}
