//! Is it a language model, and what are its parts called?

use serde::Serialize;
use sottovoce_mil::description::{Feature, FeatureType, Flexibility, FunctionDescription};
use sottovoce_tensor::DType;

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
    /// A causal language model.
    LanguageModel {
        /// Where it keeps keys and values.
        variant: Variant,
        /// The most positions it holds; `None` when the description sets no bound.
        context: Option<usize>,
        /// Names of the token ids, the masks, and the logits.
        ids: String,
        /// Inputs that mask positions.
        masks: Vec<String>,
        /// Output with the logits.
        logits: String,
        /// Size of the vocabulary, where described.
        vocabulary: Option<usize>,
        /// Shape of the caches, where there are any: layers, batch, heads, positions, head size.
        cache: Option<Vec<usize>>,
    },
    /// Anything else.
    Other {
        /// What is missing.
        reason: String,
    },
}

struct Array<'a> {
    name: &'a str,
    float: bool,
    shape: &'a [usize],
    flexibility: &'a Flexibility,
}

impl<'a> Array<'a> {
    fn of(feature: &'a Feature) -> Option<Self> {
        let FeatureType::Array { dtype, shape, flexibility } = &feature.ty else { return None };
        let float = dtype.is_some_and(DType::is_float);
        Some(Self { name: &feature.name, float, shape, flexibility })
    }

    fn rank(&self) -> usize {
        self.shape.len()
    }

    /// The largest size of a dimension; `None` when it has no bound.
    fn largest(&self, axis: usize) -> Option<usize> {
        match self.flexibility {
            Flexibility::Fixed => self.shape.get(axis).copied(),
            Flexibility::Enumerated(shapes) => shapes.iter().filter_map(|shape| shape.get(axis).copied()).max(),
            Flexibility::Ranges(ranges) => ranges.get(axis).and_then(|(_, high)| *high),
        }
    }

    fn has_name_with(&self, word: &str) -> bool {
        self.name.to_ascii_lowercase().contains(word)
    }

    /// Layers, batch, heads, positions, head size.
    fn is_cache(&self) -> bool {
        self.float && self.rank() == 5
    }
}

/// The axis of a cache that counts positions.
const POSITIONS: usize = 3;

impl Verdict {
    /// A verdict that it is something else.
    pub fn no_language_model(reason: impl Into<String>) -> Self {
        Self::Other { reason: reason.into() }
    }

    /// Looks for token ids [1, q], masks [1, 1, q, kv], logits and caches.
    pub fn of(interface: &FunctionDescription) -> Self {
        let inputs: Vec<_> = interface.inputs.iter().filter_map(Array::of).collect();
        let outputs: Vec<_> = interface.outputs.iter().filter_map(Array::of).collect();
        let states: Vec<_> = interface.states.iter().filter_map(Array::of).collect();
        let Some(ids) = inputs.iter().find(|input| !input.float && input.rank() == 2) else {
            return Self::no_language_model("it has no integer input of two dimensions for token ids");
        };
        let masks: Vec<_> = inputs.iter().filter(|input| input.float && input.rank() == 4).collect();
        if masks.is_empty() {
            return Self::no_language_model("it has no floating-point input of four dimensions for a mask");
        }
        let logits = outputs.iter().find(|output| output.has_name_with("logits"));
        let Some(logits) = logits.or_else(|| outputs.iter().find(|output| output.float && !output.is_cache())) else {
            return Self::no_language_model("it has no output that could be logits");
        };
        let cache_inputs: Vec<_> = inputs.iter().filter(|input| input.is_cache()).collect();
        let (variant, cache) = match (states.iter().find(|state| state.is_cache()), cache_inputs.first()) {
            (Some(state), _) => (Variant::Stateful, Some(state)),
            (None, Some(input)) => (Variant::KvIo, Some(*input)),
            (None, None) => (Variant::Baseline, None),
        };
        let context = match (variant, cache) {
            (Variant::Stateful, Some(state)) => state.shape.get(POSITIONS).copied(),
            _ => masks.iter().filter_map(|mask| mask.largest(3)).max(),
        };
        let vocabulary = logits.shape.last().copied().filter(|_| logits.rank() == 3);
        Self::LanguageModel {
            variant,
            context,
            ids: ids.name.to_owned(),
            masks: masks.iter().map(|mask| mask.name.to_owned()).collect(),
            logits: logits.name.to_owned(),
            vocabulary,
            cache: cache.map(|cache| cache.shape.to_vec()),
        }
    }
}
