use crate::{
    error::OpError,
    ir::Fact,
    op::{OpDef, required},
    ops::support::{args, strided},
};

/// The dimensions of `x` in the order of `perm`.
pub static OP: OpDef = OpDef {
    name: "transpose",
    params: &[required("x"), required("perm")],
    infer: |ctx| {
        let perm = ctx.ints("perm")?.ok_or(OpError::MissingArgument { name: "perm" })?;
        let x = ctx.fact("x")?;
        let shape = permutation(&perm, x.rank())?.into_iter().map(|axis| x.shape[axis].clone()).collect();
        Ok(vec![Fact::new(x.dtype, shape)])
    },
    eval: |ctx| {
        let x = ctx.tensor("x")?;
        let perm = ctx.ints("perm").ok_or(OpError::MissingArgument { name: "perm" })?;
        Ok(vec![strided::transpose(x, &permutation(&perm, x.rank())?)?])
    },
};

fn permutation(perm: &[i64], rank: usize) -> Result<Vec<usize>, OpError> {
    args::one_per_dimension("perm", perm.len(), rank)?;
    args::axes("perm", Some(perm), rank)?;
    perm.iter().map(|&axis| args::axis("perm", axis, rank)).collect()
}
