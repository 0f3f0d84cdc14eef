//! Plain Rust, written for clearness: what the SIMD levels are tested against, and what runs where there is none.

pub(crate) mod attention;
pub(crate) mod float;
pub(crate) mod integer;
pub(crate) mod limits;
pub(crate) mod rows;
