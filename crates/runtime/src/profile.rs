//! What the steps of a plan cost.

use std::{ops::AddAssign, time::Duration};

/// Time and work of the steps of all calls since [`crate::State::start_profile`], by kind, in order of first appearance.
/// Only the cpu back end has steps.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    /// One of each kind.
    pub kinds: Vec<StepCost>,
}

/// The steps of one kind; linear steps of different sizes are different kinds.
#[derive(Clone, Debug)]
pub struct StepCost {
    /// For instance `linear 960×576` (output and input features) or `attention`.
    pub kind: String,
    /// How many ran.
    pub steps: usize,
    /// How long they took together.
    pub time: Duration,
    /// What they did together.
    pub work: Work,
}

/// What must be read and computed, whatever the kernels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Bytes of weights and caches, each read once per call. Activations stay in a core's own caches and do not count.
    pub bytes: u64,
    /// Multiplications and additions of quantised weights by activations rounded to integers.
    pub integer_operations: u64,
    /// Multiplications and additions of floats in linear layers, and all those of attention, for a causal mask.
    pub float_operations: u64,
}

impl AddAssign for Work {
    fn add_assign(&mut self, other: Self) {
        self.bytes += other.bytes;
        self.integer_operations += other.integer_operations;
        self.float_operations += other.float_operations;
    }
}

impl Profile {
    /// What all steps did.
    pub fn work(&self) -> Work {
        let mut sum = Work::default();
        self.kinds.iter().for_each(|kind| sum += kind.work);
        sum
    }

    pub(crate) fn add(&mut self, kind: String, time: Duration, work: Work) {
        let index = self.kinds.iter().position(|known| known.kind == kind).unwrap_or_else(|| {
            self.kinds.push(StepCost { kind, steps: 0, time: Duration::ZERO, work: Work::default() });
            self.kinds.len() - 1
        });
        let cost = &mut self.kinds[index];
        cost.steps += 1;
        cost.time += time;
        cost.work += work;
    }
}
