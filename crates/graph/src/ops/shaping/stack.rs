use sottovoce_tensor::Tensor;

use super::joining;
use crate::{
    ir::SymbolicValue,
    op::{OpDef, required, variadic},
    ops::support::{args, symbolic},
};

/// The tensors of `values`, all of one shape, joined along a new dimension at `axis`.
pub static OP: OpDef = OpDef {
    name: "stack",
    params: &[variadic("values"), required("axis")],
    infer: |ctx| {
        let facts = joining::facts(ctx)?;
        for fact in &facts[1..] {
            for (a, b) in facts[0].shape.iter().zip(&fact.shape) {
                ctx.assume_equal(a, b, "sizes of the tensors that are stacked")?;
            }
        }
        let mut shape = facts[0].shape.clone();
        shape.insert(args::axis("axis", ctx.int("axis", 0)?, shape.len() + 1)?, facts.len().into());
        let values: Option<Vec<SymbolicValue>> = facts.iter().map(|fact| fact.value.clone()).collect();
        Ok(vec![symbolic::fact(facts[0].dtype, shape, values.map(|values| values.concat()))])
    },
    eval: |ctx| {
        let mut values: Vec<Tensor> = ctx.list("values")?.into_iter().cloned().collect();
        let rank = values.first().map_or(0, Tensor::rank);
        let axis = args::axis("axis", ctx.int("axis", 0)?, rank + 1)?;
        for value in &mut values {
            let mut shape = value.shape().to_vec();
            shape.insert(axis.min(shape.len()), 1);
            *value = value.reshape(shape)?;
        }
        Ok(vec![joining::join(&values.iter().collect::<Vec<_>>(), axis, false)?])
    },
};
