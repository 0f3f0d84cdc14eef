use std::f32::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};

use super::logistic;
use crate::{
    error::OpError,
    op::{OpDef, optional, required},
    ops::elementwise::{float_unary, same_as_x},
};

/// Gaussian error linear unit (Hendrycks and Gimpel, 2016), exact by default or in one of the two approximations of the
/// paper, by `mode`.
pub static OP: OpDef = OpDef {
    name: "gelu",
    params: &[required("x"), optional("mode")],
    infer: |ctx| {
        function(ctx.text("mode"))?;
        same_as_x(ctx)
    },
    eval: |ctx| float_unary(ctx, function(ctx.text("mode"))?),
};

/// `x · Φ(x)` with the error function.
pub fn exact(x: f32) -> f32 {
    0.5 * x * (1.0 + libm::erff(x * FRAC_1_SQRT_2))
}

/// `x · Φ(x)` with the paper's tanh approximation of Φ.
pub fn tanh_approximation(x: f32) -> f32 {
    0.5 * x * (1.0 + (FRAC_2_SQRT_PI * FRAC_1_SQRT_2 * (x + 0.044715 * x * x * x)).tanh())
}

fn function(mode: Option<&str>) -> Result<fn(f32) -> f32, OpError> {
    match mode.unwrap_or("EXACT") {
        "EXACT" => Ok(exact),
        "TANH_APPROXIMATION" => Ok(tanh_approximation),
        "SIGMOID_APPROXIMATION" => Ok(|x| x * logistic(1.702 * x)),
        other => Err(OpError::InvalidArgument {
            name: "mode",
            expected: "EXACT, TANH_APPROXIMATION or SIGMOID_APPROXIMATION".into(),
            found: other.to_owned(),
        }),
    }
}
