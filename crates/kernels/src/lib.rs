//! SIMD routines on plain slices, CPU feature detection and the thread team.
//!
//! [`Isa`] says what the CPU can do; [`Kernels`] runs the routines of one level on the calling thread; [`Compute`] joins it
//! with a [`Team`] and does whole operations. Every level runs the same tests against the scalar one.
//!
//! Nothing here knows about graphs, files or models. Shapes are the caller's duty: a mismatch is a bug and panics.
//!
//! ```
//! use sottovoce_kernels::Kernels;
//!
//! for kernels in Kernels::all() {
//!     let mut scores = [1.0, 1.0, f32::NEG_INFINITY];
//!     kernels.softmax(&mut scores);
//!     assert_eq!(scores, [0.5, 0.5, 0.0], "{}", kernels.isa().name());
//! }
//! ```

mod activations;
mod arch;
mod attention;
mod compute;
mod elementwise;
mod error;
mod isa;
mod kernels;
mod limits;
mod linear;
mod rows;
mod team;

pub use activations::{ACTIVATION_BLOCK, FEW_ROWS, Precision, QuantizedRows};
pub use attention::{Attention, AttentionOptions, AttentionScratch, Cache, Mask, RoundedCache};
pub use compute::{Compute, Segment};
pub use elementwise::{Gate, RotaryPairs};
pub use error::KernelError;
pub use isa::{CpuFeature, ISA_VARIABLE, Isa, cpu_features};
pub use kernels::Kernels;
pub use limits::{MAX_ROUNDS, SUM_CHUNK};
pub use linear::{
    ActivationKind, Activations, BlockWeights, Codes, Epilogue, Floats, PACKED_VERSION, PANEL, PackedLayout,
    PackedLinear, Packer, PaletteWeights, WeightSource,
};
pub use rows::{Rows, RowsMut};
pub use team::{Team, split};
