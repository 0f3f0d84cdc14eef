use sottovoce_tensor::Tensor;

use crate::{
    error::OpError,
    ir::{Dim, Fact},
    op::{EvalContext, InferContext, OpDef, required},
    ops::support::{args, strided, symbolic},
};

/// `size` elements of `x` from `begin` in every dimension; a size of -1 means all that follow, a negative `begin`
/// counts from the end.
pub static OP: OpDef =
    OpDef { name: "slice_by_size", params: &[required("x"), required("begin"), required("size")], infer, eval };

fn infer(ctx: &mut InferContext<'_>) -> Result<Vec<Fact>, OpError> {
    let x = ctx.fact("x")?.clone();
    let Some(size) = ctx.symbolic("size").map(<[Dim]>::to_vec) else {
        return Err(OpError::Unsupported { what: "a slice whose 'size' depends on data".into() });
    };
    let begin = ctx.symbolic("begin").map(<[Dim]>::to_vec);
    args::one_per_dimension("size", size.len(), x.rank())?;
    if let Some(begin) = &begin {
        args::one_per_dimension("begin", begin.len(), x.rank())?;
    }
    let mut shape = Vec::with_capacity(x.rank());
    for (axis, (dim, size)) in x.shape.iter().zip(size).enumerate() {
        let begin = begin.as_ref().map(|begin| match begin[axis].as_const() {
            Some(constant) if constant < 0 => dim.clone() + begin[axis].clone(),
            _ => begin[axis].clone(),
        });
        let len = match (size.as_const(), &begin) {
            (Some(-1), Some(begin)) => dim.clone() - begin.clone(),
            (Some(-1), None) => {
                return Err(OpError::Unsupported { what: "a slice whose 'begin' depends on data".into() });
            }
            _ => size,
        };
        ctx.assume_at_most(&Dim::from(0i64), &len, "a size that is not negative");
        if let Some(begin) = begin {
            ctx.assume_at_most(&Dim::from(0i64), &begin, "a slice inside its dimension");
            ctx.assume_at_most(&(begin + len.clone()), dim, "a slice inside its dimension");
        }
        shape.push(len);
    }
    Ok(vec![symbolic::fact(x.dtype, shape, None)])
}

fn eval(ctx: &EvalContext<'_>) -> Result<Vec<Tensor>, OpError> {
    let x = ctx.tensor("x")?;
    let list = |name: &'static str| {
        let values = ctx.ints(name).ok_or(OpError::MissingArgument { name })?;
        args::one_per_dimension(name, values.len(), x.rank())?;
        Ok::<_, OpError>(values)
    };
    let (begin, size) = (list("begin")?, list("size")?);
    let strides = strided::strides(x.shape());
    let mut shape = Vec::with_capacity(x.rank());
    let mut offset = 0;
    for (axis, &dim) in x.shape().iter().enumerate() {
        let outside = || OpError::InvalidArgument {
            name: "size",
            expected: format!("a slice inside dimension {axis} of size {dim}"),
            found: format!("{} elements from {}", size[axis], begin[axis]),
        };
        let first = if begin[axis] < 0 { begin[axis] + dim as i64 } else { begin[axis] };
        let first = usize::try_from(first).ok().filter(|&first| first <= dim).ok_or_else(outside)?;
        let len = if size[axis] == -1 { Some(dim - first) } else { usize::try_from(size[axis]).ok() };
        let len = len.filter(|&len| len <= dim - first).ok_or_else(outside)?;
        offset += first as isize * strides[axis];
        shape.push(len);
    }
    Ok(vec![strided::copy(x, &shape, &strides, offset)?])
}
