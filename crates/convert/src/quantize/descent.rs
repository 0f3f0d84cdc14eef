//! Rounding that makes up for its own errors, in the metric of the inputs.
//!
//! A linear layer is as good as its products. A row w rounded to ŵ loses (w − ŵ) H (w − ŵ)ᵀ in them, where H are the second
//! moments of the inputs; with correlated inputs the error of one weight can undo that of another. Coordinate descent
//! moves one code at a time to where this loss is least, all others fixed: "QuantEase", Behdin et al. 2023
//! (arXiv:2309.01885). Here the scale of a block is a coordinate too, so that a step changes what all its codes stand for.
//!
//! Behind layers that were rounded already, inputs x are not the exact y. What counts then is the mean square of
//! w (x + y) ∕ 2 − ŵ x, up to a constant (w − ŵ) H (w − ŵ)ᵀ − 2 w C ŵᵀ with C half the mean of (y − x) xᵀ: the same descent from
//! another gradient. "GPTAQ", Li et al. 2025 (arXiv:2504.02692), has such an aim, w y, for GPTQ.
//!
//! Rows can make up for each other too: where G are the second moments of how the model's loss changes with the outputs, rows with
//! errors e lose Σ G_rs e_r H e_sᵀ. For one row, the others fixed, that is the same descent once more, from the sum of all rows'
//! gradients, weighted by G_rs ∕ G_rr. "YAQA", Tseng et al. 2025 (arXiv:2505.22988), rounds in such a metric with feedback.

use std::ops::Range;

use half::f16;
use sottovoce_kernels::Kernels;

use super::{BLOCK, OutputMoments, SecondMoments, residual::Residuals, round};
use crate::ConvertError;

/// Added to the diagonal, as a share of its median: directions that the calibration text never showed keep some weight, and
/// what it showed by chance is not fitted. GPTQ (Frantar et al. 2022, arXiv:2210.17323) takes a hundredth of the mean, which
/// one input of many can make larger than all others. Of 0.01, 0.1, 0.3 and 1, 0.3 left the products of most layers the least
/// wrong on texts that were not calibrated on.
const DAMPING: f32 = 0.3;
/// The same for the moments of outputs, as a share of the mean of their diagonal: it says how much the errors of each output count
/// for itself.
const OUTPUT_DAMPING: f32 = 0.05;
/// Most passes over all blocks.
const PASSES: usize = 6;
/// A pass that changes fewer codes than this share is the last.
const SETTLED: f64 = 0.002;

/// What is added to the diagonal.
fn damping(moments: &SecondMoments) -> f32 {
    let mut squares = moments.squares();
    let middle = squares.len() / 2;
    let (_, &mut median, _) = squares.select_nth_unstable_by(middle, f32::total_cmp);
    // Where most inputs are always zero, or all, hardly anything is there to lose: any positive number will do.
    if median > 0.0 { DAMPING * median } else { 1.0 }
}

/// The second moments of a layer's inputs, laid out for the descent.
pub(crate) struct Metric {
    /// H between the inputs of a block, [blocks, BLOCK, BLOCK].
    within: Vec<f32>,
    /// The diagonal of H.
    squares: Vec<f32>,
    residuals: Residuals,
    /// What rows make up for in each other, group by group, where that is known.
    couplings: Vec<Coupling>,
}

/// A group of rows that make up for each other's errors.
struct Coupling {
    rows: Range<usize>,
    /// G_rs ∕ G_rr: how much the gradient of row s counts for row r, [len, len].
    shares: Vec<f32>,
}

impl Coupling {
    fn new(rows: Range<usize>, moments: &[f32]) -> Self {
        let len = rows.len();
        let mean = moments.iter().step_by(len + 1).sum::<f32>() / len as f32;
        let mut shares = moments.to_vec();
        for (row, shares) in shares.chunks_exact_mut(len).enumerate() {
            let own = shares[row] + OUTPUT_DAMPING * mean;
            // A row that no loss depends on makes up for nothing.
            shares.iter_mut().for_each(|share| *share = if own > 0.0 { *share / own } else { 0.0 });
            shares[row] = 1.0;
        }
        Self { rows, shares }
    }
}

impl Metric {
    /// Rows that descend together at least: for each of their blocks all that is known of the inputs is read once more.
    pub(crate) const FEWEST_ROWS: usize = 128;

    /// For layers whose inputs have `moments`, a whole number of blocks wide.
    pub(crate) fn new(moments: &SecondMoments) -> Result<Self, ConvertError> {
        let damping = damping(moments);
        let kernels = Kernels::detect().map_err(|error| ConvertError::Kernels(error.to_string()))?;
        let mut within: Vec<f32> =
            (0..moments.width()).step_by(BLOCK).flat_map(|block| moments.within(block)).collect();
        for own in within.chunks_exact_mut(BLOCK * BLOCK).flat_map(|block| block.iter_mut().step_by(BLOCK + 1)) {
            *own += damping;
        }
        let squares = moments.squares().into_iter().map(|square| square + damping).collect();
        Ok(Self { within, squares, residuals: Residuals::new(kernels, moments, damping)?, couplings: Vec::new() })
    }

    /// From now on rows make up for each other's errors as far as `moments` say that they can.
    pub(crate) fn couple(&mut self, moments: &OutputMoments) {
        self.couplings = moments.iter().map(|(rows, values)| Coupling::new(rows, values)).collect();
    }

    /// Number of rows that descend together, where they have to.
    pub(crate) fn rows_together(&self) -> Option<usize> {
        self.couplings.first().map(|coupling| coupling.rows.len())
    }

    /// How much the error of each input's weights counts, others aside.
    pub(crate) fn squares(&self) -> &[f32] {
        &self.squares
    }

    /// Moves codes and scales of whole rows from `first` on, as rounding left them, to where the rows' products lose less. Rows that
    /// make up for each other have to be there together.
    pub(crate) fn descend(&self, first: usize, weights: &[f32], codes: &mut [i8], scales: &mut [f16]) {
        let width = self.squares.len();
        let blocks = width / BLOCK;
        let rows = weights.len() / width;
        let coupling = self.couplings.iter().find(|coupling| coupling.rows == (first..first + rows));
        debug_assert!(coupling.is_some() || self.couplings.is_empty(), "rows from {first} on are no group");
        let mut near = Vec::new();
        let mut residual = self.residuals.of_exact(weights);
        let mut change = vec![0.0; rows * BLOCK];
        for block in 0..blocks {
            for (row, change) in change.chunks_exact_mut(BLOCK).enumerate() {
                let (at, scale) = (row * width + block * BLOCK, scales[row * blocks + block].to_f32());
                for (offset, change) in change.iter_mut().enumerate() {
                    *change = weights[at + offset] - scale * f32::from(codes[at + offset]);
                }
            }
            self.residuals.take(block, &change, &mut residual);
        }
        for _ in 0..PASSES {
            let mut moved = 0;
            for block in 0..blocks {
                self.residuals.slopes(block, &residual, &mut near);
                for (row, change) in change.chunks_exact_mut(BLOCK).enumerate() {
                    let slopes = coupling.map_or(near[row], |coupling| coupling.slopes(row, &near));
                    let at = row * width + block * BLOCK;
                    let codes = &mut codes[at..at + BLOCK];
                    moved += self.step(block, slopes, codes, &mut scales[row * blocks + block], change);
                    if coupling.is_some() {
                        self.spread_within(block, change, &mut near[row]);
                    }
                }
                self.residuals.take(block, &change, &mut residual);
            }
            if (moved as f64) < SETTLED * weights.len() as f64 {
                break;
            }
        }
    }

    /// One block of one row: each code in turn, then the scale. `change` becomes what its weights were less what they are.
    /// Returns the number of codes that moved.
    fn step(
        &self,
        block: usize,
        mut slopes: [f32; BLOCK],
        codes: &mut [i8],
        scale: &mut f16,
        change: &mut [f32],
    ) -> usize {
        let (within, size) = (self.within(block), scale.to_f32());
        if size == 0.0 {
            change.fill(0.0);
            return 0;
        }
        change.iter_mut().zip(&*codes).for_each(|(old, &code)| *old = size * f32::from(code));
        let mut moved = 0;
        for (index, moments) in within.iter().enumerate() {
            let wanted = f32::from(codes[index]) + slopes[index] / (moments[index] * size);
            let code = round::nearest_int4(wanted);
            if code != codes[index] {
                let step = size * (f32::from(code) - f32::from(codes[index]));
                slopes.iter_mut().zip(moments).for_each(|(slope, moment)| *slope -= step * moment);
                codes[index] = code;
                moved += 1;
            }
        }
        // Along the codes q the loss is a parabola in the scale: its slope is q·slopes, its curvature q H qᵀ.
        let (mut slope, mut curvature) = (0.0, 0.0);
        for (index, moments) in within.iter().enumerate() {
            let code = f32::from(codes[index]);
            slope += code * slopes[index];
            let row: f32 = moments.iter().zip(&*codes).map(|(moment, &other)| moment * f32::from(other)).sum();
            curvature += code * row;
        }
        let better = f16::from_f32(size + slope / curvature);
        if better.is_finite() && better != f16::ZERO {
            *scale = better;
        }
        change.iter_mut().zip(&*codes).for_each(|(old, &code)| *old -= scale.to_f32() * f32::from(code));
        moved
    }

    /// H between the inputs of a block.
    fn within(&self, block: usize) -> &[[f32; BLOCK]] {
        self.within[block * BLOCK * BLOCK..][..BLOCK * BLOCK].as_chunks::<BLOCK>().0
    }

    /// Adds what a change of a row's weights of a block does to their own gradients.
    fn spread_within(&self, block: usize, change: &[f32], gradient: &mut [f32; BLOCK]) {
        for (change, moments) in change.iter().zip(self.within(block)).filter(|(change, _)| **change != 0.0) {
            gradient.iter_mut().zip(moments).for_each(|(gradient, moment)| *gradient += change * moment);
        }
    }
}

impl Coupling {
    /// The gradient of a row's weights of a block, with what those of the others, `near`, say of them.
    fn slopes(&self, row: usize, near: &[[f32; BLOCK]]) -> [f32; BLOCK] {
        let mut sum = [0.0; BLOCK];
        for (share, gradient) in self.shares[row * near.len()..].iter().zip(near) {
            sum.iter_mut().zip(gradient).for_each(|(sum, gradient)| *sum += share * gradient);
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::quantize::moments::Inputs;

    /// The moments, and what those with the inputs aimed at have more.
    fn sums(moments: &SecondMoments) -> (&[f32], Option<&[f32]>) {
        match moments.inputs() {
            Inputs::Moments { values, lacking } => (values, lacking.as_deref()),
            Inputs::Rows { .. } => panic!("inputs are kept"),
        }
    }

    /// Inputs, each of which is mostly what all have in common: rounding errors can undo each other.
    fn moments(width: usize, inputs: &[f32]) -> SecondMoments {
        let rows: Vec<Vec<f32>> = inputs
            .chunks_exact(width)
            .map(|row| row.iter().enumerate().map(|(index, x)| row[0] + x * (1.0 + (index % 7) as f32) / 8.0).collect())
            .collect();
        let moment = |i: usize, j: usize| rows.iter().map(|row| row[i] * row[j]).sum::<f32>();
        SecondMoments::new(width, (0..width * width).map(|at| moment(at / width, at % width)).collect()).unwrap()
    }

    /// Σ (w − ŵ) H (w − ŵ)ᵀ − 2 w C ŵᵀ over the rows, damping included.
    fn loss(moments: &SecondMoments, weights: &[f32], codes: &[i8], scales: &[f16]) -> f64 {
        let width = moments.width();
        let (damping, (values, lacking)) = (damping(moments), sums(moments));
        let error = |at: usize| f64::from(weights[at]) - f64::from(scales[at / BLOCK]) * f64::from(codes[at]);
        let errors: Vec<f64> = (0..weights.len()).map(error).collect();
        let of_row = |row: &[f64]| -> f64 {
            let moments = |i: usize| &values[i * width..][..width];
            let product = |i: usize| -> f64 { moments(i).iter().zip(row).map(|(&m, e)| f64::from(m) * e).sum() };
            (0..width).map(|i| row[i] * (product(i) + f64::from(damping) * row[i])).sum()
        };
        let lacking = |row: usize| -> f64 {
            let Some(lacking) = lacking else { return 0.0 };
            let weight = |i: usize| f64::from(weights[row * width + i]);
            let rounded = |i: usize| weight(i) - errors[row * width + i];
            (0..width * width).map(|at| weight(at / width) * f64::from(lacking[at]) * rounded(at % width)).sum()
        };
        let rows = errors.chunks_exact(width).enumerate();
        rows.map(|(index, errors)| of_row(errors) - 2.0 * lacking(index)).sum()
    }

    /// Numbers between −1 and 1.
    fn uniform(seed: u32) -> impl FnMut() -> f32 {
        let mut state = seed;
        move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f32::from((state >> 16) as u16) / 32768.0 - 1.0
        }
    }

    fn rounded(weights: &[f32], metric: &Metric, width: usize) -> (Vec<i8>, Vec<f16>) {
        let mut codes = vec![0; weights.len()];
        let blocks = weights.chunks_exact(BLOCK).zip(codes.chunks_exact_mut(BLOCK)).enumerate();
        let round = |(index, (weights, codes)): (usize, (&[f32], &mut [i8]))| {
            round::int4(weights, &metric.squares()[index * BLOCK % width..][..BLOCK], codes)
        };
        let scales = blocks.map(round).collect();
        (codes, scales)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        /// Every step lessens the loss, up to the rounding of sums to f32.
        #[test]
        fn descent_never_makes_it_worse(
            weights in proptest::collection::vec(-1.0f32..1.0, 3 * 96),
            inputs in proptest::collection::vec(-1.0f32..1.0, 200 * 96),
        ) {
            let moments = moments(96, &inputs);
            let metric = Metric::new(&moments).unwrap();
            let (mut codes, mut scales) = rounded(&weights, &metric, 96);
            let before = loss(&moments, &weights, &codes, &scales);
            metric.descend(0, &weights, &mut codes, &mut scales);
            let after = loss(&moments, &weights, &codes, &scales);
            prop_assert!(after <= 1.001 * before, "{after} {before}");
            prop_assert!(codes.iter().all(|code| (-8..=7).contains(code)));
        }

        /// The same where inputs stand for others: the loss is then below zero, as a part of it does not depend on codes.
        #[test]
        fn descent_makes_up_for_inputs(
            weights in proptest::collection::vec(-1.0f32..1.0, 2 * 64),
            inputs in proptest::collection::vec(-1.0f32..1.0, 150 * 64),
            shrink in 0.85f32..1.0,
        ) {
            // Exact inputs are those divided by `shrink`, so that the exact row is best stood for by one that is larger.
            let own = moments(64, &inputs);
            let cross: Vec<f32> = sums(&own).0.iter().map(|value| value / shrink).collect();
            let moments = own.clone().standing_for(cross).unwrap();
            let metric = Metric::new(&moments).unwrap();
            let (mut codes, mut scales) = rounded(&weights, &metric, 64);
            let before = loss(&moments, &weights, &codes, &scales);
            metric.descend(0, &weights, &mut codes, &mut scales);
            let after = loss(&moments, &weights, &codes, &scales);
            prop_assert!(after <= before + 1e-3 * before.abs(), "{after} {before}");
            // Aimed half way to the larger row, the rest of its products is as small as it is for a row of that size.
            let larger: Vec<f32> = weights.iter().map(|weight| weight * (0.5 + 0.5 / shrink)).collect();
            let rest = loss(&own, &larger, &codes, &scales) / loss(&own, &larger, &[0; 128], &scales);
            prop_assert!(rest < 0.03, "{rest}");
        }
    }

    /// Rows that are rounded by inputs lose as little as those that are rounded by their moments.
    #[test]
    fn inputs_do_as_well_as_their_moments() {
        let (width, count, mut random) = (96, 40, uniform(11));
        let weights: Vec<f32> = (0..32 * width).map(|_| random()).collect();
        let inputs: Vec<f32> = (0..count * width).map(|_| random()).collect();
        let exact: Vec<f32> = inputs.iter().map(|x| x + 0.1 * random()).collect();
        let between = |a: &[f32], i: usize, j: usize| -> f32 {
            a.chunks_exact(width).zip(inputs.chunks_exact(width)).map(|(a, x)| a[i] * x[j]).sum()
        };
        let sum = |a: &[f32]| (0..width * width).map(|at| between(a, at / width, at % width)).collect::<Vec<f32>>();
        let summed = SecondMoments::new(width, sum(&inputs)).unwrap().standing_for(sum(&exact)).unwrap();
        let kept = SecondMoments::of_rows(width, inputs.clone()).unwrap().standing_for(exact).unwrap();
        let lost = |by: &SecondMoments| {
            let metric = Metric::new(by).unwrap();
            let (mut codes, mut scales) = rounded(&weights, &metric, width);
            let before = loss(&summed, &weights, &codes, &scales);
            metric.descend(0, &weights, &mut codes, &mut scales);
            (before, loss(&summed, &weights, &codes, &scales))
        };
        let ((before, by_moments), (_, by_inputs)) = (lost(&summed), lost(&kept));
        // What is lost is below zero: a part of it does not depend on the codes. Sums are rounded otherwise, and so are ties.
        let saved = [by_moments, by_inputs].map(|lost| before - lost);
        assert!(saved[0] > 0.0 && (saved[1] / saved[0] - 1.0).abs() < 0.01, "{saved:?}");
    }

    /// Where rows make up for each other, Σ G_rs e_r H e_sᵀ is least with what outputs have in common, and without that the
    /// rows are rounded one by one.
    #[test]
    fn rows_make_up_for_each_other() {
        let mut random = uniform(7);
        let (rows, width) = (40, 64);
        let weights: Vec<f32> = (0..rows * width).map(|_| random()).collect();
        let moments = moments(width, &(0..width * 300).map(|_| random()).collect::<Vec<_>>());
        let gradients: Vec<Vec<f32>> = (0..200)
            .map(|_| {
                let common = 2.0 * random();
                (0..rows).map(|_| common + random()).collect()
            })
            .collect();
        let between = |r: usize, s: usize| gradients.iter().map(|gradient| gradient[r] * gradient[s]).sum::<f32>();
        let outputs: Vec<f32> = (0..rows * rows).map(|at| between(at / rows, at % rows)).collect();
        let alone: Vec<f32> = (0..rows * rows).map(|at| if at % (rows + 1) == 0 { outputs[at] } else { 0.0 }).collect();
        let descended = |outputs: Option<&[f32]>| {
            let mut metric = Metric::new(&moments).unwrap();
            if let Some(outputs) = outputs {
                metric.couple(&OutputMoments::new(rows, outputs.to_vec()).unwrap());
                assert_eq!(metric.rows_together(), Some(rows));
            }
            let (mut codes, mut scales) = rounded(&weights, &metric, width);
            metric.descend(0, &weights, &mut codes, &mut scales);
            (codes, scales)
        };
        let loss = |(codes, scales): &(Vec<i8>, Vec<f16>)| -> f64 {
            let error = |at: usize| f64::from(weights[at]) - f64::from(scales[at / BLOCK]) * f64::from(codes[at]);
            let product = |r: usize, i: usize| -> f64 {
                let moments = sums(&moments).0[i * width..][..width].iter().enumerate();
                moments.map(|(j, &moment)| f64::from(moment) * error(r * width + j)).sum()
            };
            let products: Vec<f64> = (0..rows * width).map(|at| product(at / width, at % width)).collect();
            let pair = |r: usize, s: usize| -> f64 {
                (0..width).map(|i| error(r * width + i) * products[s * width + i]).sum::<f64>()
                    * f64::from(between(r, s))
            };
            (0..rows * rows).map(|at| pair(at / rows, at % rows)).sum()
        };
        let (one_by_one, together) = (descended(None), descended(Some(&outputs)));
        assert!(loss(&together) < 0.6 * loss(&one_by_one), "{} {}", loss(&together), loss(&one_by_one));
        assert_eq!(descended(Some(&alone)), one_by_one, "nothing in common");
    }

    #[test]
    fn moments_of_outputs_are_checked_and_come_in_groups() {
        let groups = |outputs| OutputMoments::groups(outputs).collect::<Vec<_>>();
        assert_eq!((groups(576).len(), groups(576)[0].clone()), (1, 0..576));
        assert_eq!(groups(1536), [0..768, 768..1536]);
        assert_eq!(groups(1600), [0..534, 534..1068, 1068..1600]);
        let square = |diagonal: f32| (0..9).map(|at| if at % 4 == 0 { diagonal } else { 0.5 }).collect::<Vec<f32>>();
        assert!(OutputMoments::new(3, square(1.0)).is_ok());
        for (values, part) in
            [(square(-1.0), "the mean of a square is -1"), (vec![1.0; 8], "there are 8"), (square(f32::NAN), "NaN")]
        {
            let error = OutputMoments::new(3, values).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }

    /// No code can move by one, alone, and lessen the loss of what the descent ends with, but for the last scales' sake.
    #[test]
    fn descent_ends_where_no_code_wants_to_move() {
        let mut random = uniform(3);
        let weights: Vec<f32> = (0..16 * 64).map(|_| random()).collect();
        let inputs: Vec<f32> = (0..64 * 300).map(|_| random()).collect();
        let moments = moments(64, &inputs);
        let metric = Metric::new(&moments).unwrap();
        let (mut codes, mut scales) = rounded(&weights, &metric, 64);
        (0..4).for_each(|_| metric.descend(0, &weights, &mut codes, &mut scales));
        let before = {
            let (codes, scales) = rounded(&weights, &metric, 64);
            loss(&moments, &weights, &codes, &scales)
        };
        let least = loss(&moments, &weights, &codes, &scales);
        assert!(least < 0.5 * before, "what inputs have in common can be made up for: {least} {before}");
        for index in 0..weights.len() {
            for step in [-1, 1] {
                let mut moved = codes.clone();
                moved[index] += step;
                if (-8..=7).contains(&moved[index]) {
                    let other = loss(&moments, &weights, &moved, &scales);
                    assert!(other >= least * 0.9995, "{index} {step}: {other} {least}");
                }
            }
        }
    }

    #[test]
    fn moments_with_exact_inputs_are_checked() {
        let moments = SecondMoments::new(2, vec![1.0, 0.0, 0.0, 1.0]).unwrap();
        for cross in [vec![0.0; 3], vec![0.0, f32::NAN, 0.0, 0.0]] {
            let error = moments.clone().standing_for(cross).unwrap_err();
            assert!(matches!(error, ConvertError::Moments { width: 2, .. }), "{error}");
        }
        let rows = SecondMoments::of_rows(2, vec![1.0; 6]).unwrap();
        assert!(rows.clone().standing_for(vec![1.0; 6]).is_ok() && rows.standing_for(vec![1.0; 4]).is_err());
    }

    #[test]
    fn inputs_that_were_always_zero_change_nothing_for_the_worse() {
        let moments = SecondMoments::new(32, vec![0.0; 32 * 32]).unwrap();
        let metric = Metric::new(&moments).unwrap();
        let weights: Vec<f32> = (0..32).map(|index| (index as f32 - 11.0) / 7.0).collect();
        let (mut codes, mut scales) = rounded(&weights, &metric, 32);
        let error = |codes: &[i8], scales: &[f16]| -> f32 {
            codes.iter().zip(&weights).map(|(&code, w)| (scales[0].to_f32() * f32::from(code) - w).powi(2)).sum()
        };
        let before = error(&codes, &scales);
        metric.descend(0, &weights, &mut codes, &mut scales);
        assert!(error(&codes, &scales) <= before * 1.001);
    }

    #[test]
    fn moments_that_are_none_are_refused() {
        for (width, values, part) in [
            (2, vec![1.0; 3], "there are 3 of them"),
            (usize::MAX, vec![1.0; 3], "there are 3 of them"),
            (2, vec![1.0, f32::NAN, 0.0, 1.0], "one is NaN"),
            (2, vec![1.0, 0.0, 0.0, -1.0], "the mean of a square is -1"),
        ] {
            let error = SecondMoments::new(width, values).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
        for (width, rows, part) in [
            (2, vec![1.0; 3], "there are 3 of them"),
            (0, vec![1.0; 3], "there are 3 of them"),
            (2, vec![1.0, f32::INFINITY], "one is inf"),
        ] {
            let error = SecondMoments::of_rows(width, rows).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
