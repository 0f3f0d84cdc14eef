//! What every voice's samples pass on their way out: loudness, and silence where it belongs.

use std::{ops::ControlFlow, time::Duration};

/// What is quieter is silence.
const SILENCE: f32 = 0.0015;
/// What is kept of the silence before the first sound: a soft one begins in it.
const LEAD: Duration = Duration::from_millis(10);
/// Samples up to here pass as they are; louder ones are bent towards 1, which none exceeds.
const KNEE: f32 = 0.8;

/// The samples of one sentence.
///
/// Networks put silence around a sentence, up to 0.6 s of it. A listener would wait for the part in front, so that is left
/// out; the part behind becomes the pause that the sentence's last mark asks for.
pub(super) struct Delivery<'a> {
    sink: &'a mut dyn FnMut(&[f32]) -> ControlFlow<()>,
    sample_rate: u32,
    gain: f32,
    begun: bool,
    /// Silence that is the pause within a sentence if sound follows.
    silence: Vec<f32>,
}

impl<'a> Delivery<'a> {
    /// To `sink`, made louder by the factor `gain`.
    pub(super) fn new(sample_rate: u32, gain: f32, sink: &'a mut dyn FnMut(&[f32]) -> ControlFlow<()>) -> Self {
        Self { sink, sample_rate, gain, begun: false, silence: Vec::new() }
    }

    /// Takes the next samples, which are numbers.
    pub(super) fn push(&mut self, samples: &[f32]) -> ControlFlow<()> {
        let lead = self.samples_of(LEAD);
        let mut ready = Vec::new();
        for &sample in samples {
            let sample = sample * self.gain;
            if sample.abs() <= SILENCE {
                self.silence.push(sample);
                continue;
            }
            let kept = if self.begun { self.silence.len() } else { self.silence.len().min(lead) };
            ready.extend(self.silence.drain(..).rev().take(kept).collect::<Vec<_>>().into_iter().rev());
            self.begun = true;
            ready.push(limited(sample));
        }
        if ready.is_empty() { ControlFlow::Continue(()) } else { (self.sink)(&ready) }
    }

    /// Ends the sentence with `pause`; one without a sound has none.
    pub(super) fn finish(mut self, pause: Duration) -> ControlFlow<()> {
        if !self.begun {
            return ControlFlow::Continue(());
        }
        self.silence.resize(self.samples_of(pause), 0.0);
        (self.sink)(&self.silence)
    }

    fn samples_of(&self, time: Duration) -> usize {
        (time.as_secs_f64() * f64::from(self.sample_rate)) as usize
    }
}

fn limited(sample: f32) -> f32 {
    let room = 1.0 - KNEE;
    let above = sample.abs() - KNEE;
    if above <= 0.0 { sample } else { (KNEE + room * (above / room).tanh()).copysign(sample) }
}

/// How long a speaker pauses behind a sentence or a part of one, which ends in `mark`.
pub(super) fn pause_after(mark: Option<char>, speed: f32) -> Duration {
    let milliseconds = match mark {
        Some('.' | '!' | '?' | '…') => 280,
        Some(',' | ';' | ':' | '—') => 150,
        _ => 60,
    };
    Duration::from_millis(milliseconds).div_f32(speed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivered(pieces: &[&[f32]], gain: f32, pause: Duration) -> Vec<f32> {
        let mut samples = Vec::new();
        let mut sink = |piece: &[f32]| {
            samples.extend_from_slice(piece);
            ControlFlow::Continue(())
        };
        let mut delivery = Delivery::new(1000, gain, &mut sink);
        for piece in pieces {
            assert!(delivery.push(piece).is_continue());
        }
        assert!(delivery.finish(pause).is_continue());
        samples
    }

    #[test]
    fn silence_goes_and_comes_where_it_should() {
        let sentence = [vec![0.0; 300], vec![0.5], vec![0.0; 40], vec![-0.5], vec![0.0; 500]].concat();
        let expected = [vec![0.0; 10], vec![0.5], vec![0.0; 40], vec![-0.5], vec![0.0; 280]].concat();
        let pause = pause_after(Some('.'), 1.0);
        assert_eq!(delivered(&[&sentence], 1.0, pause), expected);
        for size in [1, 7, 299, 350] {
            let pieces: Vec<&[f32]> = sentence.chunks(size).collect();
            assert_eq!(delivered(&pieces, 1.0, pause), expected, "in pieces of {size}");
        }
        assert_eq!(delivered(&[&[0.5]], 1.0, pause_after(Some(','), 2.0)).len(), 76);
        assert!(delivered(&[&[0.0; 2000]], 1.0, pause).is_empty());
    }

    #[test]
    fn loudness_has_a_limit_that_is_not_heard() {
        let loud: Vec<f32> =
            (-400..=400).map(|step| step as f32 / 100.0).filter(|sample| sample.abs() > SILENCE).collect();
        let limited = delivered(&[&loud], 1.0, Duration::ZERO);
        assert!(limited.iter().all(|sample| sample.abs() <= 1.0));
        assert!(limited.windows(2).all(|pair| pair[0] <= pair[1]), "louder stays louder");
        let soft = [0.1, -0.4, 0.79];
        assert_eq!(delivered(&[&soft], 1.0, Duration::ZERO), soft);
        assert_eq!(delivered(&[&soft], 0.5, Duration::ZERO), soft.map(|sample| sample / 2.0));
    }
}
