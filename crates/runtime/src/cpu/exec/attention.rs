//! Attention, and what leads to it: norms of heads, rotary embeddings and cache appends.

use std::ops::Range;

use half::f16;
use sottovoce_kernels::{self as kernels, AttentionOptions, FEW_ROWS, Mask, RotaryPairs};
use sottovoce_tensor::DType;

use super::{
    Executor, Lane,
    caches::{cache_view, layer_range},
};
use crate::{
    cpu::{
        plan::{Attention, HeadItem, HeadNorm, Positions, Target},
        workspace::{AngleTable, Arena, Span, view, view_mut},
    },
    error::RuntimeError,
};

impl Executor {
    pub(super) fn heads(
        &self,
        item: &HeadItem,
        spans: &[Span],
        lanes: &mut [Lane<'_>],
        arena: &mut Arena,
    ) -> Result<(), RuntimeError> {
        let size = item.heads.size;
        match item.target {
            Target::Rows(out) => self.rows_of(&out, spans, arena, |arena, rows, out| {
                let x = self.view(arena, &item.source, rows);
                let table = item.rotate.map(|table| (&arena.tables[table.0], self.frequencies[table.0].len()));
                self.compute.for_each_row(out, |row, out| {
                    match item.norm {
                        None => out.copy_from_slice(x.row(row)),
                        Some(HeadNorm { weight, epsilon }) => {
                            for (x, out) in x.row(row).chunks_exact(size).zip(out.chunks_exact_mut(size)) {
                                self.kernels().rms_norm(x, self.vector(weight), epsilon, out);
                            }
                        }
                    }
                    if let Some((table, half)) = table {
                        let angles = (rows.start + row) * half..(rows.start + row + 1) * half;
                        let (cos, sin) = (&table.cos[angles.clone()], &table.sin[angles]);
                        self.kernels().rotary(out, size, cos, sin, RotaryPairs::Halves);
                    }
                });
            }),
            Target::Cache(layer) => {
                for lane in lanes {
                    let x = self.view(arena, &item.source, &lane.rows);
                    let begin = lane.space.lengths[layer.cache.0] - x.rows();
                    let cache = &mut lane.caches[layer.cache.0];
                    let (positions, elements) = (cache.shape()[3], layer_range(cache, layer.layer));
                    let data = &mut cache.as_mut_slice::<f16>()?[elements];
                    self.compute.append(x, data, (positions, size), begin);
                }
            }
        }
        Ok(())
    }

    /// Attention of every call to its own caches. `head` says that only wanted rows need it.
    pub(super) fn attention(
        &self,
        step: &Attention,
        head: bool,
        lanes: &mut [Lane<'_>],
        arena: &mut Arena,
    ) -> Result<(), RuntimeError> {
        let (kernels, team) = (self.kernels(), self.compute.team());
        let rows = |lane: &'_ Lane<'_>| if head { lane.head_rows.clone() } else { lane.rows.clone() };
        // Calls of many rows come first.
        let many = lanes.iter().take_while(|lane| rows(lane).len() > FEW_ROWS).count();
        let (many, few) = lanes.split_at_mut(many);
        let few = &*few;
        self.with_output(arena, &step.out, |arena, data, stride| {
            let slot = self.slot(arena, &step.query);
            let Arena { slots, strides, attention: scratch, .. } = arena;
            for lane in many {
                let mut rounded = std::mem::take(lane.space.rounded([step.key, step.value]));
                let out = view_mut(data, stride, &step.out, &rows(lane));
                let call = self.attention_of(step, lane, (&slots[slot], strides[slot]), &rows(lane))?;
                kernels.attention(team, call, scratch, &mut rounded, out);
                *lane.space.rounded([step.key, step.value]) = rounded;
            }
            let call = |lane| self.attention_of(step, lane, (&slots[slot], strides[slot]), &rows(lane));
            match few {
                [] => {}
                [lane] => {
                    let mut out = view_mut(data, stride, &step.out, &rows(lane));
                    let call = call(lane)?;
                    kernels.attention_of_few(team, 1, |_| (call, 0), scratch, &mut out);
                }
                [.., last] => {
                    let calls = few.iter().map(|lane| Ok((call(lane)?, rows(lane).start)));
                    let calls = calls.collect::<Result<Vec<_>, RuntimeError>>()?;
                    let mut out = view_mut(data, stride, &step.out, &(0..last.rows.end));
                    kernels.attention_of_few(team, calls.len(), |number| calls[number], scratch, &mut out);
                }
            }
            Ok(())
        })
    }

    /// The attention of some rows of a call, which has its queries in a slot of the arena.
    pub(super) fn attention_of<'a>(
        &self,
        step: &Attention,
        lane: &'a Lane<'_>,
        slot: (&'a [f32], usize),
        rows: &Range<usize>,
    ) -> Result<kernels::Attention<'a>, RuntimeError> {
        let Attention { query, heads, key, value, mask, options, .. } = step;
        Ok(kernels::Attention {
            queries: view(slot, query, rows),
            cache: cache_view(lane.caches, *key, *value, *heads, lane.space.lengths[key.cache.0])?,
            mask: mask.map(|mask| self.mask(mask, lane, rows)).transpose()?,
            options: AttentionOptions { exact: self.exact, ..*options },
        })
    }

    /// Rows of a mask: the caller's own, or what was made of it if it has another type.
    fn mask<'a>(&self, index: usize, lane: &'a Lane<'_>, rows: &Range<usize>) -> Result<Mask<'a>, RuntimeError> {
        let tensor = lane.input(self.plan.masks[index].input);
        let data = if tensor.dtype() == DType::F16 { tensor.as_slice::<f16>()? } else { &lane.space.masks[index] };
        let stride = tensor.shape().last().copied().unwrap_or(0);
        Ok(Mask { data: &data[(rows.start - lane.rows.start) * stride..], stride })
    }

    /// Makes f16 of the masks that have another type: once a call, not once a layer.
    pub(super) fn convert_masks(&self, lane: &mut Lane<'_>) {
        lane.space.masks.resize_with(self.plan.masks.len(), Vec::new);
        for (mask, converted) in self.plan.masks.iter().zip(&mut lane.space.masks) {
            let tensor = lane.inputs.at(lane.bound.positions[mask.input]);
            converted.clear();
            if tensor.dtype() != DType::F16 {
                converted.extend(tensor.to_f32_vec().into_iter().map(f16::from_f32));
            }
        }
    }

    /// Cosines and sines of the positions of every row.
    pub(super) fn fill_tables(&self, lanes: &[Lane<'_>], arena: &mut Arena) -> Result<(), RuntimeError> {
        let tables = self.plan.tables.iter().zip(&self.frequencies);
        for ((table, frequencies), AngleTable { cos, sin }) in tables.zip(&mut arena.tables) {
            cos.clear();
            sin.clear();
            for lane in lanes {
                let (begin, given) = match &table.positions {
                    Positions::From(begin) => (self.size(begin, lane)?, None),
                    Positions::Tensor(value) => (0, Some(self.tensor(lane, *value)?.to_i64_vec())),
                };
                for row in 0..lane.rows.len() {
                    let position =
                        given.as_ref().and_then(|given| given.get(row)).map_or((begin + row) as f32, |&p| p as f32);
                    for frequency in frequencies {
                        let (sine, cosine) = (position * frequency).sin_cos();
                        sin.push(sine * table.amplitude);
                        cos.push(cosine * table.amplitude);
                    }
                }
            }
        }
        Ok(())
    }
}
