//! What a step has to do, for profiles.

use super::{Call, Executor};
use crate::{
    cpu::plan::{Attention, Segment, Step},
    error::RuntimeError,
    plan_report::step_kind,
    profile::Work,
};

impl Executor {
    /// The kind of a step in a profile.
    pub(super) fn profiled_kind(&self, step: &Step) -> String {
        let kind = step_kind(step, &self.graph);
        match step {
            Step::Linear { segments, out, .. } => {
                let inputs = segments.first().map_or(0, |segment| self.matrix(segment.weight).columns());
                format!("{kind} {}×{inputs}", out.width)
            }
            _ => kind,
        }
    }

    /// The work of a step on `rows` rows.
    pub(super) fn work(&self, step: &Step, rows: usize, call: &Call<'_>) -> Result<Work, RuntimeError> {
        Ok(match step {
            Step::Embed { table, .. } => {
                let table = self.matrix(*table);
                Work { bytes: (table.bytes() / table.rows().max(1) * rows) as u64, ..Work::default() }
            }
            Step::Linear { segments, .. } => {
                let mut sum = Work::default();
                segments.iter().for_each(|segment| sum += self.linear_work(segment, rows));
                sum
            }
            Step::Attention(attention) => {
                let positions = self.plan.length.as_ref().map(|length| self.size(length, call.bindings)).transpose()?;
                self.attention_work(attention, rows, positions.unwrap_or(0))
            }
            _ => Work::default(),
        })
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
    fn attention_work(&self, attention: &Attention, rows: usize, positions: usize) -> Work {
        let seen: usize = (0..rows).map(|row| positions - row).sum();
        let shape = self.graph.fact(self.graph.states[attention.key.state].initial).fixed_shape();
        let groups = shape.and_then(|shape| shape.get(2).copied()).unwrap_or(attention.heads.count);
        Work {
            bytes: (2 * positions * groups * attention.heads.size * size_of::<half::f16>()) as u64,
            float_operations: (4 * seen * attention.heads.count * attention.heads.size) as u64,
            ..Work::default()
        }
    }
}
