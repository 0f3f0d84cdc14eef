//! Calls that several threads make at the same time, run together.

use std::{
    mem,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crate::{BatchCall, BatchMemory, Inputs, Model, Outputs, PredictOptions, RuntimeError, State};

/// What a caller brings to its calls.
#[derive(Clone, Debug)]
pub struct Seat {
    /// Inputs by name.
    pub inputs: Inputs,
    /// The caller's state.
    pub state: State,
    /// Results of the last call.
    pub outputs: Outputs,
}

/// Runs the calls of several threads: those that come while others run, or shortly after callers of the last batch, are one
/// batch of [`Model::predict_batch`]. What each gets does not depend on the others.
///
/// A caller blocks until its call is done.
pub struct Batcher {
    shared: Arc<Shared>,
    worker: Option<JoinHandle<()>>,
}

struct Shared {
    model: Arc<Model>,
    queue: Mutex<Queue>,
    arrived: Condvar,
}

#[derive(Default)]
struct Queue {
    waiting: Vec<Ticket>,
    closed: bool,
}

/// A call that waits for its turn. Its seat is the worker's meanwhile, and goes back with the result.
struct Ticket {
    seat: Seat,
    options: PredictOptions,
    done: mpsc::Sender<(Seat, Result<(), RuntimeError>)>,
}

impl Batcher {
    /// A batcher for `model`, with a thread of its own.
    ///
    /// # Errors
    /// [`RuntimeError::Batcher`] when the system gives no thread.
    pub fn new(model: Arc<Model>) -> Result<Self, RuntimeError> {
        let shared = Arc::new(Shared { model, queue: Mutex::default(), arrived: Condvar::new() });
        let serving = shared.clone();
        let worker = thread::Builder::new().name("batcher".to_owned()).spawn(move || serving.serve());
        let worker = worker.map_err(|error| RuntimeError::Batcher(error.to_string()))?;
        Ok(Self { shared, worker: Some(worker) })
    }

    /// The model.
    pub fn model(&self) -> &Arc<Model> {
        &self.shared.model
    }

    /// [`Model::predict_into`] with what lies on `seat`.
    ///
    /// # Errors
    /// As [`Model::predict`]. [`RuntimeError::Batcher`] when the thread that runs the calls has ended; the seat's state is
    /// lost then.
    pub fn predict(&self, seat: &mut Seat, options: &PredictOptions) -> Result<(), RuntimeError> {
        let (done, result) = mpsc::channel();
        let empty = Seat { inputs: Inputs::new(), state: State::vacant(), outputs: Outputs::new() };
        let ticket = Ticket { seat: mem::replace(seat, empty), options: *options, done };
        self.shared.lock().waiting.push(ticket);
        self.shared.arrived.notify_one();
        let (returned, result) = result.recv().map_err(|_| RuntimeError::Batcher("it has ended".to_owned()))?;
        *seat = returned;
        result
    }
}

impl Drop for Batcher {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.arrived.notify_one();
        if let Some(worker) = self.worker.take() {
            // Nobody waits for a call any more: a panic has reached its callers.
            drop(worker.join());
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        // Nothing panics while it holds the lock.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs batch after batch until the batcher is dropped.
    fn serve(&self) {
        let mut memory = BatchMemory::default();
        let (mut last, mut patience) = (0, Duration::ZERO);
        while let Some(mut batch) = self.next_batch(last, patience) {
            last = batch.len();
            let started = Instant::now();
            let together = self.run(&mut batch, &mut memory);
            // Callers choose their tokens meanwhile. One that comes too late costs a pass over the weights of its own.
            patience = started.elapsed() / 2;
            for Ticket { mut seat, options, done } in batch {
                let result = match together {
                    Ok(()) => Ok(()),
                    // One of them is at fault, and no state has changed: each finds out for itself.
                    Err(_) => self.model.predict_into(&seat.inputs, &mut seat.state, &options, &mut seat.outputs),
                };
                // A caller that is gone wants no answer.
                drop(done.send((seat, result)));
            }
        }
    }

    /// Waits for calls: the first one, and then at most `patience` for as many as `last` time. `None` once the batcher is
    /// dropped.
    fn next_batch(&self, last: usize, patience: Duration) -> Option<Vec<Ticket>> {
        let queue = self.lock();
        let queue = self.arrived.wait_while(queue, |queue| queue.waiting.is_empty() && !queue.closed);
        let mut queue = queue.unwrap_or_else(PoisonError::into_inner);
        let deadline = Instant::now() + patience;
        while queue.waiting.len() < last && !queue.closed {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            queue = self.arrived.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        (!queue.waiting.is_empty()).then(|| mem::take(&mut queue.waiting))
    }

    fn run(&self, batch: &mut [Ticket], memory: &mut BatchMemory) -> Result<(), RuntimeError> {
        let calls = batch.iter_mut().map(|Ticket { seat: Seat { inputs, state, outputs }, options, .. }| BatchCall {
            inputs,
            state,
            options: *options,
            outputs,
        });
        self.model.predict_batch(&mut calls.collect::<Vec<_>>(), memory)
    }
}
