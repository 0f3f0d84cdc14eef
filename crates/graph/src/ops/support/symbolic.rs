//! Elements of small integer tensors that are known as expressions over the flexible input sizes.

use sottovoce_tensor::DType;

use crate::ir::{Dim, Fact, MAX_SYMBOLIC_ELEMENTS, SymbolicValue};

/// A fact with its elements, where they are worth keeping: integers or flags of rank 0 or 1.
pub fn fact(dtype: DType, shape: Vec<Dim>, value: Option<SymbolicValue>) -> Fact {
    let keep = !dtype.is_float()
        && shape.len() <= 1
        && value.as_ref().is_some_and(|value| value.len() <= MAX_SYMBOLIC_ELEMENTS);
    Fact { dtype, shape, value: value.filter(|_| keep) }
}

/// Pairs of elements of two values of rank 0 or 1 that broadcast.
pub fn pairs<'a>(a: &'a [Dim], b: &'a [Dim]) -> Option<Vec<(&'a Dim, &'a Dim)>> {
    match (a.len(), b.len()) {
        (n, m) if n == m => Some(a.iter().zip(b).collect()),
        (1, _) => Some(b.iter().map(|b| (&a[0], b)).collect()),
        (_, 1) => Some(a.iter().map(|a| (a, &b[0])).collect()),
        _ => None,
    }
}

/// The elements as plain integers, when none depends on the inputs.
pub fn constants(value: Option<&[Dim]>) -> Option<Vec<i64>> {
    value?.iter().map(Dim::as_const).collect()
}
