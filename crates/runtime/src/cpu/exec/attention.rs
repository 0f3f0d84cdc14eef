//! Attention, and what leads to it: rotary embeddings and cache appends.

use std::ops::Range;

use half::f16;
use sottovoce_kernels::{AttentionOptions, Mask, RotaryPairs};
use sottovoce_tensor::{DType, Tensor};

use super::{
    Call, Executor,
    caches::{cache_view, layer_range},
};
use crate::{
    cpu::{
        plan::{Attention, HeadItem, Positions, Target},
        workspace::{AngleTable, Workspace, view, view_mut},
    },
    error::RuntimeError,
};

impl Executor {
    pub(super) fn heads(
        &self,
        item: &HeadItem,
        rows: &Range<usize>,
        caches: &mut [Tensor],
        space: &mut Workspace,
    ) -> Result<(), RuntimeError> {
        let size = item.heads.size;
        match item.target {
            Target::Rows(out) => self.with_output(space, &out, |space, data, stride| {
                let x = view(&space.slots, &space.strides, self.slot(&item.source), &item.source, rows);
                let table = item.rotate.map(|table| &space.tables[table.0]);
                self.compute.for_each_row(view_mut(data, stride, &out, rows), |row, out| {
                    out.copy_from_slice(x.row(row));
                    if let Some(table) = table {
                        let half = size / 2;
                        let (cos, sin) = (&table.cos[row * half..][..half], &table.sin[row * half..][..half]);
                        self.kernels().rotary(out, size, cos, sin, RotaryPairs::Halves);
                    }
                });
            }),
            Target::Cache(layer) => {
                let x = view(&space.slots, &space.strides, self.slot(&item.source), &item.source, rows);
                let begin = space.lengths[layer.cache.0] - x.rows();
                let cache = &mut caches[layer.cache.0];
                let (positions, elements) = (cache.shape()[3], layer_range(cache, layer.layer));
                let data = &mut cache.as_mut_slice::<f16>()?[elements];
                self.compute.append(x, data, (positions, size), begin);
            }
        }
        Ok(())
    }

    pub(super) fn attention(
        &self,
        step: &Attention,
        rows: &Range<usize>,
        call: &Call<'_>,
        caches: &[Tensor],
        space: &mut Workspace,
    ) -> Result<(), RuntimeError> {
        let Attention { query, heads, key, value, mask, options, out } = step;
        let cache = cache_view(caches, *key, *value, *heads, space.lengths[key.cache.0])?;
        self.with_output(space, out, |space, data, stride| {
            let Workspace { slots, strides, masks, attention, .. } = space;
            let queries = view(slots, strides, self.slot(query), query, rows);
            let mask = mask.map(|mask| self.mask(mask, call, masks, rows)).transpose()?;
            let out = view_mut(data, stride, out, rows);
            let options = AttentionOptions { exact: self.exact, ..*options };
            self.kernels().attention(self.compute.team(), queries, cache, mask, options, attention, out);
            Ok(())
        })
    }

    /// Rows of a mask: the caller's own, or what was made of it if it has another type.
    fn mask<'a>(
        &self,
        index: usize,
        call: &Call<'a>,
        converted: &'a [Vec<f16>],
        rows: &Range<usize>,
    ) -> Result<Mask<'a>, RuntimeError> {
        let tensor = call.input(self.plan.masks[index].input);
        let data = if tensor.dtype() == DType::F16 { tensor.as_slice::<f16>()? } else { &converted[index] };
        let stride = tensor.shape().last().copied().unwrap_or(0);
        Ok(Mask { data: &data[rows.start * stride..], stride })
    }

    /// Makes f16 of the masks that have another type: once a call, not once a layer.
    pub(super) fn convert_masks(&self, call: &Call<'_>, space: &mut Workspace) {
        space.masks.resize_with(self.plan.masks.len(), Vec::new);
        for (mask, converted) in self.plan.masks.iter().zip(&mut space.masks) {
            let tensor = call.input(mask.input);
            converted.clear();
            if tensor.dtype() != DType::F16 {
                converted.extend(tensor.to_f32_vec().into_iter().map(f16::from_f32));
            }
        }
    }

    pub(super) fn fill_tables(&self, call: &Call<'_>, rows: usize, space: &mut Workspace) -> Result<(), RuntimeError> {
        for (index, (table, frequencies)) in self.plan.tables.iter().zip(&self.frequencies).enumerate() {
            let (begin, given) = match &table.positions {
                Positions::From(begin) => (self.size(begin, call)?, None),
                Positions::Tensor(value) => (0, Some(self.tensor(call, space, *value)?.to_i64_vec())),
            };
            let AngleTable { cos, sin } = &mut space.tables[index];
            cos.clear();
            sin.clear();
            for row in 0..rows {
                let position =
                    given.as_ref().and_then(|given| given.get(row)).map_or((begin + row) as f32, |&p| p as f32);
                for frequency in frequencies {
                    let (sine, cosine) = (position * frequency).sin_cos();
                    sin.push(sine);
                    cos.push(cosine);
                }
            }
        }
        Ok(())
    }
}
