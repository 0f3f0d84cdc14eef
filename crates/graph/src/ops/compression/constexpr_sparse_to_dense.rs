use sottovoce_tensor::{DType, Tensor};

use super::sparse;
use crate::{
    error::OpError,
    ir::Fact,
    op::{EvalContext, InferContext, OpDef, optional, required},
    ops::support::args,
};

/// `nonzero_data` at the set positions of `mask`, zeros elsewhere. iOS 18: the mask has the shape of the result; iOS
/// 16: its bits are packed into bytes and the sizes are in `shape`.
pub static OP: OpDef = OpDef {
    name: "constexpr_sparse_to_dense",
    params: &[required("nonzero_data"), required("mask"), optional("shape")],
    infer,
    eval,
};

fn infer(ctx: &mut InferContext<'_>) -> Result<Vec<Fact>, OpError> {
    sparse::count(ctx, "nonzero_data")?;
    let dtype = ctx.fact("nonzero_data")?.dtype;
    let shape = match ctx.ints("shape")? {
        Some(shape) => {
            shape.into_iter().map(|dim| Ok(args::size("shape", dim)?.into())).collect::<Result<_, OpError>>()?
        }
        None => ctx.fact("mask")?.shape.clone(),
    };
    Ok(vec![Fact::new(dtype, shape)])
}

fn eval(ctx: &EvalContext<'_>) -> Result<Vec<Tensor>, OpError> {
    let (nonzero, mask) = (ctx.tensor("nonzero_data")?, ctx.tensor("mask")?);
    let Some(shape) = ctx.ints("shape") else { return Ok(vec![sparse::to_dense(nonzero, mask)?]) };
    let shape: Vec<usize> = shape.into_iter().map(|dim| args::size("shape", dim)).collect::<Result<_, _>>()?;
    let mask = Tensor::new(DType::U1, shape, mask.bytes().clone())?;
    Ok(vec![sparse::to_dense(nonzero, &mask)?])
}
