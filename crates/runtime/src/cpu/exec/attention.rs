//! Attention, and what leads to it: rotary embeddings and cache appends.

use std::ops::Range;

use half::f16;
use sottovoce_kernels::{AttentionOptions, Cache, Mask, RotaryPairs};
use sottovoce_tensor::Tensor;

use super::{Call, Executor};
use crate::{
    cpu::{
        plan::{Attention, CacheLayer, HeadItem, Heads, Positions, Target},
        workspace::{AngleTable, Workspace, view, view_mut},
    },
    error::RuntimeError,
};

impl Executor {
    pub(super) fn heads(
        &self,
        item: &HeadItem,
        rows: &Range<usize>,
        call: &Call<'_>,
        states: &mut [Tensor],
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
            Target::Cache(cache) => {
                let append = self.plan.appends.iter().find(|append| append.cache == cache);
                let Some(append) = append else { unreachable!("every cache target has its append") };
                let begin = self.size(&append.begin, call.bindings)?;
                let x = view(&space.slots, &space.strides, self.slot(&item.source), &item.source, rows);
                let context = states[cache.state].shape()[3];
                let layer = layer_range(&states[cache.state], cache);
                let data = &mut states[cache.state].as_mut_slice::<f16>()?[layer];
                self.compute.append(x, data, (context, size), begin);
            }
        }
        Ok(())
    }

    pub(super) fn attention(
        &self,
        step: &Attention,
        rows: &Range<usize>,
        call: &Call<'_>,
        states: &[Tensor],
        space: &mut Workspace,
    ) -> Result<(), RuntimeError> {
        let Attention { query, heads, key, value, mask, scale, out } = step;
        let len = match &self.plan.length {
            Some(length) => self.size(length, call.bindings)?,
            None => 0,
        };
        let cache = self.cache(states, *key, *value, *heads, len)?;
        self.with_output(space, out, |space, data, stride| {
            let Workspace { slots, strides, tensors, attention, .. } = space;
            let queries = view(slots, strides, self.slot(query), query, rows);
            let mask = mask.and_then(|mask| tensors[mask.index()].as_ref());
            let mask = mask.and_then(|mask| mask.as_slice::<f16>().ok());
            let mask = mask.map(|data| Mask { data: &data[rows.start * len..], stride: len });
            let options = AttentionOptions { scale: *scale, soft_cap: None };
            let out = view_mut(data, stride, out, rows);
            self.kernels().attention(self.compute.team(), queries, cache, mask, options, attention, out);
        });
        Ok(())
    }

    fn cache<'s>(
        &self,
        states: &'s [Tensor],
        key: CacheLayer,
        value: CacheLayer,
        heads: Heads,
        len: usize,
    ) -> Result<Cache<'s>, RuntimeError> {
        let shape = states[key.state].shape();
        let (groups, context) = (shape[2], shape[3]);
        Ok(Cache {
            keys: &states[key.state].as_slice::<f16>()?[layer_range(&states[key.state], key)],
            values: &states[value.state].as_slice::<f16>()?[layer_range(&states[value.state], value)],
            kv_heads: groups,
            head_dim: heads.size,
            len,
            head_stride: context * heads.size,
            position_stride: heads.size,
        })
    }

    pub(super) fn fill_tables(&self, call: &Call<'_>, rows: usize, space: &mut Workspace) -> Result<(), RuntimeError> {
        for (index, (table, frequencies)) in self.plan.tables.iter().zip(&self.frequencies).enumerate() {
            let (begin, given) = match &table.positions {
                Positions::From(begin) => (self.size(begin, call.bindings)?, None),
                Positions::Tensor(value) => (0, Some(self.tensor(space, *value)?.to_i64_vec())),
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

/// Elements of one layer of a state [layers, 1, groups, context, size].
fn layer_range(state: &Tensor, cache: CacheLayer) -> Range<usize> {
    let size: usize = state.shape()[1..].iter().product();
    cache.layer * size..(cache.layer + 1) * size
}
