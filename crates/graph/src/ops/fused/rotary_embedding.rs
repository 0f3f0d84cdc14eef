use crate::{
    error::OpError,
    ir::Fact,
    op::{OpDef, required},
};

/// Rotary position embedding, half-split (Su et al. 2021): `x` [.., q, 2·half], `positions` i32 [q],
/// `inverse_frequencies` of half elements. Angles are computed in f32. Fused.
pub static OP: OpDef = OpDef {
    name: "rotary_embedding",
    params: &[required("x"), required("positions"), required("inverse_frequencies")],
    infer: |ctx| {
        let x = ctx.fact("x")?;
        Ok(vec![Fact::new(x.dtype, x.shape.clone())])
    },
    eval: |ctx| {
        let (x, positions) = (ctx.tensor("x")?, ctx.tensor("positions")?.to_i64_vec());
        let frequencies = ctx.tensor("inverse_frequencies")?.to_f32_vec();
        let half = frequencies.len();
        if half == 0 || positions.is_empty() || x.shape().last() != Some(&(2 * half)) {
            return Err(OpError::Mismatch {
                what: "rotary embedding",
                left: format!("{:?}", x.shape()),
                right: format!("{half} frequencies"),
            });
        }
        let mut data = x.to_f32_vec();
        for (row, values) in data.chunks_exact_mut(2 * half).enumerate() {
            let position = positions[row % positions.len()] as f32;
            let (low, high) = values.split_at_mut(half);
            for ((a, b), frequency) in low.iter_mut().zip(high).zip(&frequencies) {
                let (sin, cos) = (position * frequency).sin_cos();
                (*a, *b) = (*a * cos - *b * sin, *b * cos + *a * sin);
            }
        }
        Ok(vec![ctx.float_output(x.shape(), &data)?])
    },
};
