use sottovoce_tensor::Tensor;

use crate::{
    error::OpError,
    ir::Dim,
    op::{EvalContext, OpDef, optional, required},
    ops::{
        elementwise::same_as_x,
        support::{args, strided},
    },
};

/// `gamma · (x - mean) / √(variance + epsilon) + beta` with the statistics over `axes` (all by default); epsilon
/// defaults to 10⁻⁵. `gamma` and `beta` have the shape of those axes.
pub static OP: OpDef = OpDef {
    name: "layer_norm",
    params: &[required("x"), optional("axes"), optional("gamma"), optional("beta"), optional("epsilon")],
    infer: |ctx| {
        let x = ctx.fact("x")?.clone();
        let normalised = args::axes("axes", ctx.ints("axes")?.as_deref(), x.rank())?;
        let group: Vec<Dim> =
            x.shape.into_iter().zip(normalised).filter(|(_, flag)| *flag).map(|(dim, _)| dim).collect();
        for name in ["gamma", "beta"] {
            let Some(shape) = ctx.opt_fact(name).map(|fact| fact.shape.clone()) else { continue };
            if shape.len() != group.len() {
                return Err(OpError::Mismatch {
                    what: "gamma and beta have the shape of the normalised axes",
                    left: format!("rank {}", group.len()),
                    right: format!("rank {}", shape.len()),
                });
            }
            for (a, b) in group.iter().zip(&shape) {
                ctx.assume_equal(a, b, "scale and offset")?;
            }
        }
        same_as_x(ctx)
    },
    eval,
};

fn eval(ctx: &EvalContext<'_>) -> Result<Vec<Tensor>, OpError> {
    let x = ctx.tensor("x")?;
    let normalised = args::axes("axes", ctx.ints("axes").as_deref(), x.rank())?;
    let epsilon = ctx.float("epsilon", 1e-5)?;
    let gamma = ctx.opt_tensor("gamma").map(Tensor::to_f32_vec);
    let beta = ctx.opt_tensor("beta").map(Tensor::to_f32_vec);
    // Normalised axes last, so that each group is one run of elements; moved back at the end.
    let (grouped, others): (Vec<usize>, Vec<usize>) = (0..x.rank()).partition(|&axis| normalised[axis]);
    let perm: Vec<usize> = others.iter().chain(&grouped).copied().collect();
    let moved = strided::transpose(x, &perm)?;
    let group: usize = grouped.iter().map(|&axis| x.shape()[axis]).product();
    let mut data = moved.to_f32_vec();
    for values in data.chunks_exact_mut(group.max(1)) {
        normalise(values, epsilon);
        for (index, value) in values.iter_mut().enumerate() {
            *value = *value * gamma.as_ref().map_or(1.0, |gamma| gamma[index])
                + beta.as_ref().map_or(0.0, |beta| beta[index]);
        }
    }
    let mut back = vec![0; perm.len()];
    perm.iter().enumerate().for_each(|(index, &axis)| back[axis] = index);
    let result = strided::transpose(&Tensor::from_slice(moved.shape(), &data)?, &back)?;
    Ok(vec![ctx.float_output(result.shape(), &result.to_f32_vec())?])
}

fn normalise(values: &mut [f32], epsilon: f32) {
    let count = values.len() as f32;
    let mean = values.iter().sum::<f32>() / count;
    let variance = values.iter().map(|value| (value - mean) * (value - mean)).sum::<f32>() / count;
    let scale = 1.0 / (variance + epsilon).sqrt();
    values.iter_mut().for_each(|value| *value = (*value - mean) * scale);
}
