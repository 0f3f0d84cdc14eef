//! Masks of attention: which inputs they are, and what they are checked for before anything is computed.

use half::f16;
use sottovoce_graph::ir::{Arg, Bindings, Definition, Dim, Graph, Node, ValueId};
use sottovoce_tensor::{DType, Tensor};

use crate::{error::RuntimeError, slices::slice_ranges};

/// What attention adds to its scores: the first columns of every row of an input.
#[derive(Clone, Debug, PartialEq)]
pub struct Mask {
    /// Position of the input in the graph.
    pub input: usize,
    /// Number of columns, the positions that are attended to.
    pub columns: Dim,
}

impl Mask {
    /// The mask that a value is: an input, below casts between floats and slices that drop columns at the end, as
    /// converters write them for a mask that may be longer than the keys.
    pub fn of(graph: &Graph, value: ValueId) -> Option<Self> {
        let columns = graph.fact(value).shape.last()?.clone();
        let mut source = value;
        loop {
            if !graph.fact(source).dtype.is_float() {
                return None;
            }
            match graph.value(source).definition {
                Definition::Input(input) => return Some(Self { input, columns }),
                Definition::Node(id, _) => source = passed_through(graph, graph.node(id))?,
                Definition::State(_) | Definition::Constant(_) => return None,
            }
        }
    }

    /// The masks of every attention of a graph.
    pub fn all(graph: &Graph) -> Vec<Self> {
        let mut masks = Vec::new();
        for id in graph.schedule() {
            if let Some(Arg::Value(mask)) = graph.node(id).arg("attn_mask")
                && let Some(mask) = Self::of(graph, *mask)
                && !masks.contains(&mask)
            {
                masks.push(mask);
            }
        }
        masks
    }

    /// Rejects a mask that would give NaN: one that holds it, or a row without any visible position. Attention takes
    /// masks in f16, where numbers below −65,504 hide a position.
    ///
    /// # Errors
    /// [`RuntimeError::Mask`] with the first bad row.
    pub fn check(&self, name: &str, tensor: &Tensor, bindings: &Bindings) -> Result<(), RuntimeError> {
        let stride = tensor.shape().last().copied().unwrap_or(0).max(1);
        let columns = self.columns.eval(bindings).and_then(|columns| usize::try_from(columns).ok());
        let columns = columns.unwrap_or(stride).min(stride);
        let error = |row, problem| Err(RuntimeError::Mask { name: name.to_owned(), row, problem });
        let check = |row: usize, nan: bool, visible: bool| match (nan, visible) {
            (true, _) => error(row, "holds NaN"),
            (false, false) => error(row, "hides every position"),
            (false, true) => Ok(()),
        };
        if tensor.dtype() == DType::F16 {
            for (row, values) in tensor.as_slice::<f16>()?.chunks(stride).enumerate() {
                let values = &values[..columns];
                // On the bits: a mask row is read for every token, and conversions would cost more than the attention.
                let visible = values.iter().any(|value| value.to_bits() != f16::NEG_INFINITY.to_bits());
                check(row, values.iter().any(|value| value.is_nan()), visible)?;
            }
            return Ok(());
        }
        for (row, values) in tensor.to_f32_vec().chunks(stride).enumerate() {
            let values = &values[..columns];
            let visible = values.iter().any(|&value| f16::from_f32(value) != f16::NEG_INFINITY);
            check(row, values.iter().any(|value| value.is_nan()), visible)?;
        }
        Ok(())
    }
}

/// The operand that a cast, or a slice of the first columns, hands on.
fn passed_through(graph: &Graph, node: &Node) -> Option<ValueId> {
    let source = node.value("x")?;
    match node.op.name {
        "cast" => Some(source),
        "slice_by_index" => {
            let ranges = slice_ranges(graph, node)?;
            let shape = &graph.fact(source).shape;
            let (columns, rows) = ranges.split_last()?;
            let whole = rows.iter().zip(shape).all(|((begin, end), size)| begin.as_const() == Some(0) && end == size);
            (whole && columns.0.as_const() == Some(0)).then_some(source)
        }
        _ => None,
    }
}
