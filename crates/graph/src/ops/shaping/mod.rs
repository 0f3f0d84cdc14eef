//! Operations that make, join, split or rearrange tensors without looking at their elements.

use crate::op::OpDef;

mod band_part;
mod concat;
mod expand_dims;
mod fill;
mod joining;
mod range_1d;
mod reshape;
mod reverse;
mod shape;
mod split;
mod squeeze;
mod stack;
mod tile;
mod transpose;

/// The operations of this family.
pub static OPS: &[&OpDef] = &[
    &band_part::OP,
    &concat::OP,
    &expand_dims::OP,
    &fill::OP,
    &range_1d::OP,
    &reshape::OP,
    &reverse::OP,
    &shape::OP,
    &split::OP,
    &squeeze::OP,
    &stack::OP,
    &tile::OP,
    &transpose::OP,
];
