//! What goes into a call, written into tensors that serve call after call.

use half::f16;
use sottovoce_tensor::{DType, Element, Tensor, TensorError};

use super::interface::Role;

/// One call: `rows` rows that begin at position `first`. The ids of the first rows are given, and the others are padding,
/// which no row before it sees.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call<'a> {
    pub(super) ids: &'a [i32],
    pub(super) rows: usize,
    pub(super) first: usize,
    /// Columns of masks in front of position 0; they are hidden.
    pub(super) placeholders: usize,
}

/// What a row of padding holds: any id that every vocabulary has.
const PADDING: i32 = 0;

impl Call<'_> {
    /// Makes `tensor` what `role` means for this call.
    pub(super) fn fill(&self, tensor: &mut Tensor, role: Role, dtype: DType) -> Result<(), TensorError> {
        match role {
            Role::Ids => self.fill_ids(tensor),
            Role::CausalMask { least, window } if dtype == DType::F16 => {
                self.fill_causal_mask(tensor, (least, window), f16::ZERO, f16::NEG_INFINITY)
            }
            Role::CausalMask { least, window } => {
                self.fill_causal_mask(tensor, (least, window), 0f32, f32::NEG_INFINITY)
            }
            Role::TokenMask { least } => match dtype {
                DType::F16 => self.fill_token_mask(tensor, least, f16::ONE, f16::ZERO),
                DType::F32 => self.fill_token_mask(tensor, least, 1f32, 0.0),
                _ => self.fill_token_mask(tensor, least, 1i32, 0),
            },
            Role::Positions { rank } => fill_positions(tensor, self.first, self.rows, rank),
            Role::FirstPosition { rank } => fill_positions(tensor, self.first, 1, rank),
        }
    }

    /// i32 [1, rows].
    fn fill_ids(&self, tensor: &mut Tensor) -> Result<(), TensorError> {
        tensor.renew(DType::I32, &[1, self.rows])?;
        let (ids, padding) = tensor.as_mut_slice()?.split_at_mut(self.ids.len());
        ids.copy_from_slice(self.ids);
        padding.fill(PADDING);
        Ok(())
    }

    /// [1, 1, rows, kv or `least` if that is more]: a row sees itself and what is before, the last `window` of them where
    /// there is one, except placeholders.
    fn fill_causal_mask<T: Element>(
        &self,
        tensor: &mut Tensor,
        (least, window): (usize, Option<usize>),
        seen: T,
        hidden: T,
    ) -> Result<(), TensorError> {
        let before = self.placeholders + self.first;
        let columns = least.max(before + self.rows);
        tensor.renew(T::DTYPE, &[1, 1, self.rows, columns])?;
        for (row, mask) in tensor.as_mut_slice::<T>()?.chunks_exact_mut(columns).enumerate() {
            let end = before + row + 1;
            let begin = window.map_or(0, |window| end.saturating_sub(window)).max(self.placeholders);
            mask.fill(hidden);
            mask[begin..end].fill(seen);
        }
        Ok(())
    }

    /// [1, kv or `least` if that is more]: which positions hold a token, neither placeholders nor padding.
    fn fill_token_mask<T: Element>(
        &self,
        tensor: &mut Tensor,
        least: usize,
        token: T,
        none: T,
    ) -> Result<(), TensorError> {
        let before = self.placeholders + self.first;
        tensor.renew(T::DTYPE, &[1, least.max(before + self.rows)])?;
        let mask = tensor.as_mut_slice::<T>()?;
        mask.fill(none);
        mask[self.placeholders..before + self.ids.len()].fill(token);
        Ok(())
    }
}

/// i32 [count] or [1, count], by `rank`: positions from `first` on.
fn fill_positions(tensor: &mut Tensor, first: usize, count: usize, rank: usize) -> Result<(), TensorError> {
    let shape = [1, count];
    tensor.renew(DType::I32, &shape[2 - rank.min(2)..])?;
    for (row, position) in tensor.as_mut_slice::<i32>()?.iter_mut().enumerate() {
        // Below the context, which 16 bits count.
        *position = (first + row) as i32;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUT: f32 = f32::NEG_INFINITY;

    /// What `role` means for a call, as shape and values.
    fn filled(call: &Call<'_>, role: Role, dtype: DType) -> (Vec<usize>, Vec<f32>) {
        let mut tensor = Tensor::scalar(0i32);
        call.fill(&mut tensor, role, dtype).unwrap();
        assert_eq!(tensor.dtype(), dtype);
        (tensor.shape().to_vec(), tensor.to_f32_vec())
    }

    #[test]
    fn a_row_sees_itself_and_what_came_before() {
        let call = Call { ids: &[7, 8], rows: 2, first: 1, placeholders: 1 };
        let expected = vec![OUT, 0.0, 0.0, OUT, OUT, 0.0, 0.0, 0.0];
        for dtype in [DType::F16, DType::F32] {
            let found = filled(&call, Role::CausalMask { least: 1, window: None }, dtype);
            assert_eq!(found, (vec![1, 1, 2, 4], expected.clone()));
        }
    }

    #[test]
    fn a_window_holds_the_row_itself_and_what_is_just_before() {
        let call = Call { ids: &[7, 8], rows: 2, first: 1, placeholders: 1 };
        for (window, expected) in [
            (1, [[OUT, OUT, 0.0, OUT], [OUT, OUT, OUT, 0.0]]),
            (2, [[OUT, 0.0, 0.0, OUT], [OUT, OUT, 0.0, 0.0]]),
            // The placeholder stays hidden, whatever the window.
            (9, [[OUT, 0.0, 0.0, OUT], [OUT, 0.0, 0.0, 0.0]]),
        ] {
            let (_, mask) = filled(&call, Role::CausalMask { least: 1, window: Some(window) }, DType::F16);
            assert_eq!(mask, expected.concat(), "window {window}");
        }
    }

    #[test]
    fn a_full_context_mask_hides_what_is_not_there_yet() {
        let call = Call { ids: &[7, 8], rows: 2, first: 1, placeholders: 0 };
        let expected = vec![0.0, 0.0, OUT, OUT, OUT, 0.0, 0.0, 0.0, OUT, OUT];
        assert_eq!(
            filled(&call, Role::CausalMask { least: 5, window: None }, DType::F16),
            (vec![1, 1, 2, 5], expected)
        );
    }

    #[test]
    fn padding_is_no_token_and_nobody_sees_it() {
        let call = Call { ids: &[7, 8], rows: 4, first: 3, placeholders: 0 };
        assert_eq!(filled(&call, Role::Ids, DType::I32), (vec![1, 4], vec![7.0, 8.0, 0.0, 0.0]));
        let expected = vec![1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0];
        for dtype in [DType::I32, DType::F16, DType::F32] {
            assert_eq!(filled(&call, Role::TokenMask { least: 8 }, dtype), (vec![1, 8], expected.clone()));
        }
        let (shape, mask) = filled(&call, Role::CausalMask { least: 1, window: None }, DType::F16);
        assert_eq!(shape, [1, 1, 4, 7]);
        assert!(mask.chunks(7).take(2).all(|row| row[5..] == [OUT, OUT]), "{mask:?}");
    }

    #[test]
    fn positions_count_from_the_first() {
        let call = Call { ids: &[7, 8], rows: 2, first: 3, placeholders: 1 };
        assert_eq!(filled(&call, Role::Positions { rank: 1 }, DType::I32), (vec![2], vec![3.0, 4.0]));
        assert_eq!(filled(&call, Role::Positions { rank: 2 }, DType::I32), (vec![1, 2], vec![3.0, 4.0]));
        assert_eq!(filled(&call, Role::FirstPosition { rank: 1 }, DType::I32), (vec![1], vec![3.0]));
    }
}
