use crate::{
    error::OpError,
    op::{OpDef, optional, required},
    ops::elementwise::same_as_x,
};

/// `x / √(Σ x² + epsilon)` with the sum over the last three axes; epsilon defaults to 10⁻⁶.
pub static OP: OpDef = OpDef {
    name: "l2_norm",
    params: &[required("x"), optional("epsilon")],
    infer: |ctx| {
        let rank = ctx.fact("x")?.rank();
        if rank < 3 {
            return Err(OpError::InvalidArgument {
                name: "x",
                expected: "a tensor of rank 3 or more".into(),
                found: format!("rank {rank}"),
            });
        }
        same_as_x(ctx)
    },
    eval: |ctx| {
        let x = ctx.tensor("x")?;
        let epsilon = ctx.float("epsilon", 1e-6)?;
        let mut data = x.to_f32_vec();
        let group: usize = x.shape().iter().rev().take(3).product();
        for values in data.chunks_exact_mut(group.max(1)) {
            let norm = (values.iter().map(|value| value * value).sum::<f32>() + epsilon).sqrt();
            values.iter_mut().for_each(|value| *value /= norm);
        }
        Ok(vec![ctx.float_output(x.shape(), &data)?])
    },
};
