use super::reduce::{PARAMS, Reduction, eval, infer};
use crate::op::OpDef;

/// Mean of the elements of `x` along `axes`; integers are truncated toward zero.
pub static OP: OpDef = OpDef {
    name: "reduce_mean",
    params: PARAMS,
    infer,
    eval: |ctx| {
        let float = Reduction { start: 0.0, fold: |a, b| a + b, finish: |sum, count| sum / count as f32 };
        let int = Reduction { start: 0, fold: i64::wrapping_add, finish: |sum, count| sum / count.max(1) as i64 };
        eval(ctx, float, int)
    },
};
