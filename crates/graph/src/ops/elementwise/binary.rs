//! Shared by the operations on `x` and `y`.

use sottovoce_tensor::{DType, Tensor};

use crate::{
    error::OpError,
    ir::{Dim, Fact, Symbols},
    op::{EvalContext, InferContext, Param, required},
    ops::support::{broadcast, output, symbolic},
};

/// Parameters of every operation of this form.
pub static XY: &[Param] = &[required("x"), required("y")];

/// Shape rule of arithmetic: broadcast, the wider of the two types, symbolic values element by element where `symbolic`
/// gives one.
pub fn infer_arithmetic(
    ctx: &mut InferContext<'_>,
    symbolic: impl Fn(&Dim, &Dim, &Symbols) -> Option<Dim>,
) -> Result<Vec<Fact>, OpError> {
    let (x, y) = (ctx.fact("x")?, ctx.fact("y")?);
    let dtype = promote(x.dtype, y.dtype)?;
    infer(ctx, dtype, symbolic)
}

/// Shape rule of comparisons and logic: broadcast, booleans, known where the bounds of the sizes decide.
pub fn infer_predicate(
    ctx: &mut InferContext<'_>,
    symbolic: impl Fn(&Dim, &Dim, &Symbols) -> Option<bool>,
) -> Result<Vec<Fact>, OpError> {
    promote(ctx.fact("x")?.dtype, ctx.fact("y")?.dtype)?;
    infer(ctx, DType::Bool, |x, y, symbols| symbolic(x, y, symbols).map(|flag| i64::from(flag).into()))
}

fn infer(
    ctx: &mut InferContext<'_>,
    dtype: DType,
    symbolic: impl Fn(&Dim, &Dim, &Symbols) -> Option<Dim>,
) -> Result<Vec<Fact>, OpError> {
    let (x, y) = (ctx.fact("x")?.clone(), ctx.fact("y")?.clone());
    let shape = ctx.broadcast(&x.shape, &y.shape)?;
    let pairs = x.value.as_deref().zip(y.value.as_deref()).and_then(|(a, b)| symbolic::pairs(a, b));
    let value = pairs.and_then(|pairs| pairs.into_iter().map(|(a, b)| symbolic(a, b, ctx.symbols())).collect());
    Ok(vec![symbolic::fact(dtype, shape, value)])
}

/// The wider of two types of the same kind; converters mix widths only where they folded constants.
fn promote(x: DType, y: DType) -> Result<DType, OpError> {
    let kind = |dtype: DType| (dtype.is_float(), dtype.is_int());
    if kind(x) != kind(y) {
        return Err(OpError::InvalidArgument {
            name: "y",
            expected: format!("elements of the type of 'x', {x}"),
            found: y.to_string(),
        });
    }
    Ok(if y.bits() > x.bits() { y } else { x })
}

/// Evaluates arithmetic: floats in f32, integers in i64, which wrap to the element type. `int` gives `None` where the
/// operation is not defined, a division by zero for instance.
pub fn arithmetic(
    ctx: &EvalContext<'_>,
    float: impl Fn(f32, f32) -> f32,
    int: impl Fn(i64, i64) -> Option<i64>,
) -> Result<Vec<Tensor>, OpError> {
    let (x, y) = (ctx.tensor("x")?, ctx.tensor("y")?);
    if ctx.output_type(0).is_float() {
        let (shape, data) = broadcast::zip((x.shape(), &x.to_f32_vec()), (y.shape(), &y.to_f32_vec()), float)?;
        return Ok(vec![ctx.float_output(&shape, &data)?]);
    }
    let (shape, data) = broadcast::zip((x.shape(), &x.to_i64_vec()), (y.shape(), &y.to_i64_vec()), int)?;
    let data: Option<Vec<i64>> = data.into_iter().collect();
    let data = data.ok_or_else(|| OpError::InvalidArgument {
        name: "y",
        expected: "elements for which the operation is defined on integers".into(),
        found: "a division by zero or a negative exponent".into(),
    })?;
    Ok(vec![output::integers(ctx.output_type(0), &shape, &data)?])
}

/// Evaluates a comparison.
pub fn compare(
    ctx: &EvalContext<'_>,
    float: impl Fn(f32, f32) -> bool,
    int: impl Fn(i64, i64) -> bool,
) -> Result<Vec<Tensor>, OpError> {
    let (x, y) = (ctx.tensor("x")?, ctx.tensor("y")?);
    let (shape, data) = if x.dtype().is_float() {
        broadcast::zip((x.shape(), &x.to_f32_vec()), (y.shape(), &y.to_f32_vec()), float)?
    } else {
        broadcast::zip((x.shape(), &x.to_i64_vec()), (y.shape(), &y.to_i64_vec()), int)?
    };
    Ok(vec![Tensor::from_bools(shape, &data)?])
}

/// Shape rule of logic on booleans.
pub fn infer_logic(ctx: &mut InferContext<'_>, f: fn(bool, bool) -> bool) -> Result<Vec<Fact>, OpError> {
    infer_predicate(ctx, |x, y, _| Some(f(x.as_const()? != 0, y.as_const()? != 0)))
}

/// Evaluates logic on booleans.
pub fn logic(ctx: &EvalContext<'_>, f: fn(bool, bool) -> bool) -> Result<Vec<Tensor>, OpError> {
    compare(ctx, |a, b| f(a != 0.0, b != 0.0), |a, b| f(a != 0, b != 0))
}

/// Quotient rounded down, of a divisor that is positive whatever the inputs are.
pub fn symbolic_quotient(a: &Dim, b: &Dim, symbols: &Symbols) -> Option<Dim> {
    b.bounds(symbols).min.is_some_and(|min| min > 0).then(|| a.floor_div(b))
}
