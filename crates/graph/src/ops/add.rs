use super::elementwise::{arithmetic, infer_arithmetic};
use crate::op::{OpDef, required};

/// `x + y` with broadcasting.
pub static OP: OpDef = OpDef {
    name: "add",
    params: &[required("x"), required("y")],
    infer: |ctx| infer_arithmetic(ctx, |a, b| Some(a.clone() + b.clone())),
    eval: |ctx| arithmetic(ctx, |a, b| a + b, |a, b| a.wrapping_add(b)),
};
