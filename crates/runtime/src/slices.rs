//! Which part of a tensor a slice takes.

use sottovoce_graph::ir::{Dim, Graph, Node};

/// Ranges [begin, end) per axis of a `slice_by_index` or `slice_update` with stride 1.
pub fn slice_ranges(graph: &Graph, node: &Node) -> Option<Vec<(Dim, Dim)>> {
    let shape = &graph.fact(node.value("x")?).shape;
    let dims = |name: &str| graph.fact(node.value(name)?).value.clone();
    let flags = |name: &str| node.value(name).and_then(|mask| graph.tensor(mask)).map(|mask| mask.to_i64_vec());
    if node.value("stride").is_some_and(|stride| {
        graph.tensor(stride).is_none_or(|stride| stride.to_i64_vec().iter().any(|&stride| stride != 1))
    }) {
        return None;
    }
    let (begin, end) = (dims("begin")?, dims("end")?);
    let (begin_mask, end_mask, squeeze) = (flags("begin_mask"), flags("end_mask"), flags("squeeze_mask"));
    let set = |mask: &Option<Vec<i64>>, axis: usize| {
        mask.as_ref().and_then(|mask| mask.get(axis)).is_some_and(|&flag| flag != 0)
    };
    let wrap = |dim: &Dim, all: &Dim| match dim.as_const() {
        Some(negative) if negative < 0 => dim.clone() + all.clone(),
        _ => dim.clone(),
    };
    let mut ranges = Vec::with_capacity(shape.len());
    for (axis, all) in shape.iter().enumerate() {
        let first = if set(&begin_mask, axis) { Dim::from(0i64) } else { wrap(begin.get(axis)?, all) };
        let last = if set(&squeeze, axis) {
            first.clone() + Dim::from(1i64)
        } else if set(&end_mask, axis) {
            all.clone()
        } else {
            wrap(end.get(axis)?, all).smaller(all, &graph.symbols)
        };
        ranges.push((first, last));
    }
    Some(ranges)
}
