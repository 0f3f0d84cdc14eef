use super::reduce::{PARAMS, Reduction, eval, infer};
use crate::op::OpDef;

/// Sum of the squares of the elements of `x` along `axes`.
pub static OP: OpDef = OpDef {
    name: "reduce_sum_square",
    params: PARAMS,
    infer,
    eval: |ctx| {
        let float = Reduction { start: 0.0, fold: |a, b| a + b * b, finish: |total, _| total };
        let int = Reduction { start: 0, fold: |a: i64, b| a.wrapping_add(b.wrapping_mul(b)), finish: |total, _| total };
        eval(ctx, float, int)
    },
};
