//! How often something may happen, source by source: token buckets.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::connections::Source;

/// Sources that are remembered; those whose bucket is full again are forgotten first.
const MOST_SOURCES: usize = 4096;

/// A bucket for each source: `burst` at once, and one more every `interval`.
pub struct Rate {
    burst: u32,
    interval: Duration,
    /// When each bucket would be full again.
    full_at: Mutex<HashMap<Source, Instant>>,
}

impl Rate {
    pub fn new(burst: u32, interval: Duration) -> Self {
        Self { burst, interval, full_at: Mutex::default() }
    }

    /// Takes one from the bucket of `source`; how long to wait where it is empty.
    pub fn take(&self, source: Source, now: Instant) -> Result<(), Duration> {
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if full_at.len() >= MOST_SOURCES {
            full_at.retain(|_, full| *full > now);
        }
        if full_at.len() >= MOST_SOURCES {
            full_at.clear();
        }
        let next = self.after_one_more(full_at.get(&source), now)?;
        full_at.insert(source, next);
        Ok(())
    }

    /// Whether there is one in the bucket of `source`; how long to wait where it is empty.
    pub fn allows(&self, source: Source, now: Instant) -> Result<(), Duration> {
        let full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        self.after_one_more(full_at.get(&source), now).map(drop)
    }

    /// When a bucket would be full again with one less in it.
    fn after_one_more(&self, full_at: Option<&Instant>, now: Instant) -> Result<Instant, Duration> {
        let next = full_at.map_or(now, |&full| full.max(now)) + self.interval;
        match next.saturating_duration_since(now + self.interval * self.burst) {
            Duration::ZERO => Ok(next),
            wait => Err(wait),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    fn source(number: u32) -> Source {
        IpAddr::V4(Ipv4Addr::from_bits(number)).into()
    }

    #[test]
    fn a_bucket_empties_and_fills() {
        let (rate, start) = (Rate::new(3, Duration::from_secs(1)), Instant::now());
        for _ in 0..3 {
            assert_eq!(rate.allows(source(1), start), Ok(()));
            assert_eq!(rate.take(source(1), start), Ok(()));
        }
        assert_eq!(rate.take(source(1), start), Err(Duration::from_secs(1)));
        assert_eq!(rate.allows(source(1), start), Err(Duration::from_secs(1)));
        assert_eq!(rate.take(source(2), start), Ok(()), "another's bucket is full");
        let later = start + Duration::from_millis(1500);
        assert_eq!(rate.take(source(1), later), Ok(()));
        assert_eq!(rate.take(source(1), later), Err(Duration::from_millis(500)));
        let much_later = start + Duration::from_secs(3600);
        for _ in 0..3 {
            assert_eq!(rate.take(source(1), much_later), Ok(()));
        }
        assert!(rate.take(source(1), much_later).is_err(), "no bucket holds more than the burst");
    }

    #[test]
    fn memory_is_bounded() {
        let (rate, start) = (Rate::new(1, Duration::from_secs(60)), Instant::now());
        for number in 0..3 * MOST_SOURCES as u32 {
            let _ = rate.take(source(number), start);
            assert!(rate.full_at.lock().unwrap().len() <= MOST_SOURCES);
        }
    }
}
