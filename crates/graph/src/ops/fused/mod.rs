//! Operations that passes make of several of a program's own. Their reference meaning is what the passes are checked
//! by.

use crate::op::OpDef;

pub(crate) mod attention;
/// Gated linear units.
pub mod gate;
pub(crate) mod rms_norm;
pub(crate) mod rotary_embedding;
pub(crate) mod soft_cap;

/// The operations of this family.
pub static OPS: &[&OpDef] = &[&attention::OP, &gate::OP, &rms_norm::OP, &rotary_embedding::OP, &soft_cap::OP];
