//! Shared by the reductions of `x` along `axes`.

use sottovoce_tensor::Tensor;

use crate::{
    error::OpError,
    ir::Fact,
    op::{EvalContext, InferContext, Param, optional, required},
    ops::support::{
        args, output,
        strided::{checked_len, for_each_row, row_len, row_stride, strides},
    },
};

/// Parameters of every reduction. All axes are reduced when none are given.
pub static PARAMS: &[Param] = &[required("x"), optional("axes"), optional("keep_dims")];

/// Shape rule: the reduced axes become 1 or go away.
pub fn infer(ctx: &mut InferContext<'_>) -> Result<Vec<Fact>, OpError> {
    let axes = ctx.ints("axes")?;
    let keep_dims = ctx.flag("keep_dims", false)?;
    let x = ctx.fact("x")?;
    let reduced = args::axes("axes", axes.as_deref(), x.rank())?;
    let dims = x.shape.iter().zip(reduced);
    let shape = dims.filter_map(|(dim, reduced)| match (reduced, keep_dims) {
        (false, _) => Some(dim.clone()),
        (true, true) => Some(1i64.into()),
        (true, false) => None,
    });
    Ok(vec![Fact::new(x.dtype, shape.collect())])
}

/// How a reduction computes, on floats or on integers: `finish(fold(fold(start, x₀), x₁), count)`.
pub struct Reduction<T> {
    /// Result of reducing nothing.
    pub start: T,
    /// Takes one more element in.
    pub fold: fn(T, T) -> T,
    /// Turns what was folded over a number of elements into the result.
    pub finish: fn(T, usize) -> T,
}

/// Evaluates a reduction.
pub fn eval(ctx: &EvalContext<'_>, float: Reduction<f32>, int: Reduction<i64>) -> Result<Vec<Tensor>, OpError> {
    let x = ctx.tensor("x")?;
    let reduced = args::axes("axes", ctx.ints("axes").as_deref(), x.rank())?;
    let keep_dims = ctx.flag("keep_dims", false)?;
    let kept: Vec<usize> = x.shape().iter().zip(&reduced).map(|(&dim, &r)| if r { 1 } else { dim }).collect();
    let dropped = kept.iter().zip(&reduced).filter(|&(_, &reduced)| !reduced).map(|(&dim, _)| dim).collect();
    let shape = if keep_dims { kept.clone() } else { dropped };
    Ok(vec![if x.dtype().is_float() {
        ctx.float_output(&shape, &reduce(&x.to_f32_vec(), x.shape(), &kept, float)?)?
    } else {
        output::integers(ctx.output_type(0), &shape, &reduce(&x.to_i64_vec(), x.shape(), &kept, int)?)?
    }])
}

fn reduce<T: Copy>(x: &[T], shape: &[usize], kept: &[usize], reduction: Reduction<T>) -> Result<Vec<T>, OpError> {
    let mut result = vec![reduction.start; checked_len(kept)?];
    // A reduced axis does not move in the result.
    let moves = strides(kept).into_iter().zip(kept.iter().zip(shape));
    let target: Vec<isize> = moves.map(|(stride, (kept, dim))| if kept == dim { stride } else { 0 }).collect();
    let (len, step) = (row_len(shape), row_stride(&target));
    let source = strides(shape);
    for_each_row(shape, [&source, &target], [0, 0], |[from, to]| {
        let row = &x[from as usize..from as usize + len];
        if step == 0 {
            let total = &mut result[to as usize];
            *total = row.iter().fold(*total, |total, &value| (reduction.fold)(total, value));
        } else {
            for (total, &value) in result[to as usize..].iter_mut().zip(row) {
                *total = (reduction.fold)(*total, value);
            }
        }
    });
    let count = if result.is_empty() { 0 } else { x.len() / result.len() };
    Ok(result.into_iter().map(|total| (reduction.finish)(total, count)).collect())
}
