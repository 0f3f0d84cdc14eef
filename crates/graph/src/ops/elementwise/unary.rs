//! Shared by the operations on `x` alone.

use sottovoce_tensor::Tensor;

use crate::{
    error::OpError,
    ir::Fact,
    op::{EvalContext, InferContext, Param, required},
    ops::support::output,
};

/// Parameters of the operations without any other.
pub static X: &[Param] = &[required("x")];

/// Shape rule: type and shape of `x`.
///
/// # Errors
/// When `x` is missing.
pub fn same_as_x(ctx: &mut InferContext<'_>) -> Result<Vec<Fact>, OpError> {
    let x = ctx.fact("x")?;
    Ok(vec![Fact::new(x.dtype, x.shape.clone())])
}

/// Evaluates a function of floats.
///
/// # Errors
/// [`OpError::InvalidArgument`] for integers.
pub fn float_unary(ctx: &EvalContext<'_>, f: impl Fn(f32) -> f32) -> Result<Vec<Tensor>, OpError> {
    unary(ctx, f, |_| None)
}

/// Evaluates a function of floats or integers; `int` gives `None` where integers are not supported.
///
/// # Errors
/// [`OpError::InvalidArgument`] for integers that are not supported.
pub fn unary(
    ctx: &EvalContext<'_>,
    float: impl Fn(f32) -> f32,
    int: impl Fn(i64) -> Option<i64>,
) -> Result<Vec<Tensor>, OpError> {
    let x = ctx.tensor("x")?;
    if x.dtype().is_float() {
        let data: Vec<f32> = x.to_f32_vec().into_iter().map(float).collect();
        return Ok(vec![ctx.float_output(x.shape(), &data)?]);
    }
    let data: Option<Vec<i64>> = x.to_i64_vec().into_iter().map(int).collect();
    let data = data.ok_or_else(|| OpError::InvalidArgument {
        name: "x",
        expected: "floats".into(),
        found: x.dtype().to_string(),
    })?;
    Ok(vec![output::integers(x.dtype(), x.shape(), &data)?])
}
