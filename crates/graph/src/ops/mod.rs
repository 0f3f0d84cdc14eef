//! The operations, one file each.

use crate::op::OpDef;

mod add;
mod elementwise;

/// Every operation that can be in a graph.
pub static ALL: &[&OpDef] = &[&add::OP];

/// The operation of that name.
pub fn find(name: &str) -> Option<&'static OpDef> {
    ALL.iter().copied().find(|op| op.name == name)
}
