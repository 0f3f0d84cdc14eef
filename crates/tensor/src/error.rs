use crate::DType;

/// What can go wrong when a tensor is made or read.
#[derive(Debug, thiserror::Error)]
pub enum TensorError {
    /// The byte range does not hold exactly the elements that the shape asks for.
    #[error("a {dtype} tensor of shape {shape:?} needs {expected} bytes, found {found}")]
    Length {
        /// Element type.
        dtype: DType,
        /// Requested shape.
        shape: Vec<usize>,
        /// Bytes the shape needs.
        expected: usize,
        /// Bytes that are there.
        found: usize,
    },
    /// The product of the dimensions does not fit in memory.
    #[error("a tensor of shape {shape:?} is too large to address")]
    TooLarge {
        /// Requested shape.
        shape: Vec<usize>,
    },
    /// Typed access with another element type than the tensor's.
    #[error("expected a {expected} tensor, found {found}")]
    WrongType {
        /// Type asked for.
        expected: DType,
        /// Type of the tensor.
        found: DType,
    },
    /// A mapped range whose address does not suit the element type.
    #[error("{dtype} data is not aligned to {} bytes", dtype.bits() / 8)]
    Misaligned {
        /// Element type.
        dtype: DType,
    },
    /// A reshape that changes the number of elements.
    #[error("cannot view a tensor of shape {from:?} as {to:?}: the number of elements differs")]
    Reshape {
        /// Shape before.
        from: Vec<usize>,
        /// Shape asked for.
        to: Vec<usize>,
    },
    /// A part of an axis that is not there, or that has no place in the other tensor.
    #[error("elements {range:?} of axis {axis} of a tensor of shape {from:?} do not fit at {at} of one of {to:?}")]
    Part {
        /// The axis.
        axis: usize,
        /// The part.
        range: std::ops::Range<usize>,
        /// Shape of the tensor that it is a part of.
        from: Vec<usize>,
        /// Where it was to go.
        at: usize,
        /// Shape of the tensor that it was to go to.
        to: Vec<usize>,
    },
    /// A byte range that ends outside its file or buffer.
    #[error("bytes {offset}..{} lie outside a buffer of {len} bytes", offset.saturating_add(*size))]
    Range {
        /// First byte.
        offset: usize,
        /// Number of bytes.
        size: usize,
        /// Length of the buffer.
        len: usize,
    },
    /// The file could not be opened or mapped.
    #[error("cannot map {}: {source}", path.display())]
    Map {
        /// The file.
        path: std::path::PathBuf,
        /// Cause from the operating system.
        source: std::io::Error,
    },
    /// An `.npz` file that cannot be read or written.
    #[error("{}{}: {reason}", path.display(), if array.is_empty() { String::new() } else { format!(", array {array}") })]
    Npz {
        /// The file.
        path: std::path::PathBuf,
        /// The array in it; empty when the whole file is meant.
        array: String,
        /// What is wrong.
        reason: String,
    },
}
