//! Memory of a call, kept with the state so that decoding does not allocate.

use std::ops::Range;

use half::f16;
use sottovoce_kernels::{AttentionScratch, FEW_ROWS, Precision, QuantizedRows, RoundedCache, Rows, RowsMut};
use sottovoce_tensor::Tensor;

use super::plan::{CacheLayer, Columns};
use crate::{
    observer::{Observer, StandIns},
    profile::Profile,
};

/// Cosines and sines of the rows of a call, [q, half] each.
#[derive(Clone, Debug, Default)]
pub struct AngleTable {
    /// Cosines.
    pub cos: Vec<f32>,
    /// Sines.
    pub sin: Vec<f32>,
}

/// Memory for the rows of a call, which calls that run together share.
#[derive(Clone, Debug, Default)]
pub struct Arena {
    /// Rows by slot.
    pub slots: Vec<Vec<f32>>,
    /// Every buffer has a slot of its own, so that all are there after the call.
    pub keeps_all: bool,
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
    /// Rows to compute of a step that every row needs.
    pub every_row: Vec<Span>,
    /// Rows to compute of a step that only wanted rows need.
    pub head_rows: Vec<Span>,
    /// What steps cost, if that is wanted.
    pub profile: Option<Profile>,
    /// Who sees the inputs of linear steps, if anybody.
    pub observer: Option<Observer>,
    /// What is used instead of the model's matrices, if anything.
    pub stand_ins: Option<StandIns>,
    /// Token ids.
    pub indices: Vec<i64>,
}

/// Rows that are computed together and alike.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// Which rows of the arena.
    pub rows: Range<usize>,
    /// How finely their activations are rounded.
    pub precision: Precision,
    /// They are of calls of a few rows each, which sum floats in another order than calls of many.
    pub few: bool,
}

impl Span {
    /// Adds the rows of a call to spans; they join the last one if they follow it and are computed alike.
    pub fn add(spans: &mut Vec<Self>, rows: &Range<usize>, precision: Precision) {
        let few = rows.len() <= FEW_ROWS;
        match spans.last_mut() {
            Some(last) if (last.rows.end, last.precision, last.few) == (rows.start, precision, few) => {
                last.rows.end = rows.end;
            }
            _ => spans.push(Self { rows: rows.clone(), precision, few }),
        }
    }

    /// The rows, in parts of which each is computed as a call of its own would be.
    pub fn parts(&self, floats: bool) -> impl Iterator<Item = Range<usize>> {
        let Range { start, end } = self.rows;
        let part = if floats && self.few { FEW_ROWS } else { end - start };
        (start..end).step_by(part.max(1)).map(move |start| start..(start + part).min(end))
    }
}

/// Memory of one call that is not rows.
#[derive(Clone, Debug, Default)]
pub struct CallSpace {
    /// Masks that do not come in f16, made so; the others are empty.
    pub masks: Vec<Vec<f16>>,
    /// Positions in use of each cache after the call.
    pub lengths: Vec<usize>,
    /// Keys and values that calls of many rows have rounded, with the layers that they are of.
    pub rounded: Vec<([CacheLayer; 2], RoundedCache)>,
    /// Tensors that steps made, by value: also those of the call before, whose memory is used again.
    pub tensors: Vec<Option<Tensor>>,
    /// A shape in the making.
    pub shape: Vec<usize>,
}

impl CallSpace {
    /// What was rounded of the keys and values of a layer.
    pub fn rounded(&mut self, layers: [CacheLayer; 2]) -> &mut RoundedCache {
        let known = self.rounded.iter().position(|(of, _)| *of == layers);
        let index = known.unwrap_or_else(|| {
            self.rounded.push((layers, RoundedCache::default()));
            self.rounded.len() - 1
        });
        &mut self.rounded[index].1
    }

    /// Forgets what was rounded of the positions from `len` on.
    pub fn forget_rounded(&mut self, len: usize) {
        self.rounded.iter_mut().for_each(|(_, rounded)| rounded.truncate(len));
    }
}

/// Memory of one caller.
#[derive(Clone, Debug, Default)]
pub struct Workspace {
    /// For rows, while its calls run alone.
    pub arena: Arena,
    /// For the rest.
    pub call: CallSpace,
}

impl Workspace {
    /// An empty one for another caller of the same model, with the room that decoding needs.
    pub fn fresh(&self) -> Self {
        let arena = Arena { attention: self.arena.attention.clone(), ..Arena::default() };
        Self { arena, call: CallSpace::default() }
    }
}

impl Arena {
    /// Makes room for `rows` rows of every slot.
    pub fn resize(&mut self, widths: &[usize], rows: usize, num_tables: usize) {
        self.slots.resize_with(widths.len(), Vec::new);
        self.strides.clear();
        self.strides.extend_from_slice(widths);
        for (slot, width) in self.slots.iter_mut().zip(widths) {
            if slot.len() < rows * width {
                // Zeros take memory once they are written over: mostly, logits are wanted of the last row only.
                *slot = vec![0.0; rows * width];
            }
        }
        self.tables.resize_with(num_tables, AngleTable::default);
    }
}

/// Rows `rows` of some columns of a slot, which is given with the distance between its rows.
pub fn view<'a>((slot, stride): (&'a [f32], usize), columns: &Columns, rows: &Range<usize>) -> Rows<'a> {
    Rows::new(&slot[rows.start * stride + columns.offset..], rows.len(), columns.width, stride)
}

/// The same for writing, of a slot that was taken out of the arena.
pub fn view_mut<'a>(slot: &'a mut [f32], stride: usize, columns: &Columns, rows: &Range<usize>) -> RowsMut<'a> {
    let data = &mut slot[rows.start * stride + columns.offset..];
    RowsMut::new(data, rows.len(), columns.width, stride)
}
