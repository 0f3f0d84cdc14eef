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

static FAMILIES: &[&[&OpDef]] = &[
    activation::OPS,
    compression::OPS,
    elementwise::OPS,
    fused::OPS,
    indexing::OPS,
    normalization::OPS,
    products::OPS,
    reduction::OPS,
    shaping::OPS,
];

static BY_NAME: LazyLock<HashMap<&str, &'static OpDef>> = LazyLock::new(|| all().map(|op| (op.name, op)).collect());

/// Every operation that can be in a graph.
pub fn all() -> impl Iterator<Item = &'static OpDef> {
    FAMILIES.iter().flat_map(|family| family.iter().copied())
}

/// The operation of that name.
pub fn find(name: &str) -> Option<&'static OpDef> {
    BY_NAME.get(name).copied()
}
