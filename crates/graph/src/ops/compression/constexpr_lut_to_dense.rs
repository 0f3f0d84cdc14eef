use sottovoce_tensor::{DType, Tensor};

use super::lut;
use crate::{
    error::OpError,
    ir::Fact,
    op::{EvalContext, InferContext, OpDef, optional, required},
    ops::support::args,
};

/// The entries of a lookup table at `indices`. iOS 18: a table for each block of indices, of scalars or of vectors
/// along `vector_axis`; `lut` [blocks..., entries, vector]. iOS 16: one table, indices packed into bytes, the sizes in
/// `shape`.
pub static OP: OpDef = OpDef {
    name: "constexpr_lut_to_dense",
    params: &[required("indices"), required("lut"), optional("vector_axis"), optional("shape")],
    infer,
    eval,
};

fn infer(ctx: &mut InferContext<'_>) -> Result<Vec<Fact>, OpError> {
    let indices = ctx.fact("indices")?.clone();
    let Some(shape) = ctx.ints("shape")? else {
        let shape = lut::infer_shape(ctx, &indices.shape, indices.dtype)?;
        return Ok(vec![lut::fact(ctx, shape)?]);
    };
    let entries = ctx.fact("lut")?.fixed_shape().unwrap_or_default();
    packed_type(&entries)?;
    let shape = shape.into_iter().map(|dim| Ok(args::size("shape", dim)?.into())).collect::<Result<_, OpError>>()?;
    Ok(vec![lut::fact(ctx, shape)?])
}

fn eval(ctx: &EvalContext<'_>) -> Result<Vec<Tensor>, OpError> {
    let indices = ctx.tensor("indices")?;
    let Some(shape) = ctx.ints("shape") else { return Ok(vec![lut::look_up(ctx, indices)?]) };
    let shape: Vec<usize> = shape.into_iter().map(|dim| args::size("shape", dim)).collect::<Result<_, _>>()?;
    let table = ctx.tensor("lut")?;
    let indices = Tensor::new(packed_type(table.shape())?, shape, indices.bytes().clone())?;
    Ok(vec![lut::look_up_one(table, &indices)?])
}

/// Type of the indices into a table of the older form.
fn packed_type(table: &[usize]) -> Result<DType, OpError> {
    match table {
        [2] => Ok(DType::U1),
        [4] => Ok(DType::U2),
        [16] => Ok(DType::U4),
        [64] => Ok(DType::U6),
        [256] => Ok(DType::U8),
        _ => Err(OpError::InvalidArgument {
            name: "lut",
            expected: "a vector of 2, 4, 16, 64 or 256 entries".into(),
            found: format!("shape {table:?}"),
        }),
    }
}
