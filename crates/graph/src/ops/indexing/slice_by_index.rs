use crate::{
    op::{OpDef, optional, required},
    ops::support::{slicing, strided, symbolic},
};

/// `x[begin : end : stride]` in every dimension. A `begin_mask` or `end_mask` leaves that end open, a `squeeze_mask`
/// picks the index `begin` and drops the dimension.
pub static OP: OpDef = OpDef {
    name: "slice_by_index",
    params: &[
        required("x"),
        required("begin"),
        required("end"),
        optional("stride"),
        optional("begin_mask"),
        optional("end_mask"),
        optional("squeeze_mask"),
    ],
    infer: |ctx| {
        let shape = slicing::infer_shape(ctx)?;
        let value = slicing::infer_value(ctx);
        Ok(vec![symbolic::fact(ctx.fact("x")?.dtype, shape, value)])
    },
    eval: |ctx| {
        let x = ctx.tensor("x")?;
        let view = slicing::view(ctx, x.shape())?;
        Ok(vec![strided::copy(x, &view.kept, &view.strides, view.offset)?.reshape(view.shape)?])
    },
};
