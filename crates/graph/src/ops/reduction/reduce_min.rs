use super::reduce::{PARAMS, Reduction, eval, infer};
use crate::op::OpDef;

/// Smallest element of `x` along `axes`; NaN where there is one.
pub static OP: OpDef = OpDef {
    name: "reduce_min",
    params: PARAMS,
    infer,
    eval: |ctx| {
        let float = Reduction {
            start: f32::INFINITY,
            fold: |a, b| if a < b || a.is_nan() { a } else { b },
            finish: |total, _| total,
        };
        let int = Reduction { start: i64::MAX, fold: i64::min, finish: |total, _| total };
        eval(ctx, float, int)
    },
};
