//! Ids and masks, written into tensors that serve call after call.

use half::f16;
use sottovoce_tensor::{DType, Tensor, TensorError};

/// Makes `tensor` the ids as i32 `[1, q]`.
pub(super) fn set_ids(tensor: &mut Tensor, ids: &[i32]) -> Result<(), TensorError> {
    tensor.renew(DType::I32, &[1, ids.len()])?;
    tensor.as_mut_slice()?.copy_from_slice(ids);
    Ok(())
}

/// Makes `tensor` a causal mask, f16 `[1, 1, q, kv]` with kv = `past` + q: row i sees the positions up to `past` + i, the
/// last `window` of them where there is one, except the first `hidden` ones. `hidden` ≤ `past` and `window` > 0, so that no
/// row is masked altogether.
pub(super) fn set_causal_mask(
    tensor: &mut Tensor,
    q: usize,
    past: usize,
    hidden: usize,
    window: Option<usize>,
) -> Result<(), TensorError> {
    let kv = past + q;
    tensor.renew(DType::F16, &[1, 1, q, kv])?;
    for (row, mask) in tensor.as_mut_slice::<f16>()?.chunks_exact_mut(kv).enumerate() {
        let end = past + row + 1;
        let begin = window.map_or(0, |window| end.saturating_sub(window)).max(hidden);
        mask.fill(f16::NEG_INFINITY);
        mask[begin..end].fill(f16::ZERO);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_sees_itself_and_what_came_before() {
        let mut mask = Tensor::scalar(0i32);
        set_causal_mask(&mut mask, 2, 2, 1, None).unwrap();
        assert_eq!(mask.shape(), [1, 1, 2, 4]);
        let out = f32::NEG_INFINITY;
        assert_eq!(mask.to_f32_vec(), [out, 0.0, 0.0, out, out, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn a_window_holds_the_row_itself_and_what_is_just_before() {
        let mut mask = Tensor::scalar(0i32);
        let (see, out) = (0.0, f32::NEG_INFINITY);
        for (window, expected) in [
            (1, [[out, out, see, out], [out, out, out, see]]),
            (2, [[out, see, see, out], [out, out, see, see]]),
            // The hidden position stays hidden, whatever the window.
            (9, [[out, see, see, out], [out, see, see, see]]),
        ] {
            set_causal_mask(&mut mask, 2, 2, 1, Some(window)).unwrap();
            assert_eq!(mask.to_f32_vec(), expected.concat(), "window {window}");
        }
    }
}
