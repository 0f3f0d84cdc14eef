use sottovoce_tensor::Tensor;

use crate::{
    error::OpError,
    ir::{Dim, Fact},
    op::{EvalContext, InferContext, OpDef, required},
    ops::support::{args, strided},
};

/// `x` repeated `reps` times along each dimension.
pub static OP: OpDef = OpDef { name: "tile", params: &[required("x"), required("reps")], infer, eval };

fn infer(ctx: &mut InferContext<'_>) -> Result<Vec<Fact>, OpError> {
    let x = ctx.fact("x")?.clone();
    let Some(reps) = ctx.symbolic("reps").map(<[Dim]>::to_vec) else {
        return Err(OpError::Unsupported { what: "repetitions that depend on data".into() });
    };
    args::one_per_dimension("reps", reps.len(), x.rank())?;
    for rep in &reps {
        ctx.assume_at_most(&1i64.into(), rep, "repetitions of 1 or more");
    }
    Ok(vec![Fact::new(x.dtype, x.shape.into_iter().zip(reps).map(|(dim, rep)| dim * rep).collect())])
}

fn eval(ctx: &EvalContext<'_>) -> Result<Vec<Tensor>, OpError> {
    let x = ctx.tensor("x")?;
    let reps = ctx.ints("reps").ok_or(OpError::MissingArgument { name: "reps" })?;
    args::one_per_dimension("reps", reps.len(), x.rank())?;
    let (mut split, mut strides, mut shape) = (Vec::new(), Vec::new(), Vec::new());
    // Every axis becomes two: the repetition, along which nothing moves, then the elements.
    for ((&dim, stride), &rep) in x.shape().iter().zip(strided::strides(x.shape())).zip(&reps) {
        let rep = args::size("reps", rep)?;
        split.extend([rep, dim]);
        strides.extend([0, stride]);
        let size = dim.checked_mul(rep);
        shape.push(size.ok_or_else(|| OpError::Unsupported { what: format!("{rep} repetitions of {dim} elements") })?);
    }
    Ok(vec![strided::copy(x, &split, &strides, 0)?.reshape(shape)?])
}
