//! Logarithmic axes.

/// Maps values to pixels by their logarithm.
pub struct Scale {
    /// Smallest and largest value.
    low: f64,
    high: f64,
    /// Where they are.
    from: f64,
    to: f64,
}

impl Scale {
    /// An axis from pixel `from` to `to` that holds all `values`; 1 to 10 when there are none.
    pub fn over(values: impl IntoIterator<Item = f64>, from: f64, to: f64) -> Self {
        let (mut low, mut high) = (f64::INFINITY, 0.0f64);
        for value in values {
            (low, high) = (low.min(value), high.max(value));
        }
        if low > high {
            (low, high) = (1.0, 10.0);
        }
        Self { low, high, from, to }
    }

    /// The same axis from tick to tick.
    pub fn rounded(self) -> Self {
        let all = || steps(self.low, self.high);
        let low = all().filter(|&step| step <= self.low).fold(f64::NAN, f64::max);
        let high = all().filter(|&step| step >= self.high).fold(f64::NAN, f64::min);
        Self { low, high, ..self }
    }

    /// The pixel of a value.
    pub fn at(&self, value: f64) -> f64 {
        if self.low == self.high {
            return (self.from + self.to) / 2.0;
        }
        self.from + (self.to - self.from) * (value / self.low).ln() / (self.high / self.low).ln()
    }

    /// Round values along the axis: 1, 2 and 5 of every power of ten, or over more than two powers those alone.
    pub fn ticks(&self) -> impl Iterator<Item = f64> {
        let wide = self.high / self.low > 200.0;
        let is_power = |step: &f64| step.log10().fract().abs() < 1e-9;
        let (low, high) = (self.low * (1.0 - 1e-9), self.high * (1.0 + 1e-9));
        steps(self.low, self.high).filter(move |step| (low..=high).contains(step) && (!wide || is_power(step)))
    }
}

/// 1, 2 and 5 times the powers of ten around `low..=high`.
fn steps(low: f64, high: f64) -> impl Iterator<Item = f64> {
    let powers = low.log10().floor() as i32..=high.log10().ceil() as i32;
    // Dividing keeps 0.1 what it is written as.
    let power = |exponent: i32| {
        move |digit: f64| {
            if exponent < 0 { digit / 10f64.powi(-exponent) } else { digit * 10f64.powi(exponent) }
        }
    };
    powers.flat_map(move |exponent| [1.0, 2.0, 5.0].map(power(exponent)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_ends_and_factors_are_distances() {
        let scale = Scale::over([8.0, 2.0, 4.0], 100.0, 200.0);
        assert_eq!([2.0, 4.0, 8.0].map(|value| scale.at(value)), [100.0, 150.0, 200.0]);
        assert_eq!(Scale::over([3.0], 0.0, 10.0).at(3.0), 5.0);
    }

    #[test]
    fn axes_end_at_round_values() {
        let ticks =
            |values: &[f64]| Scale::over(values.iter().copied(), 0.0, 1.0).rounded().ticks().collect::<Vec<_>>();
        assert_eq!(ticks(&[0.3, 3.0]), [0.2, 0.5, 1.0, 2.0, 5.0]);
        assert_eq!(ticks(&[0.19, 300.0]), [0.1, 1.0, 10.0, 100.0]);
        assert_eq!(ticks(&[1.0, 100.0]), [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0]);
        assert_eq!(ticks(&[]), [1.0, 2.0, 5.0, 10.0]);
    }
}
