use sottovoce_tensor::Tensor;

use crate::{
    error::OpError,
    ir::{Dim, Fact},
    op::{EvalContext, InferContext, OpDef, optional, required},
    ops::support::{gemm, strided},
};

/// Matrix product over the last two dimensions of `x` and `y`, either of them transposed on request; the others
/// broadcast. A vector `x` is a row, a vector `y` a column, and that dimension goes away (NumPy's rule).
pub static OP: OpDef = OpDef {
    name: "matmul",
    params: &[required("x"), required("y"), optional("transpose_x"), optional("transpose_y")],
    infer,
    eval,
};

fn infer(ctx: &mut InferContext<'_>) -> Result<Vec<Fact>, OpError> {
    let (x, y) = (ctx.fact("x")?.clone(), ctx.fact("y")?.clone());
    if !x.dtype.is_float() || !y.dtype.is_float() {
        return Err(OpError::Unsupported { what: format!("a product of {} and {} matrices", x.dtype, y.dtype) });
    }
    let one = || Dim::from(1i64);
    let (x_batch, [rows, x_inner]) = matrices("x", &x.shape, ctx.flag("transpose_x", false)?, |len| [one(), len])?;
    let (y_batch, [y_inner, columns]) = matrices("y", &y.shape, ctx.flag("transpose_y", false)?, |len| [len, one()])?;
    ctx.assume_equal(&x_inner, &y_inner, "inner sizes of a matrix product")?;
    let mut shape = ctx.broadcast(&x_batch, &y_batch)?;
    shape.extend((x.rank() > 1).then_some(rows));
    shape.extend((y.rank() > 1).then_some(columns));
    Ok(vec![Fact::new(x.dtype, shape)])
}

/// Batch dimensions, and rows and columns as they are multiplied.
fn matrices<D: Clone>(
    name: &'static str,
    shape: &[D],
    transposed: bool,
    vector: impl Fn(D) -> [D; 2],
) -> Result<(Vec<D>, [D; 2]), OpError> {
    match shape {
        [] => Err(OpError::InvalidArgument { name, expected: "rank 1 or more".into(), found: "a scalar".into() }),
        [len] => Ok((Vec::new(), vector(len.clone()))),
        [batch @ .., rows, columns] => {
            let (rows, columns) = (rows.clone(), columns.clone());
            Ok((batch.to_vec(), if transposed { [columns, rows] } else { [rows, columns] }))
        }
    }
}

fn eval(ctx: &EvalContext<'_>) -> Result<Vec<Tensor>, OpError> {
    let (x, y) = (ctx.tensor("x")?, ctx.tensor("y")?);
    let (transpose_x, transpose_y) = (ctx.flag("transpose_x", false)?, ctx.flag("transpose_y", false)?);
    let (x_batch, [rows, inner]) = matrices("x", x.shape(), transpose_x, |len| [1, len])?;
    let (y_batch, [y_rows, columns]) = matrices("y", y.shape(), transpose_y, |len| [len, 1])?;
    let x_data = if transpose_x && x.rank() > 1 { swap_last_two(x)? } else { x.clone() }.to_f32_vec();
    let y_data = y.to_f32_vec();
    // `y` is read as it lies in memory.
    let y_transposed = transpose_y && y.rank() > 1;
    let (stored_rows, stored_columns) = if y_transposed { (columns, y_rows) } else { (y_rows, columns) };
    let a = gemm::Matrices { data: &x_data, batch: &x_batch, rows, columns: inner };
    let b = gemm::Matrices { data: &y_data, batch: &y_batch, rows: stored_rows, columns: stored_columns };
    let (mut shape, data) = gemm::batched(&a, &b, y_transposed)?;
    shape.extend((x.rank() > 1).then_some(rows));
    shape.extend((y.rank() > 1).then_some(columns));
    Ok(vec![ctx.float_output(&shape, &data)?])
}

fn swap_last_two(x: &Tensor) -> Result<Tensor, OpError> {
    let mut perm: Vec<usize> = (0..x.rank()).collect();
    perm.swap(x.rank() - 2, x.rank() - 1);
    strided::transpose(x, &perm)
}
