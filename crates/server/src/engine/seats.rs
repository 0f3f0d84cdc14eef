//! Who may use the model, and with which key-value state.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use sottovoce_llm::{chat::Conversation, generate::Session, package::PackageModel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

/// Those that nobody uses.
type Idle = Arc<Mutex<Vec<Place>>>;

/// Too many requests wait already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many requests wait already; try again in a moment")]
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
    /// Requests that may wait.
    pub queue: usize,
}

/// One state of the model, and what it holds.
struct Place {
    conversation: Conversation<PackageModel>,
    /// Which conversation it is, of those that are kept.
    id: Option<Uuid>,
}

impl Place {
    /// What would be kept of the state against what would be lost: a conversation goes on where it was, and another one
    /// takes a state that nobody is likely to miss.
    fn worth(&self, prompt: &[u32], id: Option<Uuid>) -> (bool, i64) {
        let session = self.conversation.session();
        let tokens = 2 * session.common(prompt) as i64 - session.held().len() as i64;
        (id.is_some() && self.id == id, tokens)
    }
}

/// A fixed number of states. Each is kept when it is given back, for the next prompt that begins alike.
pub struct Seats {
    count: usize,
    idle: Idle,
    free: Arc<Semaphore>,
    waiting: AtomicUsize,
    queue: usize,
}

impl Seats {
    /// A place for each of `conversations`, and for `queue` requests that wait for one.
    pub fn new(conversations: Vec<Conversation<PackageModel>>, queue: usize) -> Self {
        let count = conversations.len();
        let places = conversations.into_iter().map(|conversation| Place { conversation, id: None }).collect();
        let free = Arc::new(Semaphore::new(count));
        Self { count, idle: Arc::new(Mutex::new(places)), free, waiting: AtomicUsize::new(0), queue }
    }

    /// Waits in line for a state, and takes the one that is of most use for `prompt`, which may be of the conversation `id`.
    pub async fn take(&self, prompt: &[u32], id: Option<Uuid>) -> Result<Seat, Busy> {
        let permit = match self.free.clone().try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => {
                let place = InLine::enter(&self.waiting, self.queue)?;
                let permit = self.free.clone().acquire_owned().await.map_err(|_| Busy);
                drop(place);
                permit?
            }
        };
        let mut idle = lock(&self.idle);
        // Of equals, the one that was given back first.
        let best = (0..idle.len()).rev().max_by_key(|&at| idle[at].worth(prompt, id)).ok_or(Busy)?;
        Ok(Seat { place: Some(idle.remove(best)), idle: self.idle.clone(), _permit: permit })
    }

    /// How many use the model, and how many wait.
    pub fn occupancy(&self) -> Occupancy {
        Occupancy {
            running: self.count - self.free.available_permits(),
            seats: self.count,
            waiting: self.waiting.load(Ordering::Relaxed),
            queue: self.queue,
        }
    }
}

/// A place among those that wait, given up when dropped.
struct InLine<'a>(&'a AtomicUsize);

impl<'a> InLine<'a> {
    fn enter(waiting: &'a AtomicUsize, most: usize) -> Result<Self, Busy> {
        let more = |count: usize| (count < most).then_some(count + 1);
        waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).map_err(|_| Busy)?;
        Ok(Self(waiting))
    }
}

impl Drop for InLine<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A state in use; it goes back when dropped.
pub struct Seat {
    /// There until the seat is dropped.
    place: Option<Place>,
    idle: Idle,
    _permit: OwnedSemaphorePermit,
}

impl Seat {
    /// The session, for a prompt that belongs to no conversation which is kept.
    pub fn session(&mut self) -> &mut Session<PackageModel> {
        self.go_on_with(None).session_mut()
    }

    /// The conversation, which is `id` from now on.
    pub fn go_on_with(&mut self, id: Option<Uuid>) -> &mut Conversation<PackageModel> {
        let place = self.place.as_mut().unwrap_or_else(|| unreachable!("a seat has a place until it is dropped"));
        place.id = id;
        &mut place.conversation
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        // Before the permit, which is dropped after this.
        lock(&self.idle).extend(self.place.take());
    }
}

fn lock(idle: &Idle) -> MutexGuard<'_, Vec<Place>> {
    // Nothing panics while it holds the lock.
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}
