//! Soft caps (Gemma 2, 2024) of anything but attention scores, which [`super::fuse_attention`] takes with the rest.

use sottovoce_tensor::Tensor;

use super::rewrite::{Rule, add_op, factor, rewrite};
use crate::{
    ir::{Arg, Graph, ValueId},
    ops,
    pattern::{Captures, Pattern, any, either_order, one_of, op, scalar, unary},
};

/// Replaces `cap · tanh(x ∕ cap)` by `soft_cap`.
pub fn fuse_soft_cap(graph: Graph) -> Graph {
    rewrite(graph, &[Rule { pattern: capped(any("x")), build }])
}

/// What `x` matches, through a soft cap.
pub(super) fn capped(x: Pattern) -> Pattern {
    let shrunk = one_of([
        either_order("mul", x.clone(), scalar("inverse_cap")),
        op("real_div", [("x", x), ("y", scalar("cap_divisor"))]),
    ]);
    either_order("mul", unary("tanh", shrunk), scalar("cap"))
}

/// The captured factor before tanh and the cap. They need not be exactly inverse: the factor is rounded where a program
/// spells it as a constant.
pub(super) fn captured(graph: &Graph, captures: &Captures) -> Option<(f32, f32)> {
    let cap = graph.scalar(captures.get("cap")?).filter(|cap| cap.is_finite() && *cap > 0.0)?;
    Some((factor(graph, captures, "inverse_cap", "cap_divisor")?, cap))
}

fn build(graph: &mut Graph, value: ValueId, captures: &Captures) -> Option<ValueId> {
    let (factor, cap) = captured(graph, captures)?;
    let x = captures.value("x");
    let factor = graph.add_tensor("factor", Tensor::scalar(factor));
    let cap = graph.add_tensor("cap", Tensor::scalar(cap));
    let args = vec![("x", Arg::Value(x)), ("factor", Arg::Value(factor)), ("cap", Arg::Value(cap))];
    add_op(graph, &ops::fused::soft_cap::OP, args, value).filter(|&new| graph.fact(new) == graph.fact(value))
}
