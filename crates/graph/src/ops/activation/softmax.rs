use crate::{
    op::{OpDef, optional, required},
    ops::{
        elementwise::same_as_x,
        support::{args, lanes},
    },
};

/// `eˣ / Σ eˣ` along `axis` (the last by default), shifted by the largest element so that nothing overflows. A lane of
/// −∞ alone gives NaN, as its definition does.
pub static OP: OpDef = OpDef {
    name: "softmax",
    params: &[required("x"), optional("axis")],
    infer: |ctx| {
        args::axis("axis", ctx.int("axis", -1)?, ctx.fact("x")?.rank())?;
        same_as_x(ctx)
    },
    eval: |ctx| {
        let x = ctx.tensor("x")?;
        let axis = args::axis("axis", ctx.int("axis", -1)?, x.rank())?;
        let mut data = x.to_f32_vec();
        lanes::for_each_mut(&mut data, x.shape(), axis, softmax);
        Ok(vec![ctx.float_output(x.shape(), &data)?])
    },
};

/// Softmax of one lane in place.
pub fn softmax(lane: &mut [f32]) {
    let largest = lane.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    for value in lane.iter_mut() {
        *value = (*value - largest).exp();
    }
    let sum: f32 = lane.iter().sum();
    for value in lane.iter_mut() {
        *value /= sum;
    }
}
