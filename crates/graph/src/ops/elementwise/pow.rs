use super::binary::{XY, arithmetic, infer_arithmetic};
use crate::op::OpDef;

/// `x` to the power of `y` with broadcasting.
pub static OP: OpDef = OpDef {
    name: "pow",
    params: XY,
    infer: |ctx| infer_arithmetic(ctx, |_, _, _| None),
    eval: |ctx| arithmetic(ctx, f32::powf, |a, b| Some(a.wrapping_pow(u32::try_from(b).ok()?))),
};
