//! Lookup tables, shared by the dense and the sparse form.

use sottovoce_tensor::{DType, Tensor, num_elements};

use crate::{
    error::OpError,
    ir::{Dim, Fact},
    op::{EvalContext, InferContext},
    ops::support::{args, codes, strided},
};

/// Shape of the values behind indices of `shape` and type `indices`: vectors are laid along `vector_axis`.
///
/// # Errors
/// [`OpError::Mismatch`] when the table does not fit the indices.
pub fn infer_shape(ctx: &InferContext<'_>, shape: &[Dim], indices: DType) -> Result<Vec<Dim>, OpError> {
    let lut = ctx.fact("lut")?;
    let (Some(sizes), Some(table)) = (shape.iter().map(Dim::as_size).collect::<Option<Vec<_>>>(), lut.fixed_shape())
    else {
        return Err(OpError::NotConstant { name: "lut" });
    };
    let layout = layout(&sizes, &table, indices)?;
    let mut result = shape.to_vec();
    if layout.vector != 1 {
        let axis = ctx.ints("vector_axis")?.and_then(|values| values.first().copied());
        let axis =
            args::axis("vector_axis", axis.ok_or(OpError::MissingArgument { name: "vector_axis" })?, sizes.len())?;
        result[axis] = result[axis].clone() * layout.vector.into();
    }
    Ok(result)
}

/// Sizes of a table.
struct Layout {
    entries: usize,
    vector: usize,
}

fn layout(indices: &[usize], table: &[usize], dtype: DType) -> Result<Layout, OpError> {
    let mismatch =
        |what| OpError::Mismatch { what, left: format!("{indices:?} of {dtype}"), right: format!("{table:?}") };
    let [groups @ .., entries, vector] = table else {
        return Err(mismatch("a table has the rank of its indices and two more"));
    };
    if groups.len() != indices.len() || indices.is_empty() {
        return Err(mismatch("a table has the rank of its indices and two more"));
    }
    if !indices.iter().zip(groups).all(|(&whole, &part)| part != 0 && whole.is_multiple_of(part)) {
        return Err(mismatch("tables divide the indices in every dimension"));
    }
    let is_code = dtype.is_int() && !dtype.is_signed_int() && dtype.bits() <= 8;
    if !is_code || *entries != 1 << dtype.bits() || *vector == 0 {
        return Err(mismatch("a table has one entry for every index that its unsigned type can hold"));
    }
    Ok(Layout { entries: *entries, vector: *vector })
}

/// The values behind `indices`.
///
/// # Errors
/// When the table does not fit the indices.
pub fn look_up(ctx: &EvalContext<'_>, indices: &Tensor) -> Result<Tensor, OpError> {
    let lut = ctx.tensor("lut")?;
    let Layout { entries, vector } = layout(indices.shape(), lut.shape(), indices.dtype())?;
    let groups = &lut.shape()[..indices.rank()];
    let group_count = num_elements(groups).unwrap_or(0) as i64;
    let first_entries: Vec<i64> = (0..group_count).map(|group| group * entries as i64).collect();
    let first = strided::spread(&Tensor::from_slice(groups, &first_entries)?, indices.shape())?.to_i64_vec();
    let positions = indices.to_i64_vec().into_iter().zip(first).map(|(index, first)| (first + index) as usize);
    let values = take(lut, positions, indices.shape(), vector)?;
    if vector == 1 { Ok(values.reshape(indices.shape())?) } else { lay_along(ctx, &values, indices.shape()) }
}

/// The values behind `indices` in a table that is a vector with an entry for every index.
///
/// # Errors
/// When a tensor cannot be made.
pub fn look_up_one(table: &Tensor, indices: &Tensor) -> Result<Tensor, OpError> {
    let positions = indices.to_i64_vec().into_iter().map(|index| index as usize);
    Ok(take(table, positions, indices.shape(), 1)?.reshape(indices.shape())?)
}

/// Vectors of `len` elements of `table` at `positions`; shape `shape` + [len].
fn take(
    table: &Tensor,
    positions: impl Iterator<Item = usize>,
    shape: &[usize],
    len: usize,
) -> Result<Tensor, OpError> {
    let run = codes::element_bytes(table.dtype())? * len;
    let shape: Vec<usize> = shape.iter().copied().chain([len]).collect();
    strided::checked_len(&shape)?;
    let mut result = Tensor::zeros(table.dtype(), shape)?;
    let source = table.bytes().as_slice();
    for (target, position) in result.bytes_mut().chunks_exact_mut(run).zip(positions) {
        target.copy_from_slice(&source[position * run..(position + 1) * run]);
    }
    Ok(result)
}

/// [..., vector] with the vectors moved behind `vector_axis` and merged into it.
fn lay_along(ctx: &EvalContext<'_>, values: &Tensor, shape: &[usize]) -> Result<Tensor, OpError> {
    let (axis, rank) = (vector_axis(ctx, shape.len())?, shape.len());
    let mut perm: Vec<usize> = (0..rank).collect();
    perm.insert(axis + 1, rank);
    let mut merged = shape.to_vec();
    merged[axis] *= values.shape()[rank];
    Ok(strided::transpose(values, &perm)?.reshape(merged)?)
}

/// The axis that vectors are laid along.
///
/// # Errors
/// When it is missing or outside.
pub fn vector_axis(ctx: &EvalContext<'_>, rank: usize) -> Result<usize, OpError> {
    let axis = ctx.ints("vector_axis").and_then(|values| values.first().copied());
    args::axis("vector_axis", axis.ok_or(OpError::MissingArgument { name: "vector_axis" })?, rank)
}

/// Fact of the values of a table.
pub fn fact(ctx: &InferContext<'_>, shape: Vec<Dim>) -> Result<Fact, OpError> {
    Ok(Fact::new(ctx.fact("lut")?.dtype, shape))
}
