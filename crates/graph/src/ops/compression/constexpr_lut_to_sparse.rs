use sottovoce_tensor::{Bytes, Tensor};

use super::{lut, sparse};
use crate::{
    error::OpError,
    ir::Fact,
    op::{EvalContext, InferContext, OpDef, optional, required},
    ops::support::{
        codes::{element_bytes, narrow, widen},
        strided,
    },
};

/// `constexpr_lut_to_dense` of the set positions of a mask alone. Results: the mask, spread over the vectors, and the
/// values at its set positions in order.
pub static OP: OpDef = OpDef {
    name: "constexpr_lut_to_sparse",
    params: &[required("indices_mask"), required("indices_nonzero_data"), required("lut"), optional("vector_axis")],
    infer,
    eval,
};

fn infer(ctx: &mut InferContext<'_>) -> Result<Vec<Fact>, OpError> {
    let (mask, indices) = (ctx.fact("indices_mask")?.clone(), ctx.fact("indices_nonzero_data")?.clone());
    let count = sparse::count(ctx, "indices_nonzero_data")?;
    let vector = ctx.fact("lut")?.shape.last().cloned().unwrap_or_default();
    let shape = lut::infer_shape(ctx, &mask.shape, indices.dtype)?;
    Ok(vec![Fact::new(mask.dtype, shape), lut::fact(ctx, vec![count * vector])?])
}

fn eval(ctx: &EvalContext<'_>) -> Result<Vec<Tensor>, OpError> {
    let mask = ctx.tensor("indices_mask")?;
    let indices = sparse::to_dense(ctx.tensor("indices_nonzero_data")?, mask)?;
    let dense = lut::look_up(ctx, &indices)?;
    let spread = if dense.shape() == mask.shape() {
        mask.clone()
    } else {
        narrow(strided::spread(&widen(mask)?, dense.shape())?, mask.dtype())?
    };
    let width = element_bytes(dense.dtype())?;
    let elements = dense.bytes().as_slice().chunks_exact(width).zip(spread.to_i64_vec());
    let values: Vec<u8> =
        elements.filter(|(_, flag)| *flag != 0).flat_map(|(value, _)| value.iter().copied()).collect();
    let nonzero = Tensor::new(dense.dtype(), [values.len() / width], Bytes::copy_from(&values))?;
    Ok(vec![spread, nonzero])
}
