//! What many operations need: axes, broadcasting, strided copies, results of the right type, symbolic elements.

pub mod args;
pub mod broadcast;
pub mod codes;
pub mod gemm;
pub mod lanes;
pub mod output;
pub mod slicing;
pub mod strided;
pub mod symbolic;
