//! Gated linear units (Shazeer 2020).

use super::rewrite::{Rule, add_op, rewrite};
use crate::{
    ir::{Arg, Graph, ValueId},
    ops,
    pattern::{Captures, any, either_order, named, one_of, producer, unary},
};

/// Replaces `silu(gate) · up` and `gelu(gate) · up` by `gate`.
pub fn fuse_gate(graph: Graph) -> Graph {
    let silu = one_of([unary("silu", any("gate")), either_order("mul", any("gate"), unary("sigmoid", any("gate")))]);
    let gelu = named("gelu", unary("gelu", any("gate")));
    rewrite(graph, &[Rule { pattern: either_order("mul", one_of([silu, gelu]), any("up")), build }])
}

fn build(graph: &mut Graph, value: ValueId, captures: &Captures) -> Option<ValueId> {
    let (gate, up) = (captures.value("gate"), captures.value("up"));
    if graph.fact(gate).shape != graph.fact(up).shape || gate == up {
        return None;
    }
    let activation = match captures.get("gelu") {
        None => ops::fused::gate::SILU,
        Some(gelu) => match producer(graph, gelu, "gelu")?.arg("mode") {
            Some(Arg::Text(mode)) if mode == "TANH_APPROXIMATION" => ops::fused::gate::GELU_TANH,
            None => ops::fused::gate::GELU,
            Some(Arg::Text(mode)) if mode == "EXACT" => ops::fused::gate::GELU,
            Some(_) => return None,
        },
    };
    let args =
        vec![("gate", Arg::Value(gate)), ("up", Arg::Value(up)), ("activation", Arg::Text(activation.to_owned()))];
    add_op(graph, &ops::fused::gate::OP, args, value)
}
