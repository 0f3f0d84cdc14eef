//! Kernels written once over [`super::simd::Simd`] and compiled for each level by [`super::level`].

pub(super) mod attention;
pub(super) mod attention_rounded;
mod feature;
pub(super) mod float;
mod gemm;
pub(super) mod integer;
pub(super) mod limits;
mod math;
pub(super) mod rows;
mod weights;
