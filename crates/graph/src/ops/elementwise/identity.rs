use super::unary::X;
use crate::op::OpDef;

/// `x` itself.
pub static OP: OpDef = OpDef {
    name: "identity",
    params: X,
    infer: |ctx| Ok(vec![ctx.fact("x")?.clone()]),
    eval: |ctx| Ok(vec![ctx.tensor("x")?.clone()]),
};
