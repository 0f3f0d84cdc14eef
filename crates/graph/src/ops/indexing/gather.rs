use sottovoce_tensor::Tensor;

use super::pick::positions;
use crate::{
    error::OpError,
    ir::{Dim, Fact, SymbolicValue},
    op::{EvalContext, InferContext, OpDef, optional, required},
    ops::support::{args, codes::element_bytes, strided::checked_len, symbolic},
};

/// Slices of `x` along `axis` (0 by default) at `indices`. The first `batch_dims` dimensions of `x` and `indices` are
/// walked together. Shape: `x[..axis] + indices[batch_dims..] + x[axis + 1..]`.
pub static OP: OpDef = OpDef {
    name: "gather",
    params: &[
        required("x"),
        required("indices"),
        optional("axis"),
        optional("batch_dims"),
        optional("validate_indices"),
    ],
    infer,
    eval,
};

fn infer(ctx: &mut InferContext<'_>) -> Result<Vec<Fact>, OpError> {
    let (x, indices) = (ctx.fact("x")?.clone(), ctx.fact("indices")?.clone());
    if indices.dtype.is_float() {
        return Err(OpError::InvalidArgument {
            name: "indices",
            expected: "integers".into(),
            found: indices.dtype.to_string(),
        });
    }
    let axis = args::axis("axis", ctx.int("axis", 0)?, x.rank())?;
    let batch = batch_dims(ctx.int("batch_dims", 0)?, axis, indices.rank())?;
    for (a, b) in x.shape[..batch].iter().zip(&indices.shape[..batch]) {
        ctx.assume_equal(a, b, "batch dimensions")?;
    }
    let shape = [&x.shape[..axis], &indices.shape[batch..], &x.shape[axis + 1..]].concat();
    let value = x.value.as_deref().and_then(|x| pick(x, &symbolic::constants(indices.value.as_deref())?));
    Ok(vec![symbolic::fact(x.dtype, shape, value)])
}

/// Core ML wants fewer batch dimensions than `x` has and no more than `indices` has; beyond `axis` they mean nothing.
fn batch_dims(value: i64, axis: usize, indices_rank: usize) -> Result<usize, OpError> {
    usize::try_from(value).ok().filter(|&batch| batch <= axis && batch <= indices_rank).ok_or_else(|| {
        OpError::InvalidArgument {
            name: "batch_dims",
            expected: format!("0 to {}", axis.min(indices_rank)),
            found: value.to_string(),
        }
    })
}

fn pick(x: &[Dim], indices: &[i64]) -> Option<SymbolicValue> {
    let at = |index: i64| if index < 0 { index + x.len() as i64 } else { index };
    indices.iter().map(|&index| x.get(usize::try_from(at(index)).ok()?).cloned()).collect()
}

fn eval(ctx: &EvalContext<'_>) -> Result<Vec<Tensor>, OpError> {
    let (x, indices) = (ctx.tensor("x")?, ctx.tensor("indices")?);
    let axis = args::axis("axis", ctx.int("axis", 0)?, x.rank())?;
    let batch = batch_dims(ctx.int("batch_dims", 0)?, axis, indices.rank())?;
    if x.shape()[..batch] != indices.shape()[..batch] {
        return Err(OpError::Mismatch {
            what: "batch dimensions",
            left: format!("{:?}", x.shape()),
            right: format!("{:?}", indices.shape()),
        });
    }
    let len = x.shape()[axis];
    let positions = positions(indices, len, ctx.flag("validate_indices", false)?)?;
    let shape = [&x.shape()[..axis], &indices.shape()[batch..], &x.shape()[axis + 1..]].concat();
    checked_len(&shape)?;
    let mut result = Tensor::zeros(x.dtype(), shape)?;
    // In memory `x` is [batches, blocks, len, run] and the indices are [batches, picks].
    let run = x.shape()[axis + 1..].iter().product::<usize>() * element_bytes(x.dtype())?;
    let blocks: usize = x.shape()[batch..axis].iter().product();
    let picks: usize = indices.shape()[batch..].iter().product();
    if result.is_empty() {
        return Ok(vec![result]);
    }
    let source = x.bytes().as_slice();
    let mut runs = result.bytes_mut().chunks_exact_mut(run);
    for (block_start, batch_positions) in (0..).step_by(blocks).zip(positions.chunks_exact(picks)) {
        for block in block_start..block_start + blocks {
            for (&position, target) in batch_positions.iter().zip(runs.by_ref()) {
                let start = (block * len + position) * run;
                target.copy_from_slice(&source[start..start + run]);
            }
        }
    }
    Ok(vec![result])
}
