//! What rows of weights still lack in their products with inputs, and how their loss falls with each weight for that.

use std::ops::Range;

use sottovoce_kernels::{Activations, Epilogue, Floats, Kernels, PackedLinear, Rows, RowsMut, Team, WeightSource};

use super::{BLOCK, SecondMoments, moments::Inputs};
use crate::ConvertError;

/// The inputs of a layer, laid out for rows of weights that change block by block.
///
/// With inputs x, or their second moments H, and what those aimed at have more, the loss of a row w that is rounded to ŵ falls with
/// its weights by (w − ŵ) (H + λ) + w C, for a damping λ. Moments make it up step by step; by inputs, which are kept where they are
/// few, it is (w − ŵ) xᵀ + w dᵀ that changes, and the slopes are that times x, and λ (w − ŵ).
pub(super) struct Residuals {
    kernels: Kernels,
    width: usize,
    damping: f32,
    /// Elements of a row's residual: as many as inputs have, or as there are inputs.
    len: usize,
    /// From the weights of a block to residuals, [len, BLOCK]: H + λ, or x.
    forwards: Vec<PackedLinear>,
    /// From residuals to the slopes of a block, [BLOCK, len]: xᵀ. By moments, residuals are the slopes.
    backwards: Option<Vec<PackedLinear>>,
    /// From exact weights to residuals, [len, width]: Cᵀ, or d.
    lacking: Option<PackedLinear>,
}

/// That of some rows of weights.
pub(super) struct Residual {
    /// \[rows, len\]
    lacking: Vec<f32>,
    /// λ (w − ŵ), [rows, width], where that is not in the residual.
    damped: Vec<f32>,
}

impl Residuals {
    pub(super) fn new(kernels: Kernels, moments: &SecondMoments, damping: f32) -> Result<Self, ConvertError> {
        let (width, team) = (moments.width(), Team::new(Team::default_threads()));
        let pack = |rows, columns, data: &[f32]| {
            let packed = PackedLinear::pack(&WeightSource::Float { rows, columns, data: Floats::F32(data) }, &team);
            packed.map_err(|error| ConvertError::Kernels(error.to_string()))
        };
        let blocks = || (0..width).step_by(BLOCK).map(|block| block..block + BLOCK);
        match moments.inputs() {
            Inputs::Moments { values, lacking } => {
                let forwards = |block: Range<usize>| {
                    let mut data = columns(values, width, block.clone());
                    for (at, input) in block.enumerate() {
                        data[input * BLOCK + at] += damping;
                    }
                    pack(width, BLOCK, &data)
                };
                let turn = |lacking: &Vec<f32>| pack(width, width, &turned(lacking, width));
                Ok(Self {
                    forwards: blocks().map(forwards).collect::<Result<_, _>>()?,
                    backwards: None,
                    lacking: lacking.as_ref().map(turn).transpose()?,
                    len: width,
                    kernels,
                    width,
                    damping,
                })
            }
            Inputs::Rows { rows, lacking } => {
                let len = rows.len() / width;
                let forwards = |block| pack(len, BLOCK, &columns(rows, width, block));
                let backwards = |block| pack(BLOCK, len, &turned(&columns(rows, width, block), BLOCK));
                Ok(Self {
                    forwards: blocks().map(forwards).collect::<Result<_, _>>()?,
                    backwards: Some(blocks().map(backwards).collect::<Result<_, _>>()?),
                    lacking: lacking.as_ref().map(|lacking| pack(len, width, lacking)).transpose()?,
                    len,
                    kernels,
                    width,
                    damping,
                })
            }
        }
    }

    /// That of exact `weights`, whole rows, which lack something where the inputs are not exact.
    pub(super) fn of_exact(&self, weights: &[f32]) -> Residual {
        let mut residual = vec![0.0; weights.len() / self.width * self.len];
        if let Some(lacking) = &self.lacking {
            self.add(lacking, weights, &mut residual);
        }
        let damped = if self.backwards.is_some() { weights.len() } else { 0 };
        Residual { lacking: residual, damped: vec![0.0; damped] }
    }

    /// Takes `change`, [rows, BLOCK], from the weights of a block.
    pub(super) fn take(&self, block: usize, change: &[f32], residual: &mut Residual) {
        self.add(&self.forwards[block], change, &mut residual.lacking);
        for (damped, change) in residual.damped.chunks_exact_mut(self.width).zip(change.as_chunks::<BLOCK>().0) {
            let damped = &mut damped[block * BLOCK..][..BLOCK];
            damped.iter_mut().zip(change).for_each(|(damped, change)| *damped += self.damping * change);
        }
    }

    /// How the loss of each row falls with the weights of a block.
    pub(super) fn slopes(&self, block: usize, residual: &Residual, slopes: &mut Vec<[f32; BLOCK]>) {
        let of_block = |row: &[f32]| {
            let mut slopes = [0.0; BLOCK];
            slopes.copy_from_slice(&row[block * BLOCK..][..BLOCK]);
            slopes
        };
        let rows = if self.backwards.is_some() { &residual.damped } else { &residual.lacking };
        slopes.clear();
        slopes.extend(rows.chunks_exact(self.width).map(of_block));
        if let Some(backwards) = &self.backwards {
            self.add(&backwards[block], &residual.lacking, slopes.as_flattened_mut());
        }
    }

    /// Adds the products of rows with `weights`.
    fn add(&self, weights: &PackedLinear, rows: &[f32], out: &mut [f32]) {
        let x = Activations::Float(Rows::dense(rows, weights.columns()));
        let out = RowsMut::dense(out, weights.rows());
        self.kernels.linear(weights, x, 0..weights.rows(), out, Epilogue::Add);
    }
}

/// Columns of a matrix with rows of `width`.
fn columns(values: &[f32], width: usize, columns: Range<usize>) -> Vec<f32> {
    values.chunks_exact(width).flat_map(|row| &row[columns.clone()]).copied().collect()
}

/// A matrix with rows of `width`, turned.
fn turned(values: &[f32], width: usize) -> Vec<f32> {
    let rows = values.len() / width;
    (0..values.len()).map(|at| values[at % rows * width + at / rows]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Slopes are those of the formula, by moments and by inputs: whole numbers, whose sums are exact.
    #[test]
    fn slopes_are_the_same_by_moments_and_by_inputs() {
        let (width, count, rows, damping) = (64, 20, 9, 3.0);
        let numbers = |len: usize, step: usize| -> Vec<f32> {
            (0..len).map(|at| ((at * step + at / width * 5) % 7) as f32 - 3.0).collect()
        };
        let (inputs, exact) = (numbers(count * width, 11), numbers(count * width, 17));
        let (weights, changes) = (numbers(rows * width, 13), numbers(rows * width, 19));
        let between = |a: &[f32], i: usize, j: usize| -> f32 {
            a.chunks_exact(width).zip(inputs.chunks_exact(width)).map(|(a, x)| a[i] * x[j]).sum()
        };
        let sum = |a: &[f32]| (0..width * width).map(|at| between(a, at / width, at % width)).collect::<Vec<f32>>();
        let summed = SecondMoments::new(width, sum(&inputs)).unwrap().standing_for(sum(&exact)).unwrap();
        let kept = SecondMoments::of_rows(width, inputs.clone()).unwrap().standing_for(exact.clone()).unwrap();

        let kernels = Kernels::detect().unwrap();
        let slopes = |moments: &SecondMoments| -> Vec<Vec<[f32; BLOCK]>> {
            let residuals = Residuals::new(kernels, moments, damping).unwrap();
            let mut residual = residuals.of_exact(&weights);
            for block in 0..width / BLOCK {
                let changes: Vec<f32> =
                    changes.chunks_exact(width).flat_map(|row| &row[block * BLOCK..][..BLOCK]).copied().collect();
                residuals.take(block, &changes, &mut residual);
            }
            let of_block = |block| {
                let mut slopes = Vec::new();
                residuals.slopes(block, &residual, &mut slopes);
                slopes
            };
            (0..width / BLOCK).map(of_block).collect()
        };
        let expected = |row: usize, input: usize| -> f32 {
            let own: f32 = (0..width).map(|i| changes[row * width + i] * between(&inputs, i, input)).sum();
            let lacking = |i: usize| 0.5 * (between(&exact, i, input) - between(&inputs, i, input));
            let lacking: f32 = (0..width).map(|i| weights[row * width + i] * lacking(i)).sum();
            own + lacking + damping * changes[row * width + input]
        };
        let found = [slopes(&summed), slopes(&kept)];
        for (block, row, at) in (0..width * rows).map(|at| (at % width / BLOCK, at / width, at % BLOCK)) {
            let expected = expected(row, block * BLOCK + at);
            assert!(found.iter().all(|slopes| slopes[block][row][at] == expected), "{row} {block} {at}: {expected}");
        }
    }

    #[test]
    fn moments_within_a_block_are_the_same_of_inputs() {
        let width = 64;
        let inputs: Vec<f32> = (0..5 * width).map(|at| ((at * 37 + at / width) % 11) as f32 - 5.0).collect();
        let between = |at: usize| inputs.chunks_exact(width).map(|x| x[at / width] * x[at % width]).sum();
        let summed = SecondMoments::new(width, (0..width * width).map(between).collect()).unwrap();
        let kept = SecondMoments::of_rows(width, inputs.clone()).unwrap();
        assert_eq!(summed.squares(), kept.squares());
        for start in [0, 32] {
            assert_eq!(summed.within(start), kept.within(start));
            assert_eq!(summed.within(start)[BLOCK + 2], between((start + 1) * width + start + 2));
        }
    }
}
