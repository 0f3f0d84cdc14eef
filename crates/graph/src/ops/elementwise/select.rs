use sottovoce_tensor::{DType, Tensor};

use crate::{
    error::OpError,
    ir::{Dim, SymbolicValue},
    op::{EvalContext, OpDef, required},
    ops::support::{broadcast, output, strided, symbolic},
};

/// `a` where `cond` holds, else `b`, with broadcasting.
pub static OP: OpDef = OpDef {
    name: "select",
    params: &[required("cond"), required("a"), required("b")],
    infer: |ctx| {
        let (cond, a, b) = (ctx.fact("cond")?.clone(), ctx.fact("a")?.clone(), ctx.fact("b")?.clone());
        if a.dtype != b.dtype || cond.dtype != DType::Bool {
            return Err(OpError::InvalidArgument {
                name: "cond",
                expected: "booleans, with 'a' and 'b' of one type".into(),
                found: format!("{}, {} and {}", cond.dtype, a.dtype, b.dtype),
            });
        }
        let shape = ctx.broadcast(&a.shape, &b.shape)?;
        let shape = ctx.broadcast(&shape, &cond.shape)?;
        let value = symbolic_value(cond.value.as_deref(), a.value.as_deref(), b.value.as_deref());
        Ok(vec![symbolic::fact(a.dtype, shape, value)])
    },
    eval,
};

fn symbolic_value(cond: Option<&[Dim]>, a: Option<&[Dim]>, b: Option<&[Dim]>) -> Option<SymbolicValue> {
    let cond = symbolic::constants(cond)?;
    let (a, b) = (a?, b?);
    let len = cond.len().max(a.len()).max(b.len());
    let at = |values: &[Dim], index: usize| values.get(if values.len() == 1 { 0 } else { index }).cloned();
    (0..len)
        .map(|index| {
            let flag = *cond.get(if cond.len() == 1 { 0 } else { index })?;
            at(if flag != 0 { a } else { b }, index)
        })
        .collect()
}

fn eval(ctx: &EvalContext<'_>) -> Result<Vec<Tensor>, OpError> {
    let cond = ctx.tensor("cond")?;
    let sides = output::same_storage(&[ctx.tensor("a")?, ctx.tensor("b")?])?;
    let shape = broadcast::shape(cond.shape(), &broadcast::shape(sides[0].shape(), sides[1].shape())?)?;
    let expand = |x: &Tensor| strided::copy(x, &shape, &broadcast::broadcast_strides(x.shape(), &shape), 0);
    let (cond, mut result, b) = (expand(cond)?, expand(&sides[0])?, expand(&sides[1])?);
    let width = result.dtype().bits() / 8;
    let elements = result.bytes_mut().chunks_exact_mut(width).zip(b.bytes().as_slice().chunks_exact(width));
    for ((element, other), &flag) in elements.zip(cond.bytes().as_slice()) {
        if flag == 0 {
            element.copy_from_slice(other);
        }
    }
    Ok(vec![result])
}
