//! Root-mean-square norm (Zhang and Sennrich 2019) as converters spell it.

use sottovoce_tensor::Tensor;

use super::rewrite::{Rule, add_op, rewrite};
use crate::{
    ir::{Arg, Graph, ValueId},
    ops,
    pattern::{Captures, Pattern, any, either_order, named, one_of, op, producer, scalar, strip_casts, through, unary},
};

/// Replaces `x / sqrt(mean(x²) + ε) · w` along the last axis by `rms_norm`.
pub fn fuse_rms_norm(graph: Graph) -> Graph {
    rewrite(graph, &[Rule { pattern: pattern(), build }])
}

fn pattern() -> Pattern {
    let x = || through(any("x"));
    let square = one_of([
        op("pow", [("x", x()), ("y", scalar("two"))]),
        op("mul", [("x", x()), ("y", x())]),
        unary("square", x()),
    ]);
    let mean = through(named("mean", unary("reduce_mean", square)));
    let shifted = || either_order("add", mean.clone(), scalar("epsilon"));
    let inverse_root = one_of([
        unary("rsqrt", shifted()),
        op("pow", [("x", shifted()), ("y", scalar("minus_half"))]),
        unary("inverse", unary("sqrt", shifted())),
    ]);
    // Of the shape of the result: a view that only adds a dimension, to make one head of a row, is not looked through.
    let shaped = || named("shaped", x());
    let normed = one_of([
        either_order("mul", shaped(), inverse_root),
        op("real_div", [("x", shaped()), ("y", unary("sqrt", shifted()))]),
    ]);
    either_order("mul", through(normed), any("weight"))
}

fn build(graph: &mut Graph, value: ValueId, captures: &Captures) -> Option<ValueId> {
    let (x, weight) = (strip_casts(graph, captures.value("shaped")), captures.value("weight"));
    let expect = |name: &str, wanted: f32| captures.get(name).is_none_or(|v| graph.scalar(v) == Some(wanted));
    let channels = graph.fact(x).shape.last()?.as_size()?;
    let fits = expect("two", 2.0)
        && expect("minus_half", -0.5)
        && graph.fact(x).shape == graph.fact(value).shape
        && graph.is_weight(weight)
        && graph.fact(weight).fixed_shape()?.iter().product::<usize>() == channels
        && graph.fact(weight).shape.last()?.as_size() == Some(channels)
        && mean_over_last_axis(graph, captures.value("mean"))?;
    if !fits {
        return None;
    }
    let epsilon = graph.scalar(captures.value("epsilon"))?;
    let epsilon = graph.add_tensor("epsilon", Tensor::scalar(epsilon));
    let args = vec![("x", Arg::Value(x)), ("weight", Arg::Value(weight)), ("epsilon", Arg::Value(epsilon))];
    add_op(graph, &ops::fused::rms_norm::OP, args, value).filter(|&new| graph.fact(new) == graph.fact(value))
}

/// Checks the axes of a `reduce_mean`.
fn mean_over_last_axis(graph: &Graph, value: ValueId) -> Option<bool> {
    let mean = producer(graph, value, "reduce_mean")?;
    let ints = |name: &str| mean.value(name).and_then(|v| graph.tensor(v)).map(Tensor::to_i64_vec);
    let last = graph.fact(value).rank() as i64 - 1;
    Some(matches!(ints("axes")?.as_slice(), [axis] if *axis == -1 || *axis == last) && ints("keep_dims")? == [1])
}
