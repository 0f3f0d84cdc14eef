use super::binary::{XY, arithmetic, infer_arithmetic};
use crate::op::OpDef;

/// The larger of `x` and `y` with broadcasting; NaN where either is.
pub static OP: OpDef = OpDef {
    name: "maximum",
    params: XY,
    infer: |ctx| infer_arithmetic(ctx, |a, b, symbols| Some(a.larger(b, symbols))),
    eval: |ctx| arithmetic(ctx, |a, b| if a > b || a.is_nan() { a } else { b }, |a, b| Some(a.max(b))),
};
