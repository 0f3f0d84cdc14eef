//! Shared by the operations that pick by an index tensor.

use sottovoce_tensor::Tensor;

use crate::error::OpError;

/// Positions that indices along an axis of `len` stand for; negative ones count from the end unless `validate` forbids
/// them (before iOS 17 they were allowed, after it they are undefined).
///
/// # Errors
/// [`OpError::InvalidArgument`] for one outside, which Core ML leaves undefined.
pub fn positions(indices: &Tensor, len: usize, validate: bool) -> Result<Vec<usize>, OpError> {
    let signed = len as i64;
    let resolve = |index: i64| match index {
        _ if (0..signed).contains(&index) => Ok(index as usize),
        _ if !validate && (-signed..0).contains(&index) => Ok((index + signed) as usize),
        _ => Err(OpError::InvalidArgument {
            name: "indices",
            expected: format!("indices below {len}, the size of the axis"),
            found: index.to_string(),
        }),
    };
    indices.to_i64_vec().into_iter().map(resolve).collect()
}
