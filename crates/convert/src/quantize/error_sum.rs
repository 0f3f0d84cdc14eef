/// Weights whose squares are summed in f32 before they are added up in f64.
const STEP: usize = 32;

/// Difference between weights and their encoded form.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ErrorSum {
    /// Number of weights.
    pub weights: u64,
    /// Largest absolute difference.
    pub max: f64,
    /// Largest absolute weight.
    pub max_weight: f64,
    /// Sum of squared differences.
    pub squares: f64,
    /// Sum of squared weights.
    pub weight_squares: f64,
}

impl ErrorSum {
    /// Takes in weights and what their encoded form decodes to.
    pub(crate) fn add(&mut self, weights: &[f32], mut decoded: impl Iterator<Item = f32>) {
        for weights in weights.chunks(STEP) {
            // Zeros behind a short last chunk change nothing.
            let (mut exact, mut found) = ([0f32; STEP], [0f32; STEP]);
            exact[..weights.len()].copy_from_slice(weights);
            found.iter_mut().zip(decoded.by_ref().take(weights.len())).for_each(|(slot, value)| *slot = value);
            self.add_block(&exact, &found);
        }
        self.weights += weights.len() as u64;
    }

    /// Sums within a block are in f32 and in four lanes, so that they compile to vector instructions.
    fn add_block(&mut self, exact: &[f32; STEP], found: &[f32; STEP]) {
        const LANES: usize = 4;
        let [mut max, mut max_weight, mut squares, mut weight_squares] = [[0f32; LANES]; 4];
        let larger = |a: f32, b: f32| if a > b { a } else { b };
        for (exact, found) in exact.as_chunks::<LANES>().0.iter().zip(found.as_chunks::<LANES>().0) {
            for lane in 0..LANES {
                let (weight, difference) = (exact[lane], exact[lane] - found[lane]);
                max[lane] = larger(difference.abs(), max[lane]);
                max_weight[lane] = larger(weight.abs(), max_weight[lane]);
                squares[lane] += difference * difference;
                weight_squares[lane] += weight * weight;
            }
        }
        let sum = |lanes: [f32; LANES]| lanes.into_iter().map(f64::from).sum::<f64>();
        let largest = |lanes: [f32; LANES]| lanes.into_iter().map(f64::from).fold(0.0, f64::max);
        self.max = self.max.max(largest(max));
        self.max_weight = self.max_weight.max(largest(max_weight));
        self.squares += sum(squares);
        self.weight_squares += sum(weight_squares);
    }

    /// Takes in the sums of other weights.
    pub fn merge(&mut self, other: &Self) {
        self.weights += other.weights;
        self.max = self.max.max(other.max);
        self.max_weight = self.max_weight.max(other.max_weight);
        self.squares += other.squares;
        self.weight_squares += other.weight_squares;
    }

    /// Root mean square of the difference, relative to that of the weights.
    pub fn relative_rms(&self) -> f64 {
        if self.squares == 0.0 { 0.0 } else { (self.squares / self.weight_squares).sqrt() }
    }

    /// Largest difference, relative to the largest weight.
    pub fn relative_max(&self) -> f64 {
        if self.max == 0.0 { 0.0 } else { self.max / self.max_weight }
    }
}
