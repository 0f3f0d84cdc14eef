//! Shared by the element-wise operations on two tensors.

use sottovoce_tensor::Tensor;

use crate::{
    error::OpError,
    ir::{Dim, Fact},
    op::{EvalContext, InferContext},
};

/// Shape rule of arithmetic on `x` and `y`: broadcast, type of `x`, symbolic values element by element.
pub fn infer_arithmetic(
    ctx: &mut InferContext<'_>,
    symbolic: impl Fn(&Dim, &Dim) -> Option<Dim>,
) -> Result<Vec<Fact>, OpError> {
    let (x, y) = (ctx.fact("x")?.clone(), ctx.fact("y")?.clone());
    let shape = ctx.broadcast(&x.shape, &y.shape)?;
    let value = match (&x.value, &y.value) {
        (Some(a), Some(b)) => {
            broadcast_values(a, b).and_then(|pairs| pairs.into_iter().map(|(a, b)| symbolic(a, b)).collect())
        }
        _ => None,
    };
    Ok(vec![Fact { dtype: x.dtype, shape, value }])
}

/// Pairs of elements of two symbolic values of rank 0 or 1.
pub fn broadcast_values<'a>(a: &'a [Dim], b: &'a [Dim]) -> Option<Vec<(&'a Dim, &'a Dim)>> {
    match (a.len(), b.len()) {
        (n, m) if n == m => Some(a.iter().zip(b).collect()),
        (1, _) => Some(b.iter().map(|b| (&a[0], b)).collect()),
        (_, 1) => Some(a.iter().map(|a| (a, &b[0])).collect()),
        _ => None,
    }
}

/// Evaluates arithmetic on `x` and `y`: floats in f32, integers in i64 (wrapped to the element type when stored).
pub fn arithmetic(
    _ctx: &EvalContext<'_>,
    _float: impl Fn(f32, f32) -> f32,
    _int: impl Fn(i64, i64) -> i64,
) -> Result<Vec<Tensor>, OpError> {
    Err(OpError::Unsupported { what: "not here yet".into() })
}
