//! Operations that pick elements by index.

use crate::op::OpDef;

mod gather;
mod gather_along_axis;
mod pick;
mod slice_by_index;
mod slice_by_size;
mod slice_update;

/// The operations of this family.
pub static OPS: &[&OpDef] =
    &[&gather::OP, &gather_along_axis::OP, &slice_by_index::OP, &slice_by_size::OP, &slice_update::OP];
