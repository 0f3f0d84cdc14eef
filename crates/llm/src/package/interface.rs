//! Which inputs, outputs and states make a package a causal language model.

use std::fmt;

use sottovoce_convert::SLIDING_WINDOW;
use sottovoce_mil::Package;
use sottovoce_mil::description::{Feature, FeatureType, Flexibility, FunctionDescription};
use sottovoce_mil::program::{Dimension, ValueType};
use sottovoce_tensor::DType;

use crate::{LlmError, PREFILL_CHUNK};

pub(super) const IDS: &str = "inputIds";
/// Masks that are causal and hide nothing else: the only one of a package, or that of its layers without a window.
const FULL_MASKS: [&str; 2] = ["causalMask", "fullAttentionMask"];
/// The mask of layers with a sliding window.
const SLIDING_MASK: &str = "slidingAttentionMask";
pub(super) const LOGITS: &str = "logits";
const CACHES: [&str; 2] = ["keyCache", "valueCache"];
/// Positions that 16-bit shape arithmetic in packages can count.
const MAX_CONTEXT: usize = 32_767;
/// Rank of a cache, [layers, 1, heads, positions, head size], and which of its axes counts positions.
const CACHE_RANK: usize = 5;
pub(super) const POSITIONS: usize = 3;

/// Where keys and values of earlier tokens are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cache {
    /// In the package's states.
    State,
    /// With the caller, who passes them in and gets them back: (input, output), the input's type and its shape with one
    /// position.
    Inputs(Vec<CacheInput>),
    /// Nowhere: every call computes the whole sequence.
    Nowhere,
}

/// A cache that the caller keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheInput {
    /// Name of the input that takes it.
    pub input: String,
    /// Name of the output that returns it with the new positions.
    pub output: String,
    /// Element type.
    pub dtype: DType,
    /// Shape with a single position.
    pub shape: [usize; CACHE_RANK],
}

/// A mask that some layers add to their attention scores, f16 `[1, 1, q, kv]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaskInput {
    /// Name of the input that takes it.
    pub input: String,
    /// Positions that a row sees, itself among them; `None` for all before it.
    pub window: Option<usize>,
}

/// The interface of a package that is a causal language model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LanguageInterface {
    /// Where keys and values are kept.
    pub cache: Cache,
    /// The masks it takes, one at least, all of the same size.
    pub masks: Vec<MaskInput>,
    /// The most tokens a sequence can hold.
    pub context: usize,
    /// The most rows one call accepts.
    pub max_rows: usize,
    /// Number of logits in a row.
    pub vocab_size: usize,
}

impl fmt::Display for LanguageInterface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let variant = match self.cache {
            Cache::State => "stateful",
            Cache::Inputs(_) => "cache as input and output",
            Cache::Nowhere => "without a cache",
        };
        write!(f, "{variant} language model, context {}, vocabulary {}", self.context, self.vocab_size)
    }
}

impl LanguageInterface {
    /// The caches that the caller keeps.
    pub fn caches(&self) -> &[CacheInput] {
        match &self.cache {
            Cache::Inputs(caches) => caches,
            Cache::State | Cache::Nowhere => &[],
        }
    }

    /// Recognises the interface of a function of `package`.
    ///
    /// # Errors
    /// [`LlmError::Interface`], which says what a language model has and this function lacks.
    pub fn of(package: &Package, function: &str) -> Result<Self, LlmError> {
        recognise(package, function).map_err(|reason| LlmError::Interface { path: package.path().to_owned(), reason })
    }
}

fn recognise(package: &Package, function: &str) -> Result<LanguageInterface, String> {
    let described = package.interface(function).ok_or_else(|| format!("it has no function {function:?}"))?;
    let ids = Shape::of(&described.inputs, IDS, 2)?;
    let masks = masks(package, described)?;
    if ids.dtype != Some(DType::I32) {
        return Err(format!("{IDS} is not of type i32"));
    }
    if ids.low(1) > 1 {
        return Err(format!("{IDS} takes {} ids or more a call, expected 1 or more", ids.low(1)));
    }
    let (cache, mut context) = cache(described, &ids)?;
    let mut max_rows = ids.high(1).min(PREFILL_CHUNK);
    for MaskInput { input, .. } in &masks {
        let mask = Shape::of(&described.inputs, input, 4)?;
        if mask.low(3) == mask.high(3) {
            return Err(format!("{input} has room for exactly {} positions, expected a range", mask.low(3)));
        }
        context = context.min(mask.high(3));
        max_rows = max_rows.min(mask.high(2));
    }
    Ok(LanguageInterface {
        cache,
        masks,
        context: context.min(MAX_CONTEXT),
        max_rows,
        vocab_size: vocab_size(package, described, function)?,
    })
}

/// The masks that a function takes. How far a sliding one reaches is in the package's metadata: shapes do not tell.
fn masks(package: &Package, described: &FunctionDescription) -> Result<Vec<MaskInput>, String> {
    let has = |name: &str| described.inputs.iter().any(|input| input.name == name);
    let full = FULL_MASKS.into_iter().filter(|name| has(name));
    let mut masks: Vec<_> = full.map(|input| MaskInput { input: input.to_owned(), window: None }).collect();
    if has(SLIDING_MASK) {
        let text = package.description.metadata.user_defined.get(SLIDING_WINDOW).map_or("", String::as_str);
        let window = text.parse().ok().filter(|&window| window > 0).ok_or_else(|| {
            format!(
                "{SLIDING_MASK} needs {SLIDING_WINDOW} in the package's metadata, a number of positions, found {text:?}"
            )
        })?;
        masks.push(MaskInput { input: SLIDING_MASK.to_owned(), window: Some(window) });
    }
    if masks.is_empty() {
        return Err(format!("it has no input {:?}", FULL_MASKS[0]));
    }
    Ok(masks)
}

/// The kind of cache and the positions it has room for.
fn cache(described: &FunctionDescription, ids: &Shape) -> Result<(Cache, usize), String> {
    let has = |features: &[Feature], name: &str| features.iter().any(|feature| feature.name == name);
    if CACHES.into_iter().all(|name| has(&described.states, name)) {
        let shape = Shape::of(&described.states, CACHES[0], CACHE_RANK)?;
        return Ok((Cache::State, shape.high(POSITIONS)));
    }
    if let Some(state) = described.states.first() {
        return Err(format!("it has a state {:?}, expected keyCache and valueCache", state.name));
    }
    if !CACHES.into_iter().all(|name| has(&described.inputs, name)) {
        // Every call takes the whole sequence.
        return Ok((Cache::Nowhere, ids.high(1)));
    }
    let mut outputs = described.outputs.iter().filter(|output| output.name != LOGITS);
    let mut inputs = Vec::new();
    let mut positions = usize::MAX;
    for name in CACHES {
        let shape = Shape::of(&described.inputs, name, CACHE_RANK)?;
        let output = outputs.next().ok_or_else(|| format!("no output returns {name}"))?;
        if shape.low(POSITIONS) > 1 {
            return Err(format!("{name} holds {} positions or more, expected 1 or more", shape.low(POSITIONS)));
        }
        let mut one = [0; CACHE_RANK];
        for (axis, size) in one.iter_mut().enumerate() {
            *size = if axis == POSITIONS { 1 } else { shape.low(axis) };
        }
        let dtype = shape.dtype.ok_or_else(|| format!("{name} has no element type"))?;
        inputs.push(CacheInput { input: name.to_owned(), output: output.name.clone(), dtype, shape: one });
        // The first position is a placeholder: these inputs cannot be empty.
        positions = positions.min(shape.high(POSITIONS).saturating_sub(1));
    }
    Ok((Cache::Inputs(inputs), positions))
}

/// The last dimension of the logits, as the program declares it.
fn vocab_size(package: &Package, described: &FunctionDescription, function: &str) -> Result<usize, String> {
    if !described.outputs.iter().any(|output| output.name == LOGITS) {
        return Err(format!("it has no output {LOGITS:?}"));
    }
    let block = package.program.functions.get(function).and_then(|function| function.active_block());
    let declared = block.into_iter().flat_map(|block| &block.operations).flat_map(|operation| &operation.outputs);
    let ty = declared.filter(|output| output.name == LOGITS).find_map(|output| match &output.ty {
        ValueType::Tensor(ty) if ty.dimensions.len() == 3 => Some(ty),
        _ => None,
    });
    match ty.and_then(|ty| ty.dimensions.last()) {
        Some(Dimension::Fixed(size @ 1..=0x7FFF_FFFF)) => Ok(*size as usize),
        _ => Err(format!("{LOGITS} is not declared as [1, q, vocabulary] with a fixed vocabulary")),
    }
}

/// The sizes that a feature accepts.
struct Shape {
    dtype: Option<DType>,
    ranges: Vec<(usize, usize)>,
}

impl Shape {
    fn of(features: &[Feature], name: &str, rank: usize) -> Result<Self, String> {
        let feature = features.iter().find(|feature| feature.name == name);
        let feature = feature.ok_or_else(|| format!("it has no input {name:?}"))?;
        let FeatureType::Array { dtype, shape, flexibility } = &feature.ty else {
            return Err(format!("{name} is not an array"));
        };
        let ranges: Vec<(usize, usize)> = match flexibility {
            Flexibility::Fixed => shape.iter().map(|&size| (size, size)).collect(),
            Flexibility::Ranges(ranges) => {
                ranges.iter().map(|&(low, high)| (low, high.unwrap_or(MAX_CONTEXT))).collect()
            }
            Flexibility::Enumerated(_) => return Err(format!("{name} takes a list of shapes, expected ranges")),
        };
        if ranges.len() != rank {
            return Err(format!("{name} has rank {}, expected {rank}", ranges.len()));
        }
        Ok(Self { dtype: *dtype, ranges })
    }

    fn low(&self, axis: usize) -> usize {
        self.ranges[axis].0
    }

    fn high(&self, axis: usize) -> usize {
        self.ranges[axis].1
    }
}
