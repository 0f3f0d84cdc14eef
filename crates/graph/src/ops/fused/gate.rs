use crate::{
    error::OpError,
    ir::Fact,
    op::{OpDef, required},
    ops::activation::{gelu, logistic},
};

/// Activation `x · sigmoid(x)`.
pub const SILU: &str = "silu";
/// Activation `x · Φ(x)`.
pub const GELU: &str = "gelu";
/// Activation `x · Φ(x)` by its tanh approximation.
pub const GELU_TANH: &str = "gelu_tanh";

/// Gated linear unit: `activation(gate) · up` (Shazeer 2020). Fused.
pub static OP: OpDef = OpDef {
    name: "gate",
    params: &[required("gate"), required("up"), required("activation")],
    infer: |ctx| {
        let gate = ctx.fact("gate")?;
        Ok(vec![Fact::new(gate.dtype, gate.shape.clone())])
    },
    eval: |ctx| {
        let (gate, up) = (ctx.tensor("gate")?, ctx.tensor("up")?);
        let activation: fn(f32) -> f32 = match ctx.text("activation") {
            Some(SILU) => |x| x * logistic(x),
            Some(GELU) => gelu::exact,
            Some(GELU_TANH) => gelu::tanh_approximation,
            other => {
                return Err(OpError::InvalidArgument {
                    name: "activation",
                    expected: [SILU, GELU, GELU_TANH].join(", "),
                    found: format!("{other:?}"),
                });
            }
        };
        let data: Vec<f32> =
            gate.to_f32_vec().into_iter().zip(up.to_f32_vec()).map(|(gate, up)| activation(gate) * up).collect();
        Ok(vec![ctx.float_output(gate.shape(), &data)?])
    },
};
