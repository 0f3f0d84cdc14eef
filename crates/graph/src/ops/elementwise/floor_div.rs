use super::binary::{XY, arithmetic, infer_arithmetic, symbolic_quotient};
use crate::op::OpDef;

/// `x / y` rounded toward negative infinity, with broadcasting.
pub static OP: OpDef = OpDef {
    name: "floor_div",
    params: XY,
    infer: |ctx| infer_arithmetic(ctx, symbolic_quotient),
    eval: |ctx| {
        let floor = |a: i64, b: i64| {
            let quotient = a.checked_div(b)?;
            Some(if a % b != 0 && (a < 0) != (b < 0) { quotient - 1 } else { quotient })
        };
        arithmetic(ctx, |a, b| (a / b).floor(), floor)
    },
};
