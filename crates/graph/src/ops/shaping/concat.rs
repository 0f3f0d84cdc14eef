use sottovoce_tensor::Tensor;

use super::joining;
use crate::{
    error::OpError,
    ir::{Dim, Fact, SymbolicValue},
    op::{EvalContext, InferContext, OpDef, optional, required, variadic},
    ops::support::{args, symbolic},
};

/// The tensors of `values` one after the other along `axis`, or with `interleave` position by position in turn. Scalars
/// make a vector.
pub static OP: OpDef =
    OpDef { name: "concat", params: &[variadic("values"), required("axis"), optional("interleave")], infer, eval };

fn infer(ctx: &mut InferContext<'_>) -> Result<Vec<Fact>, OpError> {
    let facts = joining::facts(ctx)?;
    let interleave = ctx.flag("interleave", false)?;
    let mut shape = facts[0].shape.clone();
    if shape.is_empty() {
        shape.push(facts.len().into());
    } else {
        let axis = args::axis("axis", ctx.int("axis", 0)?, shape.len())?;
        shape[axis] = facts.iter().fold(Dim::from(0i64), |sum, fact| sum + fact.shape[axis].clone());
        for fact in &facts[1..] {
            for (index, (a, b)) in facts[0].shape.iter().zip(&fact.shape).enumerate() {
                if index != axis || interleave {
                    ctx.assume_equal(a, b, "sizes of the tensors that are joined")?;
                }
            }
        }
    }
    let values: Option<Vec<SymbolicValue>> = facts.iter().map(|fact| fact.value.clone()).collect();
    let value = values.filter(|_| !interleave).map(|values| values.concat());
    Ok(vec![symbolic::fact(facts[0].dtype, shape, value)])
}

fn eval(ctx: &EvalContext<'_>) -> Result<Vec<Tensor>, OpError> {
    let mut values: Vec<Tensor> = ctx.list("values")?.into_iter().cloned().collect();
    for value in &mut values {
        if value.rank() == 0 {
            *value = value.reshape([1])?;
        }
    }
    let rank = values.first().map_or(0, Tensor::rank);
    let axis = args::axis("axis", ctx.int("axis", 0)?, rank)?;
    Ok(vec![joining::join(&values.iter().collect::<Vec<_>>(), axis, ctx.flag("interleave", false)?)?])
}
