//! Axes and other small arguments.

use crate::error::OpError;

/// Axis of a tensor of `rank`; negative ones count from the end.
///
/// # Errors
/// [`OpError::InvalidArgument`] when it lies outside.
pub fn axis(name: &'static str, value: i64, rank: usize) -> Result<usize, OpError> {
    let signed = rank as i64;
    let index = if value < 0 { value.checked_add(signed) } else { Some(value) };
    match index {
        Some(index) if (0..signed).contains(&index) => Ok(index as usize),
        _ => Err(OpError::InvalidArgument {
            name,
            expected: format!("an axis from -{rank} up to but not including {rank}"),
            found: value.to_string(),
        }),
    }
}

/// Flags of the axes of a tensor of `rank` that `values` names; every axis when it is not given.
///
/// # Errors
/// [`OpError::InvalidArgument`] for an axis outside or one that is given twice.
pub fn axes(name: &'static str, values: Option<&[i64]>, rank: usize) -> Result<Vec<bool>, OpError> {
    let Some(values) = values else { return Ok(vec![true; rank]) };
    let mut flags = vec![false; rank];
    for &value in values {
        if std::mem::replace(&mut flags[axis(name, value, rank)?], true) {
            return Err(OpError::InvalidArgument {
                name,
                expected: "each axis once".into(),
                found: format!("{values:?}"),
            });
        }
    }
    Ok(flags)
}

/// Checks that a list has one entry per dimension.
///
/// # Errors
/// [`OpError::InvalidArgument`] when it has not.
pub fn one_per_dimension(name: &'static str, len: usize, rank: usize) -> Result<(), OpError> {
    if len == rank {
        return Ok(());
    }
    Err(OpError::InvalidArgument {
        name,
        expected: format!("{rank} entries, one per dimension"),
        found: len.to_string(),
    })
}

/// A size from an integer of the program.
///
/// # Errors
/// [`OpError::InvalidArgument`] when it is negative.
pub fn size(name: &'static str, value: i64) -> Result<usize, OpError> {
    usize::try_from(value).map_err(|_| OpError::InvalidArgument {
        name,
        expected: "sizes that are not negative".into(),
        found: value.to_string(),
    })
}
