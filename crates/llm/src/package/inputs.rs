//! Ids, masks and caches, written into tensors that serve call after call.

use half::f16;
use sottovoce_tensor::{Bytes, DType, Tensor, TensorError};

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

/// Cuts a cache, `[layers, 1, heads, all positions, head size]`, to its first `positions`, if it has more.
pub(super) fn keep_first_positions(cache: &mut Tensor, positions: usize) -> Result<(), TensorError> {
    let &[layers, batch, heads, all, size] = cache.shape() else { return Ok(()) };
    if all <= positions {
        return Ok(());
    }
    let bytes = cache.bytes().as_slice();
    let head = bytes.len() / (layers * batch * heads).max(1);
    let kept = head / all * positions;
    let bytes: Vec<u8> = bytes.chunks_exact(head.max(1)).flat_map(|head| &head[..kept]).copied().collect();
    *cache = Tensor::new(cache.dtype(), [layers, batch, heads, positions, size], Bytes::copy_from(&bytes))?;
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

    #[test]
    fn a_cache_is_cut_along_its_positions() {
        let numbers: Vec<f32> = (0..24).map(|n| n as f32).collect();
        let mut cache = Tensor::from_slice([2, 1, 2, 3, 2], &numbers).unwrap();
        keep_first_positions(&mut cache, 3).unwrap();
        assert_eq!(cache.shape(), [2, 1, 2, 3, 2]);
        keep_first_positions(&mut cache, 2).unwrap();
        assert_eq!(cache.shape(), [2, 1, 2, 2, 2]);
        let kept: Vec<f32> = numbers.chunks(6).flat_map(|head| &head[..4]).copied().collect();
        assert_eq!(cache.to_f32_vec(), kept);
    }
}
