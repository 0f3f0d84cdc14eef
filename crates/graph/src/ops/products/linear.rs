use sottovoce_tensor::Tensor;

use crate::{
    error::OpError,
    ir::Fact,
    op::{EvalContext, InferContext, OpDef, optional, required},
    ops::support::{gemm, strided::checked_len},
};

/// `x · weightᵀ + bias` over the last dimension of `x`; weight [out, in], bias [out] or [1].
pub static OP: OpDef =
    OpDef { name: "linear", params: &[required("x"), required("weight"), optional("bias")], infer, eval };

fn infer(ctx: &mut InferContext<'_>) -> Result<Vec<Fact>, OpError> {
    let (x, weight) = (ctx.fact("x")?.clone(), ctx.fact("weight")?.clone());
    let (Some(inner), [out, columns]) = (x.shape.last(), weight.shape.as_slice()) else {
        return Err(OpError::InvalidArgument {
            name: "weight",
            expected: "a matrix, with x of rank 1 or more".into(),
            found: format!("ranks {} and {}", weight.rank(), x.rank()),
        });
    };
    ctx.assume_equal(inner, columns, "inner sizes of a matrix product")?;
    if let Some(bias) = ctx.opt_fact("bias").map(|bias| bias.shape.clone()) {
        match bias.as_slice() {
            [len] if len.as_const() == Some(1) => {}
            [len] => ctx.assume_equal(len, out, "bias")?,
            _ => {
                return Err(OpError::InvalidArgument {
                    name: "bias",
                    expected: "a vector".into(),
                    found: format!("rank {}", bias.len()),
                });
            }
        }
    }
    let mut shape = x.shape.clone();
    shape.pop();
    shape.push(out.clone());
    Ok(vec![Fact::new(x.dtype, shape)])
}

fn eval(ctx: &EvalContext<'_>) -> Result<Vec<Tensor>, OpError> {
    let (x, weight) = (ctx.tensor("x")?, ctx.tensor("weight")?);
    let &[n, k] = weight.shape() else {
        return Err(OpError::InvalidArgument {
            name: "weight",
            expected: "a matrix".into(),
            found: format!("rank {}", weight.rank()),
        });
    };
    let mut shape = x.shape().to_vec();
    if shape.pop() != Some(k) {
        return Err(OpError::Mismatch {
            what: "inner sizes of a matrix product",
            left: format!("{:?}", x.shape()),
            right: format!("{:?}", weight.shape()),
        });
    }
    shape.push(n);
    let mut data = vec![0f32; checked_len(&shape)?];
    gemm::times_transposed(&x.to_f32_vec(), &weight.to_f32_vec(), k, n, &mut data);
    if let Some(bias) = ctx.opt_tensor("bias").map(Tensor::to_f32_vec) {
        for row in data.chunks_exact_mut(n.max(1)) {
            row.iter_mut().zip(bias.iter().cycle()).for_each(|(value, bias)| *value += bias);
        }
    }
    Ok(vec![ctx.float_output(&shape, &data)?])
}
