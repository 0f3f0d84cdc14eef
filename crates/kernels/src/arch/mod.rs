//! The kernels of each instruction set. Modules of different sets have the same functions.

pub(crate) mod scalar;
