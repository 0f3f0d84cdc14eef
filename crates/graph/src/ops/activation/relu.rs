use crate::{
    op::{OpDef, required},
    ops::elementwise::{float_unary, same_as_x},
};

/// `x` where it is positive, else 0; NaN stays.
pub static OP: OpDef = OpDef {
    name: "relu",
    params: &[required("x")],
    infer: same_as_x,
    eval: |ctx| float_unary(ctx, |x| if x < 0.0 { 0.0 } else { x }),
};
