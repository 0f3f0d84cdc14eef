//! What the loudspeaker plays: filled by one thread, emptied by the callback of the device, which waits for nobody and takes no
//! memory.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
};

use rtrb::{Consumer, Producer, RingBuffer};
use sottovoce_voice::{audio::Resampler, conversation::Playback};

/// How loud an answer is while somebody may be interrupting it.
const DUCKED: f32 = 0.25;
/// From one volume to another in 5 ms, so that it does not click.
const STEPS_PER_SECOND: f32 = 200.0;

/// What the thread tells the callback, and the callback the thread.
struct Shared {
    /// The volume that is wanted, as the bits of a number.
    volume: AtomicU32,
    /// Samples of the queue up to here are not to be played.
    discard: AtomicU64,
    /// Samples that were taken from the queue, played or not.
    taken: AtomicU64,
}

/// The end that is filled.
pub struct Loudspeaker {
    queue: Producer<f32>,
    shared: Arc<Shared>,
    /// Samples a second of answers, and of the device.
    from: u32,
    to: u32,
    resampler: Resampler,
    /// What has no room in the queue yet.
    waiting: VecDeque<f32>,
    /// Sound came since the queue was last looked at.
    fresh: bool,
    /// Samples that went into the queue.
    written: u64,
    answer: Option<Saying>,
}

/// The answer that is being said.
struct Saying {
    id: u64,
    /// Where it begins among all that is written.
    begins: u64,
    /// Its samples so far, at the rate of answers, and how many of them were played.
    received: u64,
    played: u64,
    /// All of them went through the resampler.
    whole: bool,
}

/// The end that the device's callback empties.
pub struct Outlet {
    queue: Consumer<f32>,
    /// What was played, for whoever listens for its echo.
    echo: Producer<f32>,
    shared: Arc<Shared>,
    taken: u64,
    volume: f32,
    /// The volume's change in a sample.
    step: f32,
}

/// A loudspeaker for answers of `from` samples a second on a device of `to`, and what it plays as it is played, silence
/// included.
pub fn loudspeaker(from: u32, to: u32) -> (Loudspeaker, Outlet, Consumer<f32>) {
    // Half a second: enough for a thread that is late, and little to throw away.
    let (producer, consumer) = RingBuffer::new(to as usize / 2);
    let (echo, echoes) = RingBuffer::new(2 * to as usize);
    let shared = Arc::new(Shared {
        volume: AtomicU32::new(1f32.to_bits()),
        discard: AtomicU64::new(0),
        taken: AtomicU64::new(0),
    });
    let outlet = Outlet {
        queue: consumer,
        echo,
        shared: shared.clone(),
        taken: 0,
        volume: 1.0,
        step: STEPS_PER_SECOND / to as f32,
    };
    let resampler = Resampler::new(from, to);
    let waiting = VecDeque::new();
    (
        Loudspeaker { queue: producer, shared, from, to, resampler, waiting, fresh: false, written: 0, answer: None },
        outlet,
        echoes,
    )
}

impl Loudspeaker {
    /// Does what the conversation wants.
    pub fn take(&mut self, playback: &Playback) {
        let volume = |volume: f32| self.shared.volume.store(volume.to_bits(), Ordering::Relaxed);
        match playback {
            Playback::Play { answer, samples } => self.play(*answer, samples),
            Playback::Duck => volume(DUCKED),
            Playback::Pause => volume(0.0),
            Playback::Resume => volume(1.0),
            Playback::Stop => {
                self.shared.discard.store(self.written, Ordering::Release);
                volume(1.0);
                self.waiting.clear();
                self.resampler = Resampler::new(self.from, self.to);
                self.answer = None;
            }
        }
    }

    fn play(&mut self, answer: u64, samples: &[f32]) {
        if self.answer.as_ref().is_none_or(|saying| saying.id != answer) {
            self.finish();
            let begins = self.written + self.waiting.len() as u64;
            self.answer = Some(Saying { id: answer, begins, received: 0, played: 0, whole: false });
        }
        let Some(saying) = &mut self.answer else { return };
        (saying.received, saying.whole, self.fresh) = (saying.received + samples.len() as u64, false, true);
        let mut made = Vec::new();
        self.resampler.push(samples, &mut made);
        self.waiting.extend(made);
    }

    /// Puts what the resampler holds back behind the rest.
    fn finish(&mut self) {
        if let Some(saying) = self.answer.as_mut().filter(|saying| !saying.whole) {
            let mut made = Vec::new();
            self.resampler.finish(&mut made);
            self.waiting.extend(made);
            saying.whole = true;
        }
    }

    /// Fills the queue; has to be called many times in half a second. Returns an answer of which more was played since, and how
    /// many of its samples that are in all.
    pub fn fill(&mut self) -> Option<(u64, u64)> {
        let taken = self.shared.taken.load(Ordering::Acquire);
        // No more may come, and what comes late begins anew: what the resampler holds back is not to be waited for.
        let is_dry = self.waiting.is_empty() && taken == self.written;
        if is_dry && !std::mem::take(&mut self.fresh) {
            self.finish();
        }
        let room = self.waiting.len().min(self.queue.slots());
        for sample in self.waiting.drain(..room) {
            // There is room.
            let _ = self.queue.push(sample);
        }
        self.written += room as u64;
        let saying = self.answer.as_mut()?;
        let played = if saying.whole && self.waiting.is_empty() && taken == self.written {
            saying.received
        } else {
            let share = f64::from(self.from) / f64::from(self.to);
            ((taken.saturating_sub(saying.begins) as f64 * share) as u64).min(saying.received)
        };
        (played > saying.played).then(|| {
            saying.played = played;
            (saying.id, played)
        })
    }
}

impl Outlet {
    /// The next `count` samples.
    pub fn next(&mut self, count: usize, mut put: impl FnMut(f32)) {
        self.discard();
        let wanted = f32::from_bits(self.shared.volume.load(Ordering::Relaxed));
        for _ in 0..count {
            self.volume += (wanted - self.volume).clamp(-self.step, self.step);
            // What is paused stays where it is.
            let sample = if self.volume > 0.0 { self.queue.pop().ok() } else { None };
            self.taken += u64::from(sample.is_some());
            let played = self.volume * sample.unwrap_or(0.0);
            // Where nobody listens, nobody misses it.
            let _ = self.echo.push(played);
            put(played);
        }
        self.shared.taken.store(self.taken, Ordering::Release);
    }

    /// Leaves out what is not to be played.
    fn discard(&mut self) {
        let unwanted = self.shared.discard.load(Ordering::Acquire).saturating_sub(self.taken);
        let count = usize::try_from(unwanted).unwrap_or(usize::MAX).min(self.queue.slots());
        if let Ok(chunk) = self.queue.read_chunk(count) {
            chunk.commit_all();
            self.taken += count as u64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn played(outlet: &mut Outlet, count: usize) -> Vec<f32> {
        let mut played = Vec::new();
        outlet.next(count, |sample| played.push(sample));
        played
    }

    fn say(answer: u64, samples: Vec<f32>) -> Playback {
        Playback::Play { answer, samples }
    }

    #[test]
    fn an_answer_is_played_to_its_last_sample_at_the_rate_of_the_device() {
        for (from, to) in [(16_000, 16_000), (24_000, 48_000), (24_000, 44_100)] {
            let (mut speaker, mut outlet, mut echoes) = loudspeaker(from, to);
            let mut heard = Vec::new();
            // Two answers, in pieces.
            for answer in [1, 2] {
                let mut last = None;
                for _ in 0..30 {
                    speaker.take(&say(answer, vec![0.5; from as usize / 100]));
                    last = speaker.fill().or(last);
                    heard.extend(played(&mut outlet, to as usize / 100));
                }
                for _ in 0..100 {
                    last = speaker.fill().or(last);
                    heard.extend(played(&mut outlet, to as usize / 100));
                }
                assert_eq!(last, Some((answer, 30 * u64::from(from / 100))), "{from} to {to}");
            }
            let loud = heard.iter().filter(|sample| **sample > 0.25).count();
            let expected = 2 * 30 * to as usize / 100;
            assert!(loud.abs_diff(expected) <= expected / 50, "{from} to {to}: {loud} for {expected}");
            let echo: Vec<f32> = std::iter::from_fn(|| echoes.pop().ok()).collect();
            assert_eq!(echo, heard[..echo.len()]);
        }
    }

    #[test]
    fn a_pause_keeps_what_is_there_and_a_stop_forgets_it() {
        let (mut speaker, mut outlet, _echoes) = loudspeaker(16_000, 16_000);
        speaker.take(&say(1, vec![0.5; 4_000]));
        speaker.fill();
        assert_eq!(played(&mut outlet, 160), [0.5; 160]);
        assert_eq!(speaker.fill(), Some((1, 160)));

        speaker.take(&Playback::Duck);
        assert_eq!(played(&mut outlet, 160)[100..], [0.125; 60]);
        speaker.take(&Playback::Pause);
        assert_eq!(played(&mut outlet, 160)[100..], [0.0; 60]);
        let before = speaker.fill().expect("the volume falls while it plays");
        assert_eq!(played(&mut outlet, 16_000), [0.0; 16_000]);
        assert_eq!(speaker.fill(), None);

        speaker.take(&Playback::Resume);
        let resumed = played(&mut outlet, 16_000);
        assert_eq!(resumed[100..1_000], [0.5; 900]);
        assert_eq!(resumed.iter().filter(|sample| **sample > 0.0).count() as u64, 4_000 - before.1);
        assert_eq!(speaker.fill(), Some((1, 4_000)));

        // More than the queue holds; what waits behind it is forgotten too.
        speaker.take(&say(2, vec![0.5; 20_000]));
        speaker.fill();
        assert_eq!(played(&mut outlet, 160), [0.5; 160]);
        speaker.take(&Playback::Pause);
        speaker.take(&Playback::Stop);
        assert_eq!(speaker.fill(), None);
        speaker.take(&say(3, vec![0.25; 160]));
        speaker.fill();
        assert_eq!(played(&mut outlet, 320), [vec![0.25; 160], vec![0.0; 160]].concat());
        assert_eq!(speaker.fill(), Some((3, 160)));
    }
}
