use std::{ops::Range, sync::Arc};

use half::f16;

use super::BLOCK;
use crate::ConvertError;

/// How far what the exact model would compute is aimed at: 0 asks a row for the exact row's products with the inputs that are
/// there, 1 for those with the exact inputs. In between, what errors of a text have in common by chance is not fitted: of 0, ½ and
/// 1, ½ lost least on texts that were not calibrated on.
const AIM: f32 = 0.5;

/// Second moments of the inputs of a linear layer over a calibration text: element (i, j) is proportional to the mean of
/// xᵢ·xⱼ over its rows. Only ratios count.
#[derive(Clone, Debug, PartialEq)]
pub struct SecondMoments {
    width: usize,
    inputs: Inputs,
}

/// What moments are known by. `lacking` is what the inputs that are aimed at have more, if they are others.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Inputs {
    /// Themselves, [width, width]; and those between the inputs aimed at, down, and these, less these.
    Moments { values: Vec<f32>, lacking: Option<Vec<f32>> },
    /// The inputs, [rows, width].
    Rows { rows: Vec<f32>, lacking: Option<Vec<f32>> },
}

/// Outputs that are looked at together at most: memory goes with their square.
const MOST_TOGETHER: usize = 768;

/// Second moments of how a loss changes with the outputs of a linear layer: element (i, j) is proportional to the mean of gᵢ·gⱼ
/// over gradients g. Only ratios count. Where outputs of one row do the same to the loss, errors of one can undo those of another.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputMoments {
    outputs: usize,
    /// Those between the outputs of a group, group by group, [len, len] each.
    values: Vec<f32>,
}

/// A matrix as it was rounded: int4 codes with an f16 scale for every block of a row.
#[derive(Clone, Copy, Debug)]
pub struct Rounded<'a> {
    /// Rows: outputs of the layer.
    pub rows: usize,
    /// Weights of a row.
    pub columns: usize,
    /// Weights that share a scale.
    pub block: usize,
    /// Codes of −8 to 7, two to a byte, the low half first.
    pub codes: &'a [u8],
    /// \[rows, columns ∕ block\]
    pub scales: &'a [f16],
}

/// Where a conversion has activation statistics from: it does not run models, so whoever can must have run one.
pub trait Calibration {
    /// Moments of the inputs of the weight that the program calls `weight`, `model_layers_0_mlp_up_proj_weight` for
    /// instance. Asked once for each matrix that is rounded to int4, in the order of the program. `None` for one that no
    /// input was multiplied by: it is rounded as without calibration.
    ///
    /// # Errors
    /// Whatever keeps the statistics from being gathered; it ends the conversion.
    fn moments(&mut self, weight: &str) -> Result<Option<Arc<SecondMoments>>, CalibrationError>;

    /// Moments of the gradients of its outputs, where they are known. Asked once for each weight that has [`Calibration::moments`],
    /// after these.
    ///
    /// # Errors
    /// Whatever keeps them from being gathered; it ends the conversion.
    fn output_moments(&mut self, weight: &str) -> Result<Option<Arc<OutputMoments>>, CalibrationError> {
        let _ = weight;
        Ok(None)
    }

    /// What became of a weight for which there were moments, before those of the next are asked for: the layers behind it can
    /// be calibrated on what it computes now.
    ///
    /// # Errors
    /// Whatever keeps it from being taken in; it ends the conversion.
    fn rounded(&mut self, weight: &str, rounded: Rounded<'_>) -> Result<(), CalibrationError> {
        let _ = (weight, rounded);
        Ok(())
    }
}

/// Why statistics could not be gathered.
pub type CalibrationError = Box<dyn std::error::Error + Send + Sync>;

impl SecondMoments {
    /// Moments of inputs of `width` elements, [width, width] row by row.
    ///
    /// # Errors
    /// [`ConvertError::Moments`] for another number of values, one that is not finite, or a negative one on the diagonal.
    pub fn new(width: usize, values: Vec<f32>) -> Result<Self, ConvertError> {
        check(width, width.checked_mul(width), &values)?;
        check_squares(width, width, &values)?;
        Ok(Self { width, inputs: Inputs::Moments { values, lacking: None } })
    }

    /// The moments of these inputs, [rows, width]. They are kept as they are, which takes less memory and less time to round
    /// by where there are fewer of them than half their elements ([`SecondMoments::better_of_rows`]).
    ///
    /// # Errors
    /// [`ConvertError::Moments`] for a number of values that makes no whole rows, or one that is not finite.
    pub fn of_rows(width: usize, rows: Vec<f32>) -> Result<Self, ConvertError> {
        check(width, rows.len().checked_next_multiple_of(width), &rows)?;
        Ok(Self { width, inputs: Inputs::Rows { rows, lacking: None } })
    }

    /// Whether so many inputs of `width` elements are better kept than summed.
    pub fn better_of_rows(rows: usize, width: usize) -> bool {
        2 * rows < width
    }

    /// Makes up for what the inputs are not: they come of layers that were rounded, and those that the exact model has there
    /// are y. `exact` are the moments between the two, element (i, j) proportional to the mean of yᵢ·xⱼ; or, where the inputs
    /// are there themselves, the rows y. A row of weights is then rounded for its products with these inputs to be half way to
    /// those of the exact row with exact ones.
    ///
    /// # Errors
    /// [`ConvertError::Moments`] for another number of values, or one that is not finite.
    pub fn standing_for(mut self, mut exact: Vec<f32>) -> Result<Self, ConvertError> {
        let (Inputs::Moments { values, lacking } | Inputs::Rows { rows: values, lacking }) = &mut self.inputs;
        check(self.width, Some(values.len()), &exact)?;
        exact.iter_mut().zip(values).for_each(|(exact, value)| *exact = AIM * (*exact - *value));
        *lacking = Some(exact);
        Ok(self)
    }

    /// Elements of an input row.
    pub fn width(&self) -> usize {
        self.width
    }

    pub(super) fn inputs(&self) -> &Inputs {
        &self.inputs
    }

    /// The moments between the inputs of the block that begins at `start`, [BLOCK, BLOCK].
    pub(super) fn within(&self, start: usize) -> Vec<f32> {
        let mut within = vec![0.0; BLOCK * BLOCK];
        match &self.inputs {
            Inputs::Moments { values, .. } => {
                for (row, within) in values[start * self.width..].chunks(self.width).zip(within.chunks_exact_mut(BLOCK))
                {
                    within.copy_from_slice(&row[start..start + BLOCK]);
                }
            }
            Inputs::Rows { rows, .. } => {
                for row in rows.chunks_exact(self.width).map(|row| &row[start..start + BLOCK]) {
                    for (x, within) in row.iter().zip(within.chunks_exact_mut(BLOCK)) {
                        within.iter_mut().zip(row).for_each(|(within, y)| *within += x * y);
                    }
                }
            }
        }
        within
    }

    /// The square of each input element.
    pub(super) fn squares(&self) -> Vec<f32> {
        match &self.inputs {
            Inputs::Moments { values, .. } => values.iter().step_by(self.width + 1).copied().collect(),
            Inputs::Rows { rows, .. } => {
                let mut squares = vec![0.0; self.width];
                for row in rows.chunks_exact(self.width) {
                    squares.iter_mut().zip(row).for_each(|(square, x)| *square += x * x);
                }
                squares
            }
        }
    }
}

impl OutputMoments {
    /// The groups of outputs that are looked at together: all `outputs` of a layer, or even parts.
    pub fn groups(outputs: usize) -> impl Iterator<Item = Range<usize>> {
        let len = outputs.div_ceil(outputs.div_ceil(MOST_TOGETHER).max(1)).max(1);
        (0..outputs).step_by(len).map(move |start| start..(start + len).min(outputs))
    }

    /// Moments of the gradients of `outputs` outputs: those of each of [`OutputMoments::groups`], [len, len] row by row.
    ///
    /// # Errors
    /// [`ConvertError::Moments`] as for [`SecondMoments::new`].
    pub fn new(outputs: usize, values: Vec<f32>) -> Result<Self, ConvertError> {
        let expected = Self::groups(outputs).map(|group| group.len() * group.len()).sum();
        check(outputs, Some(expected), &values)?;
        let moments = Self { outputs, values };
        moments.iter().try_for_each(|(group, values)| check_squares(outputs, group.len(), values))?;
        Ok(moments)
    }

    /// Number of outputs.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Groups with their moments.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Range<usize>, &[f32])> {
        let mut rest = self.values.as_slice();
        Self::groups(self.outputs).map(move |group| {
            let (values, others) = rest.split_at(group.len() * group.len());
            rest = others;
            (group, values)
        })
    }
}

fn check(width: usize, expected: Option<usize>, values: &[f32]) -> Result<(), ConvertError> {
    let error = |what: String| Err(ConvertError::Moments { width, what });
    if expected != Some(values.len()) {
        return error(format!("there are {} of them", values.len()));
    }
    match values.iter().find(|value| !value.is_finite()) {
        Some(value) => error(format!("one is {value}")),
        None => Ok(()),
    }
}

/// Checks the diagonal of a matrix with rows of `len`.
fn check_squares(width: usize, len: usize, values: &[f32]) -> Result<(), ConvertError> {
    match values.iter().step_by(len + 1).find(|&&value| value < 0.0) {
        Some(value) => Err(ConvertError::Moments { width, what: format!("the mean of a square is {value}") }),
        None => Ok(()),
    }
}
