//! What a step has to do, for profiles.

use half::f16;
use sottovoce_tensor::Tensor;

use super::Executor;
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

    /// The work of a step on `rows` rows.
    pub(super) fn work(&self, step: &Step, rows: usize, caches: &[Tensor], lengths: &[usize]) -> Work {
        match step {
            Step::Embed { table, .. } => {
                let table = self.matrix(*table);
                Work { bytes: (table.bytes() / table.rows().max(1) * rows) as u64, ..Work::default() }
            }
            Step::Linear { segments, .. } => {
                let mut sum = Work::default();
                segments.iter().for_each(|segment| sum += self.linear_work(segment, rows));
                sum
            }
            Step::Carry(layers) => {
                let bytes = |layer: &CacheLayer| position_bytes(*layer, caches) * (lengths[layer.cache.0] - rows);
                Work { bytes: layers.iter().map(bytes).sum::<usize>() as u64, ..Work::default() }
            }
            Step::Attention(attention) => self.attention_work(attention, rows, caches, lengths[attention.key.cache.0]),
            _ => Work::default(),
        }
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
    fn attention_work(&self, attention: &Attention, rows: usize, caches: &[Tensor], positions: usize) -> Work {
        let seen: usize = (0..rows).map(|row| positions - row).sum();
        let bytes = position_bytes(attention.key, caches) + position_bytes(attention.value, caches);
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
