//! Ids, masks and caches as tensors.

use half::f16;
use sottovoce_tensor::{Bytes, Tensor, TensorError};

/// Ids as i32 `[1, q]`.
pub(super) fn ids(ids: &[i32]) -> Result<Tensor, TensorError> {
    Tensor::from_slice([1, ids.len()], ids)
}

/// The causal mask, f16 `[1, 1, q, kv]` with kv = `past` + q: row i sees the positions up to `past` + i, except the first
/// `hidden` ones. `hidden` ≤ `past`, so that no row is masked altogether.
pub(super) fn causal_mask(q: usize, past: usize, hidden: usize) -> Result<Tensor, TensorError> {
    let kv = past + q;
    let mut mask = vec![f16::ZERO; q * kv];
    for (row, mask) in mask.chunks_exact_mut(kv).enumerate() {
        mask[..hidden].fill(f16::NEG_INFINITY);
        mask[past + row + 1..].fill(f16::NEG_INFINITY);
    }
    Tensor::from_slice([1, 1, q, kv], &mask)
}

/// The first `positions` of a cache, `[layers, 1, heads, all positions, head size]`; the same if there are no more.
pub(super) fn first_positions(cache: &Tensor, positions: usize) -> Result<Tensor, TensorError> {
    let mut shape = cache.shape().to_vec();
    let &[_, _, _, all, _] = shape.as_slice() else { return Ok(cache.clone()) };
    if all <= positions {
        return Ok(cache.clone());
    }
    shape[3] = positions;
    let bytes = cache.bytes().as_slice();
    let heads = shape[0] * shape[1] * shape[2];
    let head = bytes.len() / heads.max(1);
    let kept = head / all * positions;
    let bytes: Vec<u8> = bytes.chunks_exact(head.max(1)).flat_map(|head| &head[..kept]).copied().collect();
    Tensor::new(cache.dtype(), shape, Bytes::copy_from(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_sees_itself_and_what_came_before() {
        let mask = causal_mask(2, 2, 1).unwrap();
        assert_eq!(mask.shape(), [1, 1, 2, 4]);
        let out = f32::NEG_INFINITY;
        assert_eq!(mask.to_f32_vec(), [out, 0.0, 0.0, out, out, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn a_cache_is_cut_along_its_positions() {
        let numbers: Vec<f32> = (0..24).map(|n| n as f32).collect();
        let cache = Tensor::from_slice([2, 1, 2, 3, 2], &numbers).unwrap();
        let cut = first_positions(&cache, 2).unwrap();
        assert_eq!(cut.shape(), [2, 1, 2, 2, 2]);
        let kept: Vec<f32> = numbers.chunks(6).flat_map(|head| &head[..4]).copied().collect();
        assert_eq!(cut.to_f32_vec(), kept);
        assert_eq!(first_positions(&cache, 3).unwrap().shape(), [2, 1, 2, 3, 2]);
    }
}
