use super::unary::{X, unary};
use crate::{ir::Dim, op::OpDef, ops::support::symbolic};

/// The negation of a boolean `x`.
pub static OP: OpDef = OpDef {
    name: "logical_not",
    params: X,
    infer: |ctx| {
        let x = ctx.fact("x")?;
        let flipped = |flag: &Dim| Some(Dim::from(i64::from(flag.as_const()? == 0)));
        let value = x.value.as_ref().and_then(|flags| flags.iter().map(flipped).collect());
        Ok(vec![symbolic::fact(x.dtype, x.shape.clone(), value)])
    },
    eval: |ctx| unary(ctx, |x| f32::from(x == 0.0), |x| Some(i64::from(x == 0))),
};
