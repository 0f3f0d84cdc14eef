//! Memory of keys and values during a call.

use std::ops::Range;

use half::f16;
use sottovoce_graph::ir::Definition;
use sottovoce_kernels::{AttentionScratch, Cache};
use sottovoce_tensor::{DType, Tensor};

use super::{Executor, Lane};
use crate::{
    cpu::{
        plan::{CacheLayer, Heads, Step, Storage},
        workspace::{Arena, CallSpace, Workspace},
    },
    error::RuntimeError,
};

impl Executor {
    /// Memory for calls, with room for the attention of one row over the whole of the states, so that no token allocates.
    pub fn workspace(&self, caches: &[Tensor]) -> Workspace {
        let attentions = self.plan.steps.iter().filter_map(|step| match step {
            Step::Attention(attention) => Some((attention.heads, caches[attention.key.cache.0].shape()[3])),
            _ => None,
        });
        let largest = attentions.max_by_key(|(heads, positions)| heads.count * heads.size * positions);
        let attention =
            largest.map(|(heads, positions)| AttentionScratch::with_capacity(heads.count, heads.size, positions));
        Workspace {
            arena: Arena { attention: attention.unwrap_or_default(), ..Arena::default() },
            ..Workspace::default()
        }
    }

    /// Works out how many positions each cache will hold, and makes room in those that do not outlive the call.
    pub(super) fn prepare_caches(&self, lane: &mut Lane<'_>) -> Result<(), RuntimeError> {
        lane.space.lengths.clear();
        for (index, cache) in self.plan.caches.iter().enumerate() {
            let length = cache.length.as_ref().map_or(Ok(0), |length| self.size(length, lane))?;
            match cache.storage {
                Storage::State => {}
                Storage::Grown(input) => {
                    let &[layers, batch, groups, _, size] = self.tensor(lane, input)?.shape() else {
                        return Err(self.error(input, "a cache has five dimensions".to_owned()));
                    };
                    lane.caches[index].renew(DType::F16, &[layers, batch, groups, length, size])?;
                }
                // A little longer in every call: room for twice as many rows keeps the distance between heads.
                Storage::Scratch(Heads { count, size }) if lane.caches[index].shape()[3] < length => {
                    lane.caches[index].renew(DType::F16, &[1, 1, count, length.next_power_of_two(), size])?;
                }
                Storage::Scratch(_) => {}
            }
            lane.space.lengths.push(length);
        }
        // This call writes its own positions, and all of caches that do not outlive it.
        let CallSpace { lengths, rounded, .. } = &mut *lane.space;
        for ([key, value], rounded) in rounded {
            let begin = |layer: CacheLayer| match self.plan.caches[layer.cache.0].storage {
                Storage::State => lengths[layer.cache.0].saturating_sub(lane.rows.len()),
                Storage::Grown(_) | Storage::Scratch(_) => 0,
            };
            rounded.truncate(begin(*key).min(begin(*value)));
        }
        Ok(())
    }

    /// Copies the earlier positions of layers of grown caches.
    pub(super) fn carry(&self, layers: &[CacheLayer], lane: &mut Lane<'_>) -> Result<(), RuntimeError> {
        for &CacheLayer { cache, layer } in layers {
            let Storage::Grown(input) = self.plan.caches[cache.0].storage else { continue };
            let Definition::Input(input) = self.graph.value(input).definition else { continue };
            let source = lane.inputs.at(lane.bound.positions[input]);
            let (past, size) = (source.shape()[3], source.shape()[4]);
            let source = &source.as_slice::<f16>()?[layer_range(source, layer)];
            let grown = &mut lane.caches[cache.0];
            let (positions, elements) = (grown.shape()[3], layer_range(grown, layer));
            let data = &mut grown.as_mut_slice::<f16>()?[elements];
            self.compute.team().for_each_chunk(data, positions * size, |group, positions| {
                positions[..past * size].copy_from_slice(&source[group * past * size..][..past * size]);
            });
        }
        Ok(())
    }
}

/// Elements of one layer of a cache [layers, 1, groups, positions, size].
pub fn layer_range(cache: &Tensor, layer: usize) -> Range<usize> {
    let size: usize = cache.shape()[1..].iter().product();
    layer * size..(layer + 1) * size
}

/// The first `len` positions of a layer's keys and values, as attention takes them.
pub fn cache_view(
    caches: &[Tensor],
    key: CacheLayer,
    value: CacheLayer,
    heads: Heads,
    len: usize,
) -> Result<Cache<'_>, RuntimeError> {
    let (keys, values) = (&caches[key.cache.0], &caches[value.cache.0]);
    let (groups, positions) = (keys.shape()[2], keys.shape()[3]);
    Ok(Cache {
        keys: &keys.as_slice::<f16>()?[layer_range(keys, key.layer)],
        values: &values.as_slice::<f16>()?[layer_range(values, value.layer)],
        kv_heads: groups,
        head_dim: heads.size,
        len,
        head_stride: positions * heads.size,
        position_stride: heads.size,
    })
}
