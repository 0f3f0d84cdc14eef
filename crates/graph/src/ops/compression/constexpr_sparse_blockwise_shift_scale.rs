use super::{blockwise, sparse};
use crate::{
    ir::Fact,
    op::{OpDef, optional, required},
};

/// `constexpr_blockwise_shift_scale` of the set positions of a mask alone. Results: the mask, and the values at its set
/// positions in order.
pub static OP: OpDef = OpDef {
    name: "constexpr_sparse_blockwise_shift_scale",
    params: &[required("data_mask"), required("nonzero_data"), required("scale"), optional("offset")],
    infer: |ctx| {
        let (mask, scale) = (ctx.fact("data_mask")?, ctx.fact("scale")?);
        blockwise::check(&mask.shape, scale, ctx.opt_fact("offset"))?;
        Ok(vec![mask.clone(), Fact::new(scale.dtype, vec![sparse::count(ctx, "nonzero_data")?])])
    },
    eval: |ctx| {
        let mask = ctx.tensor("data_mask")?;
        let data = sparse::to_dense(ctx.tensor("nonzero_data")?, mask)?;
        let dense = blockwise::dequantise(&data, ctx.tensor("scale")?, ctx.opt_tensor("offset"))?;
        Ok(vec![mask.clone(), sparse::from_dense(&dense, mask, ctx.output_type(1))?])
    },
};
