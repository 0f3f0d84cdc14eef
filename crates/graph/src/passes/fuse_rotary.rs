//! Rotary position embedding (Su et al. 2021) in its half-split form.
//!
//! Besides saving work this pass mends a loss: converters that compute in f16 spell the angles `position · frequency` in
//! f16, where positions above 2048 are no longer exact. The fused operation takes the integer positions and computes the
//! angles in f32.

use sottovoce_tensor::Tensor;

use super::rewrite::{Rule, add_op, rewrite};
use crate::{
    ir::{Arg, Dim, Graph, ValueId},
    ops,
    pattern::{Captures, Pattern, any, concat, either_order, one_of, producer, scalar, strip_views, through, unary},
};

/// Replaces `x · cos(θ) + rotate_half(x) · sin(θ)` by `rotary_embedding`, where θ is positions times inverse frequencies
/// and cosines and sines may have a common factor (LongRoPE, Ding et al. 2024); then such an embedding of the first elements
/// of each row, joined with the others, by one of whole rows (Phi-4-mini, 2025).
pub fn fuse_rotary(graph: Graph) -> Graph {
    let partial = Rule { pattern: concat([any("turned"), any("still")]), build: build_partial };
    rewrite(graph, &[Rule { pattern: pattern(), build }, partial])
}

fn pattern() -> Pattern {
    let table = |function, amplitude| {
        let values = || through(unary(function, any("angles")));
        through(one_of([either_order("mul", values(), scalar(amplitude)), values()]))
    };
    let negated = one_of([either_order("mul", any("high"), scalar("minus_one")), unary("neg", any("high"))]);
    let rotated = concat([negated, any("low")]);
    let straight = either_order("mul", any("x"), table("cos", "cos_amplitude"));
    either_order("add", straight, either_order("mul", rotated, table("sin", "sin_amplitude")))
}

fn build(graph: &mut Graph, value: ValueId, captures: &Captures) -> Option<ValueId> {
    let x = captures.value("x");
    let size = graph.fact(x).shape.last()?.as_size()?;
    let half = size / 2;
    let minus_one = captures.get("minus_one").is_none_or(|v| graph.scalar(v) == Some(-1.0));
    let fits = size % 2 == 0
        && minus_one
        && last_axis_range(graph, captures.value("low"))? == (x, 0, half)
        && last_axis_range(graph, captures.value("high"))? == (x, half, size);
    if !fits {
        return None;
    }
    let (positions, frequencies) = angles(graph, captures.value("angles"), half)?;
    // One position per row: the axis before the last.
    let rows = graph.fact(x).shape.get(graph.fact(x).rank().checked_sub(2)?)?;
    if graph.fact(positions).shape.as_slice() != std::slice::from_ref(rows) {
        return None;
    }
    let amplitude = |name: &str| captures.get(name).map_or(Some(1.0), |factor| graph.scalar(factor));
    let (cos, sin) = (amplitude("cos_amplitude")?, amplitude("sin_amplitude")?);
    if cos != sin {
        return None;
    }
    let mut args = vec![
        ("x", Arg::Value(x)),
        ("positions", Arg::Value(positions)),
        ("inverse_frequencies", Arg::Value(frequencies)),
    ];
    if cos != 1.0 {
        args.push(("amplitude", Arg::Value(graph.add_tensor("amplitude", Tensor::scalar(cos)))));
    }
    add_op(graph, &ops::fused::rotary_embedding::OP, args, value)
}

/// `concat(rotary_embedding(x[.., ..dims]), x[.., dims..])`.
fn build_partial(graph: &mut Graph, value: ValueId, captures: &Captures) -> Option<ValueId> {
    let node = producer(graph, captures.value("turned"), "rotary_embedding")?;
    let (x, first, dims) = last_axis_range(graph, node.value("x")?)?;
    let size = graph.fact(x).shape.last()?.as_size()?;
    let rest = last_axis_range(graph, captures.value("still"))?;
    // Along another axis the result would have another shape.
    if first != 0 || rest != (x, dims, size) || graph.fact(value) != graph.fact(x) {
        return None;
    }
    let mut args = node.args.clone();
    args.iter_mut().find(|(name, _)| *name == "x")?.1 = Arg::Value(x);
    add_op(graph, &ops::fused::rotary_embedding::OP, args, value)
}

/// Source and range of a slice (or half of a split) along the last axis.
fn last_axis_range(graph: &Graph, value: ValueId) -> Option<(ValueId, usize, usize)> {
    if let Some(node) = producer(graph, value, "split") {
        let source = node.value("x")?;
        let axis = graph.tensor(node.value("axis")?)?.to_i64_vec()[0];
        let last = graph.fact(source).rank() as i64 - 1;
        let part = node.outputs.iter().position(|&output| output == value)?;
        let size = graph.fact(value).shape.last()?.as_size()?;
        let even = node.outputs.len() == 2 && graph.fact(source).shape.last()?.as_size()? == 2 * size;
        return (even && (axis == -1 || axis == last)).then_some((source, part * size, (part + 1) * size));
    }
    let node = producer(graph, value, "slice_by_index")?;
    let source = node.value("x")?;
    let (from, to) = (&graph.fact(source).shape, &graph.fact(value).shape);
    let last = from.len().checked_sub(1)?;
    if from.len() != to.len() || from[..last] != to[..last] {
        return None;
    }
    let flag_of = |name: &str| {
        let mask = node.value(name).and_then(|mask| graph.tensor(mask));
        mask.and_then(|mask| mask.to_i64_vec().get(last).copied()).unwrap_or(0) != 0
    };
    let unit_stride = node.value("stride").is_none_or(|stride| {
        graph.tensor(stride).is_some_and(|stride| stride.to_i64_vec().iter().all(|&stride| stride == 1))
    });
    let begin = if flag_of("begin_mask") {
        0
    } else {
        graph.fact(node.value("begin")?).value.as_ref()?.get(last)?.as_const()?
    };
    let size = from[last].as_size()? as i64;
    let begin = usize::try_from(if begin < 0 { begin + size } else { begin }).ok()?;
    unit_stride.then_some((source, begin, begin + to[last].as_size()?))
}

/// Positions [q] (integers) and inverse frequencies [half] of an angle table [.., q, 2·half] whose halves are the same.
fn angles(graph: &Graph, table: ValueId, half: usize) -> Option<(ValueId, ValueId)> {
    let table = producer(graph, strip_views(graph, table), "concat")?;
    let [Arg::List(halves)] = [table.arg("values")?] else { return None };
    let [first, second] = halves.as_slice() else { return None };
    if first != second {
        return None;
    }
    let product = strip_views(graph, *first);
    let product = match producer(graph, product, "transpose") {
        Some(transpose) => strip_views(graph, transpose.value("x")?),
        None => product,
    };
    let node = graph.node(graph.producer(product)?);
    if !matches!(node.op.name, "matmul" | "mul") {
        return None;
    }
    let (x, y) = (strip_views(graph, node.value("x")?), strip_views(graph, node.value("y")?));
    let (frequencies, positions) = if graph.is_weight(x) { (x, y) } else { (y, x) };
    let count: Option<usize> = graph.fact(frequencies).fixed_shape().map(|shape| shape.iter().product());
    let positions = integers_below(graph, positions)?;
    (graph.is_weight(frequencies) && count == Some(half)).then_some((positions, frequencies))
}

/// The integer vector below casts and views.
fn integers_below(graph: &Graph, mut value: ValueId) -> Option<ValueId> {
    while graph.fact(value).rank() != 1 || !graph.fact(value).dtype.is_int() {
        let node = graph.node(graph.producer(value)?);
        let source = node.value("x")?;
        let significant = |v: ValueId| graph.fact(v).shape.iter().filter(|dim| **dim != Dim::from(1i64));
        if !matches!(node.op.name, "cast" | "expand_dims" | "reshape" | "squeeze")
            || !significant(source).eq(significant(value))
        {
            return None;
        }
        value = source;
    }
    Some(value)
}
