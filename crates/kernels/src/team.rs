//! The thread team: hundreds of small fork-joins per token without a lock or an allocation.
//!
//! Helpers spin for a bounded time after a job, so that the next step of the same token starts within a fraction of a
//! microsecond, and park when nothing comes (between tokens), so that they burn no CPU that others could use.

use std::{
    any::Any,
    cell::UnsafeCell,
    hint,
    marker::PhantomData,
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::SeqCst},
    },
    thread::{self, JoinHandle, Thread},
    time::{Duration, Instant},
};

/// How long a helper (or the caller waiting for one) spins before it parks. Longer than the serial stretch between two
/// steps, shorter than anyone would notice as load.
const SPIN: Duration = Duration::from_micros(50);

/// How long a barrier spins before it gives its time slice away.
const BARRIER_SPINS: u32 = 2_000;

/// Keeps what one thread writes away from the cache line of another.
#[repr(align(128))]
struct Padded<T>(T);

/// A borrowed `Fn(Worker)` with its lifetime erased.
#[derive(Clone, Copy)]
struct Job {
    data: *const (),
    call: unsafe fn(*const (), Worker<'_>),
    workers: usize,
}

struct Helper {
    /// The last epoch this helper has finished.
    done: AtomicU32,
    parked: AtomicBool,
}

struct Shared {
    /// Counts jobs; a change tells helpers that `job` is new.
    epoch: Padded<AtomicU32>,
    job: UnsafeCell<Job>,
    helpers: Vec<Padded<Helper>>,
    /// The caller, while it is parked in wait of helpers.
    caller: Mutex<Option<Thread>>,
    caller_parked: Padded<AtomicBool>,
    /// Whether a job is running; a second caller then runs its job alone instead of waiting.
    busy: AtomicBool,
    stop: AtomicBool,
    barrier_arrived: Padded<AtomicUsize>,
    barrier_phase: Padded<AtomicUsize>,
    panicked: AtomicBool,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

// SAFETY: `job` is written only by the caller that holds `busy`, before the epoch changes, and read by helpers only after
// they saw that change and before they report the epoch as done, which the caller awaits. The rest is atomics and locks.
unsafe impl Sync for Shared {}
// SAFETY: as above; the raw pointer in `job` is dereferenced only while its caller waits.
unsafe impl Send for Shared {}

/// One member of a team while it runs a job.
#[derive(Clone, Copy)]
pub struct Worker<'a> {
    /// From 0 (the calling thread) to `count` − 1.
    pub index: usize,
    /// How many run the job.
    pub count: usize,
    shared: Option<&'a Shared>,
}

impl Worker<'_> {
    /// Waits until every worker of the job has come here: what was written before is visible after.
    ///
    /// # Panics
    /// When another worker panicked, since it will never come.
    pub fn barrier(&self) {
        let Some(shared) = self.shared else { return };
        let phase = shared.barrier_phase.0.load(SeqCst);
        if shared.barrier_arrived.0.fetch_add(1, SeqCst) + 1 == self.count {
            shared.barrier_arrived.0.store(0, SeqCst);
            shared.barrier_phase.0.store(phase.wrapping_add(1), SeqCst);
            return;
        }
        let mut spins = 0u32;
        while shared.barrier_phase.0.load(SeqCst) == phase {
            assert!(!shared.panicked.load(SeqCst), "another worker of the team panicked");
            spins = spins.saturating_add(1);
            if spins < BARRIER_SPINS { hint::spin_loop() } else { thread::yield_now() }
        }
    }

    /// This worker's share of `0..len` in multiples of `granularity`, as even as that allows; the same for every call.
    pub fn share(&self, len: usize, granularity: usize) -> Range<usize> {
        split(len, granularity, self.index, self.count)
    }
}

/// Part `index` of `count` of `0..len`, cut at multiples of `granularity`. The parts are disjoint and cover the whole.
pub fn split(len: usize, granularity: usize, index: usize, count: usize) -> Range<usize> {
    let granularity = granularity.max(1);
    let units = len.div_ceil(granularity);
    let (each, extra) = (units / count, units % count);
    let bound = |i: usize| ((each * i + i.min(extra)) * granularity).min(len);
    bound(index)..bound(index + 1)
}

/// A fixed set of threads that run the same function together. Dropping it ends and joins them.
pub struct Team {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl Team {
    /// A team of `threads` workers (at least one): the calling thread of [`Team::run`] and `threads − 1` helpers. If the
    /// system refuses to start a helper, the team is as large as it got.
    pub fn new(threads: usize) -> Self {
        let helpers = threads.saturating_sub(1);
        let new_helper = || Padded(Helper { done: AtomicU32::new(0), parked: AtomicBool::new(false) });
        let shared = Arc::new(Shared {
            epoch: Padded(AtomicU32::new(0)),
            job: UnsafeCell::new(Job { data: std::ptr::null(), call: |_, _| {}, workers: 0 }),
            helpers: (0..helpers).map(|_| new_helper()).collect(),
            caller: Mutex::new(None),
            caller_parked: Padded(AtomicBool::new(false)),
            busy: AtomicBool::new(false),
            stop: AtomicBool::new(false),
            barrier_arrived: Padded(AtomicUsize::new(0)),
            barrier_phase: Padded(AtomicUsize::new(0)),
            panicked: AtomicBool::new(false),
            panic: Mutex::new(None),
        });
        let spawn = |index: usize| {
            let shared = Arc::clone(&shared);
            thread::Builder::new().name(format!("sottovoce-{}", index + 1)).spawn(move || help(&shared, index)).ok()
        };
        let threads = (0..helpers).map_while(spawn).collect();
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

    /// Runs `job` once on every worker and returns when all have finished. If the team is already running a job (of
    /// another thread, or the one this call comes from), the caller runs `job` alone, as worker 0 of 1.
    ///
    /// # Panics
    /// With the first panic of a worker, after all have stopped; the team stays usable.
    pub fn run<F: Fn(Worker<'_>) + Sync>(&self, job: F) {
        let shared = &*self.shared;
        if self.threads.is_empty() || shared.busy.swap(true, SeqCst) {
            return job(Worker { index: 0, count: 1, shared: None });
        }
        unsafe fn call<F: Fn(Worker<'_>)>(data: *const (), worker: Worker<'_>) {
            // SAFETY: `data` is the `&F` of the `run` below, which does not return before every worker is done.
            unsafe { (*data.cast::<F>())(worker) }
        }
        // SAFETY: `busy` makes this the only caller, and every helper has finished the previous epoch.
        unsafe { *shared.job.get() = Job { data: (&raw const job).cast(), call: call::<F>, workers: self.threads() } };
        let epoch = shared.epoch.0.load(SeqCst).wrapping_add(1);
        shared.epoch.0.store(epoch, SeqCst);
        for (helper, thread) in shared.helpers.iter().zip(&self.threads) {
            if helper.0.parked.load(SeqCst) {
                thread.thread().unpark();
            }
        }
        let worker = Worker { index: 0, count: self.threads(), shared: Some(shared) };
        shared.note_panic(catch_unwind(AssertUnwindSafe(|| job(worker))));
        for helper in &shared.helpers[..self.threads.len()] {
            shared.await_helper(&helper.0, epoch);
        }
        let mut panic = None;
        if shared.panicked.swap(false, SeqCst) {
            shared.barrier_arrived.0.store(0, SeqCst);
            panic = shared.panic.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
        shared.busy.store(false, SeqCst);
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
    }
}

impl Team {
    /// Calls `job(index, chunk)` for every chunk of `chunk` elements of `data` (the last may be shorter), shared out evenly.
    ///
    /// # Panics
    /// When `chunk` is 0, and as [`Team::run`].
    pub fn for_each_chunk<T: Send>(&self, data: &mut [T], chunk: usize, job: impl Fn(usize, &mut [T]) + Sync) {
        let len = data.len();
        let chunks = len.div_ceil(chunk);
        let parts = Parts::new(data, chunk);
        self.run(|worker| {
            for index in worker.share(chunks, 1) {
                // SAFETY: no two workers have a chunk in common.
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

    /// `count` parts from `first` on, to read.
    ///
    /// # Safety
    /// Nobody may write to them while the slice is alive.
    pub unsafe fn parts(&self, first: usize, count: usize) -> &[T] {
        let (start, end) = (first * self.size, ((first + count) * self.size).min(self.len));
        assert!(start <= end, "parts from {first} on");
        // SAFETY: the range lies in the slice, and the caller promises that nobody writes to it.
        unsafe { std::slice::from_raw_parts(self.data.add(start), end - start) }
    }

    /// Part `index`.
    ///
    /// # Safety
    /// No part may be asked for while a slice of it is alive.
    #[allow(clippy::mut_from_ref)]
    pub unsafe fn part(&self, index: usize) -> &mut [T] {
        let start = index * self.size;
        assert!(start <= self.len, "part {index}");
        let len = self.size.min(self.len - start);
        // SAFETY: the range lies in the slice, and the caller promises that nobody else uses it.
        unsafe { std::slice::from_raw_parts_mut(self.data.add(start), len) }
    }
}

impl Drop for Team {
    fn drop(&mut self) {
        self.shared.stop.store(true, SeqCst);
        self.shared.epoch.0.fetch_add(1, SeqCst);
        for thread in self.threads.drain(..) {
            thread.thread().unpark();
            // A helper catches the panics of its jobs, so that joining cannot fail.
            let _ = thread.join();
        }
    }
}

/// Spins until `ready` or until [`SPIN`] has passed; tells which.
fn spin_until(ready: impl Fn() -> bool) -> bool {
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
        if start.get_or_insert_with(Instant::now).elapsed() > SPIN {
            return false;
        }
    }
}

impl Shared {
    fn await_helper(&self, helper: &Helper, epoch: u32) {
        let done = || helper.done.load(SeqCst) == epoch;
        if spin_until(done) {
            return;
        }
        *self.caller.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread::current());
        self.caller_parked.0.store(true, SeqCst);
        while !done() {
            thread::park();
        }
        self.caller_parked.0.store(false, SeqCst);
    }

    fn run_as_helper(&self, index: usize) {
        // SAFETY: the epoch changed, so that the caller has written the job and now waits for this helper.
        let job = unsafe { *self.job.get() };
        let worker = Worker { index: index + 1, count: job.workers, shared: Some(self) };
        // SAFETY: `job` was made by `Team::run`, whose closure outlives this call.
        self.note_panic(catch_unwind(AssertUnwindSafe(|| unsafe { (job.call)(job.data, worker) })));
    }

    /// Keeps the first panic of a job for the caller, and lets the workers at a barrier know.
    fn note_panic(&self, result: thread::Result<()>) {
        if let Err(panic) = result {
            self.panic.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(panic);
            self.panicked.store(true, SeqCst);
        }
    }
}

/// A helper's life.
fn help(shared: &Shared, index: usize) {
    let helper = &shared.helpers[index].0;
    let mut seen = 0u32;
    loop {
        let fresh = || shared.epoch.0.load(SeqCst) != seen;
        if !spin_until(fresh) {
            helper.parked.store(true, SeqCst);
            while !fresh() {
                thread::park();
            }
            helper.parked.store(false, SeqCst);
        }
        if shared.stop.load(SeqCst) {
            return;
        }
        seen = shared.epoch.0.load(SeqCst);
        shared.run_as_helper(index);
        helper.done.store(seen, SeqCst);
        if shared.caller_parked.0.load(SeqCst) {
            let caller = shared.caller.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(thread) = caller.as_ref() {
                thread.unpark();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_worker_runs_each_job_once() {
        for threads in [1, 2, 3, 8] {
            let team = Team::new(threads);
            let counts: Vec<_> = (0..threads).map(|_| AtomicUsize::new(0)).collect();
            for _ in 0..200 {
                team.run(|worker| {
                    assert_eq!(worker.count, threads);
                    counts[worker.index].fetch_add(1, SeqCst);
                });
            }
            assert!(counts.iter().all(|count| count.load(SeqCst) == 200));
        }
    }

    #[test]
    fn barriers_order_phases() {
        let team = Team::new(4);
        let cells: Vec<_> = (0..4).map(|_| AtomicUsize::new(0)).collect();
        team.run(|worker| {
            for phase in 1..100 {
                cells[worker.index].store(phase, SeqCst);
                worker.barrier();
                assert!(cells.iter().all(|cell| cell.load(SeqCst) == phase));
                worker.barrier();
            }
        });
    }

    #[test]
    fn a_panic_reaches_the_caller_and_leaves_the_team_usable() {
        let team = Team::new(3);
        for guilty in 0..3 {
            let result = catch_unwind(AssertUnwindSafe(|| {
                team.run(|worker| {
                    assert!(worker.index != guilty, "worker {guilty} fails");
                    worker.barrier();
                });
            }));
            let payload = result.unwrap_err();
            let message =
                payload.downcast_ref::<String>().map(String::as_str).or(payload.downcast_ref::<&str>().copied());
            assert!(message.is_some());
            let ran = AtomicUsize::new(0);
            team.run(|worker| {
                worker.barrier();
                ran.fetch_add(1, SeqCst);
            });
            assert_eq!(ran.load(SeqCst), 3);
        }
    }

    #[test]
    fn a_nested_or_concurrent_job_runs_alone() {
        let team = Team::new(2);
        let nested = AtomicUsize::new(0);
        team.run(|_| team.run(|worker| _ = nested.fetch_add(worker.count, SeqCst)));
        assert_eq!(nested.load(SeqCst), 2);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..500).for_each(|_| team.run(|worker| assert!(worker.index < worker.count))));
            }
        });
    }

    #[test]
    fn helpers_wake_after_parking() {
        let team = Team::new(2);
        for _ in 0..3 {
            thread::sleep(SPIN * 20);
            let ran = AtomicUsize::new(0);
            team.run(|_| _ = ran.fetch_add(1, SeqCst));
            assert_eq!(ran.load(SeqCst), 2);
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
