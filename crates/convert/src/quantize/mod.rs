//! Weights in the forms that a package holds them: f16, or integer codes with an f16 scale per block of a row.
//!
//! A form is Core ML's `constexpr_blockwise_shift_scale`: `weight = scale·(code − offset)`, blocks along the input axis.

mod carry;
mod descent;
mod error_sum;
mod expected_inputs;
mod moments;
mod residual;
mod round;

pub(crate) use descent::Metric;
pub use error_sum::ErrorSum;
pub(crate) use expected_inputs::ExpectedInputs;
use half::{f16, slice::HalfFloatSliceExt};
pub use moments::{Calibration, CalibrationError, OutputMoments, Rounded, SecondMoments};
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
    /// Symmetric 4-bit codes, one scale per block of 32, the one that loses least.
    Int4,
    /// The same with the scale that maps the largest weight to 7, as coremltools' `linear_symmetric` has it: for
    /// comparison.
    Int4Plain,
}

impl std::fmt::Display for Quantize {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Keep => "keep",
            Self::F16 => "f16",
            Self::Int8 => "int8",
            Self::Int4 => "int4",
            Self::Int4Plain => "int4-plain",
        })
    }
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
    /// The same, int4 without a search for the scale.
    RoundPlain,
}

/// Weights per scale of the forms that weights are rounded to.
const BLOCK: usize = 32;

/// Encodes the rows of one weight.
pub(crate) struct Encoder {
    source: WeightFormat,
    method: Method,
    form: Form,
    row_len: usize,
    /// How much the errors of the weights of a row count, where it is known.
    importance: Option<Vec<f32>>,
    metric: Option<Metric>,
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

impl Encoder {
    /// An encoder for rows of `row_len` weights stored as `source`. Rows that no whole number of blocks fills become f16.
    pub(crate) fn new(source: WeightFormat, row_len: usize, quantize: Quantize) -> Self {
        let blocks = |codes| Form::Blocks { codes, block: BLOCK, offsets: false };
        let form = match quantize {
            Quantize::Keep if !source.is_float() => carry::form(source),
            Quantize::Int8 => blocks(DType::I8),
            Quantize::Int4 | Quantize::Int4Plain => blocks(DType::I4),
            Quantize::Keep | Quantize::F16 => Form::F16,
        };
        let fits = match form {
            Form::F16 => true,
            Form::Blocks { block, .. } => row_len.is_multiple_of(block),
        };
        let form = if fits { form } else { Form::F16 };
        // Codes in the form that is asked for are not rounded again.
        let carried = !source.is_float() && form == carry::form(source);
        let method = match quantize {
            _ if carried => Method::Carry,
            Quantize::Int4Plain => Method::RoundPlain,
            _ => Method::Round,
        };
        Self { source, method, form, row_len, importance: None, metric: None }
    }

    /// Whether knowing its inputs can make the encoder lose less.
    pub(crate) fn looks_at_inputs(&self) -> bool {
        self.method == Method::Round && matches!(self.form, Form::Blocks { codes: DType::I4, .. })
    }

    /// From now on the squared error of each weight of a row counts as much as `squares` says of its input.
    pub(crate) fn weigh_by(&mut self, squares: Vec<f32>) {
        self.importance = Some(squares);
    }

    /// From now on the error that counts is that of the products with inputs, not that of the weights.
    pub(crate) fn measure_by(&mut self, metric: Metric) {
        self.metric = Some(metric);
    }

    /// Number of rows that have to be encoded together, if it matters.
    pub(crate) fn rows_together(&self) -> Option<usize> {
        self.metric.as_ref().and_then(Metric::rows_together)
    }

    /// Number of rows that should be encoded together at least.
    pub(crate) fn fewest_rows(&self) -> usize {
        if self.metric.is_some() { Metric::FEWEST_ROWS } else { 1 }
    }

    /// The form of the result.
    pub(crate) fn form(&self) -> Form {
        self.form
    }

    /// Encodes whole rows from row `first` on, given as stored and as f32, into `out`, which is cleared first; adds their error to
    /// `errors`.
    ///
    /// All weights must be finite as f16.
    pub(crate) fn encode(
        &self,
        first: usize,
        (stored, weights): (&[u8], &[f32]),
        out: &mut Encoded,
        errors: &mut ErrorSum,
    ) {
        out.data.clear();
        out.scales.clear();
        out.offsets.clear();
        debug_assert!(weights.len().is_multiple_of(self.row_len));
        match (self.form, self.method) {
            (Form::F16, _) => {
                let mut halves = vec![f16::ZERO; weights.len()];
                halves.convert_from_f32_slice(weights);
                out.data.extend(halves.iter().flat_map(|half| half.to_le_bytes()));
                errors.add(weights, halves.iter().map(|half| half.to_f32()));
            }
            (Form::Blocks { codes: dtype, block, .. }, Method::Round | Method::RoundPlain) => {
                let mut codes = vec![0; weights.len()];
                let blocks = weights.chunks_exact(block).zip(codes.chunks_exact_mut(block)).enumerate();
                let mut scales: Vec<f16> = blocks
                    .map(|(index, (weights, codes))| match dtype {
                        DType::I4 if self.method == Method::RoundPlain => round::int4_plain(weights, codes),
                        DType::I4 => round::int4(weights, self.importance(index), codes),
                        _ => round::int8(weights, codes),
                    })
                    .collect();
                if let Some(metric) = &self.metric {
                    metric.descend(first, weights, &mut codes, &mut scales);
                }
                for ((weights, codes), scale) in weights.chunks_exact(block).zip(codes.chunks_exact(block)).zip(scales)
                {
                    out.push(dtype, codes, scale, None);
                    errors.add(weights, decode(codes, scale, f16::ZERO));
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

impl Encoder {
    /// How much the errors of the weights of a block count, which is given by its number from the beginning of a row on.
    fn importance(&self, block: usize) -> &[f32] {
        match self.metric.as_ref().map(Metric::squares).or(self.importance.as_deref()) {
            Some(squares) => &squares[block % (self.row_len / BLOCK) * BLOCK..][..BLOCK],
            None => &[1.0; BLOCK],
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

/// What rounding does to one row of weights, a whole number of blocks long and finite as f16.
pub fn weight_error(weights: &[f32], quantize: Quantize) -> ErrorSum {
    let mut errors = ErrorSum::default();
    let encoder = Encoder::new(WeightFormat::F32, weights.len(), quantize);
    encoder.encode(0, (bytemuck::cast_slice(weights), weights), &mut Encoded::default(), &mut errors);
    errors
}

/// The first weight that is not finite as f16: from 65,520 on, halfway to what would be the next value, f16 is infinite.
pub(crate) fn first_not_finite(weights: &[f32]) -> Option<f32> {
    let finite = |weight: f32| weight.abs() < 65520.0;
    weights.iter().copied().find(|&weight| !finite(weight))
}

#[cfg(test)]
mod tests;
