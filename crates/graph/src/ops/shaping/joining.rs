//! Shared by `concat` and `stack`.

use sottovoce_tensor::Tensor;

use crate::{
    error::OpError,
    ir::Fact,
    op::InferContext,
    ops::support::{codes::element_bytes, output, strided::checked_len},
};

/// Facts of the tensors that are joined: at least one, all of one type and rank.
pub fn facts(ctx: &InferContext<'_>) -> Result<Vec<Fact>, OpError> {
    let facts: Vec<Fact> = ctx.facts("values")?.into_iter().cloned().collect();
    let first = facts.first().ok_or(OpError::MissingArgument { name: "values" })?;
    match facts.iter().find(|fact| fact.dtype != first.dtype || fact.rank() != first.rank()) {
        None => Ok(facts),
        Some(other) => Err(OpError::Mismatch {
            what: "type and rank of the tensors that are joined",
            left: format!("{} of rank {}", first.dtype, first.rank()),
            right: format!("{} of rank {}", other.dtype, other.rank()),
        }),
    }
}

/// `tensors` one after the other along `axis`, in pieces of `take` positions each in turn when `interleave` is set.
pub fn join(tensors: &[&Tensor], axis: usize, interleave: bool) -> Result<Tensor, OpError> {
    let tensors = output::same_storage(tensors)?;
    let first = tensors.first().ok_or(OpError::MissingArgument { name: "values" })?;
    let fits = |tensor: &Tensor| {
        let sizes = tensor.shape().iter().zip(first.shape()).enumerate();
        tensor.rank() == first.rank() && sizes.into_iter().all(|(at, (a, b))| (at == axis && !interleave) || a == b)
    };
    if let Some(other) = tensors.iter().find(|tensor| !fits(tensor)) {
        return Err(OpError::Mismatch {
            what: "sizes of the tensors that are joined",
            left: format!("{:?}", first.shape()),
            right: format!("{:?}", other.shape()),
        });
    }
    let mut shape = first.shape().to_vec();
    shape[axis] = tensors.iter().map(|tensor| tensor.shape()[axis]).sum();
    checked_len(&shape)?;
    let mut result = Tensor::zeros(first.dtype(), shape)?;
    let width = element_bytes(first.dtype())?;
    let inner = first.shape()[axis + 1..].iter().product::<usize>() * width;
    let run = |tensor: &Tensor| if interleave { inner } else { inner * tensor.shape()[axis] };
    let mut sources: Vec<_> =
        tensors.iter().map(|tensor| tensor.bytes().as_slice().chunks_exact(run(tensor).max(1))).collect();
    let mut rest = result.bytes_mut();
    while !rest.is_empty() {
        for source in &mut sources {
            let piece = source.next().unwrap_or_default();
            let (target, after) = rest.split_at_mut(piece.len());
            target.copy_from_slice(piece);
            rest = after;
        }
    }
    Ok(result)
}
