//! Figures of repeated measurements.

use serde::Serialize;

/// What repeats gave.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// The middle, or the mean of the two in the middle.
    pub median: f64,
    /// The smallest.
    pub lowest: f64,
    /// The largest.
    pub highest: f64,
}

impl Summary {
    /// Of some values; `None` of none.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let (lowest, highest) = (*values.first()?, *values.last()?);
        let middle = values.len() / 2;
        let median = if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 };
        Some(Self { median, lowest, highest })
    }
}

/// What so many in a hundred values stay below.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Percentiles {
    /// Half of them.
    pub p50: f64,
    /// Nine in ten.
    pub p90: f64,
    /// Nineteen in twenty.
    pub p95: f64,
}

impl Percentiles {
    /// Of some values; `None` of none.
    pub fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let last = values.len().checked_sub(1)? as f64;
        let [p50, p90, p95] = [0.5, 0.9, 0.95].map(|share| values[(last * share).ceil() as usize]);
        Some(Self { p50, p90, p95 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        let of = |values: &[f64]| Summary::of(values.iter().copied());
        assert_eq!(of(&[3.0, 1.0, 2.0]), Some(Summary { median: 2.0, lowest: 1.0, highest: 3.0 }));
        assert_eq!(of(&[4.0, 1.0, 2.0, 3.0]), Some(Summary { median: 2.5, lowest: 1.0, highest: 4.0 }));
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let values = (0..=20).rev().map(f64::from).collect();
        assert_eq!(Percentiles::of(values), Some(Percentiles { p50: 10.0, p90: 18.0, p95: 19.0 }));
        assert_eq!(Percentiles::of(vec![7.0]), Some(Percentiles { p50: 7.0, p90: 7.0, p95: 7.0 }));
        assert_eq!(Percentiles::of(Vec::new()), None);
    }
}
