//! What the microphone hears, without what the loudspeaker plays, in the frames of a conversation.

use rtrb::Consumer;
use sottovoce_voice::{FRAME, SAMPLE_RATE, audio::Resampler, echo::EchoCanceller};

/// Samples of both streams that are taken in turns, 10 ms: what was played goes before the echo of it.
const PIECE: usize = SAMPLE_RATE as usize / 100;

/// One microphone beside one loudspeaker.
pub struct Ears {
    microphone: Tap,
    loudspeaker: Tap,
    canceller: EchoCanceller,
    /// What was heard and is no whole frame yet.
    cleaned: Vec<f32>,
}

/// Sound of a device that is brought to [`SAMPLE_RATE`].
pub struct Tap {
    queue: Consumer<f32>,
    resampler: Resampler,
    samples: Vec<f32>,
}

impl Tap {
    /// Takes sound of `rate` samples a second from `queue`.
    pub fn new(queue: Consumer<f32>, rate: u32) -> Self {
        Self { queue, resampler: Resampler::new(rate, SAMPLE_RATE), samples: Vec::new() }
    }

    /// Forgets what came so far.
    fn clear(&mut self) {
        if let Ok(chunk) = self.queue.read_chunk(self.queue.slots()) {
            chunk.commit_all();
        }
    }

    /// Takes what is there now. Returns whether that is anything.
    fn draw(&mut self) -> bool {
        self.samples.clear();
        let any = !self.queue.is_empty();
        if let Ok(chunk) = self.queue.read_chunk(self.queue.slots()) {
            let (first, second) = chunk.as_slices();
            self.resampler.push(first, &mut self.samples);
            self.resampler.push(second, &mut self.samples);
            chunk.commit_all();
        }
        any
    }
}

impl Ears {
    /// Begins to listen.
    pub fn new(mut microphone: Tap, mut loudspeaker: Tap) -> Self {
        microphone.clear();
        loudspeaker.clear();
        Self { microphone, loudspeaker, canceller: EchoCanceller::new(), cleaned: Vec::new() }
    }

    /// Hands on the frames that have become whole. Returns whether the microphone and the loudspeaker gave any sound.
    pub fn listen(&mut self, mut hear: impl FnMut(&[f32; FRAME])) -> [bool; 2] {
        let flows = [&mut self.loudspeaker, &mut self.microphone].map(Tap::draw);
        let mut played = self.loudspeaker.samples.chunks(PIECE);
        let mut heard = self.microphone.samples.chunks(PIECE);
        loop {
            let (played, heard) = (played.next(), heard.next());
            if played.is_none() && heard.is_none() {
                break;
            }
            self.canceller.played(played.unwrap_or_default());
            self.canceller.clean(heard.unwrap_or_default(), &mut self.cleaned);
        }
        let (frames, rest) = self.cleaned.as_chunks();
        frames.iter().for_each(&mut hear);
        let whole = self.cleaned.len() - rest.len();
        self.cleaned.drain(..whole);
        [flows[1], flows[0]]
    }
}
