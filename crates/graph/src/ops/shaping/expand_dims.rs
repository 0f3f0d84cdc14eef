use crate::{
    error::OpError,
    op::{OpDef, required},
    ops::support::{args, output, symbolic},
};

/// `x` with dimensions of 1 inserted so that they end up at `axes` of the result.
pub static OP: OpDef = OpDef {
    name: "expand_dims",
    params: &[required("x"), required("axes")],
    infer: |ctx| {
        let axes = ctx.ints("axes")?.ok_or(OpError::MissingArgument { name: "axes" })?;
        let x = ctx.fact("x")?;
        Ok(vec![symbolic::fact(x.dtype, expand(&x.shape, &axes, 1i64.into())?, x.value.clone())])
    },
    eval: |ctx| {
        let axes = ctx.ints("axes").ok_or(OpError::MissingArgument { name: "axes" })?;
        output::reshaped(ctx, &expand(ctx.tensor("x")?.shape(), &axes, 1)?)
    },
};

fn expand<D: Clone>(shape: &[D], axes: &[i64], one: D) -> Result<Vec<D>, OpError> {
    let inserted = args::axes("axes", Some(axes), shape.len() + axes.len())?;
    let mut dims = shape.iter();
    Ok(inserted.into_iter().filter_map(|new| if new { Some(one.clone()) } else { dims.next().cloned() }).collect())
}
