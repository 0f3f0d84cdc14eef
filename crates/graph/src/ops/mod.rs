//! The operations, one file each, grouped by family.
//!
//! A new operation is one file with its definition, `OP`, and one line in the list of its family.

use std::{collections::HashMap, sync::LazyLock};

use crate::op::OpDef;

mod activation;
mod compression;
mod elementwise;
pub mod fused;
mod indexing;
mod normalization;
mod products;
mod reduction;
mod shaping;
pub(crate) mod support;
#[cfg(test)]
mod tests;

/// The families of MIL's operations.
static FAMILIES: &[&[&OpDef]] = &[
    activation::OPS,
    compression::OPS,
    elementwise::OPS,
    indexing::OPS,
    normalization::OPS,
    products::OPS,
    reduction::OPS,
    shaping::OPS,
];

static BY_NAME: LazyLock<HashMap<&str, &'static OpDef>> =
    LazyLock::new(|| of_programs().map(|op| (op.name, op)).collect());

/// Every operation that a program can use: those of MIL.
pub fn of_programs() -> impl Iterator<Item = &'static OpDef> {
    FAMILIES.iter().flat_map(|family| family.iter().copied())
}

/// Every operation that can be in a graph.
pub fn all() -> impl Iterator<Item = &'static OpDef> {
    of_programs().chain(fused::OPS.iter().copied())
}

/// MIL's operation of that name. Not the fused ones: only passes make them, from arguments that they have checked.
pub fn find(name: &str) -> Option<&'static OpDef> {
    BY_NAME.get(name).copied()
}
