//! Activation functions.

use crate::op::OpDef;

pub mod gelu;
mod relu;

mod sigmoid;
mod silu;
pub mod softmax;
mod tanh;

/// The operations of this family.
pub static OPS: &[&OpDef] = &[&gelu::OP, &relu::OP, &sigmoid::OP, &silu::OP, &softmax::OP, &tanh::OP];

/// `1 / (1 + e⁻ˣ)`.
pub fn logistic(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}
