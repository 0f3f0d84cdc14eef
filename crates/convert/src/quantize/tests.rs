use proptest::prelude::*;

use super::*;
use crate::weights::dequantise;

fn encode(source: WeightFormat, stored: &[u8], row_len: usize, quantize: Quantize) -> (Encoded, ErrorSum, Form) {
    let mut weights = Vec::new();
    dequantise(source, stored, &mut weights);
    let (mut out, mut errors) = (Encoded::default(), ErrorSum::default());
    let encoder = Encoder::new(source, row_len, quantize);
    encoder.encode(0, (stored, &weights), &mut out, &mut errors);
    (out, errors, encoder.form())
}

fn floats(weights: &[f32]) -> Vec<u8> {
    weights.iter().flat_map(|weight| weight.to_le_bytes()).collect()
}

/// A block of ggml's with f16 fields in front and `tail` after them.
fn block(halves: &[f32], tail: &[u8]) -> Vec<u8> {
    let mut bytes: Vec<u8> = halves.iter().flat_map(|&half| f16::from_f32(half).to_le_bytes()).collect();
    bytes.extend_from_slice(tail);
    bytes
}

#[test]
fn q4_0_is_carried_bit_for_bit() {
    // Low nibbles are weights 0..16, high nibbles 16..32: byte i holds code i below and 15 − i above.
    let tail: Vec<u8> = (0..16u8).map(|i| i | (15 - i) << 4).collect();
    let (out, errors, form) = encode(WeightFormat::Q4_0, &block(&[-0.25], &tail), 32, Quantize::Keep);
    assert_eq!(form, Form::Blocks { codes: DType::I4, block: 32, offsets: false });
    assert_eq!(out.scales, [f16::from_f32(-0.25)]);
    assert!(out.offsets.is_empty());
    // Codes lose 8 and are packed low bits first: −8, −7 is 0x98.
    assert_eq!(
        out.data,
        [0x98, 0xba, 0xdc, 0xfe, 0x10, 0x32, 0x54, 0x76, 0x67, 0x45, 0x23, 0x01, 0xef, 0xcd, 0xab, 0x89]
    );
    assert_eq!((errors.weights, errors.max), (32, 0.0));
}

#[test]
fn q8_0_is_carried_bit_for_bit() {
    let tail: Vec<u8> = (0..32).map(|i| (i * 8) as u8).collect();
    let (out, errors, form) = encode(WeightFormat::Q8_0, &block(&[3.5], &tail), 32, Quantize::Keep);
    assert_eq!(form, Form::Blocks { codes: DType::I8, block: 32, offsets: false });
    assert_eq!((out.data, out.scales), (tail, vec![f16::from_f32(3.5)]));
    assert_eq!(errors.max, 0.0);
}

#[test]
fn q4_1_keeps_codes_and_scale() {
    let tail: Vec<u8> = (0..16u8).map(|i| i | i << 4).collect();
    let (out, errors, form) = encode(WeightFormat::Q4_1, &block(&[0.1, -0.7], &tail), 32, Quantize::Keep);
    assert_eq!(form, Form::Blocks { codes: DType::U4, block: 32, offsets: true });
    assert_eq!(out.scales, [f16::from_f32(0.1)]);
    assert_eq!(out.data[..2], [0x10, 0x32]);
    // The offset, about 7, is rounded to 11 bits: at most half of 2⁻⁸ of a step.
    assert!(errors.max <= 0.1 * 2f64.powi(-9) * 1.001, "{errors:?}");
}

#[test]
fn q4_1_without_a_scale_is_its_minimum() {
    for minimum in [0.0, 0.125, -3.0] {
        let (_, errors, _) = encode(WeightFormat::Q4_1, &block(&[0.0, minimum], &[0x5a; 16]), 32, Quantize::Keep);
        assert_eq!(errors.max, 0.0, "minimum {minimum}");
    }
}

#[test]
fn a_minimum_far_from_zero_costs_at_most_the_spread() {
    // −m/d is far outside f16; the block is constant to within its own spread of 15 steps (17 with f32's rounding near 1).
    let step = f16::from_bits(1).to_f32();
    let tail: Vec<u8> = (0..16u8).map(|i| i | i << 4).collect();
    let (out, errors, _) = encode(WeightFormat::Q4_1, &block(&[step, 1.0], &tail), 32, Quantize::Keep);
    assert!(errors.max <= f64::from(step) * 17.0, "{errors:?}");
    assert_eq!(out.offsets, [f16::NEG_ONE]);
}

#[test]
fn rows_that_blocks_do_not_fill_stay_f16() {
    let (out, errors, form) = encode(WeightFormat::F32, &floats(&[1.0; 33]), 33, Quantize::Int4);
    assert_eq!(form, Form::F16);
    assert_eq!(out.data.len(), 66);
    assert_eq!(errors.max, 0.0);
}

#[test]
fn extreme_blocks_are_encoded() {
    for weights in [[0.0; 32], [f32::MIN_POSITIVE / 4.0; 32], [65504.0; 32], [-65504.0; 32], [6e-8; 32]] {
        for quantize in [Quantize::Int4, Quantize::Int8] {
            let (out, errors, _) = encode(WeightFormat::F32, &floats(&weights), 32, quantize);
            assert!(out.scales[0].is_finite());
            // A subnormal scale has few bits: the error may reach its last one for each of up to eight steps.
            let bound = f64::from(weights[0].abs()) / 100.0 + 8.0 * 6e-8;
            assert!(errors.max <= bound, "{weights:?} {quantize:?} {errors:?}");
        }
    }
}

/// For bell-shaped blocks and for blocks on a grid of 16 values with a minimum (Q4_1): what is left of the squares is what a search
/// of 2,400 scales leaves, which is more than half of what plain rounding does. Less takes knowing the inputs.
#[test]
fn no_scales_do_better_than_those_that_are_found() {
    let mut random = sottovoce_testkit::Random::new(11);
    let bell = (0..200 * 32).map(|_| random.normal()).collect::<Vec<f32>>();
    let on_grid = bell.chunks_exact(32).flat_map(|block| {
        let (low, high) = block.iter().fold((0.0f32, 0.0f32), |(low, high), &w| (low.min(w), high.max(w)));
        let step = (high - low) / 15.0;
        block.iter().map(move |weight| low + step * ((weight - low) / step).round())
    });
    for weights in [on_grid.collect::<Vec<f32>>(), bell.clone()] {
        let squares = |quantize| encode(WeightFormat::F32, &floats(&weights), 32, quantize).1.squares;
        let exhaustive: f64 = weights.chunks_exact(32).map(least_squares).sum();
        let (found, plain) = (squares(Quantize::Int4), squares(Quantize::Int4Plain));
        assert!(found < 1.005 * exhaustive, "{found} {exhaustive}");
        assert!(exhaustive > 0.5 * plain, "{exhaustive} {plain}");
    }
}

/// The least sum of squared errors that any scale has for a block of int4 codes.
fn least_squares(block: &[f32]) -> f64 {
    let peak = block.iter().fold(0.0f32, |peak, weight| peak.max(weight.abs()));
    let energy: f32 = block.iter().map(|weight| weight * weight).sum();
    let rest = |scale: f32| {
        let code = |weight: &f32| (weight / scale).round().clamp(-8.0, 7.0);
        let (products, squares) = block.iter().fold((0.0, 0.0), |(products, squares), weight| {
            (products + weight * code(weight), squares + code(weight).powi(2))
        });
        energy - products * products / f32::max(squares, 1.0)
    };
    // From the scale that clips half of the largest weight to one that leaves half of the range unused.
    let scales = (0..1200).flat_map(|at| [1.0, -1.0].map(|sign| sign * peak / (4.0 + at as f32 / 150.0)));
    f64::from(scales.map(rest).fold(f32::INFINITY, f32::min))
}

#[test]
fn weights_outside_f16_are_found() {
    assert_eq!(first_not_finite(&[1.0, 65504.0, -65504.0]), None);
    assert_eq!(first_not_finite(&[1.0, 65519.0]), None);
    assert_eq!(first_not_finite(&[1.0, -65520.0]), Some(-65520.0));
    assert!(f16::from_f32(65519.0).is_finite() && f16::from_f32(65520.0).is_infinite());
    assert!(first_not_finite(&[f32::NAN]).unwrap().is_nan());
}

/// Rows of random blocks, every code, scale and minimum among them: codes are carried over, so what is lost is the rounding
/// of scales (2⁻¹¹ of a weight) and of offsets (half of 2⁻⁷ of a step for offsets up to 16, more beyond).
#[test]
fn k_formats_lose_only_the_rounding_of_scales_and_offsets() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/checkpoints/quantised-rows.gguf");
    let file = crate::gguf::Gguf::open(std::path::Path::new(path)).unwrap();
    let cases = [
        (WeightFormat::Q4_K, DType::U4, 32, true),
        (WeightFormat::Q5_K, DType::U8, 32, true),
        (WeightFormat::Q6_K, DType::I8, 16, false),
    ];
    for (format, codes, block, offsets) in cases {
        let mut stored = Vec::new();
        file.tensors[&format.to_string()].read_rows(0..2, &mut stored).unwrap();
        let (out, errors, form) = encode(format, &stored, 512, Quantize::Keep);
        assert_eq!(form, Form::Blocks { codes, block, offsets });
        assert_eq!(out.scales.len(), 1024 / block);
        assert_eq!(out.offsets.len(), if offsets { 1024 / block } else { 0 });
        assert!(errors.relative_rms() < 2f64.powi(-11), "{format}: {}", errors.relative_rms());
        assert!(errors.relative_max() < 2f64.powi(-9), "{format}: {}", errors.relative_max());
    }
}

proptest! {
    /// A symmetric code is off by at most half a step, unless the search clipped on purpose; the search is never worse in
    /// squares than plain rounding at the scale of the largest weight.
    #[test]
    fn int4_beats_plain_rounding(weights in proptest::collection::vec(-2.0f32..2.0, 32)) {
        let (_, errors, _) = encode(WeightFormat::F32, &floats(&weights), 32, Quantize::Int4);
        let peak = weights.iter().fold(0.0f32, |peak, weight| if weight.abs() > peak.abs() { *weight } else { peak });
        let scale = peak / -8.0;
        let plain: f64 = weights
            .iter()
            .map(|weight| f64::from(weight - (weight / scale).round_ties_even().clamp(-8.0, 7.0) * scale).powi(2))
            .sum();
        // Rounding the scale to f16 moves every code by up to 8·2⁻¹¹ of a step.
        prop_assert!(errors.squares.sqrt() <= plain.sqrt() + f64::from(scale.abs()) * 0.004 * 32f64.sqrt());
    }

    #[test]
    fn int8_is_off_by_half_a_step(weights in proptest::collection::vec(-2.0f32..2.0, 32)) {
        let (_, errors, _) = encode(WeightFormat::F32, &floats(&weights), 32, Quantize::Int8);
        // Half a step of peak/127, and 2⁻¹¹ of the weight for the scale's rounding.
        prop_assert!(errors.max <= errors.max_weight * (0.5 / 127.0 + 2f64.powi(-11)), "{:?}", errors);
    }

    /// Carrying any finite Q4_1 block over errs by at most half of 2⁻¹¹ of the minimum, or by the block's own spread.
    #[test]
    fn q4_1_error_is_bounded(d in -1f32..1.0, m in -100f32..100.0, tail in proptest::array::uniform16(any::<u8>())) {
        let (d, m) = (f16::from_f32(d).to_f32(), f16::from_f32(m).to_f32());
        let (_, errors, _) = encode(WeightFormat::Q4_1, &block(&[d, m], &tail), 32, Quantize::Keep);
        let bound = f64::from(m.abs()) * 2f64.powi(-11) * 1.01 + f64::from(d.abs()) * 1e-3;
        prop_assert!(errors.max <= bound, "{} > {bound}", errors.max);
    }
}
