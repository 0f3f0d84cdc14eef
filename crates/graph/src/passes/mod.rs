//! Passes: pure functions from graph to graph. None of them reads names.
//!
//! [`simplify`] keeps the program's operations; the others replace a spelled-out computation by
//! one operation whose reference meaning is beside it in [`crate::ops`].

mod fuse_attention;
mod fuse_gate;
mod fuse_rms_norm;
mod fuse_rotary;
mod fuse_soft_cap;
mod rewrite;
mod simplify;

pub use fuse_attention::fuse_attention;
pub use fuse_gate::fuse_gate;
pub use fuse_rms_norm::fuse_rms_norm;
pub use fuse_rotary::fuse_rotary;
pub use fuse_soft_cap::fuse_soft_cap;
pub use simplify::simplify;

use crate::ir::Graph;

/// A pass by name, for tests and for listing.
pub struct Pass {
    /// Name.
    pub name: &'static str,
    /// What it does to a graph.
    pub run: fn(Graph) -> Graph,
}

/// The passes in the order in which [`optimise`] runs them.
pub static ALL: &[Pass] = &[
    Pass { name: "simplify", run: simplify },
    Pass { name: "fuse_rms_norm", run: fuse_rms_norm },
    Pass { name: "fuse_rotary", run: fuse_rotary },
    Pass { name: "fuse_attention", run: fuse_attention },
    Pass { name: "fuse_soft_cap", run: fuse_soft_cap },
    Pass { name: "fuse_gate", run: fuse_gate },
];

/// Runs every pass in order.
pub fn optimise(graph: Graph) -> Graph {
    ALL.iter().fold(graph, |graph, pass| (pass.run)(graph))
}
