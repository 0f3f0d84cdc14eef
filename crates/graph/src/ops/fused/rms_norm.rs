use crate::{
    error::OpError,
    ir::Fact,
    op::{OpDef, required},
};

/// Root-mean-square norm over the last axis: `x / sqrt(mean(x²) + epsilon) · weight` (Zhang and Sennrich 2019). Fused.
pub static OP: OpDef = OpDef {
    name: "rms_norm",
    params: &[required("x"), required("weight"), required("epsilon")],
    infer: |ctx| {
        let x = ctx.fact("x")?;
        Ok(vec![Fact::new(x.dtype, x.shape.clone())])
    },
    eval: |ctx| {
        let (x, weight) = (ctx.tensor("x")?, ctx.tensor("weight")?.to_f32_vec());
        let epsilon = ctx.float("epsilon", 0.0)?;
        let mut data = x.to_f32_vec();
        if weight.is_empty() {
            return Err(OpError::MissingArgument { name: "weight" });
        }
        for row in data.chunks_exact_mut(weight.len()) {
            let mean = row.iter().map(|v| v * v).sum::<f32>() / row.len() as f32;
            let scale = 1.0 / (mean + epsilon).sqrt();
            for (value, weight) in row.iter_mut().zip(&weight) {
                *value *= scale * weight;
            }
        }
        Ok(vec![ctx.float_output(x.shape(), &data)?])
    },
};
