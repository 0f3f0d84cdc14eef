/// A matrix of logits: `rows` rows of `width` values.
#[derive(Clone, Debug, PartialEq)]
pub struct Logits {
    /// Values, row by row.
    pub values: Vec<f32>,
    /// Values in a row: the size of the vocabulary.
    pub width: usize,
}

impl Logits {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.values.len() / self.width
    }

    /// One row.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.width..][..self.width]
    }

    /// The last `count` rows.
    ///
    /// # Panics
    /// When there are fewer.
    pub fn tail(&self, count: usize) -> Self {
        Self { values: self.values[(self.rows() - count) * self.width..].to_vec(), width: self.width }
    }

    /// Index of the largest value of a row (the first of equal ones).
    ///
    /// # Panics
    /// When there is no such row.
    pub fn top1(&self, row: usize) -> usize {
        let row = self.row(row);
        (1..row.len()).fold(0, |best, index| if row[index] > row[best] { index } else { best })
    }

    /// Natural logarithm of the probability that softmax gives to `index` in a row, computed in f64.
    ///
    /// # Panics
    /// When there is no such row or index.
    pub fn log_probability(&self, row: usize, index: usize) -> f64 {
        let row = self.row(row);
        let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let sum: f64 = row.iter().map(|&value| f64::from(value - largest).exp()).sum();
        f64::from(row[index] - largest) - sum.ln()
    }
}

/// How far logits may lie from PyTorch's f32 ones, as a share of the largest logit of the reference.
///
/// A share of the largest value, since f16 has a fixed number of significant bits and a small logit is the difference of
/// large terms. The unit is u = 2^-11, half a step of f16 relative to the value. Errors of different roundings are
/// independent, so they add as squares; a bound over thousands of values is four deviations.
///
/// The bounds are chosen from measurement: the largest error over the fixtures and ways to cut a prompt, and up to half as
/// much again. The estimates beside them say what sizes the roundings explain; they were not made before measuring.
///
/// The packages hold rotary frequencies rounded to f16, the references of the short fixtures do not: up to u/2 of each
/// frequency, which turns the angles of position 8 by 8·u/2 = 4u. That is part of the first two.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tolerance {
    /// Arithmetic in f32 with what the interface holds in f16: the caches (one rounding of each key and value, u each)
    /// and the logits (u): 4 deviations of u/√3 from three sources make 4u, with the rotary term √(4² + 4²) = 6u.
    /// Measured: 4.2u (`gemma-fp16`).
    Exact,
    /// Every value of the program rounded to f16. The residual path of the two-layer fixtures has about 30 roundings
    /// that reach a logit: 4·√30·u/√3 = 12.6u, with the rotary term √(12.6² + 4²) = 13u. Measured: 8.3u (`gemma-fp16`).
    F16,
    /// Activations in int8 per block of 32: a step is amax/127 and amax two deviations, so the error is 0.47 % of the
    /// deviation. Nine products lie between input and logits: √9·0.47 % = 1.4 %. Random weights make sharp attention:
    /// scores of 6 are off by 6·√2·0.47 % = 4 %, which is the error of their probabilities, in two layers of which a half
    /// is attention: √2·4 %/2 = 2.8 %. Together 3.2 % of the deviation of the logits, which is 1/3.5 of the largest.
    /// Five deviations, since a product of two erring factors has long tails: 4.6 %, taken as 100u. Measured: 74u
    /// (`llama-int4`).
    Int8Activations,
}

/// Half a step of f16, relative to the value.
const U: f32 = 1.0 / 2048.0;

impl Tolerance {
    /// The bound as a share of the largest reference value.
    pub fn share(self) -> f32 {
        match self {
            Self::Exact => 6.0 * U,
            Self::F16 => 13.0 * U,
            Self::Int8Activations => 100.0 * U,
        }
    }
}

/// Checks that every value is finite and no further from the reference than `share` of the largest reference value. Gives
/// the largest error, as such a share.
///
/// # Errors
/// A message that says which value is too far, by how much, and how the rest fares.
pub fn check_close(found: &Logits, expected: &Logits, share: f32) -> Result<f32, String> {
    if (found.rows(), found.width) != (expected.rows(), expected.width) {
        let (found, expected) = ((found.rows(), found.width), (expected.rows(), expected.width));
        return Err(format!("{found:?} rows and columns instead of {expected:?}"));
    }
    let largest = expected.values.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
    let bound = share * largest;
    // NaN counts as infinitely far.
    let error = |(found, expected): (&f32, &f32)| {
        let error = (found - expected).abs();
        if error.is_nan() { f32::INFINITY } else { error }
    };
    let errors: Vec<f32> = found.values.iter().zip(&expected.values).map(error).collect();
    let worst = (0..errors.len()).fold(0, |worst, index| if errors[index] > errors[worst] { index } else { worst });
    if errors[worst] <= bound {
        return Ok(errors[worst] / largest);
    }
    let outside = errors.iter().filter(|&&error| error > bound).count();
    let square = errors.iter().map(|&error| f64::from(error).powi(2)).sum::<f64>() / errors.len() as f64;
    Err(format!(
        "{outside} of {} values are more than {bound:.5} from the reference ({share:.5} of the largest, \
         {largest:.3}). Worst: row {}, column {}: {} instead of {}, {:.5} of the largest. Root mean square: {:.5}",
        errors.len(),
        worst / found.width,
        worst % found.width,
        found.values[worst],
        expected.values[worst],
        errors[worst] / largest,
        square.sqrt(),
    ))
}

/// [`check_close`] within a tolerance, as an assertion.
///
/// # Panics
/// With the message of [`check_close`], after `what`.
pub fn assert_close(found: &Logits, expected: &Logits, tolerance: Tolerance, what: &str) {
    if let Err(error) = check_close(found, expected, tolerance.share()) {
        panic!("{what}: {tolerance:?}: {error}");
    }
}

/// Counts how often the likeliest token is the reference's.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Agreement {
    /// Positions compared.
    pub positions: usize,
    /// Positions with the same likeliest token.
    pub same: usize,
    /// Positions whose likeliest token differs although the reference's margin is above the bound given.
    pub clear_misses: usize,
    /// The largest margin of the reference among the positions that differ.
    pub largest_missed_margin: f32,
}

impl Agreement {
    /// Adds one position: the token found, the reference's token and its margin over the runner-up, both in logits.
    pub fn add(&mut self, found: usize, expected: usize, margin: f32, clear: f32) {
        self.positions += 1;
        if found == expected {
            self.same += 1;
            return;
        }
        self.largest_missed_margin = self.largest_missed_margin.max(margin);
        if margin > clear {
            self.clear_misses += 1;
        }
    }

    /// Share of positions that agree, 0 to 1.
    pub fn share(&self) -> f64 {
        self.same as f64 / self.positions.max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logits(values: &[f32]) -> Logits {
        Logits { values: values.to_vec(), width: 2 }
    }

    #[test]
    fn close_values_pass() {
        let share = check_close(&logits(&[8.0, -4.01]), &logits(&[8.0, -4.0]), 0.002).unwrap();
        assert!((share - 0.01 / 8.0).abs() < 1e-6, "{share}");
    }

    #[test]
    fn a_far_value_is_named() {
        let found = logits(&[8.0, 0.0, 1.5, 0.0]);
        let error = check_close(&found, &logits(&[8.0, 0.0, 1.0, 0.0]), 0.05).unwrap_err();
        assert!(error.starts_with("1 of 4 values") && error.contains("row 1, column 0: 1.5 instead of 1,"), "{error}");
    }

    #[test]
    fn nan_is_far_from_everything() {
        let error = check_close(&logits(&[1.0, f32::NAN]), &logits(&[1.0, 1.0]), 0.05).unwrap_err();
        assert!(error.contains("row 0, column 1: NaN"), "{error}");
    }

    #[test]
    fn sizes_are_compared_first() {
        assert!(check_close(&logits(&[1.0, 1.0]), &logits(&[1.0; 4]), 0.05).is_err());
    }

    #[test]
    fn log_probabilities_are_those_of_softmax() {
        let row = logits(&[2.0f32.ln() + 100.0, 100.0]);
        assert!((row.log_probability(0, 0) - (2.0f64 / 3.0).ln()).abs() < 1e-6);
        assert!((row.log_probability(0, 1) - (1.0f64 / 3.0).ln()).abs() < 1e-6);
        assert_eq!(row.top1(0), 0);
    }

    #[test]
    fn agreement_counts_clear_misses_apart() {
        let mut agreement = Agreement::default();
        agreement.add(1, 1, 0.0, 0.1);
        agreement.add(1, 2, 0.05, 0.1);
        agreement.add(1, 2, 0.2, 0.1);
        let expected = Agreement { positions: 3, same: 1, clear_misses: 1, largest_missed_margin: 0.2 };
        assert_eq!(agreement, expected);
    }
}
