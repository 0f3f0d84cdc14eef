//! Ids and masks, written into tensors that serve call after call.

use half::f16;
use sottovoce_tensor::{DType, Tensor, TensorError};

/// Makes `tensor` the ids as i32 `[1, q]`.
pub(super) fn set_ids(tensor: &mut Tensor, ids: &[i32]) -> Result<(), TensorError> {
    tensor.renew(DType::I32, &[1, ids.len()])?;
    tensor.as_mut_slice()?.copy_from_slice(ids);
    Ok(())
}

/// Makes `tensor` the causal mask, f16 `[1, 1, q, kv]` with kv = `past` + q: row i sees the positions up to `past` + i,
/// except the first `hidden` ones. `hidden` ≤ `past`, so that no row is masked altogether.
pub(super) fn set_causal_mask(tensor: &mut Tensor, q: usize, past: usize, hidden: usize) -> Result<(), TensorError> {
    let kv = past + q;
    tensor.renew(DType::F16, &[1, 1, q, kv])?;
    for (row, mask) in tensor.as_mut_slice::<f16>()?.chunks_exact_mut(kv).enumerate() {
        mask.fill(f16::NEG_INFINITY);
        mask[hidden..=past + row].fill(f16::ZERO);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_sees_itself_and_what_came_before() {
        let mut mask = Tensor::scalar(0i32);
        set_causal_mask(&mut mask, 2, 2, 1).unwrap();
        assert_eq!(mask.shape(), [1, 1, 2, 4]);
        let out = f32::NEG_INFINITY;
        assert_eq!(mask.to_f32_vec(), [out, 0.0, 0.0, out, out, 0.0, 0.0, 0.0]);
    }
}
