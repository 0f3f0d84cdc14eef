//! Matrix products and attention.

use crate::op::OpDef;

mod linear;
mod matmul;
mod scaled_dot_product_attention;

/// The operations of this family.
pub static OPS: &[&OpDef] = &[&linear::OP, &matmul::OP, &scaled_dot_product_attention::OP];
