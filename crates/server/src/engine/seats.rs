//! Who may use the model, and with which key-value state.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use sottovoce_llm::{LanguageModel, chat::Conversation, generate::Session, package::PackageModel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

use super::states::{StateCopy, States};

/// Those that nobody uses.
type Idle = Arc<Mutex<Vec<Place>>>;

/// Keys and values that are written to the disk after every answer; of more than that, only when the place is needed for
/// something else, and at the end.
const CHEAP_BYTES: usize = 64 << 20;

/// Too many requests wait already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many requests wait already; try again in a moment")]
pub struct Busy;

/// How many use the model, and how many wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Occupancy {
    /// Answers that are made.
    pub running: usize,
    /// Answers that can be made at the same time; 0 where another server decides.
    pub seats: usize,
    /// Requests that wait.
    pub waiting: usize,
    /// Requests that may wait.
    pub queue: usize,
}

impl Occupancy {
    /// Whether another request would be turned away. Where another server has the places, it decides.
    pub fn is_full(&self) -> bool {
        self.seats > 0 && self.running >= self.seats && self.waiting >= self.queue
    }
}

/// One state of the model, and what it holds.
struct Place {
    conversation: Conversation<PackageModel>,
    /// Which conversation it is, of those that are kept.
    id: Option<Uuid>,
    /// The age of the folder of states when somebody last began to use it.
    age: u64,
    /// Whether the folder has less than it holds.
    is_unsaved: bool,
}

impl Place {
    fn new(conversation: Conversation<PackageModel>) -> Self {
        Self { conversation, id: None, age: 0, is_unsaved: false }
    }

    /// What would be kept of the state against what would be lost: a conversation goes on where it was, and another one
    /// takes a state that nobody is likely to miss.
    fn worth(&self, prompt: &[u32], id: Option<Uuid>) -> (bool, i64) {
        let session = self.conversation.session();
        let tokens = 2 * session.common(prompt) as i64 - session.held().len() as i64;
        (id.is_some() && self.id == id, tokens)
    }

    /// A copy to be written, where the folder has less.
    fn copy_unsaved(&mut self, model: &str) -> Option<StateCopy> {
        let id = self.id.filter(|_| self.is_unsaved)?;
        self.is_unsaved = false;
        // A model whose state cannot be copied computes it again.
        let snapshot = self.conversation.snapshot(model, true).ok()?;
        Some(StateCopy { id, age: self.age, snapshot })
    }

    /// Bytes of its keys and values.
    fn bytes(&self) -> usize {
        let session = self.conversation.session();
        let of_one = session.model().rows(0..session.held().len().min(1)).unwrap_or_default();
        of_one.iter().map(|rows| rows.bytes().len()).sum::<usize>() * session.held().len()
    }

    fn forget(&mut self) {
        (self.id, self.is_unsaved) = (None, false);
        self.conversation.session_mut().reset();
    }
}

/// A fixed number of states. Each is kept when it is given back, for the next prompt that begins alike.
pub struct Seats {
    count: usize,
    idle: Idle,
    free: Arc<Semaphore>,
    waiting: AtomicUsize,
    queue: usize,
    /// Where conversations are that have no place, and the model's name for them.
    states: Option<Arc<States>>,
    model: Arc<str>,
}

impl Seats {
    /// A place for each of `conversations`, and for `queue` requests that wait for one. What they hold is kept in `states`, as
    /// of the model of this name.
    pub fn new(
        conversations: Vec<Conversation<PackageModel>>,
        queue: usize,
        states: Option<States>,
        model: &str,
    ) -> Self {
        let count = conversations.len();
        let places = conversations.into_iter().map(Place::new).collect();
        Self {
            count,
            idle: Arc::new(Mutex::new(places)),
            free: Arc::new(Semaphore::new(count)),
            waiting: AtomicUsize::new(0),
            queue,
            states: states.map(Arc::new),
            model: model.into(),
        }
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
        Ok(Seat {
            place: Some(idle.remove(best)),
            idle: self.idle.clone(),
            permit: Some(permit),
            states: self.states.clone(),
            model: self.model.clone(),
            to_write: Vec::new(),
        })
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

    /// Forgets a conversation. What is computed of it at this moment will not be kept.
    pub fn forget(&self, id: Uuid) {
        if let Some(states) = &self.states {
            states.forget(id);
        }
        lock(&self.idle).iter_mut().filter(|place| place.id == Some(id)).for_each(Place::forget);
    }

    /// Forgets all conversations but these.
    pub fn retain(&self, conversations: &HashSet<Uuid>) {
        if let Some(states) = &self.states {
            states.retain(conversations);
        }
        let is_gone = |place: &&mut Place| place.id.is_some_and(|id| !conversations.contains(&id));
        lock(&self.idle).iter_mut().filter(is_gone).for_each(Place::forget);
    }

    /// Writes what the folder does not have yet.
    pub fn save(&self) {
        let Some(states) = &self.states else { return };
        let copies: Vec<StateCopy> =
            lock(&self.idle).iter_mut().filter_map(|place| place.copy_unsaved(&self.model)).collect();
        copies.iter().for_each(|copy| states.write(copy));
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
    permit: Option<OwnedSemaphorePermit>,
    states: Option<Arc<States>>,
    model: Arc<str>,
    /// What to write once others can use the place.
    to_write: Vec<StateCopy>,
}

impl Seat {
    /// The session, for a prompt that belongs to no conversation which is kept.
    pub fn session(&mut self) -> &mut Session<PackageModel> {
        self.go_on_with(None).session_mut()
    }

    /// The conversation, which is `id` from now on, with what is kept of it.
    pub fn go_on_with(&mut self, id: Option<Uuid>) -> &mut Conversation<PackageModel> {
        let place = self.place.as_mut().unwrap_or_else(|| unreachable!("a seat has a place until it is dropped"));
        if place.id != id {
            self.to_write.extend(place.copy_unsaved(&self.model));
            place.id = id;
            if let (Some(states), Some(id)) = (&self.states, id) {
                states.resume(id, &mut place.conversation);
            }
        }
        place.age = self.states.as_ref().map_or(0, |states| states.age());
        place.is_unsaved = false;
        &mut place.conversation
    }

    /// Keeps what has been computed of the conversation, unless a conversation was forgotten meanwhile: it may be this one.
    pub fn keep(&mut self) {
        let (Some(place), Some(states)) = (&mut self.place, &self.states) else { return };
        if place.age != states.age() {
            return place.forget();
        }
        place.is_unsaved = place.id.is_some();
        if place.bytes() <= CHEAP_BYTES {
            self.to_write.extend(place.copy_unsaved(&self.model));
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        lock(&self.idle).extend(self.place.take());
        // After the place is there, and before the disk is waited for.
        drop(self.permit.take());
        if let Some(states) = &self.states {
            self.to_write.iter().for_each(|copy| states.write(copy));
        }
    }
}

fn lock(idle: &Idle) -> MutexGuard<'_, Vec<Place>> {
    // Nothing panics while it holds the lock.
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}
