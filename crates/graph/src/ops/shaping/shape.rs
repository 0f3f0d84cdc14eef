use sottovoce_tensor::{DType, Tensor};

use crate::{
    op::{OpDef, required},
    ops::support::symbolic,
};

/// The sizes of `x`, outermost first, as int32.
pub static OP: OpDef = OpDef {
    name: "shape",
    params: &[required("x")],
    infer: |ctx| {
        let x = ctx.fact("x")?;
        Ok(vec![symbolic::fact(DType::I32, vec![x.rank().into()], Some(x.shape.clone()))])
    },
    eval: |ctx| {
        let x = ctx.tensor("x")?;
        let sizes: Vec<i32> = x.shape().iter().map(|&size| i32::try_from(size).unwrap_or(i32::MAX)).collect();
        Ok(vec![Tensor::from_slice([sizes.len()], &sizes)?])
    },
};
