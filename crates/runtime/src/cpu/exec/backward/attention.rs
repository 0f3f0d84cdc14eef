//! Attention backwards, and what leads to it.

use std::ops::Range;

use half::f16;
use sottovoce_kernels::{self as kernels, Cache, RotaryPairs, Rows};

use super::{Backward, linear::rms_norm};
use crate::{
    cpu::plan::{Attention, HeadItem, HeadNorm, Target},
    error::RuntimeError,
};

impl Backward<'_> {
    pub(super) fn heads(&mut self, item: &HeadItem) {
        let (executor, size) = (self.executor, item.heads.size);
        let gradient = match item.target {
            Target::Rows(out) => self.take(&out),
            Target::Cache(layer) => self.caches.remove(&layer),
        };
        let Some(mut gradient) = gradient else { return };
        if let Some(table) = item.rotate {
            // Turned back: the transpose of a rotation is the one by the opposite angle.
            let (table, half) = (&self.arena.tables[table.0], executor.frequencies[table.0].len());
            for (row, gradient) in gradient.chunks_exact_mut(item.source.width).enumerate() {
                let sines: Vec<f32> = table.sin[row * half..][..half].iter().map(|sine| -sine).collect();
                let cosines = &table.cos[row * half..][..half];
                executor.kernels().rotary(gradient, size, cosines, &sines, RotaryPairs::Halves);
            }
        }
        if let Some(HeadNorm { weight, epsilon }) = item.norm {
            let (values, factors) = (self.values(&item.source), executor.vector(weight));
            let heads = gradient.chunks_exact(size).enumerate();
            let heads = heads.flat_map(|(head, gradient)| {
                let (row, start) = (head * size / item.source.width, head * size % item.source.width);
                rms_norm(&values.row(row)[start..][..size], factors, epsilon, gradient)
            });
            gradient = heads.collect();
        }
        self.add(&item.source, &gradient);
    }

    pub(super) fn attention(&mut self, step: &Attention, gradient: &[f32]) -> Result<(), RuntimeError> {
        let executor = self.executor;
        let slot = executor.slot(self.arena, &step.query);
        let slot = (self.arena.slots[slot].as_slice(), self.arena.strides[slot]);
        let call = executor.attention_of(step, self.lane, slot, &self.lane.rows)?;
        let (size, width) = (step.heads.size, step.query.width);
        let (rows, cache_width) = (self.rows(), call.cache.kv_heads * size);
        if call.cache.len != rows {
            return Err(RuntimeError::NoGradient("it attends to positions of other calls".to_owned()));
        }
        let mut queries = vec![0.0; gradient.len()];
        for layer in [step.key, step.value] {
            self.caches.entry(layer).or_default().resize(rows * cache_width, 0.0);
        }
        for head in 0..step.heads.count {
            let group = head * call.cache.kv_heads / step.heads.count;
            let (columns, cached) = (head * size..(head + 1) * size, group * size..(group + 1) * size);
            let gradients = Head::new(self, &call, columns.clone(), group, gradient).gradients(self)?;
            let [query, key, value] = gradients;
            put(&mut queries, width, &columns, &query);
            for (layer, gradient) in [(step.key, key), (step.value, value)] {
                if let Some(sum) = self.caches.get_mut(&layer) {
                    put(sum, cache_width, &cached, &gradient);
                }
            }
        }
        self.add(&step.query, &queries);
        Ok(())
    }
}

/// One head of an attention, rows of `size` elements.
struct Head<'c> {
    call: &'c kernels::Attention<'c>,
    size: usize,
    queries: Vec<f32>,
    keys: Vec<f32>,
    values: Vec<f32>,
    /// Gradient of what it gives.
    gradient: Vec<f32>,
}

impl<'c> Head<'c> {
    fn new(
        backward: &Backward<'_>,
        call: &'c kernels::Attention<'c>,
        columns: Range<usize>,
        group: usize,
        gradient: &[f32],
    ) -> Self {
        let size = columns.len();
        let width = call.queries.columns();
        let queries = (0..backward.rows()).flat_map(|row| &call.queries.row(row)[columns.clone()]).copied().collect();
        let gradient = gradient.chunks_exact(width).flat_map(|row| &row[columns.clone()]).copied().collect();
        let [keys, values] = [call.cache.keys, call.cache.values].map(|data| cached(&call.cache, data, group));
        Self { call, size, queries, keys, values, gradient }
    }

    /// Gradients of queries, keys and values.
    fn gradients(&self, backward: &Backward<'_>) -> Result<[Vec<f32>; 3], RuntimeError> {
        let (executor, size) = (backward.executor, self.size);
        let len = self.call.cache.len;
        let options = &self.call.options;
        let mut weights = executor.product(Rows::dense(&self.queries, size), &executor.pack(&self.keys, size)?);
        // How scores change with products.
        let mut slopes = vec![options.scale; weights.len()];
        for (row, (scores, slopes)) in weights.chunks_exact_mut(len).zip(slopes.chunks_exact_mut(len)).enumerate() {
            executor.kernels().scale(scores, options.scale);
            if let Some(cap) = options.soft_cap {
                executor.kernels().soft_cap(scores, cap.recip(), cap);
                slopes.iter_mut().zip(&*scores).for_each(|(slope, score)| *slope *= 1.0 - (score / cap).powi(2));
            }
            if let Some(mask) = self.call.mask {
                let mask = &mask.data[row * mask.stride..][..len];
                scores.iter_mut().zip(mask).for_each(|(score, mask)| *score += mask.to_f32());
            }
            executor.kernels().softmax(scores);
        }
        let gradient = Rows::dense(&self.gradient, size);
        let mut scores = executor.product(gradient, &executor.pack(&self.values, size)?);
        let each = scores.chunks_exact_mut(len).zip(weights.chunks_exact(len)).zip(slopes.chunks_exact(len));
        for ((scores, weights), slopes) in each {
            let mean: f32 = scores.iter().zip(weights).map(|(score, weight)| score * weight).sum();
            for ((score, weight), slope) in scores.iter_mut().zip(weights).zip(slopes) {
                *score = weight * slope * (*score - mean);
            }
        }
        let turned = |data: &[f32], columns| executor.turned(data, columns);
        let packed = |data: &[f32]| executor.pack(&turned(data, size), data.len() / size);
        let of_queries = executor.product(Rows::dense(&scores, len), &packed(&self.keys)?);
        let of_keys = executor.product(Rows::dense(&turned(&scores, len), len), &packed(&self.queries)?);
        let of_values = executor.product(Rows::dense(&turned(&weights, len), len), &packed(&self.gradient)?);
        Ok([of_queries, of_keys, of_values])
    }
}

/// A head of a cache in f32, its positions one after the other.
fn cached(cache: &Cache<'_>, data: &[f16], head: usize) -> Vec<f32> {
    let position =
        |position: usize| &data[head * cache.head_stride + position * cache.position_stride..][..cache.head_dim];
    (0..cache.len).flat_map(position).map(|value| value.to_f32()).collect()
}

/// Adds rows to some columns of others.
fn put(sums: &mut [f32], width: usize, columns: &Range<usize>, rows: &[f32]) {
    for (sum, row) in sums.chunks_exact_mut(width).zip(rows.chunks_exact(columns.len())) {
        sum[columns.clone()].iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
    }
}
