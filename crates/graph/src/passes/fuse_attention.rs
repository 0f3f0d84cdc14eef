//! Scaled dot-product attention (Vaswani et al. 2017), as the iOS 18 operation or spelled out, with grouped heads
//! (Ainslie et al. 2023) recognised through the repetition that converters write.

use sottovoce_tensor::Tensor;

use super::{
    fuse_soft_cap::{capped, captured},
    rewrite::{Rule, add_op, factor, rewrite},
};
use crate::{
    ir::{Arg, Dim, Graph, ValueId},
    ops,
    pattern::{Captures, Pattern, any, either_order, named, one_of, op, producer, scalar, unary},
};

/// Replaces `softmax(q·kᵀ·scale + mask)·v`, and `scaled_dot_product_attention`, by `attention`, whose keys and values have
/// one head per group of query heads. Scores may have a soft cap, `cap · tanh(score ∕ cap)` (Gemma 2, 2024).
pub fn fuse_attention(graph: Graph) -> Graph {
    let sdpa =
        op("scaled_dot_product_attention", [("query", any("query")), ("key", any("key")), ("value", any("value"))]);
    rewrite(graph, &[Rule { pattern: spelled_out(), build }, Rule { pattern: named("sdpa", sdpa), build }])
}

fn spelled_out() -> Pattern {
    let product = |query: Pattern| named("scores", op("matmul", [("x", query), ("y", any("key"))]));
    let scores = || {
        one_of([
            product(either_order("mul", any("query"), scalar("scale"))),
            either_order("mul", product(any("query")), scalar("scale")),
            op("real_div", [("x", product(any("query"))), ("y", scalar("divisor"))]),
            product(any("query")),
        ])
    };
    let bounded = || one_of([capped(scores()), scores()]);
    let masked = one_of([either_order("add", bounded(), any("mask")), bounded()]);
    let weights = named("weights", unary("softmax", masked));
    named("product", op("matmul", [("x", weights), ("y", any("value"))]))
}

fn build(graph: &mut Graph, value: ValueId, captures: &Captures) -> Option<ValueId> {
    let query = captures.value("query");
    let shape = graph.fact(query).shape.clone();
    let [_, heads, _, size] = shape.as_slice() else { return None };
    let (scale, key, mask) = match captures.get("sdpa") {
        Some(sdpa) => {
            let mask = producer(graph, sdpa, "scaled_dot_product_attention")?.value("attn_mask");
            (1.0 / (size.as_size()? as f32).sqrt(), captures.value("key"), mask)
        }
        None => {
            if !softmax_over_keys(graph, captures.value("weights"))?
                || transposes(graph, captures.value("product"))? != (false, false)
            {
                return None;
            }
            let key = match transposes(graph, captures.value("scores"))? {
                (false, true) => captures.value("key"),
                (false, false) => transposed(graph, captures.value("key"))?,
                _ => return None,
            };
            (factor(graph, captures, "scale", "divisor")?, key, captures.get("mask"))
        }
    };
    // Added masks are one for all heads; anything else stays as it is spelled.
    if let Some(mask) = mask {
        let fact = graph.fact(mask);
        let one = Dim::from(1i64);
        let [batch, mask_heads, _, _] = fact.shape.as_slice() else { return None };
        if *batch != one || *mask_heads != one || !fact.dtype.is_float() {
            return None;
        }
    }
    let (key, values) = (ungrouped(graph, key, heads), ungrouped(graph, captures.value("value"), heads));
    if graph.fact(key).shape.get(1) != graph.fact(values).shape.get(1) {
        return None;
    }
    let soft_cap = match captures.get("cap") {
        None => None,
        Some(_) => Some(captured(graph, captures)?),
    };
    let scale = scale * soft_cap.map_or(1.0, |(factor, cap)| factor * cap);
    let scale = graph.add_tensor("scale", Tensor::scalar(scale));
    let soft_cap = soft_cap.map(|(_, cap)| graph.add_tensor("soft_cap", Tensor::scalar(cap)));
    let mut args = vec![("query", Arg::Value(query)), ("key", Arg::Value(key)), ("value", Arg::Value(values))];
    args.extend(mask.map(|mask| ("attn_mask", Arg::Value(mask))));
    args.push(("scale", Arg::Value(scale)));
    args.extend(soft_cap.map(|cap| ("soft_cap", Arg::Value(cap))));
    add_op(graph, &ops::fused::attention::OP, args, value)
}

fn softmax_over_keys(graph: &Graph, weights: ValueId) -> Option<bool> {
    let node = producer(graph, weights, "softmax")?;
    let axis = node.value("axis").map_or(Some(-1), |axis| Some(graph.tensor(axis)?.to_i64_vec()[0]))?;
    Some(axis == -1 || axis == graph.fact(weights).rank() as i64 - 1)
}

/// `transpose_x` and `transpose_y` of a `matmul`.
fn transposes(graph: &Graph, product: ValueId) -> Option<(bool, bool)> {
    let node = producer(graph, product, "matmul")?;
    let flag = |name: &str| match node.value(name) {
        None => Some(false),
        Some(value) => Some(graph.tensor(value)?.to_i64_vec() != [0]),
    };
    Some((flag("transpose_x")?, flag("transpose_y")?))
}

/// The source of a transpose of the last two of four axes.
fn transposed(graph: &Graph, value: ValueId) -> Option<ValueId> {
    let node = producer(graph, value, "transpose")?;
    let perm = graph.tensor(node.value("perm")?)?.to_i64_vec();
    let perm: Vec<i64> = perm.into_iter().map(|axis| axis.rem_euclid(4)).collect();
    (perm == [0, 1, 3, 2]).then_some(node.value("x"))?
}

/// Keys or values before each head was repeated for its group: [1, groups, kv, size] below
/// `reshape(tile(expand_dims(x)))`. The value itself when it is not spelled so.
fn ungrouped(graph: &Graph, value: ValueId, heads: &Dim) -> ValueId {
    repeated_source(graph, value, heads).unwrap_or(value)
}

fn repeated_source(graph: &Graph, value: ValueId, heads: &Dim) -> Option<ValueId> {
    let repeated = producer(graph, value, "reshape")?.value("x")?;
    let expanded = producer(graph, repeated, "tile")?.value("x")?;
    let view = graph.node(graph.producer(expanded)?);
    let source = view.value("x").filter(|_| matches!(view.op.name, "expand_dims" | "reshape"))?;
    let (source_shape, tiled) = (&graph.fact(source).shape, &graph.fact(repeated).shape);
    let [batch, groups, keys, size] = source_shape.as_slice() else { return None };
    let one = Dim::from(1i64);
    let group_size = heads.floor_div(groups);
    let expected = [batch.clone(), groups.clone(), group_size.clone(), keys.clone(), size.clone()];
    let unexpanded = [batch.clone(), groups.clone(), one, keys.clone(), size.clone()];
    let target = [batch.clone(), heads.clone(), keys.clone(), size.clone()];
    let fits = graph.fact(expanded).shape == unexpanded
        && *tiled == expected
        && graph.fact(value).shape == target
        && group_size * groups.clone() == *heads;
    fits.then_some(source)
}
