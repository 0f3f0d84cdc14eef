use bytemuck::{Pod, Zeroable};

/// A cache line, for alignment.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C, align(64))]
struct Line([u8; 64]);

/// Zeroed, 64-byte aligned memory for packed weights. Untouched pages cost nothing.
#[derive(Clone, Default)]
pub(crate) struct Storage(Vec<Line>);

impl Storage {
    pub fn zeroed(bytes: usize) -> Self {
        Self(bytemuck::zeroed_vec(bytes.div_ceil(64)))
    }

    pub fn bytes(&self) -> usize {
        self.0.len() * 64
    }

    pub fn as_slice<T: Pod>(&self) -> &[T] {
        bytemuck::cast_slice(&self.0)
    }

    pub fn as_mut_slice<T: Pod>(&mut self) -> &mut [T] {
        bytemuck::cast_slice_mut(&mut self.0)
    }
}
