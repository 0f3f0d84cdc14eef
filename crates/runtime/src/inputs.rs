//! Named tensors.

use indexmap::IndexMap;
use sottovoce_tensor::Tensor;

/// Inputs of a call by name.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    tensors: IndexMap<String, Tensor>,
}

/// Outputs of a call by name, in the order of the package.
pub type Outputs = IndexMap<String, Tensor>;

impl Inputs {
    /// No inputs yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets an input.
    pub fn insert(&mut self, name: impl Into<String>, tensor: Tensor) {
        self.tensors.insert(name.into(), tensor);
    }

    /// An input to change in place: its memory serves call after call.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Tensor> {
        self.tensors.get_mut(name)
    }

    /// Position of an input in the order of insertion.
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.tensors.get_index_of(name)
    }

    /// The input at a position that [`Inputs::position`] gave.
    pub(crate) fn at(&self, position: usize) -> &Tensor {
        &self.tensors[position]
    }

    /// An input.
    pub fn get(&self, name: &str) -> Option<&Tensor> {
        self.tensors.get(name)
    }

    /// Names and tensors, in the order of insertion.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.tensors.iter().map(|(name, tensor)| (name.as_str(), tensor))
    }
}

impl<N: Into<String>, const COUNT: usize> From<[(N, Tensor); COUNT]> for Inputs {
    fn from(pairs: [(N, Tensor); COUNT]) -> Self {
        pairs.into_iter().collect()
    }
}

impl<N: Into<String>> FromIterator<(N, Tensor)> for Inputs {
    fn from_iter<I: IntoIterator<Item = (N, Tensor)>>(pairs: I) -> Self {
        Self { tensors: pairs.into_iter().map(|(name, tensor)| (name.into(), tensor)).collect() }
    }
}
