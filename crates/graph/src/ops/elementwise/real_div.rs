use super::binary::{XY, arithmetic, infer_arithmetic, symbolic_quotient};
use crate::op::OpDef;

/// `x / y` with broadcasting; integers are truncated toward zero.
pub static OP: OpDef = OpDef {
    name: "real_div",
    params: XY,
    infer: |ctx| {
        infer_arithmetic(ctx, |a, b, symbols| {
            // Truncation and rounding down agree where nothing is negative.
            let not_negative = a.bounds(symbols).min.is_some_and(|min| min >= 0);
            not_negative.then(|| symbolic_quotient(a, b, symbols)).flatten()
        })
    },
    eval: |ctx| arithmetic(ctx, |a, b| a / b, i64::checked_div),
};
