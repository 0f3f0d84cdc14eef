use sottovoce_tensor::Tensor;

use crate::{
    error::OpError,
    ir::{Dim, Fact},
    op::{EvalContext, InferContext, OpDef, optional, required},
    ops::support::{args, strided, symbolic},
};

/// `x` cut along `axis` into `num_splits` equal parts, or into parts of `split_sizes`.
pub static OP: OpDef = OpDef {
    name: "split",
    params: &[required("x"), optional("num_splits"), optional("split_sizes"), required("axis")],
    infer,
    eval,
};

fn infer(ctx: &mut InferContext<'_>) -> Result<Vec<Fact>, OpError> {
    let x = ctx.fact("x")?.clone();
    let axis = args::axis("axis", ctx.int("axis", 0)?, x.rank())?;
    let sizes = match ctx.opt_fact("split_sizes") {
        Some(_) => {
            let sizes = ctx.symbolic("split_sizes").map(<[Dim]>::to_vec);
            sizes.ok_or_else(|| OpError::Unsupported { what: "split sizes that depend on data".into() })?
        }
        None => {
            let count = args::size("num_splits", ctx.int("num_splits", 0)?)?;
            if count == 0 || count > MAX_PARTS {
                return Err(number_of_parts(count));
            }
            vec![x.shape[axis].floor_div(&count.into()); count]
        }
    };
    let total = sizes.iter().fold(Dim::from(0i64), |sum, size| sum + size.clone());
    ctx.assume_equal(&total, &x.shape[axis], "sum of the split sizes")?;
    let part = |size: Dim| {
        let mut shape = x.shape.clone();
        shape[axis] = size;
        symbolic::fact(x.dtype, shape, None)
    };
    Ok(sizes.into_iter().map(part).collect())
}

/// No program has more results than this; a hostile one must not make us list them.
const MAX_PARTS: usize = 4096;

fn number_of_parts(found: usize) -> OpError {
    OpError::InvalidArgument { name: "num_splits", expected: format!("1 to {MAX_PARTS}"), found: found.to_string() }
}

fn eval(ctx: &EvalContext<'_>) -> Result<Vec<Tensor>, OpError> {
    let x = ctx.tensor("x")?;
    let axis = args::axis("axis", ctx.int("axis", 0)?, x.rank())?;
    let sizes = match ctx.ints("split_sizes") {
        Some(sizes) => sizes.into_iter().map(|size| args::size("split_sizes", size)).collect::<Result<Vec<_>, _>>()?,
        None => {
            let count = args::size("num_splits", ctx.int("num_splits", 0)?)?;
            if count == 0 || count > MAX_PARTS {
                return Err(number_of_parts(count));
            }
            vec![x.shape()[axis] / count; count]
        }
    };
    if sizes.iter().try_fold(0usize, |sum, &size| sum.checked_add(size)) != Some(x.shape()[axis]) {
        return Err(OpError::Mismatch {
            what: "sum of the split sizes",
            left: format!("{sizes:?}"),
            right: x.shape()[axis].to_string(),
        });
    }
    let strides = strided::strides(x.shape());
    let mut first = 0;
    let mut parts = Vec::with_capacity(sizes.len());
    for size in sizes {
        let mut shape = x.shape().to_vec();
        shape[axis] = size;
        parts.push(strided::copy(x, &shape, &strides, first * strides[axis])?);
        first += size as isize;
    }
    Ok(parts)
}
