//! A look at what linear layers multiply, for whoever gathers activation statistics.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

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
