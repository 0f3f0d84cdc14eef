//! The levels of AArch64.

pub(super) mod dot;
pub(super) mod neon;
