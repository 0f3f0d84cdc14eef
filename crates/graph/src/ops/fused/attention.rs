use crate::{
    error::OpError,
    ir::Fact,
    op::{OpDef, optional, required},
};

/// Scaled dot-product attention with grouped heads: `softmax(cap(query·keyᵀ·scale) + attn_mask)·value`, where cap(s) is
/// `soft_cap · tanh(s ∕ soft_cap)` if there is a soft cap, s otherwise. Fused.
///
/// `query` [1, heads, q, size], `key` and `value` [1, groups, kv, size] where groups divides heads, `attn_mask`
/// [1, 1, q, kv]; the result has the shape of `query`. A row whose mask hides every key is an error.
pub static OP: OpDef = OpDef {
    name: "attention",
    params: &[
        required("query"),
        required("key"),
        required("value"),
        optional("attn_mask"),
        required("scale"),
        optional("soft_cap"),
    ],
    infer: |ctx| {
        let query = ctx.fact("query")?.clone();
        let (key, value) = (ctx.fact("key")?.shape.clone(), ctx.fact("value")?.shape.clone());
        let ([_, heads, _, size], [_, groups, keys, key_size]) = (query.shape.as_slice(), key.as_slice()) else {
            return Err(OpError::Unsupported { what: "attention on tensors that are not of rank 4".to_owned() });
        };
        ctx.assume_equal(size, key_size, "size of heads")?;
        ctx.assume_equal(keys, value.get(2).unwrap_or(keys), "keys and values")?;
        let group = heads.floor_div(groups);
        ctx.assume_equal(heads, &(group * groups.clone()), "groups of heads")?;
        Ok(vec![Fact::new(query.dtype, query.shape.clone())])
    },
    eval: |ctx| {
        let (query, key, value) = (ctx.tensor("query")?, ctx.tensor("key")?, ctx.tensor("value")?);
        let (&[_, heads, rows, size], &[_, groups, keys, _]) = (query.shape(), key.shape()) else {
            return Err(OpError::Unsupported { what: "attention on tensors that are not of rank 4".to_owned() });
        };
        let scale = ctx.float("scale", 1.0)?;
        let soft_cap = ctx.opt_tensor("soft_cap").map(|_| ctx.float("soft_cap", 0.0)).transpose()?;
        let mask = ctx.opt_tensor("attn_mask").map(|mask| mask.to_f32_vec());
        let (q, k, v) = (query.to_f32_vec(), key.to_f32_vec(), value.to_f32_vec());
        let mut result = vec![0f32; q.len()];
        for head in 0..heads {
            let first_key = head / (heads / groups) * keys;
            let row_of = |data: &[f32], index: usize| -> std::ops::Range<usize> {
                debug_assert!((index + 1) * size <= data.len());
                index * size..(index + 1) * size
            };
            for row in 0..rows {
                let query = &q[row_of(&q, head * rows + row)];
                let mut weights: Vec<f32> = (0..keys)
                    .map(|index| {
                        let key = &k[row_of(&k, first_key + index)];
                        let dot: f32 = query.iter().zip(key).map(|(a, b)| a * b).sum();
                        let score = soft_cap.map_or(dot * scale, |cap| cap * (dot * scale / cap).tanh());
                        score + mask.as_ref().map_or(0.0, |mask| mask[row * keys + index])
                    })
                    .collect();
                let max = weights.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                if !max.is_finite() {
                    return Err(OpError::InvalidArgument {
                        name: "attn_mask",
                        expected: "at least one visible key in every row, and no NaN".to_owned(),
                        found: format!("row {row} with none"),
                    });
                }
                let mut total = 0.0;
                for weight in &mut weights {
                    *weight = (*weight - max).exp();
                    total += *weight;
                }
                let target = row_of(&result, head * rows + row);
                for (index, weight) in weights.iter().enumerate() {
                    let value = &v[row_of(&v, first_key + index)];
                    for (sum, value) in result[target.clone()].iter_mut().zip(value) {
                        *sum += weight / total * value;
                    }
                }
            }
        }
        Ok(vec![ctx.float_output(query.shape(), &result)?])
    },
};
