//! Caches that come in as inputs and go out as longer outputs.

use sottovoce_graph::{
    ir::{Arg, Definition, Graph, ValueId},
    pattern::producer,
};
use sottovoce_tensor::DType;

use crate::{
    cpu::plan::{Cache, CacheId, CacheLayer, Storage},
    slices::slice_ranges,
};

/// The outputs of a graph that are an input with the positions of the call added to every layer:
/// `stack` of `concat(slice_by_index(input), new)`.
pub struct GrownCaches {
    caches: Vec<Grown>,
    /// Position of the first among all caches of the plan.
    first: usize,
}

struct Grown {
    input: ValueId,
    output: ValueId,
    /// By layer: the result of the concatenation, and what is added.
    layers: Vec<(ValueId, ValueId)>,
}

impl GrownCaches {
    /// Finds them; their numbers as caches of the plan begin at `first`.
    pub fn find(graph: &Graph, first: usize) -> Self {
        let mut caches: Vec<Grown> = Vec::new();
        for output in &graph.outputs {
            let new = grown(graph, output.value);
            caches.extend(new.filter(|new| caches.iter().all(|known| known.layers[0].0 != new.layers[0].0)));
        }
        Self { caches, first }
    }

    /// The caches of the plan.
    pub fn caches(&self, graph: &Graph) -> impl Iterator<Item = Cache> {
        self.caches.iter().map(|grown| Cache {
            storage: Storage::Grown(grown.input),
            length: graph.fact(grown.output).shape.get(3).cloned(),
        })
    }

    /// The layer that a value is, with what is added to it.
    pub fn layer(&self, value: ValueId) -> Option<(CacheLayer, ValueId)> {
        self.caches.iter().enumerate().find_map(|(index, grown)| {
            let layer = grown.layers.iter().position(|(whole, _)| *whole == value)?;
            Some((CacheLayer { cache: CacheId(self.first + index), layer }, grown.layers[layer].1))
        })
    }

    /// The cache that a value is.
    pub fn whole(&self, value: ValueId) -> Option<CacheId> {
        self.caches.iter().position(|grown| grown.output == value).map(|index| CacheId(self.first + index))
    }
}

fn grown(graph: &Graph, output: ValueId) -> Option<Grown> {
    let stack = producer(graph, output, "stack")?;
    let Arg::List(values) = stack.arg("values")? else { return None };
    let mut layers = Vec::with_capacity(values.len());
    let mut source = None;
    for (layer, &value) in values.iter().enumerate() {
        let (input, new) = grown_layer(graph, value, layer)?;
        if *source.get_or_insert(input) != input {
            return None;
        }
        layers.push((value, new));
    }
    let input = source?;
    let all = graph.fact(input).shape[0].as_size() == Some(layers.len());
    (all && is_constant(graph, stack.value("axis")?, 0)).then_some(Grown { input, output, layers })
}

/// The input whose `layer` a value begins with, and what follows.
fn grown_layer(graph: &Graph, value: ValueId, layer: usize) -> Option<(ValueId, ValueId)> {
    let concat = producer(graph, value, "concat")?;
    let Arg::List(values) = concat.arg("values")? else { return None };
    let &[earlier, new] = values.as_slice() else { return None };
    let slice = producer(graph, earlier, "slice_by_index")?;
    let input = slice.value("x")?;
    let (from, taken) = (graph.fact(input), &graph.fact(earlier).shape);
    let is_input = matches!(graph.value(input).definition, Definition::Input(_));
    let ranges = slice_ranges(graph, slice)?;
    let (first, rest) = ranges.split_first()?;
    let fits = is_input
        && from.dtype == DType::F16
        && from.rank() == 5
        && from.shape[1].as_const() == Some(1)
        && taken[..] == from.shape[1..]
        && first.0.as_size() == Some(layer)
        && rest.iter().zip(&from.shape[1..]).all(|(range, all)| range.0.as_const() == Some(0) && range.1 == *all)
        && is_constant(graph, concat.value("axis")?, 2);
    fits.then_some((input, new))
}

/// Whether a value is this number; for axes of four dimensions.
fn is_constant(graph: &Graph, value: ValueId, number: i64) -> bool {
    graph.tensor(value).is_some_and(|tensor| matches!(tensor.to_i64_vec()[..], [one] if one.rem_euclid(4) == number))
}
