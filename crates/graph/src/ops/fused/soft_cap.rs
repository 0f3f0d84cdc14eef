use crate::{
    ir::Fact,
    op::{OpDef, required},
};

/// Soft cap: `cap · tanh(x · factor)`, which stays between −cap and cap (Gemma 2, 2024). Fused.
pub static OP: OpDef = OpDef {
    name: "soft_cap",
    params: &[required("x"), required("factor"), required("cap")],
    infer: |ctx| {
        let x = ctx.fact("x")?;
        Ok(vec![Fact::new(x.dtype, x.shape.clone())])
    },
    eval: |ctx| {
        let (x, factor, cap) = (ctx.tensor("x")?, ctx.float("factor", 1.0)?, ctx.float("cap", 1.0)?);
        let data: Vec<f32> = x.to_f32_vec().into_iter().map(|x| cap * (x * factor).tanh()).collect();
        Ok(vec![ctx.float_output(x.shape(), &data)?])
    },
};
