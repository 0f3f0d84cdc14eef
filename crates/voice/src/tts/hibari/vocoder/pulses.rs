//! The sound of the vocal folds: one pulse per period, made of all harmonics below 11 kHz.

use super::{HOP, SAMPLE_RATE};

/// Below this pitch, in Hz, the folds do not vibrate.
const VOICED: f32 = 40.0;
/// The highest harmonic, in Hz.
const HIGHEST: f32 = 11_000.0;
/// Nearer to the middle of a pulse than this, it has its greatest value.
const MIDDLE: f32 = 2e-3;

/// Samples of the pulses for `pitch`, in Hz, one value in the middle of every [`HOP`] samples.
pub(super) fn pulses(pitch: &[f32]) -> Vec<f32> {
    let mut phase = 0.0_f64;
    let sample = |index: usize| {
        let pitch = interpolated(pitch, index);
        let period_share = pitch.max(VOICED);
        phase += f64::from(period_share);
        if pitch <= VOICED {
            return 0.0;
        }
        let turn = (phase / f64::from(SAMPLE_RATE)).fract() * std::f64::consts::TAU;
        pulse(turn as f32, (HIGHEST / pitch).floor())
    };
    (0..pitch.len() * HOP).map(sample).collect()
}

/// The sum of cos(k·angle) for k from 1 to `harmonics`.
fn pulse(angle: f32, harmonics: f32) -> f32 {
    let order = harmonics + 0.5;
    let divisor = 2.0 * (angle * 0.5).sin();
    // The closed form of the sum, and its limit.
    let sum = if divisor.abs() <= MIDDLE { order } else { (order * angle).sin() / divisor };
    sum - 0.5
}

/// The pitch at a sample, on straight lines between the middles of the hops.
fn interpolated(pitch: &[f32], index: usize) -> f32 {
    let at = |frame: usize| pitch[frame.min(pitch.len() - 1)];
    let (frame, within) = (index / HOP, index % HOP);
    let share = ((within as f32 + 0.5) / HOP as f32 - 0.5).rem_euclid(1.0);
    let (left, right) =
        if within < HOP / 2 { (at(frame.saturating_sub(1)), at(frame)) } else { (at(frame), at(frame + 1)) };
    left * (1.0 - share) + right * share
}

#[cfg(test)]
mod tests {
    use std::f32::consts::PI;

    use super::*;

    #[test]
    fn a_pulse_is_the_sum_of_its_harmonics() {
        for harmonics in [1, 7, 90] {
            for angle in [0.0_f32, 1e-3, 0.5, PI, 6.0] {
                let sum: f32 = (1..=harmonics).map(|k| (k as f32 * angle).cos()).sum();
                let closed = pulse(angle, harmonics as f32);
                assert!((closed - sum).abs() < 0.01 * harmonics as f32, "{harmonics} at {angle}: {closed}, not {sum}");
            }
        }
    }

    #[test]
    fn pitch_gives_as_many_pulses_and_its_absence_silence() {
        let hundred_hertz = pulses(&[100.0; 80]);
        // A pulse of 110 harmonics is 110 in its middle, and no other sample of the period comes near.
        let peaks = hundred_hertz.windows(3).filter(|w| w[1] > 60.0 && w[1] >= w[0] && w[1] > w[2]).count();
        assert!((99..=100).contains(&peaks), "{peaks}");
        assert!(pulses(&[0.0, 39.0, 12.0]).iter().all(|&sample| sample == 0.0));
        assert!(pulses(&[]).is_empty());
    }
}
