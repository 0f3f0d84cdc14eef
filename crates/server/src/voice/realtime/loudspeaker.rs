//! What a client plays, as far as a server can know.

use std::time::Duration;

use tokio::time::Instant;

use super::PCM_RATE;

/// Sound of one item after the other that was sent, and is played from then on without a pause as long as there is some.
pub struct Loudspeaker {
    item: Option<String>,
    sent: u64,
    played: u64,
    /// When that was so.
    at: Instant,
    is_paused: bool,
}

impl Loudspeaker {
    /// A silent one.
    pub fn new(now: Instant) -> Self {
        Self { item: None, sent: 0, played: 0, at: now, is_paused: false }
    }

    /// Samples of an item were sent.
    pub fn send(&mut self, item: &str, samples: usize, now: Instant) {
        self.go_on(now);
        if self.item.as_deref() != Some(item) {
            (self.item, self.sent, self.played) = (Some(item.to_owned()), 0, 0);
        }
        self.sent += samples as u64;
    }

    /// Samples of an item that were played.
    pub fn played(&mut self, item: &str, now: Instant) -> u64 {
        self.go_on(now);
        if self.item.as_deref() == Some(item) { self.played } else { 0 }
    }

    /// Whether something is being heard, or will be.
    pub fn is_playing(&mut self, now: Instant) -> bool {
        self.go_on(now);
        self.played < self.sent
    }

    /// When all that was sent has been played; nobody knows while it pauses.
    pub fn silent_at(&mut self, now: Instant) -> Option<Instant> {
        self.go_on(now);
        let left = Duration::from_secs_f64((self.sent - self.played) as f64 / f64::from(PCM_RATE));
        (!self.is_paused || left.is_zero()).then(|| now + left)
    }

    /// Keeps what it has for later, or goes on with it.
    pub fn pause(&mut self, pauses: bool, now: Instant) {
        self.go_on(now);
        self.is_paused = pauses;
    }

    /// Forgets what it has not played.
    pub fn fall_silent(&mut self, now: Instant) {
        self.pause(false, now);
        self.sent = self.played;
    }

    /// Plays no more of an item.
    pub fn stop(&mut self, item: &str) {
        if self.item.as_deref() == Some(item) {
            (self.item, self.sent, self.played) = (None, 0, 0);
        }
    }

    fn go_on(&mut self, now: Instant) {
        let since = if self.is_paused { Duration::ZERO } else { now.saturating_duration_since(self.at) };
        let samples = since.as_nanos() * u128::from(PCM_RATE) / 1_000_000_000;
        // What is less than a sample counts the next time.
        let rest = since.as_nanos() - samples * 1_000_000_000 / u128::from(PCM_RATE);
        self.at = now.checked_sub(Duration::from_nanos(rest as u64)).unwrap_or(now);
        self.played = self.played.saturating_add(u64::try_from(samples).unwrap_or(u64::MAX));
        if self.played >= self.sent {
            (self.played, self.at) = (self.sent, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sound_is_played_as_it_comes_and_waits_for_more() {
        let start = Instant::now();
        let after = |milliseconds| start + Duration::from_millis(milliseconds);
        let mut loudspeaker = Loudspeaker::new(start);
        loudspeaker.send("a", 12_000, after(100));
        assert_eq!(loudspeaker.played("a", after(350)), 6_000);
        assert_eq!(loudspeaker.silent_at(after(350)), Some(after(600)));
        assert_eq!((loudspeaker.played("a", after(900)), loudspeaker.played("b", after(900))), (12_000, 0));
        // What comes late is not heard before it was there.
        loudspeaker.send("a", 24_000, after(1000));
        assert_eq!(
            (loudspeaker.played("a", after(1500)), loudspeaker.silent_at(after(1500))),
            (24_000, Some(after(2000)))
        );
        loudspeaker.send("b", 2_400, after(1600));
        assert_eq!((loudspeaker.played("a", after(1650)), loudspeaker.played("b", after(1650))), (0, 1_200));
        loudspeaker.fall_silent(after(1675));
        assert_eq!(
            (loudspeaker.played("b", after(1690)), loudspeaker.silent_at(after(1690))),
            (1_800, Some(after(1690)))
        );
        loudspeaker.stop("a");
        assert_eq!(loudspeaker.played("b", after(1700)), 1_800);
        loudspeaker.stop("b");
        assert_eq!((loudspeaker.played("b", after(1700)), loudspeaker.silent_at(after(1700))), (0, Some(after(1700))));
        loudspeaker.send("c", 24_000, after(2000));
        loudspeaker.pause(true, after(2250));
        assert_eq!((loudspeaker.played("c", after(5000)), loudspeaker.silent_at(after(5000))), (6_000, None));
        loudspeaker.pause(false, after(5000));
        assert_eq!(loudspeaker.silent_at(after(5000)), Some(after(5750)));
        assert!(loudspeaker.is_playing(after(5700)) && !loudspeaker.is_playing(after(5800)));
    }
}
