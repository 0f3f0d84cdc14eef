//! Removes operations that change nothing, given what inference knows of sizes.

use sottovoce_tensor::Tensor;

use super::rewrite::{Rule, add_op, rewrite};
use crate::{
    ir::{Arg, Dim, Graph, ValueId},
    pattern::{any, either_order, one_of, op, producer, scalar, unary},
};

/// Removes casts, reshapes, slices, tiles and transposes that give their operand back, products with one, and the wrap of
/// negative indices that converters put before `gather`, which wraps them itself. Indices of a table are not narrowed: an
/// index that a narrow type would wrap is an error of `gather` then, not another row.
pub fn simplify(graph: Graph) -> Graph {
    let rules = [
        Rule {
            pattern: one_of([
                unary("cast", any("x")),
                unary("reshape", any("x")),
                unary("expand_dims", any("x")),
                unary("squeeze", any("x")),
                unary("tile", any("x")),
                unary("identity", any("x")),
            ]),
            build: |graph, value, captures| same_type(graph, value, captures.value("x")),
        },
        Rule {
            pattern: unary("slice_by_index", any("x")),
            build: |graph, value, captures| {
                let source = same_type(graph, value, captures.value("x"))?;
                takes_everything(graph, value).then_some(source)
            },
        },
        Rule {
            pattern: unary("transpose", any("x")),
            build: |graph, value, captures| {
                let perm = producer(graph, value, "transpose")?.value("perm")?;
                let in_order = graph.tensor(perm)?.to_i64_vec().iter().enumerate().all(|(i, &axis)| axis == i as i64);
                in_order.then_some(captures.value("x"))
            },
        },
        Rule {
            pattern: either_order("mul", any("x"), scalar("one")),
            build: |graph, value, captures| {
                let source = same_type(graph, value, captures.value("x"))?;
                (graph.scalar(captures.value("one")) == Some(1.0)).then_some(source)
            },
        },
        Rule {
            pattern: op("gather", [("x", any("table")), ("indices", unary("cast", any("indices")))]),
            build: |graph, value, captures| {
                let indices = captures.value("indices");
                let (table, narrow) = (captures.value("table"), producer(graph, value, "gather")?.value("indices")?);
                let integers = graph.fact(indices).dtype.is_int() && graph.fact(narrow).dtype.is_int();
                if !integers || !graph.is_weight(table) {
                    return None;
                }
                let node = producer(graph, value, "gather")?;
                let mut args = node.args.clone();
                let op = node.op;
                args.iter_mut().find(|(name, _)| *name == "indices")?.1 = Arg::Value(indices);
                add_op(graph, op, args, value)
            },
        },
        Rule {
            pattern: op(
                "select",
                [
                    ("cond", op("greater_equal", [("x", any("index")), ("y", scalar("zero"))])),
                    ("a", any("index")),
                    ("b", either_order("add", any("index"), scalar("size"))),
                ],
            ),
            build: |graph, value, captures| {
                let zero = graph.tensor(captures.value("zero"))?.to_i64_vec() == [0];
                let size = graph.tensor(captures.value("size")).map(Tensor::to_i64_vec)?;
                let wraps = zero && only_indexes(graph, value, size[0]);
                wraps.then_some(captures.value("index"))
            },
        },
    ];
    rewrite(graph, &rules)
}

fn same_type(graph: &Graph, value: ValueId, source: ValueId) -> Option<ValueId> {
    let (new, old) = (graph.fact(source), graph.fact(value));
    (new.dtype == old.dtype && new.shape == old.shape).then_some(source)
}

/// A slice of the same size as its source takes all of it unless it runs backward or past clamped bounds: the size is the
/// same only when every axis begins at 0 and has stride 1 (or is a single element).
fn takes_everything(graph: &Graph, value: ValueId) -> bool {
    let Some(node) = producer(graph, value, "slice_by_index") else { return false };
    node.value("stride").is_none_or(|stride| {
        graph.tensor(stride).is_some_and(|stride| stride.to_i64_vec().iter().all(|&stride| stride == 1))
    })
}

/// True when every live use of `value` is as the indices of a `gather` along an axis of `size`.
fn only_indexes(graph: &Graph, value: ValueId, size: i64) -> bool {
    graph.schedule().into_iter().map(|node| graph.node(node)).filter(|node| node.operands().any(|v| v == value)).all(
        |node| {
            let axis = node.value("axis").and_then(|axis| graph.tensor(axis)).map_or(0, |axis| axis.to_i64_vec()[0]);
            let source = node.value("x").map(|x| graph.fact(x));
            node.op.name == "gather"
                && node.value("indices") == Some(value)
                && source.and_then(|fact| fact.shape.get(usize::try_from(axis).ok()?)) == Some(&Dim::from(size))
        },
    )
}
