use bytemuck::Pod;
use sottovoce_tensor::Bytes;

/// A section of a packed matrix: a whole number of cache lines, aligned to them, in memory or in a mapped file.
#[derive(Clone)]
pub(crate) struct Storage(Bytes);

impl Storage {
    /// # Panics
    /// When `bytes` are not whole, aligned cache lines.
    pub fn new(bytes: Bytes) -> Self {
        assert!(bytes.len().is_multiple_of(64) && (bytes.as_ptr() as usize).is_multiple_of(64), "whole cache lines");
        Self(bytes)
    }

    pub fn bytes(&self) -> usize {
        self.0.len()
    }

    pub fn as_slice<T: Pod>(&self) -> &[T] {
        bytemuck::cast_slice(&self.0)
    }
}
