use crate::{
    op::{OpDef, optional, required},
    ops::{
        elementwise::same_as_x,
        support::{args, strided},
    },
};

/// `x` with the order of its elements reversed along `axes`, or along all of them.
pub static OP: OpDef = OpDef {
    name: "reverse",
    params: &[required("x"), optional("axes")],
    infer: |ctx| {
        args::axes("axes", ctx.ints("axes")?.as_deref(), ctx.fact("x")?.rank())?;
        same_as_x(ctx)
    },
    eval: |ctx| {
        let x = ctx.tensor("x")?;
        let reversed = args::axes("axes", ctx.ints("axes").as_deref(), x.rank())?;
        let (mut strides, mut offset) = (strided::strides(x.shape()), 0);
        for ((stride, &dim), reversed) in strides.iter_mut().zip(x.shape()).zip(reversed) {
            if reversed && dim > 0 {
                offset += *stride * (dim as isize - 1);
                *stride = -*stride;
            }
        }
        Ok(vec![strided::copy(x, x.shape(), &strides, offset)?])
    },
};
