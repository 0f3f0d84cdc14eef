use super::binary::{XY, arithmetic, infer_arithmetic};
use crate::op::OpDef;

/// `x` modulo `y` with broadcasting; the result has the sign of `y`.
pub static OP: OpDef = OpDef {
    name: "mod",
    params: XY,
    infer: |ctx| infer_arithmetic(ctx, |_, _, _| None),
    eval: |ctx| {
        arithmetic(
            ctx,
            |a, b| a - (a / b).floor() * b,
            |a, b| (b != 0).then(|| a.wrapping_rem(b).wrapping_add(b).wrapping_rem(b)),
        )
    },
};
