use std::sync::Arc;

use crate::ConvertError;

/// Second moments of the inputs of a linear layer over a calibration text: element (i, j) is proportional to the mean of
/// xᵢ·xⱼ over its rows. Only ratios count.
#[derive(Clone, Debug, PartialEq)]
pub struct SecondMoments {
    width: usize,
    values: Vec<f32>,
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
}

/// Why statistics could not be gathered.
pub type CalibrationError = Box<dyn std::error::Error + Send + Sync>;

impl SecondMoments {
    /// Moments of inputs of `width` elements, [width, width] row by row.
    ///
    /// # Errors
    /// [`ConvertError::Moments`] for another number of values, one that is not finite, or a negative one on the diagonal.
    pub fn new(width: usize, values: Vec<f32>) -> Result<Self, ConvertError> {
        let error = |what: String| Err(ConvertError::Moments { width, what });
        if width.checked_mul(width) != Some(values.len()) {
            return error(format!("there are {} of them", values.len()));
        }
        if let Some(value) = values.iter().find(|value| !value.is_finite()) {
            return error(format!("one is {value}"));
        }
        if let Some(value) = values.iter().step_by(width + 1).find(|&&value| value < 0.0) {
            return error(format!("the mean of a square is {value}"));
        }
        Ok(Self { width, values })
    }

    /// Elements of an input row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Row `input` of the matrix, which is also its column.
    pub(crate) fn row(&self, input: usize) -> &[f32] {
        &self.values[input * self.width..][..self.width]
    }

    /// The mean square of each input element.
    pub(crate) fn squares(&self) -> impl Iterator<Item = f32> + '_ {
        self.values.iter().step_by(self.width + 1).copied()
    }
}
