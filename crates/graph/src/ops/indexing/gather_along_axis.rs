use sottovoce_tensor::Tensor;

use super::pick::positions;
use crate::{
    error::OpError,
    ir::Fact,
    op::{EvalContext, InferContext, OpDef, optional, required},
    ops::support::{args, codes::element_bytes, strided},
};

/// The elements of `x` at `indices` along `axis` (0 by default), position by position in the other dimensions, which
/// are the same for both. Shape: that of `indices`.
pub static OP: OpDef = OpDef {
    name: "gather_along_axis",
    params: &[required("x"), required("indices"), optional("axis"), optional("validate_indices")],
    infer,
    eval,
};

fn infer(ctx: &mut InferContext<'_>) -> Result<Vec<Fact>, OpError> {
    let (x, indices) = (ctx.fact("x")?.clone(), ctx.fact("indices")?.clone());
    let axis = args::axis("axis", ctx.int("axis", 0)?, x.rank())?;
    if x.rank() != indices.rank() || indices.dtype.is_float() {
        return Err(OpError::InvalidArgument {
            name: "indices",
            expected: format!("integers of rank {}", x.rank()),
            found: format!("{} of rank {}", indices.dtype, indices.rank()),
        });
    }
    for (index, (a, b)) in x.shape.iter().zip(&indices.shape).enumerate() {
        if index != axis {
            ctx.assume_equal(a, b, "sizes beside the axis")?;
        }
    }
    Ok(vec![Fact::new(x.dtype, indices.shape)])
}

fn eval(ctx: &EvalContext<'_>) -> Result<Vec<Tensor>, OpError> {
    let (x, indices) = (ctx.tensor("x")?, ctx.tensor("indices")?);
    let axis = args::axis("axis", ctx.int("axis", 0)?, x.rank())?;
    let fits = |(index, (a, b)): (usize, (&usize, &usize))| index == axis || a == b;
    if x.rank() != indices.rank() || !x.shape().iter().zip(indices.shape()).enumerate().all(fits) {
        return Err(OpError::Mismatch {
            what: "sizes beside the axis",
            left: format!("{:?}", x.shape()),
            right: format!("{:?}", indices.shape()),
        });
    }
    let mut strides = strided::strides(x.shape());
    let along = std::mem::take(&mut strides[axis]);
    let positions = positions(indices, x.shape()[axis], ctx.flag("validate_indices", false)?)?;
    let width = element_bytes(x.dtype())?;
    let source = x.bytes().as_slice();
    let mut result = Tensor::zeros(x.dtype(), indices.shape())?;
    let mut targets = result.bytes_mut().chunks_exact_mut(width).zip(positions);
    // One element a row: a last dimension of 1 that nothing moves along.
    let visited: Vec<usize> = indices.shape().iter().copied().chain([1]).collect();
    strides.push(0);
    strided::for_each_row(&visited, [&strides], [0], |[offset]| {
        let Some((target, position)) = targets.next() else { return };
        let start = (offset + position as isize * along) as usize * width;
        target.copy_from_slice(&source[start..start + width]);
    });
    Ok(vec![result])
}
