use crate::{
    error::OpError,
    op::{OpDef, optional, required},
    ops::support::{args, output, symbolic},
};

/// `x` without the dimensions of 1 at `axes`, or without any of them.
pub static OP: OpDef = OpDef {
    name: "squeeze",
    params: &[required("x"), optional("axes")],
    infer: |ctx| {
        let axes = ctx.ints("axes")?;
        let x = ctx.fact("x")?.clone();
        let is_one: Vec<bool> = x.shape.iter().map(|dim| dim.as_const() == Some(1)).collect();
        let dropped = dropped(axes.as_deref(), &is_one)?;
        for (dim, _) in x.shape.iter().zip(&dropped).filter(|(_, dropped)| **dropped) {
            ctx.assume_equal(dim, &1i64.into(), "a dimension that is squeezed")?;
        }
        let kept = x.shape.into_iter().zip(dropped).filter(|(_, dropped)| !dropped).map(|(dim, _)| dim).collect();
        Ok(vec![symbolic::fact(x.dtype, kept, x.value)])
    },
    eval: |ctx| {
        let x = ctx.tensor("x")?;
        let is_one: Vec<bool> = x.shape().iter().map(|&dim| dim == 1).collect();
        let dropped = dropped(ctx.ints("axes").as_deref(), &is_one)?;
        let kept = x.shape().iter().zip(dropped).filter(|(_, dropped)| !dropped).map(|(&dim, _)| dim);
        output::reshaped(ctx, &kept.collect::<Vec<_>>())
    },
};

fn dropped(axes: Option<&[i64]>, is_one: &[bool]) -> Result<Vec<bool>, OpError> {
    match axes {
        Some(axes) => args::axes("axes", Some(axes), is_one.len()),
        None => Ok(is_one.to_vec()),
    }
}
