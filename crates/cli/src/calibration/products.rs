use std::ops::Range;

use sottovoce_convert::{ConvertError, OutputMoments, SecondMoments};
use sottovoce_kernels::{Activations, Epilogue, Floats, Kernels, PackedLinear, Rows, RowsMut, Team, WeightSource};

/// A row whose square is more than this many times the median counts as if it were that. The first position of a text often
/// has activations a thousand times as large as all others ("Massive activations in large language models", Sun et al.
/// 2024, arXiv:2402.17762): one row of 512 would be all that counts.
const CAP: f32 = 4.0;

/// Rows of moments that a thread sums at a time.
const SHARE: usize = 64;

/// Second moments in the making: Σ xᵀx over rows x, and Σ yᵀx with the rows y that they stand for.
pub struct Products {
    kernels: Kernels,
    width: usize,
    /// \[width, width\]
    own: Vec<f32>,
    cross: Option<Vec<f32>>,
}

impl Products {
    /// Sums of rows of `width` elements.
    pub fn new(kernels: Kernels, width: usize) -> Self {
        Self { kernels, width, own: vec![0.0; width * width], cross: None }
    }

    /// Takes in the rows of a window, and what the exact model has in their place.
    pub fn add(&mut self, rows: &[f32], exact: Option<&[f32]>) -> Result<(), ConvertError> {
        let factors = factors(rows, self.width);
        let packed = add_own_products(self.kernels, &turned(rows, &factors), factors.len(), &mut self.own)?;
        if let Some(exact) = exact {
            let cross = self.cross.get_or_insert_with(|| vec![0.0; self.width * self.width]);
            add_products(self.kernels, &turned(exact, &factors), &packed, cross);
        }
        Ok(())
    }

    /// The moments.
    ///
    /// # Errors
    /// The model computed numbers that are not finite.
    pub fn finish(mut self) -> Result<SecondMoments, ConvertError> {
        mirror(&mut self.own, self.width);
        let moments = SecondMoments::new(self.width, self.own)?;
        match self.cross {
            Some(cross) => moments.standing_for(cross),
            None => Ok(moments),
        }
    }
}

/// Moments by the rows themselves, window by window, and what the exact model has in their place.
///
/// # Errors
/// The model computed numbers that are not finite.
pub fn of_rows(
    width: usize,
    windows: &[Vec<u32>],
    mut rows: Vec<f32>,
    mut exact: Vec<f32>,
) -> Result<SecondMoments, ConvertError> {
    let (mut rest, mut exact_rest) = (rows.as_mut_slice(), exact.as_mut_slice());
    for window in windows {
        let (rows, exact);
        (rows, rest) = rest.split_at_mut(window.len() * width);
        (exact, exact_rest) = exact_rest.split_at_mut(window.len() * width);
        for (index, factor) in factors(rows, width).into_iter().enumerate() {
            let row = index * width..(index + 1) * width;
            rows[row.clone()].iter_mut().chain(&mut exact[row]).for_each(|x| *x *= factor);
        }
    }
    SecondMoments::of_rows(width, rows)?.standing_for(exact)
}

/// Second moments of the gradients of a layer's outputs in the making.
pub struct OutputProducts {
    kernels: Kernels,
    width: usize,
    /// Outputs that are looked at together, with their sums.
    groups: Vec<(Range<usize>, Vec<f32>)>,
}

impl OutputProducts {
    /// Sums for a layer of `width` outputs.
    pub fn new(kernels: Kernels, width: usize) -> Self {
        let groups = OutputMoments::groups(width).map(|group| (group.clone(), vec![0.0; group.len() * group.len()]));
        Self { kernels, width, groups: groups.collect() }
    }

    /// Takes in the gradients of a window, row by row.
    pub fn add(&mut self, rows: &[f32]) -> Result<(), ConvertError> {
        let factors = factors(rows, self.width);
        for (group, sums) in &mut self.groups {
            let columns: Vec<f32> =
                rows.chunks_exact(self.width).flat_map(|row| &row[group.clone()]).copied().collect();
            add_own_products(self.kernels, &turned(&columns, &factors), factors.len(), sums)?;
        }
        Ok(())
    }

    /// The moments.
    ///
    /// # Errors
    /// The model computed numbers that are not finite.
    pub fn finish(mut self) -> Result<OutputMoments, ConvertError> {
        self.groups.iter_mut().for_each(|(group, sums)| mirror(sums, group.len()));
        OutputMoments::new(self.width, self.groups.into_iter().flat_map(|(_, sums)| sums).collect())
    }
}

/// What each row is multiplied with.
fn factors(rows: &[f32], width: usize) -> Vec<f32> {
    let squares: Vec<f32> = rows.chunks_exact(width).map(|row| row.iter().map(|x| x * x).sum::<f32>()).collect();
    let mut sorted = squares.clone();
    sorted.sort_unstable_by(f32::total_cmp);
    let cap = CAP * sorted.get(sorted.len() / 2).copied().unwrap_or(0.0);
    squares.into_iter().map(|square| if square > cap { (cap / square).sqrt() } else { 1.0 }).collect()
}

/// Rows times their factors, turned: element by element.
fn turned(rows: &[f32], factors: &[f32]) -> Vec<f32> {
    let mut turned = vec![0.0; rows.len()];
    let width = rows.len() / factors.len().max(1);
    for (row, (x, factor)) in rows.chunks_exact(width.max(1)).zip(factors).enumerate() {
        x.iter().enumerate().for_each(|(index, x)| turned[index * factors.len() + row] = factor * x);
    }
    turned
}

/// Adds the products of `turned` rows, \[width, rows\], with themselves to `sums`: the lower triangle, which [`mirror`] makes
/// whole. Gives them packed.
fn add_own_products(
    kernels: Kernels,
    turned: &[f32],
    rows: usize,
    sums: &mut [f32],
) -> Result<PackedLinear, ConvertError> {
    let (width, team) = (turned.len() / rows, Team::new(Team::default_threads()));
    let source = WeightSource::Float { rows: width, columns: rows, data: Floats::F32(turned) };
    let packed = PackedLinear::pack(&source, &team);
    let packed = packed.map_err(|error| ConvertError::Kernels(error.to_string()))?;
    team.for_each_chunk(sums, SHARE * width, |share, sums| {
        let from = share * SHARE;
        let to = from + sums.len() / width;
        let x = Activations::Float(Rows::dense(&turned[from * rows..to * rows], rows));
        let sums = RowsMut::new(sums, to - from, to, width);
        kernels.linear(&packed, x, 0..to, sums, Epilogue::Add);
    });
    Ok(packed)
}

/// Fills what lies above the diagonal of a symmetric matrix from what lies below.
fn mirror(values: &mut [f32], width: usize) {
    for row in 0..width {
        for column in row + 1..width {
            values[row * width + column] = values[column * width + row];
        }
    }
}

/// Adds the products of `turned` rows, \[width, rows\], with others to `sums`.
fn add_products(kernels: Kernels, turned: &[f32], others: &PackedLinear, sums: &mut [f32]) {
    let (width, rows) = (others.rows(), others.columns());
    Team::new(Team::default_threads()).for_each_chunk(sums, SHARE * width, |share, sums| {
        let turned = &turned[share * SHARE * rows..][..sums.len() / width * rows];
        let x = Activations::Float(Rows::dense(turned, rows));
        kernels.linear(others, x, 0..width, RowsMut::dense(sums, width), Epilogue::Add);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three rows of two elements, the last of which is capped to four times the square of the median row.
    #[test]
    fn sums_are_of_products_and_large_rows_are_capped() {
        let rows = [1.0, 0.0, 0.0, 2.0, 30.0, 40.0];
        // Squares 1, 4 and 2500: the cap is 16, so that the last row counts as 2.4, 3.2.
        let mut products = Products::new(Kernels::detect().unwrap(), 2);
        products.add(&rows, Some(&[2.0, 0.0, 0.0, 2.0, 30.0, 40.0])).unwrap();
        let expected = SecondMoments::new(2, vec![1.0 + 5.76, 7.68, 7.68, 4.0 + 10.24]).unwrap();
        let expected = expected.standing_for(vec![2.0 + 5.76, 7.68, 7.68, 4.0 + 10.24]).unwrap();
        let (found, expected) = (format!("{:.2?}", products.finish().unwrap()), format!("{expected:.2?}"));
        assert_eq!(found, expected);
    }

    /// Rows that are kept are those that would have been summed, window by window.
    #[test]
    fn rows_are_capped_where_they_are_kept() {
        let windows = [vec![0; 3], vec![0; 1]];
        let rows = [1.0, 0.0, 0.0, 2.0, 30.0, 40.0, 5.0, 6.0];
        let exact = [2.0, 0.0, 0.0, 2.0, 60.0, 40.0, 5.0, 7.0];
        let kept = of_rows(2, &windows, rows.to_vec(), exact.to_vec()).unwrap();
        let expected = SecondMoments::of_rows(2, vec![1.0, 0.0, 0.0, 2.0, 2.4, 3.2, 5.0, 6.0]).unwrap();
        let expected = expected.standing_for(vec![2.0, 0.0, 0.0, 2.0, 4.8, 3.2, 5.0, 7.0]).unwrap();
        assert_eq!(format!("{kept:.2?}"), format!("{expected:.2?}"));
    }

    /// More inputs than one share of the sums has, and more outputs than one group: every moment is the plain sum.
    #[test]
    fn shares_and_groups_give_plain_sums() {
        let (width, count) = (900, 8);
        // Small whole numbers, whose sums are exact, in rows of about the same square: none is capped.
        let rows: Vec<f32> = (0..width * count).map(|at| ((at * 37 + at / width * 11) % 7) as f32 - 3.0).collect();
        let sum = |i: usize, j: usize| rows.chunks_exact(width).map(|row| row[i] * row[j]).sum::<f32>();
        let kernels = Kernels::detect().unwrap();
        let (mut inputs, mut outputs) = (Products::new(kernels, width), OutputProducts::new(kernels, width));
        inputs.add(&rows, None).unwrap();
        outputs.add(&rows).unwrap();
        let expected = (0..width * width).map(|at| sum(at / width, at % width)).collect();
        assert!(inputs.finish().unwrap() == SecondMoments::new(width, expected).unwrap());
        let of_group = |group: Range<usize>| -> Vec<f32> {
            let row = |i: usize| group.clone().map(move |j| (i, j));
            group.clone().flat_map(row).map(|(i, j)| sum(i, j)).collect()
        };
        let expected = OutputMoments::groups(width).flat_map(of_group).collect();
        assert!(outputs.finish().unwrap() == OutputMoments::new(width, expected).unwrap());
    }
}
