//! Memory of a call, kept with the state so that decoding does not allocate.

use half::f16;
use sottovoce_kernels::{AttentionScratch, QuantizedRows, Rows, RowsMut};
use sottovoce_tensor::Tensor;

use super::plan::Columns;
use crate::profile::Profile;

/// Cosines and sines of the rows of a call, [q, half] each.
#[derive(Clone, Debug, Default)]
pub struct AngleTable {
    /// Cosines.
    pub cos: Vec<f32>,
    /// Sines.
    pub sin: Vec<f32>,
}

/// Buffers and scratch of one caller.
#[derive(Clone, Debug, Default)]
pub struct Workspace {
    /// Arena: rows by slot.
    pub slots: Vec<Vec<f32>>,
    /// Columns of each slot, which is also the distance between its rows.
    pub strides: Vec<usize>,
    /// Inputs of linear steps that are computed on the way (norms, gates).
    pub scratch: Vec<f32>,
    /// The same, or rows of a buffer, in the integers of the fast path.
    pub quantized: QuantizedRows,
    /// Both halves of gated units, a part for each worker.
    pub halves: Vec<f32>,
    /// Partial results of attention.
    pub attention: AttentionScratch,
    /// Rotary tables.
    pub tables: Vec<AngleTable>,
    /// Masks that do not come in f16, made so; the others are empty.
    pub masks: Vec<Vec<f16>>,
    /// Positions in use of each cache after the call.
    pub lengths: Vec<usize>,
    /// Tensors that steps made, by value: also those of the call before, whose memory is used again.
    pub tensors: Vec<Option<Tensor>>,
    /// What steps cost, if that is wanted.
    pub profile: Option<Profile>,
    /// A shape in the making.
    pub shape: Vec<usize>,
    /// Token ids.
    pub indices: Vec<i64>,
}

impl Workspace {
    /// Makes room for `rows` rows of every slot.
    pub fn resize(&mut self, widths: &[usize], rows: usize, num_values: usize, num_tables: usize) {
        self.slots.resize_with(widths.len(), Vec::new);
        self.strides.clear();
        self.strides.extend_from_slice(widths);
        for (slot, width) in self.slots.iter_mut().zip(widths) {
            if slot.len() < rows * width {
                // Zeros take memory once they are written over: mostly, logits are wanted of the last row only.
                *slot = vec![0.0; rows * width];
            }
        }
        self.tensors.resize(num_values, None);
        self.tables.resize_with(num_tables, AngleTable::default);
    }
}

/// Rows `rows` of some columns of a slot.
pub fn view<'a>(
    slots: &'a [Vec<f32>],
    strides: &[usize],
    slot: usize,
    columns: &Columns,
    rows: &std::ops::Range<usize>,
) -> Rows<'a> {
    let stride = strides[slot];
    let data = &slots[slot][rows.start * stride + columns.offset..];
    Rows::new(data, rows.len(), columns.width, stride)
}

/// The same for writing, of a slot that was taken out of the arena.
pub fn view_mut<'a>(
    slot: &'a mut [f32],
    stride: usize,
    columns: &Columns,
    rows: &std::ops::Range<usize>,
) -> RowsMut<'a> {
    let data = &mut slot[rows.start * stride + columns.offset..];
    RowsMut::new(data, rows.len(), columns.width, stride)
}
