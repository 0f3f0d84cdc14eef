use sottovoce_tensor::Tensor;

use crate::{
    error::OpError,
    ir::Fact,
    op::{EvalContext, InferContext, OpDef, optional, required},
    ops::support::{args, codes::element_bytes, output, slicing, strided},
};

/// `x` with the slice that `begin`, `end`, `stride` and the masks describe (as in `slice_by_index`) replaced by
/// `update`, which has the shape of that slice. Where it begins and ends may depend on data, a position among the inputs for
/// instance.
pub static OP: OpDef = OpDef {
    name: "slice_update",
    params: &[
        required("x"),
        required("update"),
        required("begin"),
        required("end"),
        optional("stride"),
        optional("begin_mask"),
        optional("end_mask"),
        optional("squeeze_mask"),
    ],
    infer,
    eval,
};

fn infer(ctx: &mut InferContext<'_>) -> Result<Vec<Fact>, OpError> {
    let (x, update) = (ctx.fact("x")?.clone(), ctx.fact("update")?.clone());
    if x.dtype != update.dtype {
        return Err(OpError::InvalidArgument {
            name: "update",
            expected: format!("elements of the type of 'x', {}", x.dtype),
            found: update.dtype.to_string(),
        });
    }
    if !slicing::depends_on_data(ctx)? {
        let slice = slicing::infer_shape(ctx)?;
        args::one_per_dimension("update", update.rank(), slice.len())?;
        for (a, b) in slice.iter().zip(&update.shape) {
            ctx.assume_equal(a, b, "slice and its update")?;
        }
    }
    Ok(vec![Fact::new(x.dtype, x.shape)])
}

fn eval(ctx: &EvalContext<'_>) -> Result<Vec<Tensor>, OpError> {
    let x = ctx.tensor("x")?;
    let view = slicing::view(ctx, x.shape())?;
    let update = output::with_float_type(ctx.tensor("update")?, x.dtype())?;
    if update.shape() != view.shape {
        return Err(OpError::Mismatch {
            what: "slice and its update",
            left: format!("{:?}", view.shape),
            right: format!("{:?}", update.shape()),
        });
    }
    let width = element_bytes(x.dtype())?;
    let (len, step) = (strided::row_len(&view.kept), strided::row_stride(&view.strides));
    let mut result = x.clone();
    let target = result.bytes_mut();
    let mut rows = update.bytes().as_slice().chunks_exact((len * width).max(1));
    strided::for_each_row(&view.kept, [&view.strides], [view.offset], |[start]| {
        let Some(row) = rows.next() else { return };
        for (index, element) in row.chunks_exact(width).enumerate() {
            let at = (start + index as isize * step) as usize * width;
            target[at..at + width].copy_from_slice(element);
        }
    });
    Ok(vec![result])
}
