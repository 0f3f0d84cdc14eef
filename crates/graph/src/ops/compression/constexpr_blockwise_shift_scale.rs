use sottovoce_tensor::Tensor;

use super::blockwise;
use crate::{
    ir::Fact,
    op::{OpDef, optional, required},
};

/// `scale · (data - offset)`; the shapes of data and scale imply the blocks (iOS 18).
pub static OP: OpDef = OpDef {
    name: "constexpr_blockwise_shift_scale",
    params: &[required("data"), required("scale"), optional("offset")],
    infer: |ctx| {
        let (data, scale) = (ctx.fact("data")?, ctx.fact("scale")?);
        blockwise::check(&data.shape, scale, ctx.opt_fact("offset"))?;
        Ok(vec![Fact::new(scale.dtype, data.shape.clone())])
    },
    eval: |ctx| {
        let (data, scale) = (ctx.tensor("data")?, ctx.tensor("scale")?);
        let values = blockwise::dequantise(data, scale, ctx.opt_tensor("offset"))?;
        Ok(vec![Tensor::from_f32(ctx.output_type(0), data.shape(), &values)?])
    },
};
