//! Where a package keeps keys and values.

use sottovoce_mil::description::{Feature, FunctionDescription};
use sottovoce_tensor::DType;

use super::shape::Shape;
use super::spelling::plain;

/// Where keys and values of earlier tokens are kept. A cache is [.., positions, head size].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cache {
    /// In the package's states, of these names.
    State(Vec<String>),
    /// With the caller, who passes them in and gets them back.
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
    pub shape: Vec<usize>,
}

impl CacheInput {
    /// The axis that counts positions.
    pub fn positions_axis(&self) -> usize {
        self.shape.len() - 2
    }
}

impl Cache {
    /// What is unlike Apple's recipe.
    pub(super) fn adapter(&self) -> Option<String> {
        match self {
            Self::State(names) if names.iter().all(|name| ["keyCache", "valueCache"].contains(&name.as_str())) => None,
            Self::State(names) if names.len() == 1 => Some(format!("keys and values in one state {}", names[0])),
            Self::State(names) => Some(format!("keys and values in {} states", names.len())),
            Self::Inputs(_) | Self::Nowhere => None,
        }
    }

    /// The cache of a function with the inputs `caches`, and how many positions it has room for.
    pub(super) fn of(described: &FunctionDescription, caches: &[&Feature]) -> Result<(Self, usize), String> {
        if described.states.is_empty() && caches.is_empty() {
            return Ok((Self::Nowhere, usize::MAX));
        }
        if let (Some(state), Some(input)) = (described.states.first(), caches.first()) {
            return Err(format!("it has both a state {} and a cache as input {}", state.name, input.name));
        }
        let mut positions = usize::MAX;
        if caches.is_empty() {
            for state in &described.states {
                positions = positions.min(state_positions(state)?);
            }
            return Ok((Self::State(described.states.iter().map(|state| state.name.clone()).collect()), positions));
        }
        let mut inputs = Vec::with_capacity(caches.len());
        for &feature in caches {
            let (input, most) = cache_input(described, feature)?;
            inputs.push(input);
            positions = positions.min(most);
        }
        Ok((Self::Inputs(inputs), positions))
    }
}

/// Whether an input holds keys or values: a float of four or five dimensions.
pub(super) fn is_cache(feature: &Feature) -> bool {
    Shape::of(feature).is_ok_and(|shape| shape.dtype.is_float() && [4, 5].contains(&shape.rank()))
        && kind(&feature.name).is_some()
}

fn state_positions(state: &Feature) -> Result<usize, String> {
    let shape = Shape::of(state)?;
    if shape.dtype.is_float() && [4, 5].contains(&shape.rank()) {
        return Ok(*shape.range(1).end());
    }
    Err(shape.wrong("a cache of keys or values: a float [.., heads, positions, head size] of four or five dimensions"))
}

fn cache_input(described: &FunctionDescription, feature: &Feature) -> Result<(CacheInput, usize), String> {
    let shape = Shape::of(feature)?;
    let positions = shape.rank() - 2;
    let others = shape.ranges().iter().enumerate().filter(|(axis, _)| *axis != positions);
    if !shape.range(1).contains(&1) || others.clone().any(|(_, range)| range.start() != range.end()) {
        return Err(shape.wrong("a cache [.., heads, 1 position or more, head size], where only the positions vary"));
    }
    let same = |output: &&Feature| kind(&output.name) == kind(&feature.name);
    let mut outputs = described.outputs.iter().filter(same);
    let (Some(output), None) = (outputs.next(), outputs.next()) else {
        return Err(format!("no output, or more than one, returns the cache {} with the new positions", feature.name));
    };
    let shape_of_one = shape.ranges().iter().enumerate();
    let shape_of_one = shape_of_one.map(|(axis, range)| if axis == positions { 1 } else { *range.start() }).collect();
    let (input, output) = (feature.name.clone(), output.name.clone());
    // The first position is a placeholder.
    let most = shape.range(1).end().saturating_sub(1);
    Ok((CacheInput { input, output, dtype: shape.dtype, shape: shape_of_one }, most))
}

/// Keys or values, and the number in the name: `past_key_3` and `present_key_3` are one cache, `keyCache` and `newKeyCache`
/// another.
fn kind(name: &str) -> Option<(bool, String)> {
    let plain = plain(name);
    let is_key = plain.contains("key");
    let number = plain.chars().filter(char::is_ascii_digit).collect();
    (is_key != plain.contains("value")).then_some((is_key, number))
}
