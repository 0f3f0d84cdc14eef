use super::reduce::{PARAMS, Reduction, eval, infer};
use crate::op::OpDef;

/// Sum of the elements of `x` along `axes`.
pub static OP: OpDef = OpDef {
    name: "reduce_sum",
    params: PARAMS,
    infer,
    eval: |ctx| {
        let float = Reduction { start: 0.0, fold: |a, b| a + b, finish: |total, _| total };
        let int = Reduction { start: 0, fold: i64::wrapping_add, finish: |total, _| total };
        eval(ctx, float, int)
    },
};
