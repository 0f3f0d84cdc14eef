//! Row operations: every level against formulas in f64.

mod common;

use common::{Seeded, scalar};
use half::f16;
use proptest::prelude::*;
use sottovoce_kernels::{Compute, Gate, Kernels, RotaryPairs, Rows, RowsMut};

const LENGTHS: [usize; 12] = [1, 2, 7, 15, 16, 17, 31, 33, 64, 100, 576, 1536];

fn check(what: &str, kernels: Kernels, got: &[f32], expected: impl Iterator<Item = f64>, tolerance: f64) {
    let len = got.len();
    for (at, (&got, expected)) in got.iter().zip(expected).enumerate() {
        let bound = tolerance * expected.abs().max(1.0);
        let error = (f64::from(got) - expected).abs();
        assert!(error <= bound, "{what}, {}, {} elements, {at}: {got}, not {expected}", kernels.isa(), len);
    }
}

impl common::Seeded {
    fn row(&mut self, len: usize) -> Vec<f32> {
        self.many(len, Seeded::activation)
    }
}

#[test]
fn norms() {
    for (len, kernels) in LENGTHS.into_iter().flat_map(|len| Kernels::all().into_iter().map(move |k| (len, k))) {
        let mut seeded = Seeded::new(len as u64);
        let (x, weight, bias) = (seeded.row(len), seeded.row(len), seeded.row(len));
        let mut out = vec![f32::NAN; len];
        let mean = |f: &dyn Fn(f64) -> f64| x.iter().map(|&x| f(f64::from(x))).sum::<f64>() / len as f64;
        // Sums of a few hundred squares in f32, spread over 16 lanes or more: 2⁻²⁴ · √1536 · 2 is below 5e-6.
        kernels.rms_norm(&x, &weight, 1e-5, &mut out);
        let scale = 1.0 / (mean(&|x| x * x) + 1e-5).sqrt();
        let expected = x.iter().zip(&weight).map(|(&x, &w)| f64::from(x) * scale * f64::from(w));
        check("RMSNorm", kernels, &out, expected, 5e-6);

        if len == 1 {
            // The variance of one element is 0, and any rounding of the mean shows.
            continue;
        }
        kernels.layer_norm(&x, &weight, &bias, 1e-5, &mut out);
        let centre = mean(&|x| x);
        let scale = 1.0 / (mean(&|x| (x - centre).powi(2)) + 1e-5).sqrt();
        let expected = x.iter().zip(weight.iter().zip(&bias));
        let expected = expected.map(|(&x, (&w, &b))| (f64::from(x) - centre) * scale * f64::from(w) + f64::from(b));
        check("LayerNorm", kernels, &out, expected, 2e-5);
    }
}

#[test]
fn rotary_turns_pairs() {
    for (head_dim, turned) in [(2, 2), (16, 16), (36, 36), (64, 64), (80, 32), (128, 128), (256, 256)] {
        for pairs in [RotaryPairs::Halves, RotaryPairs::Interleaved] {
            let mut seeded = Seeded::new(head_dim as u64);
            let x = seeded.row(3 * head_dim);
            let half = turned / 2;
            let angles = seeded.row(half);
            let (cos, sin): (Vec<_>, Vec<_>) = angles.iter().map(|a| (a.cos(), a.sin())).unzip();
            let expected: Vec<f64> = (0..3 * head_dim)
                .map(|at| {
                    let (head, i) = (at / head_dim * head_dim, at % head_dim);
                    let element = |i: usize| f64::from(x[head + i]);
                    if i >= turned {
                        return element(i);
                    }
                    let (pair, second, other) = match pairs {
                        RotaryPairs::Halves => (i % half, i >= half, (i + half) % turned),
                        RotaryPairs::Interleaved => (i / 2, i % 2 == 1, i ^ 1),
                    };
                    let (cos, sin) = (f64::from(cos[pair]), f64::from(sin[pair]));
                    element(i) * cos + if second { element(other) * sin } else { -element(other) * sin }
                })
                .collect();
            for kernels in Kernels::all() {
                let mut got = x.clone();
                kernels.rotary(&mut got, head_dim, &cos, &sin, pairs);
                // Two products and a sum of numbers up to 60.
                check("rotary", kernels, &got, expected.iter().copied(), 1e-5);
            }
        }
    }
}

/// The error function by its series, which loses e^(x²) · 2⁻⁵³ to cancellation; past 4 it is 1 to 2e-8.
fn erf(x: f64) -> f64 {
    if x.abs() > 4.0 {
        return x.signum();
    }
    let mut term = x;
    let mut sum = x;
    for n in 1..200 {
        term *= -x * x / f64::from(n);
        sum += term / f64::from(2 * n + 1);
    }
    sum * 2.0 / std::f64::consts::PI.sqrt()
}

#[test]
fn gates() {
    let mut x: Vec<f32> = (-4000..=4000).map(|i| i as f32 * 0.005).collect();
    x.extend([-1e30, -200.0, -89.0, -87.0, 87.0, 89.0, 200.0, 1e30, f32::MIN_POSITIVE]);
    let up = vec![1.0; x.len()];
    for kernels in Kernels::all() {
        let mut out = vec![f32::NAN; x.len()];
        for gate in [Gate::Silu, Gate::GeluErf, Gate::GeluTanh] {
            kernels.gate(gate, &x, &up, &mut out);
            let formula = |&x: &f32| {
                let x = f64::from(x);
                match gate {
                    Gate::Silu => x / (1.0 + (-x).exp()),
                    Gate::GeluErf => 0.5 * x * (1.0 + erf(x * std::f64::consts::FRAC_1_SQRT_2)),
                    Gate::GeluTanh => {
                        let inner = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3));
                        0.5 * x * (1.0 + inner.tanh())
                    }
                }
            };
            // The functions' own error of 2e-7, times |x| up to 20 on the side where they vanish.
            check("gate", kernels, &out, x.iter().map(formula), 4e-6);
        }
        let mut seeded = Seeded::new(1);
        let (x, up) = (seeded.row(37), seeded.row(37));
        kernels.gate(Gate::Silu, &x, &up, &mut out[..37]);
        let expected = x.iter().zip(&up).map(|(&x, &up)| f64::from(x) / (1.0 + f64::from(-x).exp()) * f64::from(up));
        check("gate times up", kernels, &out[..37], expected, 1e-6);
    }
}

#[test]
fn softmax_sums_to_one_and_masks_exactly() {
    for (len, kernels) in LENGTHS.into_iter().flat_map(|len| Kernels::all().into_iter().map(move |k| (len, k))) {
        let mut x = Seeded::new(len as u64).row(len);
        x.iter_mut().skip(1).step_by(3).for_each(|x| *x = f32::NEG_INFINITY);
        let largest = x.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let weights: Vec<f64> = x.iter().map(|&x| (f64::from(x) - f64::from(largest)).exp()).collect();
        let total: f64 = weights.iter().sum();
        kernels.softmax(&mut x);
        // Weights to 2e-7 each, their difference from the largest rounded at up to 60, and the sum.
        check("softmax", kernels, &x, weights.iter().map(|w| w / total), 5e-6);
        assert!(x.iter().skip(1).step_by(3).all(|&x| x == 0.0));
    }
}

#[test]
fn sums_scales_and_conversions_are_exact() {
    for (len, kernels) in LENGTHS.into_iter().flat_map(|len| Kernels::all().into_iter().map(move |k| (len, k))) {
        let mut seeded = Seeded::new(len as u64);
        let (x, y) = (seeded.row(len), seeded.row(len));
        let mut sum = x.clone();
        kernels.add(&mut sum, &y);
        assert!(sum.iter().zip(x.iter().zip(&y)).all(|(sum, (x, y))| *sum == x + y));
        kernels.scale(&mut sum, 0.3);
        assert!(sum.iter().zip(x.iter().zip(&y)).all(|(sum, (x, y))| *sum == (x + y) * 0.3));
        let mut halves = vec![f16::NAN; len];
        kernels.to_f16(&x, &mut halves);
        assert!(halves.iter().zip(&x).all(|(half, x)| half.to_bits() == f16::from_f32(*x).to_bits()));
        let mut back = vec![f32::NAN; len];
        kernels.to_f32(&halves, &mut back);
        assert!(back.iter().zip(&halves).all(|(back, half)| *back == half.to_f32()));
    }
}

#[test]
fn soft_caps() {
    let (factor, cap) = (0.5f32, 3.0f32);
    for (len, kernels) in LENGTHS.into_iter().flat_map(|len| Kernels::all().into_iter().map(move |k| (len, k))) {
        let mut x = Seeded::new(len as u64).row(len);
        // Far beyond the cap, on both sides.
        x[0] = if len % 2 == 0 { 1e30 } else { f32::NEG_INFINITY };
        let mut found = x.clone();
        kernels.soft_cap(&mut found, factor, cap);
        let expected = x.iter().map(|x| f64::from(cap) * (f64::from(*x) * f64::from(factor)).tanh());
        check("soft cap", kernels, &found, expected, 3.0 * 2e-7);
    }
}

#[test]
fn every_half_is_widened_exactly() {
    let all: Vec<f16> = (0..=u16::MAX).map(f16::from_bits).collect();
    for kernels in Kernels::all() {
        let mut wide = vec![0.0; all.len()];
        kernels.to_f32(&all, &mut wide);
        for (half, wide) in all.iter().zip(&wide) {
            assert!(half.to_f32() == *wide || half.is_nan() && wide.is_nan(), "{half}");
        }
    }
}

#[test]
fn nan_and_infinities_pass_without_a_panic() {
    let mut x = Seeded::new(2).row(80);
    (x[3], x[40], x[66]) = (f32::NAN, f32::INFINITY, f32::NEG_INFINITY);
    for kernels in Kernels::all() {
        for precision in [sottovoce_kernels::Precision::Eight, sottovoce_kernels::Precision::Sixteen] {
            let mut rounded = sottovoce_kernels::QuantizedRows::default();
            kernels.quantize_rows(Rows::dense(&x, 80), precision, &mut rounded);
        }
        assert_eq!(kernels.argmax(&x), Some(40), "{}", kernels.isa());
        assert_eq!(kernels.argmax(&[f32::NAN; 20]), None);
        assert_eq!(kernels.argmax(&[]), None);
    }
}

#[test]
fn rows_are_shared_out_once_each() {
    for threads in 1..4 {
        let compute = Compute::new(scalar(), threads);
        for rows in [0, 1, 2, 9] {
            let mut data = vec![0.0; rows * 5];
            compute.for_each_row(RowsMut::dense(&mut data, 5), |index, row| {
                row.iter_mut().for_each(|x| *x += index as f32 + 1.0);
            });
            assert!(data.chunks(5).enumerate().all(|(row, x)| x.iter().all(|&x| x == row as f32 + 1.0)));
        }
    }
}

proptest! {
    #[test]
    fn the_largest_are_found_in_order(
        values in proptest::collection::vec(prop_oneof![4 => -9i32..9, 1 => Just(i32::MAX)], 0..2000),
        k in prop_oneof![8 => 0usize..60, 1 => 1000usize..3000],
    ) {
        // Few distinct values make many ties; the odd one is NaN.
        let x: Vec<f32> = values.iter().map(|&v| if v == i32::MAX { f32::NAN } else { v as f32 / 4.0 }).collect();
        let mut expected: Vec<_> = x.iter().copied().enumerate().filter(|(_, v)| !v.is_nan()).collect();
        expected.sort_by(|a, b| b.1.partial_cmp(&a.1).unwrap());
        for kernels in Kernels::all() {
            prop_assert_eq!(kernels.argmax(&x), expected.first().map(|entry| entry.0));
            let mut top = Vec::new();
            kernels.top_k(&x, k, &mut top);
            prop_assert_eq!(&top[..], &expected[..k.min(expected.len())]);
        }
    }
}
