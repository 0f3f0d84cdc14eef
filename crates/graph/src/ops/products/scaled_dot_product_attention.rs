use sottovoce_tensor::{DType, Tensor};

use crate::{
    error::OpError,
    ir::Fact,
    op::{EvalContext, InferContext, OpDef, optional, required},
    ops::{
        activation::softmax::softmax,
        support::{broadcast, gemm},
    },
};

/// `softmax(query · keyᵀ / √E + mask) · value` with query [..., L, E], key [..., S, E], value [..., S, EV] and a mask
/// that broadcasts to [..., L, S]: added when it holds floats, and when it holds booleans false hides a position.
pub static OP: OpDef = OpDef {
    name: "scaled_dot_product_attention",
    params: &[required("query"), required("key"), required("value"), optional("attn_mask")],
    infer,
    eval,
};

fn infer(ctx: &mut InferContext<'_>) -> Result<Vec<Fact>, OpError> {
    let (query, key, value) = (ctx.fact("query")?.clone(), ctx.fact("key")?.clone(), ctx.fact("value")?.clone());
    let ([q_batch @ .., rows, e], [k_batch @ .., s, k_e], [v_batch @ .., v_s, ev]) =
        (query.shape.as_slice(), key.shape.as_slice(), value.shape.as_slice())
    else {
        return Err(OpError::InvalidArgument {
            name: "query",
            expected: "query, key and value of rank 3 or more".into(),
            found: format!("ranks {}, {} and {}", query.rank(), key.rank(), value.rank()),
        });
    };
    ctx.assume_equal(e, k_e, "embedding of query and key")?;
    ctx.assume_equal(s, v_s, "length of key and value")?;
    let batch = ctx.broadcast(q_batch, k_batch)?;
    let batch = ctx.broadcast(&batch, v_batch)?;
    let with = |last: [&_; 2]| batch.iter().chain(last).cloned().collect::<Vec<_>>();
    if let Some(mask) = ctx.opt_fact("attn_mask").map(|mask| mask.shape.clone()) {
        ctx.broadcast(&mask, &with([rows, s]))?;
    }
    Ok(vec![Fact::new(query.dtype, with([rows, ev]))])
}

fn eval(ctx: &EvalContext<'_>) -> Result<Vec<Tensor>, OpError> {
    let (query, key, value) = (ctx.tensor("query")?, ctx.tensor("key")?, ctx.tensor("value")?);
    let (q_data, k_data, v_data) = (query.to_f32_vec(), key.to_f32_vec(), value.to_f32_vec());
    let (q, k, v) = (matrices(query, &q_data)?, matrices(key, &k_data)?, matrices(value, &v_data)?);
    let (batch, mut scores) = gemm::batched(&q, &k, true)?;
    let scale = 1.0 / (q.columns as f32).sqrt();
    scores.iter_mut().for_each(|score| *score *= scale);
    let mut shape = batch.clone();
    shape.extend([q.rows, k.rows]);
    if let Some(mask) = ctx.opt_tensor("attn_mask") {
        let (masked, sums) = broadcast::zip((&shape, &scores), (mask.shape(), &additive(mask)), |a, b| a + b)?;
        if masked != shape {
            return Err(OpError::Mismatch {
                what: "the mask broadcasts to the scores",
                left: format!("{:?}", mask.shape()),
                right: format!("{shape:?}"),
            });
        }
        scores = sums;
    }
    scores.chunks_exact_mut(k.rows.max(1)).for_each(softmax);
    let weights = gemm::Matrices { data: &scores, batch: &batch, rows: q.rows, columns: k.rows };
    let (mut shape, data) = gemm::batched(&weights, &v, false)?;
    shape.extend([q.rows, v.columns]);
    Ok(vec![ctx.float_output(&shape, &data)?])
}

fn matrices<'a>(tensor: &'a Tensor, data: &'a [f32]) -> Result<gemm::Matrices<'a>, OpError> {
    match tensor.shape() {
        [batch @ .., rows, columns] => Ok(gemm::Matrices { data, batch, rows: *rows, columns: *columns }),
        shape => Err(OpError::Unsupported { what: format!("attention on a tensor of shape {shape:?}") }),
    }
}

fn additive(mask: &Tensor) -> Vec<f32> {
    let data = mask.to_f32_vec();
    if mask.dtype() != DType::Bool {
        return data;
    }
    data.into_iter().map(|keep| if keep != 0.0 { 0.0 } else { f32::NEG_INFINITY }).collect()
}
