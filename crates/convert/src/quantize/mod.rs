//! Weights in the forms that a package holds them: f16, or integer codes with an f16 scale per block of a row.
//!
//! A form is Core ML's `constexpr_blockwise_shift_scale`: `weight = scale·(code − offset)`, blocks along the input axis.

mod carry;
mod round;

use half::f16;
use sottovoce_tensor::DType;

use crate::weights::{BlockGroups, WeightFormat, unpack_block};

/// What to do with the weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quantize {
    /// Quantised weights keep their codes and scales, in the form nearest to theirs; floats become f16.
    #[default]
    Keep,
    /// f16 for all.
    F16,
    /// Symmetric 8-bit codes, one scale per block of 32.
    Int8,
    /// Symmetric 4-bit codes, one scale per block of 32.
    Int4,
}

/// The form of a weight in the package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Form {
    /// Plain f16.
    F16,
    /// Integer codes in blocks.
    Blocks {
        /// Type of the codes: int4, uint4, int8 or uint8.
        codes: DType,
        /// Weights per scale.
        block: usize,
        /// True with an f16 offset per block: `scale·(code − offset)` rather than `scale·code`.
        offsets: bool,
    },
}

impl std::fmt::Display for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::F16 => f.write_str("f16"),
            Self::Blocks { codes, block, offsets } => {
                let offsets = if *offsets { " with offsets" } else { "" };
                write!(f, "{codes} per block of {block}{offsets}")
            }
        }
    }
}

/// How a weight gets into its form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    /// Codes and scales of the source are carried over.
    Carry,
    /// Weights are rounded to the form.
    Round,
}

/// Weights per scale of the forms that weights are rounded to, and per step of the error sums.
const BLOCK: usize = 32;

/// Encodes the rows of one weight.
pub(crate) struct Encoder {
    source: WeightFormat,
    method: Method,
    form: Form,
    row_len: usize,
}

/// Encoded rows, codes packed as the package holds them.
#[derive(Debug, Default)]
pub(crate) struct Encoded {
    /// f16 values or packed codes, little-endian.
    pub data: Vec<u8>,
    /// Scales, one per block.
    pub scales: Vec<f16>,
    /// Offsets, one per block, where the form has them.
    pub offsets: Vec<f16>,
}

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
        for weights in weights.chunks(BLOCK) {
            // Zeros behind a short last chunk change nothing.
            let (mut exact, mut found) = ([0f32; BLOCK], [0f32; BLOCK]);
            exact[..weights.len()].copy_from_slice(weights);
            found.iter_mut().zip(decoded.by_ref().take(weights.len())).for_each(|(slot, value)| *slot = value);
            self.add_block(&exact, &found);
        }
        self.weights += weights.len() as u64;
    }

    /// Sums within a block are in f32 and in four lanes, so that they compile to vector instructions.
    fn add_block(&mut self, exact: &[f32; BLOCK], found: &[f32; BLOCK]) {
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

impl Encoder {
    /// An encoder for rows of `row_len` weights stored as `source`. Rows that no whole number of blocks fills become f16.
    pub(crate) fn new(source: WeightFormat, row_len: usize, quantize: Quantize) -> Self {
        let rounded = |codes| (Method::Round, Form::Blocks { codes, block: BLOCK, offsets: false });
        let (method, form) = match quantize {
            Quantize::Keep if !source.is_float() => (Method::Carry, carry::form(source)),
            Quantize::Int8 => rounded(DType::I8),
            Quantize::Int4 => rounded(DType::I4),
            Quantize::Keep | Quantize::F16 => (Method::Round, Form::F16),
        };
        let fits = match form {
            Form::F16 => true,
            Form::Blocks { block, .. } => row_len.is_multiple_of(block),
        };
        if fits {
            Self { source, method, form, row_len }
        } else {
            Self { source, method: Method::Round, form: Form::F16, row_len }
        }
    }

    /// The form of the result.
    pub(crate) fn form(&self) -> Form {
        self.form
    }

    /// Encodes whole rows, given as stored and as f32, into `out`, which is cleared first; adds their error to `errors`.
    ///
    /// All weights must be finite as f16.
    pub(crate) fn encode(&self, stored: &[u8], weights: &[f32], out: &mut Encoded, errors: &mut ErrorSum) {
        out.data.clear();
        out.scales.clear();
        out.offsets.clear();
        debug_assert!(weights.len().is_multiple_of(self.row_len));
        match (self.form, self.method) {
            (Form::F16, _) => {
                out.data.extend(weights.iter().flat_map(|&weight| f16::from_f32(weight).to_le_bytes()));
                errors.add(weights, weights.iter().map(|&weight| f16::from_f32(weight).to_f32()));
            }
            (Form::Blocks { codes, block, .. }, Method::Round) => {
                let round = if codes == DType::I4 { round::int4 } else { round::int8 };
                for weights in weights.chunks_exact(block) {
                    let mut buffer = [0; BLOCK];
                    let scale = round(weights, &mut buffer[..block]);
                    out.push(codes, &buffer[..block], scale, None);
                    errors.add(weights, decode(&buffer[..block], scale, f16::ZERO));
                }
            }
            (Form::Blocks { codes, block, offsets }, Method::Carry) => {
                let mut unpacked = BlockGroups::new();
                let blocks = stored.chunks_exact(self.source.block_bytes());
                for (stored, weights) in blocks.zip(weights.chunks_exact(self.source.block_len())) {
                    unpack_block(self.source, stored, &mut unpacked);
                    let groups = unpacked.codes.chunks_exact_mut(block).zip(&unpacked.groups);
                    for (weights, (buffer, group)) in weights.chunks_exact(block).zip(groups) {
                        let (scale, offset) = carry::group(*group, buffer, offsets);
                        out.push(codes, buffer, scale, offsets.then_some(offset));
                        errors.add(weights, decode(buffer, scale, offset));
                    }
                }
            }
        }
    }
}

fn decode(codes: &[i8], scale: f16, offset: f16) -> impl Iterator<Item = f32> {
    codes.iter().map(move |&code| scale.to_f32() * (f32::from(code) - offset.to_f32()))
}

impl Encoded {
    fn push(&mut self, dtype: DType, codes: &[i8], scale: f16, offset: Option<f16>) {
        if dtype.is_sub_byte() {
            self.data.extend(codes.chunks_exact(2).map(|pair| pair[0] as u8 & 0x0f | (pair[1] as u8) << 4));
        } else {
            self.data.extend(codes.iter().map(|&code| code as u8));
        }
        self.scales.push(scale);
        self.offsets.extend(offset);
    }
}

/// The first weight that is not finite as f16.
pub(crate) fn first_not_finite(weights: &[f32]) -> Option<f32> {
    weights.iter().copied().find(|weight| !f16::from_f32(*weight).is_finite())
}

#[cfg(test)]
mod tests;
