use crate::{
    error::OpError,
    ir::Fact,
    op::{OpDef, optional, required},
};

/// Rotary position embedding, half-split (Su et al. 2021): of `x` [.., q, size] the first 2·half elements of each row turn,
/// where `positions` is i32 [q] and `inverse_frequencies` has half elements, and the others stay. Cosines and sines are
/// multiplied by `amplitude`. Angles are computed in f32. Fused.
pub static OP: OpDef = OpDef {
    name: "rotary_embedding",
    params: &[required("x"), required("positions"), required("inverse_frequencies"), optional("amplitude")],
    infer: |ctx| {
        let x = ctx.fact("x")?;
        Ok(vec![Fact::new(x.dtype, x.shape.clone())])
    },
    eval: |ctx| {
        let (x, positions) = (ctx.tensor("x")?, ctx.tensor("positions")?.to_i64_vec());
        let frequencies = ctx.tensor("inverse_frequencies")?.to_f32_vec();
        let amplitude = ctx.float("amplitude", 1.0)?;
        let (half, size) = (frequencies.len(), x.shape().last().copied().unwrap_or(0));
        if half == 0 || positions.is_empty() || size < 2 * half {
            return Err(OpError::Mismatch {
                what: "rotary embedding",
                left: format!("{:?}", x.shape()),
                right: format!("{half} frequencies"),
            });
        }
        let mut data = x.to_f32_vec();
        for (row, values) in data.chunks_exact_mut(size).enumerate() {
            let position = positions[row % positions.len()] as f32;
            let (low, high) = values[..2 * half].split_at_mut(half);
            for ((a, b), frequency) in low.iter_mut().zip(high).zip(&frequencies) {
                let (sin, cos) = (position * frequency).sin_cos();
                let (sin, cos) = (sin * amplitude, cos * amplitude);
                (*a, *b) = (*a * cos - *b * sin, *b * cos + *a * sin);
            }
        }
        Ok(vec![ctx.float_output(x.shape(), &data)?])
    },
};
