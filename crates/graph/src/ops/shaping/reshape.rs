use sottovoce_tensor::{Tensor, num_elements};

use crate::{
    error::OpError,
    ir::{Dim, Fact},
    op::{EvalContext, InferContext, OpDef, required},
    ops::support::{args, output, symbolic},
};

/// The elements of `x` in row-major order with sizes `shape`. One size may be -1, for what remains; a 0 keeps the size
/// that `x` has there, counted from the last dimension (iOS 17; before it, only for equal ranks, where the two rules
/// agree).
pub static OP: OpDef = OpDef { name: "reshape", params: &[required("x"), required("shape")], infer, eval };

fn infer(ctx: &mut InferContext<'_>) -> Result<Vec<Fact>, OpError> {
    let x = ctx.fact("x")?.clone();
    let Some(target) = ctx.symbolic("shape").map(<[Dim]>::to_vec) else {
        return Err(OpError::Unsupported { what: "a reshape to sizes that depend on data".into() });
    };
    let one = || Dim::from(1i64);
    let mut shape = inherit(&x.shape, target, |dim| dim.as_const() == Some(0), one());
    let product = |dims: &[Dim]| dims.iter().fold(one(), |product, dim| product * dim.clone());
    let total = product(&x.shape);
    match remaining(&shape, |dim| dim.as_const() == Some(-1))? {
        Some(index) => {
            shape[index] = one();
            let others = product(&shape);
            if others.as_const() == Some(0) {
                return Err(ambiguous());
            }
            shape[index] = total.floor_div(&others);
            ctx.assume_equal(&(shape[index].clone() * others), &total, "number of elements")?;
        }
        None => ctx.assume_equal(&total, &product(&shape), "number of elements")?,
    }
    for dim in &shape {
        ctx.assume_at_most(&Dim::from(0i64), dim, "a size that is not negative");
    }
    Ok(vec![symbolic::fact(x.dtype, shape, x.value)])
}

fn eval(ctx: &EvalContext<'_>) -> Result<Vec<Tensor>, OpError> {
    let x = ctx.tensor("x")?;
    let target = ctx.ints("shape").ok_or(OpError::MissingArgument { name: "shape" })?;
    let from: Vec<i64> = x.shape().iter().map(|&dim| dim as i64).collect();
    let mut shape = inherit(&from, target, |&dim| dim == 0, 1);
    if let Some(index) = remaining(&shape, |&dim| dim == -1)? {
        shape[index] = 1;
        let sizes = sizes(&shape)?;
        let others = num_elements(&sizes).filter(|&others| others != 0).ok_or_else(ambiguous)?;
        shape[index] = (x.len() / others) as i64;
    }
    output::reshaped(ctx, &sizes(&shape)?)
}

fn sizes(shape: &[i64]) -> Result<Vec<usize>, OpError> {
    shape.iter().map(|&dim| args::size("shape", dim)).collect()
}

/// Zeros replaced by the sizes of `from`, both aligned at their last dimension.
fn inherit<D: Clone>(from: &[D], mut to: Vec<D>, is_zero: impl Fn(&D) -> bool, one: D) -> Vec<D> {
    for (index, dim) in to.iter_mut().rev().enumerate() {
        if is_zero(dim) {
            *dim = from.iter().rev().nth(index).cloned().unwrap_or_else(|| one.clone());
        }
    }
    to
}

fn remaining<D>(shape: &[D], is_open: impl Fn(&D) -> bool) -> Result<Option<usize>, OpError> {
    let mut open = (0..shape.len()).filter(|&index| is_open(&shape[index]));
    match (open.next(), open.next()) {
        (first, None) => Ok(first),
        _ => {
            Err(OpError::InvalidArgument { name: "shape", expected: "at most one -1".into(), found: "several".into() })
        }
    }
}

fn ambiguous() -> OpError {
    OpError::InvalidArgument {
        name: "shape",
        expected: "sizes that leave one value for -1".into(),
        found: "a 0".into(),
    }
}
