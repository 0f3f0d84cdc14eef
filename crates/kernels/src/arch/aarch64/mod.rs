//! The levels of AArch64.

pub(super) mod neon;
