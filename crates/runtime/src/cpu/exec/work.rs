//! What a step has to do, for profiles.

use half::f16;
use sottovoce_tensor::Tensor;

use super::{Executor, Lane};
use crate::{
    cpu::plan::{Attention, CacheLayer, Segment, Step},
    plan_report::step_kind,
    profile::Work,
};

impl Executor {
    /// The kind of a step in a profile.
    pub(super) fn profiled_kind(&self, step: &Step) -> String {
        let kind = step_kind(step, &self.graph);
        match step {
            Step::Linear { segments, .. } => {
                let outputs: usize = segments.iter().map(|segment| segment.width).sum();
                let inputs = segments.first().map_or(0, |segment| self.matrix(segment.weight).columns());
                format!("{kind} {outputs}×{inputs}")
            }
            _ => kind,
        }
    }

    /// The work of a step for all calls.
    pub(super) fn work(&self, step: &Step, head: bool, lanes: &[Lane<'_>]) -> Work {
        let rows = |lane: &Lane<'_>| if head { lane.head_rows.len() } else { lane.rows.len() };
        let mut sum = Work::default();
        match step {
            Step::Embed { table, .. } => {
                let table = self.matrix(*table);
                let rows: usize = lanes.iter().map(rows).sum();
                sum.bytes = (table.bytes() / table.rows().max(1) * rows) as u64;
            }
            Step::Linear { segments, .. } => {
                let rows = lanes.iter().map(rows).sum();
                segments.iter().for_each(|segment| sum += self.linear_work(segment, rows));
            }
            Step::Carry(layers) => {
                for lane in lanes {
                    let past = |layer: &CacheLayer| lane.space.lengths[layer.cache.0] - lane.rows.len();
                    let bytes = layers.iter().map(|layer| position_bytes(*layer, lane.caches) * past(layer));
                    sum.bytes += bytes.sum::<usize>() as u64;
                }
            }
            Step::Attention(attention) => {
                lanes.iter().for_each(|lane| sum += self.attention_work(attention, rows(lane), lane));
            }
            _ => {}
        }
        sum
    }

    fn linear_work(&self, segment: &Segment, rows: usize) -> Work {
        let weights = self.matrix(segment.weight);
        let operations = (2 * rows * weights.rows() * weights.columns()) as u64;
        let bytes = weights.bytes() as u64;
        if self.takes_integers(weights) {
            Work { bytes, integer_operations: operations, ..Work::default() }
        } else {
            Work { bytes, float_operations: operations, ..Work::default() }
        }
    }

    /// A causal row sees what came before it and itself; a position is multiplied once by a query and once by its weight.
    fn attention_work(&self, attention: &Attention, rows: usize, lane: &Lane<'_>) -> Work {
        let positions = lane.space.lengths[attention.key.cache.0];
        let seen: usize = (0..rows).map(|row| positions - row).sum();
        let bytes = position_bytes(attention.key, lane.caches) + position_bytes(attention.value, lane.caches);
        Work {
            bytes: (bytes * positions) as u64,
            float_operations: (4 * seen * attention.heads.count * attention.heads.size) as u64,
            ..Work::default()
        }
    }
}

/// Bytes of one position of a layer.
fn position_bytes(layer: CacheLayer, caches: &[Tensor]) -> usize {
    let shape = caches[layer.cache.0].shape();
    shape[2] * shape[4] * size_of::<f16>()
}
