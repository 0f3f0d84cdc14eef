//! Who may use the model, and with which key-value state.

use std::{
    ops::{Deref, DerefMut},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use sottovoce_llm::{generate::Session, package::PackageModel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

type Sessions = Arc<Mutex<Vec<Session<PackageModel>>>>;

/// Too many requests wait already.
#[derive(Debug)]
pub struct Busy;

/// How many use the model, and how many wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occupancy {
    /// Answers that are made.
    pub running: usize,
    /// Answers that can be made at the same time.
    pub seats: usize,
    /// Requests that wait.
    pub waiting: usize,
}

/// A fixed number of sessions. Each keeps its key-value state when it is given back, for the next prompt that begins alike.
pub struct Seats {
    count: usize,
    idle: Sessions,
    free: Arc<Semaphore>,
    waiting: AtomicUsize,
    queue: usize,
}

impl Seats {
    /// Places for `sessions`, and for `queue` requests that wait for one.
    pub fn new(sessions: Vec<Session<PackageModel>>, queue: usize) -> Self {
        let count = sessions.len();
        let free = Arc::new(Semaphore::new(count));
        Self { count, idle: Arc::new(Mutex::new(sessions)), free, waiting: AtomicUsize::new(0), queue }
    }

    /// Waits in line for a session, and takes the one whose state is of most use for `prompt`.
    pub async fn take(&self, prompt: &[u32]) -> Result<Seat, Busy> {
        let permit = match self.free.clone().try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => {
                let place = Place::in_line(&self.waiting, self.queue)?;
                let permit = self.free.clone().acquire_owned().await.map_err(|_| Busy);
                drop(place);
                permit?
            }
        };
        let mut idle = lock(&self.idle);
        // What would be kept of a state against what would be lost: a conversation goes on where it was, and another one
        // takes a state that nobody is likely to miss. Of equals, the one that was given back first.
        let worth = |session: &Session<PackageModel>| 2 * session.common(prompt) as i64 - session.held().len() as i64;
        let best = (0..idle.len()).rev().max_by_key(|&at| worth(&idle[at])).ok_or(Busy)?;
        Ok(Seat { session: Some(idle.remove(best)), idle: self.idle.clone(), _permit: permit })
    }

    /// How many use the model, and how many wait.
    pub fn occupancy(&self) -> Occupancy {
        Occupancy {
            running: self.count - self.free.available_permits(),
            seats: self.count,
            waiting: self.waiting.load(Ordering::Relaxed),
        }
    }
}

/// A place among those that wait, given up when dropped.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn in_line(waiting: &'a AtomicUsize, most: usize) -> Result<Self, Busy> {
        let more = |count: usize| (count < most).then_some(count + 1);
        waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).map_err(|_| Busy)?;
        Ok(Self(waiting))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A session in use; it goes back when dropped.
pub struct Seat {
    /// There until the seat is dropped.
    session: Option<Session<PackageModel>>,
    idle: Sessions,
    _permit: OwnedSemaphorePermit,
}

impl Deref for Seat {
    type Target = Session<PackageModel>;

    fn deref(&self) -> &Self::Target {
        self.session.as_ref().unwrap_or_else(|| unreachable!("a seat has a session until it is dropped"))
    }
}

impl DerefMut for Seat {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.session.as_mut().unwrap_or_else(|| unreachable!("a seat has a session until it is dropped"))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        // Before the permit, which is dropped after this.
        lock(&self.idle).extend(self.session.take());
    }
}

fn lock(sessions: &Sessions) -> MutexGuard<'_, Vec<Session<PackageModel>>> {
    // Nothing panics while it holds the lock.
    sessions.lock().unwrap_or_else(PoisonError::into_inner)
}
