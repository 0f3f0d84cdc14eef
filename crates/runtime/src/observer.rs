//! A look at what linear layers multiply, for whoever gathers activation statistics, and other weights for them to multiply.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use sottovoce_kernels::PackedLinear;

/// The input of one linear step in one call.
#[derive(Clone, Copy, Debug)]
pub struct LinearInput<'a> {
    /// The weights \[out, width\] that it is multiplied by, as the program names them.
    pub weights: &'a [&'a str],
    /// Elements of a row.
    pub width: usize,
    /// Rows one after the other, in f32, before any rounding of the fast path.
    pub rows: &'a [f32],
}

/// How a loss changes with the outputs of one linear layer in one call.
#[derive(Clone, Copy, Debug)]
pub struct LinearGradient<'a> {
    /// The weights \[width, in\] of the layer, as the program names them.
    pub weight: &'a str,
    /// Elements of a row: outputs of the layer.
    pub width: usize,
    /// The gradient with respect to each output, row by row.
    pub rows: &'a [f32],
}

/// Writes the gradient of a loss with respect to a row of the outputs, which is given with its number.
pub type Loss<'a> = &'a mut dyn FnMut(usize, &[f32], &mut [f32]);

/// What sees inputs.
type Watch = dyn FnMut(&LinearInput<'_>) + Send;

/// What [`crate::State::observe`] was given; clones of a state share it.
#[derive(Clone)]
pub struct Observer(Arc<Mutex<Watch>>);

impl Observer {
    pub fn new(observer: impl FnMut(&LinearInput<'_>) + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(observer)))
    }

    pub fn show(&self, input: &LinearInput<'_>) {
        // An observer that panicked has ended the call that it saw; the next call may show it more.
        (self.0.lock().unwrap_or_else(PoisonError::into_inner))(input);
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}

/// Matrices that are used instead of a model's own, by the names that the program gives those. Clones share them.
#[derive(Clone, Default)]
pub struct StandIns(Arc<Mutex<HashMap<String, PackedLinear>>>);

impl StandIns {
    /// From now on `matrix` is used instead of `weight` where it has the same shape.
    pub fn insert(&self, weight: &str, matrix: PackedLinear) {
        // Nothing panics while it holds the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(weight.to_owned(), matrix);
    }

    /// What is used instead of the matrix `own`.
    pub(crate) fn get(&self, weight: &str, own: &PackedLinear) -> Option<PackedLinear> {
        let matrices = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let same_shape = |found: &&PackedLinear| (found.rows(), found.columns()) == (own.rows(), own.columns());
        matrices.get(weight).filter(same_shape).cloned()
    }
}

impl fmt::Debug for StandIns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StandIns")
    }
}
