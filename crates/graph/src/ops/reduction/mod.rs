//! Operations that combine the elements along some axes.

use crate::op::OpDef;

mod reduce;

mod cumsum;
mod reduce_max;
mod reduce_mean;
mod reduce_min;
mod reduce_sum;
mod reduce_sum_square;

/// The operations of this family.
pub static OPS: &[&OpDef] =
    &[&cumsum::OP, &reduce_max::OP, &reduce_mean::OP, &reduce_min::OP, &reduce_sum::OP, &reduce_sum_square::OP];
