use thiserror::Error;

/// What can go wrong before a kernel runs; once weights are packed and an instruction set is chosen nothing fails.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum KernelError {
    /// `SOTTOVOCE_ISA` holds something else than a known name.
    #[error(
        "SOTTOVOCE_ISA is \"{found}\", expected scalar, avx2, avxvnni, avx512, neon or i8mm; unset it to use the best one"
    )]
    UnknownIsa {
        /// The value found.
        found: String,
    },
    /// `SOTTOVOCE_ISA` names an instruction set that this CPU lacks.
    #[error("SOTTOVOCE_ISA asks for {asked}, which this CPU lacks; available: {available}")]
    IsaUnavailable {
        /// The name asked for.
        asked: &'static str,
        /// What could be asked for, separated by commas.
        available: String,
    },
    /// A weight source whose slices do not have the lengths that its sizes imply.
    #[error(
        "weights of {rows}×{columns}: {what} has {found} elements, expected {expected}; the package is inconsistent"
    )]
    Length {
        /// Output features.
        rows: usize,
        /// Input features.
        columns: usize,
        /// Which slice.
        what: &'static str,
        /// Elements found.
        found: usize,
        /// Elements expected.
        expected: usize,
    },
    /// A form of quantisation that has no packed layout; the caller runs it from dequantised weights instead.
    #[error("weights of {rows}×{columns}: {what} has no packed layout; dequantise to f16 and pack that instead")]
    Unsupported {
        /// Output features.
        rows: usize,
        /// Input features.
        columns: usize,
        /// The form, for instance "block of 24".
        what: String,
    },
}
