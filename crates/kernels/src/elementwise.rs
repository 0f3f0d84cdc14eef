//! Operations on single rows of f32: norms, rotary embedding, gates, softmax, conversion.

use half::f16;

use crate::{Kernels, kernels::dispatch};

/// The function applied to a gate before it multiplies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Gate {
    /// x · sigmoid(x).
    Silu,
    /// x · Φ(x), with the error function (max error of the approximation 2e-7 · |x|).
    GeluErf,
    /// 0.5 · x · (1 + tanh(√(2∕π) · (x + 0.044715 · x³))).
    GeluTanh,
}

/// Which pairs of elements the rotary embedding turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RotaryPairs {
    /// (i, i + d∕2), the `rotate_half` convention of Hugging Face and of the packages made from it.
    Halves,
    /// (2i, 2i + 1), the convention of the original LLaMA code.
    Interleaved,
}

impl Kernels {
    /// out = x ∕ √(mean(x²) + epsilon) · weight. A norm with (1 + weight) is this one with 1 added to the weights at load.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn rms_norm(self, x: &[f32], weight: &[f32], epsilon: f32, out: &mut [f32]) {
        assert_eq!((weight.len(), out.len()), (x.len(), x.len()), "lengths of weight and output");
        dispatch!(self, rows::rms_norm(x, weight, epsilon, out));
    }

    /// out = (x − mean(x)) ∕ √(var(x) + epsilon) · weight + bias, the variance being the mean of squares.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn layer_norm(self, x: &[f32], weight: &[f32], bias: &[f32], epsilon: f32, out: &mut [f32]) {
        let lengths = (weight.len(), bias.len(), out.len());
        assert_eq!(lengths, (x.len(), x.len(), x.len()), "lengths of weight, bias and output");
        dispatch!(self, rows::layer_norm(x, weight, bias, epsilon, out));
    }

    /// Turns the first 2 · cos.len() elements of every head of `x` ([heads, head_dim] flat): the pair (a, b) of frequency i
    /// becomes (a · cos\[i\] − b · sin\[i\], b · cos\[i\] + a · sin\[i\]).
    ///
    /// # Panics
    /// When `x` is not a whole number of heads, the tables differ in length or exceed half a head.
    pub fn rotary(self, x: &mut [f32], head_dim: usize, cos: &[f32], sin: &[f32], pairs: RotaryPairs) {
        assert!(head_dim > 0 && x.len().is_multiple_of(head_dim), "{} elements are not heads of {head_dim}", x.len());
        assert!(cos.len() == sin.len() && cos.len() * 2 <= head_dim, "rotary tables for heads of {head_dim}");
        for head in x.chunks_exact_mut(head_dim) {
            dispatch!(self, rows::rotary(head, cos, sin, pairs));
        }
    }

    /// out = gate(x) · up.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn gate(self, gate: Gate, x: &[f32], up: &[f32], out: &mut [f32]) {
        assert_eq!((up.len(), out.len()), (x.len(), x.len()), "lengths of up and output");
        dispatch!(self, rows::gate(gate, x, up, out));
    }

    /// x = exp(x − max(x)) ∕ Σ exp(x − max(x)). A row of −∞ alone becomes NaN.
    pub fn softmax(self, x: &mut [f32]) {
        dispatch!(self, rows::softmax(x));
    }

    /// x += y.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn add(self, x: &mut [f32], y: &[f32]) {
        assert_eq!(x.len(), y.len(), "lengths");
        dispatch!(self, rows::add(x, y));
    }

    /// x ← x · scale.
    pub fn scale(self, x: &mut [f32], scale: f32) {
        dispatch!(self, rows::scale(x, scale));
    }

    /// x ← cap · tanh(x · factor), with an absolute error of tanh below 2e-7.
    pub fn soft_cap(self, x: &mut [f32], factor: f32, cap: f32) {
        dispatch!(self, rows::soft_cap(x, factor, cap));
    }

    /// Rounds to half precision, to nearest even; for instance to append to a cache.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn to_f16(self, x: &[f32], out: &mut [f16]) {
        assert_eq!(x.len(), out.len(), "lengths");
        dispatch!(self, rows::to_f16(x, out));
    }

    /// Widens from half precision.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn to_f32(self, x: &[f16], out: &mut [f32]) {
        assert_eq!(x.len(), out.len(), "lengths");
        dispatch!(self, rows::to_f32(x, out));
    }

    /// Position of the largest element, the first of equals; NaN is never the largest. None when there is no number.
    pub fn argmax(self, x: &[f32]) -> Option<usize> {
        let largest = self.largest(x);
        x.iter().position(|&value| value == largest)
    }

    /// The largest element; NaN never is, and −∞ stands for no number.
    pub fn largest(self, x: &[f32]) -> f32 {
        dispatch!(self, rows::max(x))
    }

    /// Puts the positions and values of the `k` largest elements into `out`, largest first, the first of equals first. NaN
    /// is left out. Allocates only while `out` grows.
    pub fn top_k(self, x: &[f32], k: usize, out: &mut Vec<(usize, f32)>) {
        out.clear();
        if k == 0 {
            return;
        }
        // Blocks whose largest element cannot enter are skipped, which leaves little to look at in a vocabulary of 256k.
        const BLOCK: usize = 256;
        // Insertion is quadratic in what is kept.
        const MANY: usize = 1024;
        if k > MANY {
            out.extend(x.iter().copied().enumerate().filter(|(_, value)| !value.is_nan()));
            // Adding 0 makes −0 equal to 0 in a total order too.
            out.sort_unstable_by(|a, b| (b.1 + 0.0).total_cmp(&(a.1 + 0.0)).then(a.0.cmp(&b.0)));
            return out.truncate(k);
        }
        for (block, values) in x.chunks(BLOCK).enumerate() {
            if out.len() == k && self.largest(values) <= out[k - 1].1 {
                continue;
            }
            for (at, &value) in values.iter().enumerate().filter(|(_, value)| !value.is_nan()) {
                if out.len() == k {
                    if value <= out[k - 1].1 {
                        continue;
                    }
                    out.pop();
                }
                let place = out.partition_point(|entry| entry.1 >= value);
                out.insert(place, (block * BLOCK + at, value));
            }
        }
    }
}
