//! The thread team: hundreds of small fork-joins per token without a lock or an allocation.
//!
//! A job is a number of units. Each worker has a fixed share of them, so that it reads the same weights for every token; who
//! is done with its own share takes units of others. The caller waits for units that somebody has begun, never for a helper
//! that has not come: a helper whose core is busy with something else costs its share of the speed and no more.
//!
//! Helpers spin for a bounded time after a job, so that the next step of the same token starts within a fraction of a
//! microsecond, and park when nothing comes (behind an answer), so that they burn no CPU that others could use.

use std::{
    any::Any,
    cell::UnsafeCell,
    hint,
    marker::PhantomData,
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::*},
    },
    thread::{self, JoinHandle, Thread},
    time::{Duration, Instant},
};

/// How long a helper spins before it parks. Longer than the serial stretch between two steps, and between two tokens, where one
/// is chosen from a large vocabulary: waking a helper takes as long as several steps. Shorter than anyone would notice as load.
const SPIN: Duration = Duration::from_micros(200);

/// How long the caller spins in wait of a helper that is at work; one that takes longer has lost its core, perhaps to the
/// caller.
const CALLER_SPIN: Duration = Duration::from_micros(50);

/// Parts of a range for each worker: enough that one who is held up leaves little, few enough that taking them is cheap.
pub(crate) const PARTS: usize = 4;

/// A borrowed `Fn(worker, unit)` with its lifetime erased.
#[derive(Clone, Copy)]
struct Job {
    data: *const (),
    call: unsafe fn(*const (), usize, usize),
}

/// What a worker needs for a job, in cache lines of its own: the helper finds all of it with one look.
#[repr(align(128))]
struct Seat {
    /// Twice the number of the job that waits here; one more once the helper has taken it or the caller has withdrawn it.
    turn: AtomicU64,
    job: UnsafeCell<Job>,
    /// The first unit of this worker's share that nobody has taken.
    next: AtomicUsize,
    end: AtomicUsize,
}

/// What a helper tells the caller, apart from the seat so that neither disturbs the other.
#[repr(align(128))]
struct Helper {
    /// The last job that this helper has left.
    left: AtomicU64,
    parked: AtomicBool,
}

struct Shared {
    /// One for each worker, the caller's first.
    seats: Vec<Seat>,
    helpers: Vec<Helper>,
    /// The caller, while it is parked in wait of helpers.
    caller: Mutex<Option<Thread>>,
    caller_parked: AtomicBool,
    /// Whether a job is running; a second caller then runs its job alone instead of waiting.
    busy: AtomicBool,
    stop: AtomicBool,
    /// Set by the first panic of a job: no more units are taken.
    panicked: AtomicBool,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

// SAFETY: the job of a seat is written only by the caller that holds `busy`, before it offers the seat's turn, and read only
// by the helper that has taken that turn, which the caller then waits for. The rest is atomics and locks.
unsafe impl Sync for Shared {}
// SAFETY: as above; the raw pointer of a job is followed only while its caller waits.
unsafe impl Send for Shared {}

/// Part `index` of `count` of `0..len`, cut at multiples of `granularity`. The parts are disjoint and cover the whole; any
/// few that follow each other are as large as any others, to one unit.
pub fn split(len: usize, granularity: usize, index: usize, count: usize) -> Range<usize> {
    let granularity = granularity.max(1);
    let units = len.div_ceil(granularity);
    let bound = |i: usize| (i * units / count * granularity).min(len);
    bound(index)..bound(index + 1)
}

/// A fixed set of threads that work on the same job. Dropping it ends and joins them.
pub struct Team {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl Team {
    /// A team of `threads` workers (at least one): the calling thread of [`Team::for_each`] and `threads − 1` helpers. If
    /// the system refuses to start a helper, the team is as large as it got.
    pub fn new(threads: usize) -> Self {
        let helpers = threads.saturating_sub(1);
        let nothing = Job { data: std::ptr::null(), call: |_, _, _| {} };
        let seat = |_| Seat {
            turn: AtomicU64::new(1),
            job: UnsafeCell::new(nothing),
            next: AtomicUsize::new(0),
            end: AtomicUsize::new(0),
        };
        let shared = Arc::new(Shared {
            seats: (0..=helpers).map(seat).collect(),
            helpers: (0..helpers).map(|_| Helper { left: AtomicU64::new(0), parked: AtomicBool::new(false) }).collect(),
            caller: Mutex::new(None),
            caller_parked: AtomicBool::new(false),
            busy: AtomicBool::new(false),
            stop: AtomicBool::new(false),
            panicked: AtomicBool::new(false),
            panic: Mutex::new(None),
        });
        let spawn = |worker: usize| {
            let shared = Arc::clone(&shared);
            thread::Builder::new().name(format!("sottovoce-{worker}")).spawn(move || shared.help(worker)).ok()
        };
        let threads = (1..=helpers).map_while(spawn).collect();
        Self { shared, threads }
    }

    /// How many threads this process may use: the smaller of its CPU affinity and its cgroup's quota.
    pub fn default_threads() -> usize {
        thread::available_parallelism().map_or(1, |count| count.get())
    }

    /// Number of workers, the caller included.
    pub fn threads(&self) -> usize {
        self.threads.len() + 1
    }

    /// Calls `job(worker, unit)` once for every unit in `0..units`, and returns when all are done. A worker, whose number
    /// is below [`Team::threads`], has one unit at a time. What was written before is visible to the units, and what they
    /// write after. If the team is at work already (for another thread, or for the job this call comes from), the caller
    /// does everything, as worker 0.
    ///
    /// # Panics
    /// With the first panic of a unit, after all workers have stopped; the team stays usable.
    pub fn for_each<F: Fn(usize, usize) + Sync>(&self, units: usize, job: F) {
        let shared = &*self.shared;
        if units <= 1 || self.threads.is_empty() || shared.busy.swap(true, Acquire) {
            return (0..units).for_each(|unit| job(0, unit));
        }
        unsafe fn call<F: Fn(usize, usize)>(data: *const (), worker: usize, unit: usize) {
            // SAFETY: `data` is the `&F` of the `for_each` below, which does not return before every helper has left.
            unsafe { (*data.cast::<F>())(worker, unit) }
        }
        let count = self.threads();
        for (index, seat) in shared.seats[..count].iter().enumerate() {
            let share = split(units, 1, index, count);
            seat.next.store(share.start, Relaxed);
            seat.end.store(share.end, Relaxed);
        }
        let erased = Job { data: (&raw const job).cast(), call: call::<F> };
        let (own, others) = (&shared.seats[0], &shared.seats[1..count]);
        // Jobs are counted in the caller's own seat, which nobody else offers or takes.
        let number = own.turn.load(Relaxed) / 2 + 1;
        own.turn.store(2 * number + 1, Relaxed);
        for ((seat, helper), thread) in others.iter().zip(&shared.helpers).zip(&self.threads) {
            // SAFETY: the last turn of this seat was withdrawn or its helper has left, and the next one is not offered yet.
            unsafe { *seat.job.get() = erased };
            seat.turn.store(2 * number, SeqCst);
            if helper.parked.load(SeqCst) {
                thread.thread().unpark();
            }
        }
        shared.work(0, count, erased);
        for (seat, helper) in others.iter().zip(&shared.helpers) {
            let withdrawn = seat.turn.compare_exchange(2 * number, 2 * number + 1, SeqCst, Acquire);
            if withdrawn.is_err() {
                shared.await_helper(helper, number);
            }
        }
        let mut panic = None;
        if shared.panicked.load(Relaxed) {
            shared.panicked.store(false, Relaxed);
            panic = shared.panic.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
        shared.busy.store(false, Release);
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
    }

    /// Cuts `0..len` into ranges, some for each worker, and calls `job(worker, range)` once for each.
    ///
    /// # Panics
    /// As [`Team::for_each`].
    pub fn for_each_range(&self, len: usize, job: impl Fn(usize, Range<usize>) + Sync) {
        let units = len.min(self.threads() * PARTS);
        self.for_each(units, |worker, unit| job(worker, split(len, 1, unit, units)));
    }

    /// Calls `job(index, chunk)` for every chunk of `chunk` elements of `data` (the last may be shorter).
    ///
    /// # Panics
    /// When `chunk` is 0, and as [`Team::for_each`].
    pub fn for_each_chunk<T: Send>(&self, data: &mut [T], chunk: usize, job: impl Fn(usize, &mut [T]) + Sync) {
        let chunks = data.len().div_ceil(chunk);
        let parts = Parts::new(data, chunk);
        self.for_each_range(chunks, |_, range| {
            for index in range {
                // SAFETY: every chunk is in one range.
                job(index, unsafe { parts.part(index) });
            }
        });
    }
}

/// A slice cut into parts of equal size (the last may be shorter) that different workers may write at the same time.
pub(crate) struct Parts<'a, T> {
    data: *mut T,
    len: usize,
    size: usize,
    lifetime: PhantomData<&'a mut [T]>,
}

// SAFETY: workers get disjoint parts only, as `part` demands.
unsafe impl<T: Send> Sync for Parts<'_, T> {}

impl<'a, T> Parts<'a, T> {
    pub fn new(data: &'a mut [T], size: usize) -> Self {
        Self { data: data.as_mut_ptr(), len: data.len(), size, lifetime: PhantomData }
    }

    /// Part `index`.
    ///
    /// # Safety
    /// No part may be asked for while a slice of it is alive.
    #[allow(clippy::mut_from_ref)]
    pub unsafe fn part(&self, index: usize) -> &mut [T] {
        let start = index * self.size;
        assert!(start <= self.len, "part {index}");
        // SAFETY: as the caller promises.
        unsafe { self.range(start..(start + self.size).min(self.len)) }
    }

    /// Elements `range`, whatever the parts.
    ///
    /// # Safety
    /// As [`Parts::part`], for any slice that overlaps.
    #[allow(clippy::mut_from_ref)]
    pub unsafe fn range(&self, range: Range<usize>) -> &mut [T] {
        assert!(range.start <= range.end && range.end <= self.len, "elements {range:?} of {}", self.len);
        // SAFETY: the range lies in the slice, and the caller promises that nobody else uses it.
        unsafe { std::slice::from_raw_parts_mut(self.data.add(range.start), range.len()) }
    }
}

impl Drop for Team {
    fn drop(&mut self) {
        self.shared.stop.store(true, SeqCst);
        for thread in self.threads.drain(..) {
            thread.thread().unpark();
            // A helper catches the panics of its jobs, so that joining cannot fail.
            let _ = thread.join();
        }
    }
}

/// Spins until `ready` or until `most` has passed; tells which.
fn spin_until(ready: impl Fn() -> bool, most: Duration) -> bool {
    // The clock costs as much as several dozen looks at the flag.
    const LOOKS: usize = 64;
    let mut start = None;
    loop {
        for _ in 0..LOOKS {
            if ready() {
                return true;
            }
            hint::spin_loop();
        }
        if start.get_or_insert_with(Instant::now).elapsed() > most {
            return false;
        }
    }
}

impl Shared {
    /// Takes units until none is left: the worker's own, then those of the workers after it.
    fn work(&self, worker: usize, count: usize, job: Job) {
        let take = || {
            for index in (worker..count).chain(0..worker) {
                let Seat { next, end, .. } = &self.seats[index];
                while !self.panicked.load(Relaxed) {
                    let unit = next.fetch_add(1, Relaxed);
                    if unit >= end.load(Relaxed) {
                        break;
                    }
                    // SAFETY: the job was made by `Team::for_each`, which waits for everyone who has taken a turn.
                    unsafe { (job.call)(job.data, worker, unit) };
                }
            }
        };
        if let Err(panic) = catch_unwind(AssertUnwindSafe(take)) {
            self.panic.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(panic);
            self.panicked.store(true, Relaxed);
        }
    }

    fn await_helper(&self, helper: &Helper, number: u64) {
        let left = || helper.left.load(SeqCst) == number;
        if spin_until(left, CALLER_SPIN) {
            return;
        }
        *self.caller.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread::current());
        self.caller_parked.store(true, SeqCst);
        while !left() {
            thread::park();
        }
        self.caller_parked.store(false, SeqCst);
    }

    /// A helper's life.
    fn help(&self, worker: usize) {
        let (seat, helper) = (&self.seats[worker], &self.helpers[worker - 1]);
        loop {
            // A turn that is offered is even.
            let called = || seat.turn.load(SeqCst).is_multiple_of(2) || self.stop.load(Relaxed);
            if !spin_until(called, SPIN) {
                helper.parked.store(true, SeqCst);
                while !called() {
                    thread::park();
                }
                helper.parked.store(false, SeqCst);
            }
            if self.stop.load(SeqCst) {
                return;
            }
            let turn = seat.turn.load(Relaxed);
            if !turn.is_multiple_of(2) || seat.turn.compare_exchange(turn, turn + 1, SeqCst, Relaxed).is_err() {
                continue;
            }
            // SAFETY: the turn is taken: the caller wrote the job before it offered it, and waits for this helper now.
            let job = unsafe { *seat.job.get() };
            self.work(worker, self.seats.len(), job);
            helper.left.store(turn / 2, SeqCst);
            if self.caller_parked.load(SeqCst) {
                let caller = self.caller.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(thread) = caller.as_ref() {
                    thread.unpark();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counters(count: usize) -> Vec<AtomicUsize> {
        (0..count).map(|_| AtomicUsize::new(0)).collect()
    }

    #[test]
    fn every_unit_is_done_once() {
        for threads in [1, 2, 3, 8] {
            let team = Team::new(threads);
            for units in [0, 1, 2, 3, 7, 64] {
                let counts = counters(units);
                for _ in 0..100 {
                    team.for_each(units, |worker, unit| {
                        assert!(worker < threads);
                        counts[unit].fetch_add(1, Relaxed);
                    });
                }
                assert!(counts.iter().all(|count| count.load(Relaxed) == 100), "{threads} threads, {units} units");
            }
        }
    }

    #[test]
    fn ranges_cover_the_whole() {
        let team = Team::new(3);
        for len in [0, 1, 5, 12, 13, 1000] {
            let counts = counters(len);
            team.for_each_range(len, |_, range| range.for_each(|at| _ = counts[at].fetch_add(1, Relaxed)));
            assert!(counts.iter().all(|count| count.load(Relaxed) == 1), "{len}");
        }
    }

    #[test]
    fn jobs_see_what_earlier_jobs_wrote() {
        let team = Team::new(4);
        let cells = counters(16);
        for round in 1..500 {
            team.for_each(16, |_, unit| cells[unit].store(round, Relaxed));
            team.for_each(16, |_, _| assert!(cells.iter().all(|cell| cell.load(Relaxed) == round)));
        }
    }

    #[test]
    fn a_worker_that_is_held_up_leaves_its_units_to_others() {
        let team = Team::new(2);
        let held = AtomicBool::new(false);
        let done = AtomicUsize::new(0);
        // Whoever takes the first unit holds it until all the others are done, which only the other worker can do.
        team.for_each(8, |_, _| {
            if !held.swap(true, SeqCst) {
                while done.load(SeqCst) < 7 {
                    thread::yield_now();
                }
            }
            done.fetch_add(1, SeqCst);
        });
        assert_eq!(done.load(SeqCst), 8);
    }

    #[test]
    fn a_panic_reaches_the_caller_and_leaves_the_team_usable() {
        let team = Team::new(3);
        for guilty in 0..9 {
            let result = catch_unwind(AssertUnwindSafe(|| {
                team.for_each(9, |_, unit| assert!(unit != guilty, "unit {guilty} fails"));
            }));
            let payload = result.unwrap_err();
            let message = payload.downcast_ref::<String>();
            assert_eq!(message.map(String::as_str), Some(format!("unit {guilty} fails").as_str()));
            let ran = AtomicUsize::new(0);
            team.for_each(9, |_, _| _ = ran.fetch_add(1, Relaxed));
            assert_eq!(ran.load(Relaxed), 9);
        }
    }

    #[test]
    fn a_nested_or_concurrent_job_runs_alone() {
        let team = Team::new(2);
        let nested = AtomicUsize::new(0);
        team.for_each(4, |_, _| team.for_each(3, |worker, _| _ = nested.fetch_add(worker + 1, Relaxed)));
        assert_eq!(nested.load(Relaxed), 12);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..500 {
                        let ran = AtomicUsize::new(0);
                        team.for_each(5, |_, _| _ = ran.fetch_add(1, Relaxed));
                        assert_eq!(ran.load(Relaxed), 5);
                    }
                });
            }
        });
    }

    #[test]
    fn helpers_wake_after_parking() {
        let team = Team::new(2);
        for _ in 0..3 {
            thread::sleep(SPIN * 20);
            let together = AtomicUsize::new(0);
            // Neither unit ends before both have begun, so that the helper must come.
            team.for_each(2, |_, _| {
                together.fetch_add(1, SeqCst);
                while together.load(SeqCst) < 2 {
                    thread::yield_now();
                }
            });
        }
    }

    #[test]
    fn shares_cover_the_whole_without_overlap() {
        for len in [0, 1, 15, 16, 17, 960, 49_152] {
            for granularity in [1, 16, 32] {
                for count in 1..9 {
                    let mut next = 0;
                    for index in 0..count {
                        let part = split(len, granularity, index, count);
                        assert_eq!(part.start, next);
                        assert!(part.start.is_multiple_of(granularity) || part.is_empty());
                        next = part.end;
                    }
                    assert_eq!(next, len);
                }
            }
        }
    }
}
