/// Rotary position embedding of a layer (Su et al. 2021): at position p, pair i of a head turns by p times the frequency
/// theta^(−2i ∕ dims).
#[derive(Clone, Debug, PartialEq)]
pub struct Rope {
    /// Base of the frequencies.
    pub theta: f64,
    /// Elements of a head that turn, its first ones, an even number; the others stay as they are.
    pub dims: usize,
    /// How a model was stretched to contexts longer than it began with.
    pub scaling: Option<RopeScaling>,
}

/// A change of the frequencies for longer contexts.
#[derive(Clone, Debug, PartialEq)]
pub struct RopeScaling {
    /// What the frequency of each pair is divided by.
    pub divisors: Vec<f32>,
    /// The divisors of packages for contexts longer than the model began with, where they are others.
    pub long: Option<LongContext>,
    /// Factor of both cosines and sines.
    pub amplitude: f32,
}

/// Divisors of longer contexts.
#[derive(Clone, Debug, PartialEq)]
pub struct LongContext {
    /// Positions up to which the other divisors are used.
    pub beyond: usize,
    /// What the frequency of each pair is divided by.
    pub divisors: Vec<f32>,
}

/// Parameters of the scaling of Llama 3.1, by their names in `config.json`.
pub(crate) struct Llama3Scaling {
    pub factor: f64,
    pub low_freq_factor: f64,
    pub high_freq_factor: f64,
    pub original_context: f64,
}

impl Rope {
    /// Frequencies as they are, over whole heads.
    pub fn plain(theta: f64, head_dim: usize) -> Self {
        Self { theta, dims: head_dim, scaling: None }
    }

    /// Every frequency divided by `factor` (kaiokendev 2023; Chen et al. 2023).
    pub(crate) fn linear(self, factor: f64) -> Self {
        let divisors = vec![factor as f32; self.dims / 2];
        self.divided(divisors)
    }

    /// Low frequencies divided by a factor, high ones as they are, those between interpolated (Llama 3.1, 2024).
    pub(crate) fn llama3(self, scaling: &Llama3Scaling) -> Self {
        let Llama3Scaling { factor, low_freq_factor: low, high_freq_factor: high, original_context } = *scaling;
        let divisor = |pair| {
            let turns = original_context * self.frequency(pair) / std::f64::consts::TAU;
            let share = ((turns - low) / (high - low)).clamp(0.0, 1.0);
            (1.0 / ((1.0 - share) / factor + share)) as f32
        };
        let divisors = (0..self.dims / 2).map(divisor).collect();
        self.divided(divisors)
    }

    /// The frequency of each pair divided by a number of its own.
    pub(crate) fn divided(self, divisors: Vec<f32>) -> Self {
        Self { scaling: Some(RopeScaling { divisors, long: None, amplitude: 1.0 }), ..self }
    }

    /// The frequencies of a package with room for `context` positions, dims ∕ 2 of them.
    ///
    /// transformers and llama.cpp change to the long divisors when a sequence grows beyond the first context. Keys that
    /// are in the cache by then have turned by the short ones; a package has one set, so it is chosen by the room it has.
    pub(crate) fn frequencies(&self, context: usize) -> Vec<f32> {
        let divisors = self.scaling.as_ref().map(|scaling| match &scaling.long {
            Some(long) if context > long.beyond => &long.divisors,
            _ => &scaling.divisors,
        });
        let divisor = |pair: usize| divisors.map_or(1.0, |divisors| f64::from(divisors[pair]));
        (0..self.dims / 2).map(|pair| (self.frequency(pair) / divisor(pair)) as f32).collect()
    }

    /// Factor of both cosines and sines.
    pub(crate) fn amplitude(&self) -> f32 {
        self.scaling.as_ref().map_or(1.0, |scaling| scaling.amplitude)
    }

    fn frequency(&self, pair: usize) -> f64 {
        self.theta.powf(-2.0 * pair as f64 / self.dims as f64)
    }

    /// Checks that it fits heads of that size. Errors are sentences.
    pub(super) fn check(&self, head_dim: usize) -> Result<(), String> {
        let positive = |value: f64| value.is_finite() && value > 0.0;
        if !self.dims.is_multiple_of(2) || !(2..=head_dim).contains(&self.dims) {
            return Err(format!("{} of {head_dim} elements of a head turn; rotary embedding pairs halves", self.dims));
        }
        if !positive(self.theta) {
            return Err(format!("rotary base {} is not a positive number", self.theta));
        }
        let Some(RopeScaling { divisors, long, amplitude }) = &self.scaling else { return Ok(()) };
        for divisors in [Some(divisors), long.as_ref().map(|long| &long.divisors)].into_iter().flatten() {
            if divisors.len() != self.dims / 2 {
                let (found, expected) = (divisors.len(), self.dims / 2);
                return Err(format!("rotary scaling has {found} factors for {expected} frequencies"));
            }
            if let Some(divisor) = divisors.iter().find(|divisor| !positive(f64::from(**divisor))) {
                return Err(format!("rotary scaling factor {divisor} is not a positive number"));
            }
        }
        if !positive(f64::from(*amplitude)) {
            return Err(format!("rotary attention factor {amplitude} is not a positive number"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn llama3_leaves_high_frequencies_and_divides_low_ones() {
        let scaling =
            Llama3Scaling { factor: 8.0, low_freq_factor: 1.0, high_freq_factor: 4.0, original_context: 8192.0 };
        let rope = Rope::plain(500_000.0, 128).llama3(&scaling);
        let divisors = rope.scaling.unwrap().divisors;
        // Wavelengths of 2π·500000^(pair ∕ 64): below 8192 ∕ 4 up to pair 28, above 8192 from pair 35 on.
        assert!(divisors[..=28].iter().all(|&divisor| divisor == 1.0), "{divisors:?}");
        assert!(divisors[29..35].windows(2).all(|pair| 1.0 < pair[0] && pair[0] < pair[1]), "{divisors:?}");
        assert!(divisors[35..].iter().all(|&divisor| divisor == 8.0), "{divisors:?}");
    }

    #[test]
    fn long_divisors_are_for_longer_contexts() {
        let long = Some(LongContext { beyond: 4096, divisors: vec![4.0; 2] });
        let scaling = Some(RopeScaling { divisors: vec![2.0; 2], long, amplitude: 1.5 });
        let rope = Rope { scaling, ..Rope::plain(16.0, 4) };
        assert_eq!(rope.frequencies(4096), [0.5, 0.125]);
        assert_eq!(rope.frequencies(4097), [0.25, 0.0625]);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let plain = Rope::plain(10_000.0, 8);
        assert_eq!(plain.check(8), Ok(()));
        for (rope, part) in [
            (Rope { dims: 10, ..plain.clone() }, "10 of 8 elements"),
            (Rope { dims: 7, ..plain.clone() }, "7 of 8 elements"),
            (Rope { dims: 0, ..plain.clone() }, "0 of 8 elements"),
            (Rope { theta: f64::NAN, ..plain.clone() }, "rotary base NaN"),
            (plain.clone().divided(vec![1.0; 3]), "3 factors for 4 frequencies"),
            (plain.clone().linear(0.0), "factor 0 is not a positive"),
            (
                Rope { scaling: Some(RopeScaling { divisors: vec![1.0; 4], long: None, amplitude: -1.0 }), ..plain },
                "attention factor -1",
            ),
        ] {
            let error = rope.check(8).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }
}
