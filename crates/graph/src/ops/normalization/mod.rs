//! Operations that rescale groups of elements by their own statistics.

use crate::op::OpDef;

mod l2_norm;
mod layer_norm;

/// The operations of this family.
pub static OPS: &[&OpDef] = &[&l2_norm::OP, &layer_norm::OP];
