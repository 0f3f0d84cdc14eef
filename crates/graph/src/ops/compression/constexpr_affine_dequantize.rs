use sottovoce_tensor::Tensor;

use super::blockwise;
use crate::{
    error::OpError,
    ir::Fact,
    op::{EvalContext, InferContext, OpDef, required},
    ops::support::args,
};

/// `scale · (quantized_data - zero_point)`, each a scalar or a vector along `axis` (iOS 16).
pub static OP: OpDef = OpDef {
    name: "constexpr_affine_dequantize",
    params: &[required("quantized_data"), required("zero_point"), required("scale"), required("axis")],
    infer,
    eval,
};

fn infer(ctx: &mut InferContext<'_>) -> Result<Vec<Fact>, OpError> {
    let data = ctx.fact("quantized_data")?.clone();
    let axis = args::axis("axis", ctx.int("axis", 0)?, data.rank())?;
    for name in ["scale", "zero_point"] {
        let shape = ctx.fact(name)?.shape.clone();
        match shape.as_slice() {
            [] => {}
            [len] => ctx.assume_equal(len, &data.shape[axis], "scales along the axis")?,
            _ => return Err(not_a_vector(name, shape.len())),
        }
    }
    Ok(vec![Fact::new(ctx.fact("scale")?.dtype, data.shape)])
}

fn not_a_vector(name: &'static str, rank: usize) -> OpError {
    OpError::InvalidArgument { name, expected: "a scalar or a vector".into(), found: format!("rank {rank}") }
}

fn eval(ctx: &EvalContext<'_>) -> Result<Vec<Tensor>, OpError> {
    let data = ctx.tensor("quantized_data")?;
    let axis = args::axis("axis", ctx.int("axis", 0)?, data.rank())?;
    let along_axis = |name: &'static str| {
        let values = ctx.tensor(name)?;
        let mut shape = vec![1; data.rank()];
        shape[axis] = values.len();
        Ok::<_, OpError>(values.reshape(shape)?)
    };
    let values = blockwise::dequantise(data, &along_axis("scale")?, Some(&along_axis("zero_point")?))?;
    Ok(vec![Tensor::from_f32(ctx.output_type(0), data.shape(), &values)?])
}
