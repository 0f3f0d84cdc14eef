//! Rust values as MIL literals, with the types that Core ML expects of them.

use half::f16;
use sottovoce_tensor::{Element, Tensor};

use crate::program::Value;

impl From<Tensor> for Value {
    fn from(tensor: Tensor) -> Self {
        Self::tensor(tensor)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::string(text)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        bools([], &[value])
    }
}

impl<const N: usize> From<[bool; N]> for Value {
    fn from(values: [bool; N]) -> Self {
        bools([N], &values)
    }
}

impl<const N: usize> From<[i32; N]> for Value {
    fn from(values: [i32; N]) -> Self {
        vector(&values)
    }
}

impl From<&[i32]> for Value {
    fn from(values: &[i32]) -> Self {
        vector(values)
    }
}

macro_rules! scalars {
    ($($ty:ty),*) => {$(
        impl From<$ty> for Value {
            fn from(value: $ty) -> Self {
                Self::tensor(Tensor::scalar(value))
            }
        }
    )*};
}

scalars!(i32, u16, f32, f16);

fn vector<T: Element>(values: &[T]) -> Value {
    Value::tensor(Tensor::from_slice([values.len()], values).expect("the shape is the length"))
}

fn bools<const RANK: usize>(shape: [usize; RANK], values: &[bool]) -> Value {
    Value::tensor(Tensor::from_bools(shape, values).expect("the shape is the length"))
}
