use sottovoce_tensor::{DType, Tensor};

use crate::{
    error::OpError,
    ir::Dim,
    op::{OpDef, optional, required},
    ops::support::{args, strided, symbolic},
};

/// A tensor of sizes `shape` with `value` (0.0 by default) everywhere.
pub static OP: OpDef = OpDef {
    name: "fill",
    params: &[required("shape"), optional("value")],
    infer: |ctx| {
        let Some(shape) = ctx.symbolic("shape").map(<[Dim]>::to_vec) else {
            return Err(OpError::Unsupported { what: "a fill whose shape depends on data".into() });
        };
        for dim in &shape {
            ctx.assume_at_most(&Dim::from(0i64), dim, "a size that is not negative");
        }
        let dtype = ctx.opt_fact("value").map_or(DType::F32, |value| value.dtype);
        let len = shape.iter().map(Dim::as_size).try_fold(1usize, |len, dim| len.checked_mul(dim?));
        let element = ctx.symbolic("value").and_then(|value| value.first()).cloned();
        let value = match (element, len) {
            (Some(element), Some(len)) if len <= crate::ir::MAX_SYMBOLIC_ELEMENTS => Some(vec![element; len]),
            _ => None,
        };
        Ok(vec![symbolic::fact(dtype, shape, value)])
    },
    eval: |ctx| {
        let shape = ctx.ints("shape").ok_or(OpError::MissingArgument { name: "shape" })?;
        let shape: Vec<usize> = shape.into_iter().map(|dim| args::size("shape", dim)).collect::<Result<_, _>>()?;
        let value = ctx.opt_tensor("value").cloned().unwrap_or_else(|| Tensor::scalar(0f32));
        if value.is_empty() {
            return Err(OpError::MissingArgument { name: "value" });
        }
        Ok(vec![strided::copy(&value, &shape, &vec![0; shape.len()], 0)?])
    },
};
