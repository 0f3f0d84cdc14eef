use sottovoce_tensor::{DType, Tensor};

use crate::{
    error::OpError,
    ir::Fact,
    op::{OpDef, required},
};

/// `source_val` in f32, the only `output_dtype` there is (iOS 16).
pub static OP: OpDef = OpDef {
    name: "constexpr_cast",
    params: &[required("source_val"), required("output_dtype")],
    infer: |ctx| match ctx.text("output_dtype") {
        Some("fp32") => Ok(vec![Fact::new(DType::F32, ctx.fact("source_val")?.shape.clone())]),
        other => Err(OpError::InvalidArgument {
            name: "output_dtype",
            expected: "fp32".into(),
            found: other.unwrap_or("nothing").to_owned(),
        }),
    },
    eval: |ctx| {
        let source = ctx.tensor("source_val")?;
        Ok(vec![Tensor::from_f32(DType::F32, source.shape(), &source.to_f32_vec())?])
    },
};
