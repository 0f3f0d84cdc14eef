//! Weights stored in fewer bits. The results have the type that the program declares, in exact mode too: they are the
//! weights that the model has.

use crate::op::OpDef;

mod blockwise;
mod lut;
mod sparse;

mod constexpr_affine_dequantize;
mod constexpr_blockwise_shift_scale;
mod constexpr_cast;
mod constexpr_lut_to_dense;
mod constexpr_lut_to_sparse;
mod constexpr_sparse_blockwise_shift_scale;
mod constexpr_sparse_to_dense;

/// The operations of this family.
pub static OPS: &[&OpDef] = &[
    &constexpr_affine_dequantize::OP,
    &constexpr_blockwise_shift_scale::OP,
    &constexpr_cast::OP,
    &constexpr_lut_to_dense::OP,
    &constexpr_lut_to_sparse::OP,
    &constexpr_sparse_blockwise_shift_scale::OP,
    &constexpr_sparse_to_dense::OP,
];
