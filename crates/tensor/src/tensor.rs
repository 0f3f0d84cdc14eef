use std::ops::Range;

use half::{bf16, f16};

use crate::{Bytes, DType, Element, TensorError, unpack_bits};

/// Number of elements of `shape` (1 for a scalar), or `None` when it overflows.
pub fn num_elements(shape: &[usize]) -> Option<usize> {
    // A zero anywhere makes the tensor empty, whatever the product of the others would be.
    if shape.contains(&0) {
        return Some(0);
    }
    shape.iter().try_fold(1usize, |product, &dim| product.checked_mul(dim))
}

/// Row-major strides of `shape`, in elements.
pub fn row_major_strides(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1usize; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis].saturating_mul(shape[axis]);
    }
    strides
}

/// A dense row-major tensor. Cloning is cheap; data is copied on the first write while shared.
#[derive(Clone, Debug)]
pub struct Tensor {
    dtype: DType,
    shape: Vec<usize>,
    bytes: Bytes,
}

impl Tensor {
    /// A tensor over existing bytes.
    ///
    /// # Errors
    /// [`TensorError::Length`] when `bytes` does not hold exactly the packed elements, [`TensorError::TooLarge`] when the
    /// size overflows.
    pub fn new(dtype: DType, shape: impl Into<Vec<usize>>, bytes: Bytes) -> Result<Self, TensorError> {
        let shape = shape.into();
        let expected = num_elements(&shape).and_then(|count| dtype.packed_len(count));
        match expected {
            None => Err(TensorError::TooLarge { shape }),
            Some(expected) if expected != bytes.len() => {
                Err(TensorError::Length { dtype, shape, expected, found: bytes.len() })
            }
            Some(_) => Ok(Self { dtype, shape, bytes }),
        }
    }

    /// A tensor of zeros.
    ///
    /// # Errors
    /// [`TensorError::TooLarge`] when the size overflows.
    pub fn zeros(dtype: DType, shape: impl Into<Vec<usize>>) -> Result<Self, TensorError> {
        let shape = shape.into();
        match num_elements(&shape).and_then(|count| dtype.packed_len(count)) {
            Some(len) => Self::new(dtype, shape, Bytes::zeroed(len)),
            None => Err(TensorError::TooLarge { shape }),
        }
    }

    /// Becomes a tensor of this type and shape with unspecified elements. Memory that nobody else holds is used again, so
    /// that a tensor which is renewed over and over stops allocating.
    ///
    /// # Errors
    /// [`TensorError::TooLarge`] when the size overflows; the tensor is unchanged then.
    pub fn renew(&mut self, dtype: DType, shape: &[usize]) -> Result<(), TensorError> {
        let Some(len) = num_elements(shape).and_then(|count| dtype.packed_len(count)) else {
            return Err(TensorError::TooLarge { shape: shape.to_vec() });
        };
        self.bytes.renew(len);
        self.dtype = dtype;
        self.shape.clear();
        self.shape.extend_from_slice(shape);
        Ok(())
    }

    /// A tensor with a copy of `data`.
    ///
    /// # Errors
    /// [`TensorError::Length`] when `data` does not have the elements of `shape`.
    pub fn from_slice<T: Element>(shape: impl Into<Vec<usize>>, data: &[T]) -> Result<Self, TensorError> {
        Self::new(T::DTYPE, shape, Bytes::copy_from(bytemuck::cast_slice(data)))
    }

    /// A boolean tensor.
    ///
    /// # Errors
    /// [`TensorError::Length`] when `data` does not have the elements of `shape`.
    pub fn from_bools(shape: impl Into<Vec<usize>>, data: &[bool]) -> Result<Self, TensorError> {
        let bytes: Vec<u8> = data.iter().map(|&value| u8::from(value)).collect();
        Self::new(DType::Bool, shape, Bytes::copy_from(&bytes))
    }

    /// A tensor of rank 0.
    pub fn scalar<T: Element>(value: T) -> Self {
        Self { dtype: T::DTYPE, shape: Vec::new(), bytes: Bytes::copy_from(bytemuck::bytes_of(&value)) }
    }

    /// A tensor of any type whose elements are converted from f32: rounded to nearest for narrower floats, truncated
    /// toward zero and saturated for integers of 8 bits and more.
    ///
    /// # Errors
    /// As [`Tensor::from_slice`]; [`TensorError::WrongType`] for sub-byte types.
    pub fn from_f32(dtype: DType, shape: impl Into<Vec<usize>>, data: &[f32]) -> Result<Self, TensorError> {
        fn cast<T: Element>(data: &[f32], convert: impl Fn(f32) -> T) -> Bytes {
            let values: Vec<T> = data.iter().map(|&value| convert(value)).collect();
            Bytes::copy_from(bytemuck::cast_slice(&values))
        }
        let bytes = match dtype {
            DType::F32 => Bytes::copy_from(bytemuck::cast_slice(data)),
            DType::F16 => cast(data, f16::from_f32),
            DType::BF16 => cast(data, bf16::from_f32),
            DType::F64 => cast(data, f64::from),
            DType::Bool => cast(data, |v| u8::from(v != 0.0)),
            DType::I8 => cast(data, |v| v as i8),
            DType::I16 => cast(data, |v| v as i16),
            DType::I32 => cast(data, |v| v as i32),
            DType::I64 => cast(data, |v| v as i64),
            DType::U8 => cast(data, |v| v as u8),
            DType::U16 => cast(data, |v| v as u16),
            DType::U32 => cast(data, |v| v as u32),
            DType::U64 => cast(data, |v| v as u64),
            DType::I4 | DType::U1 | DType::U2 | DType::U3 | DType::U4 | DType::U6 => {
                return Err(TensorError::WrongType { expected: DType::F32, found: dtype });
            }
        };
        Self::new(dtype, shape, bytes)
    }

    /// An integer or boolean tensor whose elements are converted from i64, saturated to the type's range.
    ///
    /// # Errors
    /// As [`Tensor::from_slice`]; [`TensorError::WrongType`] for sub-byte and float types.
    pub fn from_i64(dtype: DType, shape: impl Into<Vec<usize>>, data: &[i64]) -> Result<Self, TensorError> {
        fn cast<T: Element + TryFrom<i64>>(data: &[i64], limits: (T, T)) -> Bytes {
            let convert = |&value: &i64| T::try_from(value).unwrap_or(if value < 0 { limits.0 } else { limits.1 });
            let values: Vec<T> = data.iter().map(convert).collect();
            Bytes::copy_from(bytemuck::cast_slice(&values))
        }
        let bytes = match dtype {
            DType::I8 => cast(data, (i8::MIN, i8::MAX)),
            DType::I16 => cast(data, (i16::MIN, i16::MAX)),
            DType::I32 => cast(data, (i32::MIN, i32::MAX)),
            DType::I64 => cast(data, (i64::MIN, i64::MAX)),
            DType::U8 => cast(data, (u8::MIN, u8::MAX)),
            DType::U16 => cast(data, (u16::MIN, u16::MAX)),
            DType::U32 => cast(data, (u32::MIN, u32::MAX)),
            DType::U64 => cast(data, (u64::MIN, u64::MAX)),
            DType::Bool => cast(data, (0u8, 1u8)),
            _ => return Err(TensorError::WrongType { expected: DType::I64, found: dtype }),
        };
        Self::new(dtype, shape, bytes)
    }

    /// Element type.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// Dimensions, outermost first; empty for a scalar.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Number of dimensions.
    pub fn rank(&self) -> usize {
        self.shape.len()
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        num_elements(&self.shape).unwrap_or(usize::MAX)
    }

    /// True when there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The packed bytes.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The packed bytes for writing; copied first when shared or mapped.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        self.bytes.make_mut()
    }

    /// The elements.
    ///
    /// # Errors
    /// [`TensorError::WrongType`] when the tensor holds another type, [`TensorError::Misaligned`] for mapped data at an
    /// address that does not suit it.
    pub fn as_slice<T: Element>(&self) -> Result<&[T], TensorError> {
        self.expect_type(T::DTYPE)?;
        bytemuck::try_cast_slice(&self.bytes).map_err(|_| TensorError::Misaligned { dtype: self.dtype })
    }

    /// The elements for writing; copied first when shared or mapped.
    ///
    /// # Errors
    /// As [`Tensor::as_slice`].
    pub fn as_mut_slice<T: Element>(&mut self) -> Result<&mut [T], TensorError> {
        self.expect_type(T::DTYPE)?;
        let dtype = self.dtype;
        bytemuck::try_cast_slice_mut(self.bytes.make_mut()).map_err(|_| TensorError::Misaligned { dtype })
    }

    /// Every element as f32 (64-bit values are rounded).
    pub fn to_f32_vec(&self) -> Vec<f32> {
        match self.dtype {
            DType::F32 => self.read(|v: f32| v),
            DType::F16 => self.read(|v: f16| v.to_f32()),
            DType::BF16 => self.read(|v: bf16| v.to_f32()),
            DType::F64 => self.read(|v: f64| v as f32),
            _ => self.to_i64_vec().into_iter().map(|v| v as f32).collect(),
        }
    }

    /// Every element as i64: floats truncated toward zero, booleans 0 or 1, unsigned 64-bit values wrapped.
    pub fn to_i64_vec(&self) -> Vec<i64> {
        match self.dtype {
            DType::F16 | DType::F32 | DType::BF16 => self.to_f32_vec().into_iter().map(|v| v as i64).collect(),
            DType::F64 => self.read(|v: f64| v as i64),
            DType::Bool | DType::U8 => self.bytes.iter().map(|&v| i64::from(v)).collect(),
            DType::I8 => self.bytes.iter().map(|&v| i64::from(v as i8)).collect(),
            DType::I16 => self.read(|v: i16| i64::from(v)),
            DType::I32 => self.read(|v: i32| i64::from(v)),
            DType::I64 => self.read(|v: i64| v),
            DType::U16 => self.read(|v: u16| i64::from(v)),
            DType::U32 => self.read(|v: u32| i64::from(v)),
            DType::U64 => self.read(|v: u64| v as i64),
            DType::I4 => self.codes().into_iter().map(|v| i64::from(((v << 4) as i8) >> 4)).collect(),
            DType::U1 | DType::U2 | DType::U3 | DType::U4 | DType::U6 => {
                self.codes().into_iter().map(i64::from).collect()
            }
        }
    }

    /// The same data with another shape.
    ///
    /// # Errors
    /// [`TensorError::Reshape`] when the number of elements differs.
    pub fn reshape(&self, shape: impl Into<Vec<usize>>) -> Result<Self, TensorError> {
        let shape = shape.into();
        if num_elements(&shape) != Some(self.len()) {
            return Err(TensorError::Reshape { from: self.shape.clone(), to: shape });
        }
        Ok(Self { dtype: self.dtype, shape, bytes: self.bytes.clone() })
    }

    /// A copy of the part `range` of an axis, such as some positions of a cache.
    ///
    /// # Errors
    /// As [`Tensor::copy_range`].
    pub fn narrow(&self, axis: usize, range: Range<usize>) -> Result<Self, TensorError> {
        let mut shape = self.shape.clone();
        if let Some(size) = shape.get_mut(axis) {
            *size = range.len();
        }
        let mut part = Self::zeros(self.dtype, shape)?;
        part.copy_range(axis, 0, self, range)?;
        Ok(part)
    }

    /// Overwrites the part of an axis that begins at `at` with the part `range` of the same axis of `source`, which has
    /// the same type and the same sizes of all other axes. Nothing else is read or written.
    ///
    /// # Errors
    /// [`TensorError::Part`] when the parts do not lie inside, or the tensors differ in more than that axis;
    /// [`TensorError::WrongType`] when they differ in type or their elements are parts of bytes.
    pub fn copy_range(
        &mut self,
        axis: usize,
        at: usize,
        source: &Self,
        range: Range<usize>,
    ) -> Result<(), TensorError> {
        source.expect_type(self.dtype)?;
        if !self.dtype.bits().is_multiple_of(8) {
            return Err(TensorError::WrongType { expected: DType::U8, found: self.dtype });
        }
        let axes = 0..self.rank().max(source.rank());
        let alike = axes.contains(&axis)
            && axes.into_iter().all(|other| other == axis || self.shape.get(other) == source.shape.get(other));
        let inside = alike
            && range.start <= range.end
            && range.end <= source.shape[axis]
            && at.checked_add(range.len()).is_some_and(|end| end <= self.shape[axis]);
        if !inside {
            let (from, to) = (source.shape.clone(), self.shape.clone());
            return Err(TensorError::Part { axis, range, from, at, to });
        }
        // Sizes of tensors that hold something can be multiplied.
        if range.is_empty() || self.is_empty() || source.is_empty() {
            return Ok(());
        }
        let step = self.shape[axis + 1..].iter().product::<usize>() * self.dtype.bits() / 8;
        let (read, written) = (source.shape[axis] * step, self.shape[axis] * step);
        let sources = source.bytes.chunks_exact(read);
        for (target, source) in self.bytes.make_mut().chunks_exact_mut(written).zip(sources) {
            target[at * step..][..range.len() * step].copy_from_slice(&source[range.start * step..range.end * step]);
        }
        Ok(())
    }

    fn expect_type(&self, expected: DType) -> Result<(), TensorError> {
        if self.dtype == expected { Ok(()) } else { Err(TensorError::WrongType { expected, found: self.dtype }) }
    }

    fn codes(&self) -> Vec<u8> {
        unpack_bits(&self.bytes, self.dtype.bits(), self.len())
    }

    /// Reads elements one by one, so that unaligned mapped data works too.
    fn read<T: Element, R>(&self, convert: impl Fn(T) -> R) -> Vec<R> {
        self.bytes.chunks_exact(size_of::<T>()).map(|chunk| convert(bytemuck::pod_read_unaligned(chunk))).collect()
    }
}

/// Equal type, shape and bits (so NaN equals the same NaN, and 0.0 differs from -0.0).
impl PartialEq for Tensor {
    fn eq(&self, other: &Self) -> bool {
        self.dtype == other.dtype && self.shape == other.shape && self.bytes[..] == other.bytes[..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_checked() {
        assert!(Tensor::from_slice([2, 3], &[0f32; 5]).is_err());
        assert!(Tensor::zeros(DType::F32, [usize::MAX, 2]).is_err());
        assert_eq!(Tensor::zeros(DType::F32, [usize::MAX, 2, 0]).unwrap().len(), 0);
        assert_eq!(Tensor::zeros(DType::U3, [3]).unwrap().bytes().len(), 2);
    }

    #[test]
    fn signed_nibbles_are_extended() {
        let tensor = Tensor::new(DType::I4, [4], Bytes::copy_from(&[0xf7, 0x08])).unwrap();
        assert_eq!(tensor.to_i64_vec(), [7, -1, -8, 0]);
        assert_eq!(tensor.to_f32_vec(), [7.0, -1.0, -8.0, 0.0]);
    }

    #[test]
    fn typed_access_checks_the_type() {
        let mut tensor = Tensor::from_slice([2], &[1i32, -2]).unwrap();
        assert!(tensor.as_slice::<f32>().is_err());
        let copy = tensor.clone();
        tensor.as_mut_slice::<i32>().unwrap()[0] = 5;
        assert_eq!(tensor.as_slice::<i32>().unwrap(), [5, -2]);
        assert_eq!(copy.to_i64_vec(), [1, -2]);
    }

    #[test]
    fn conversion_from_f32_rounds_and_saturates() {
        let half = Tensor::from_f32(DType::F16, [2], &[1.0 / 3.0, 1e6]).unwrap();
        assert_eq!(half.to_f32_vec(), [0.333_251_95, f32::INFINITY]);
        assert_eq!(Tensor::from_f32(DType::I8, [2], &[300.0, -1.9]).unwrap().to_i64_vec(), [127, -1]);
        assert!(Tensor::from_f32(DType::I4, [2], &[0.0, 0.0]).is_err());
    }

    #[test]
    fn conversion_from_i64_saturates() {
        assert_eq!(Tensor::from_i64(DType::I8, [3], &[-200, 5, 200]).unwrap().to_i64_vec(), [-128, 5, 127]);
        assert_eq!(Tensor::from_i64(DType::U16, [2], &[-1, 70_000]).unwrap().to_i64_vec(), [0, 65_535]);
        assert!(Tensor::from_i64(DType::F32, [1], &[0]).is_err());
    }

    #[test]
    fn a_renewed_tensor_has_the_new_type_and_shape() {
        let mut tensor = Tensor::from_slice([2, 3], &[0f32; 6]).unwrap();
        tensor.renew(DType::F16, &[1, 5]).unwrap();
        tensor.as_mut_slice::<f16>().unwrap().fill(f16::ONE);
        assert_eq!(tensor, Tensor::from_slice([1, 5], &[f16::ONE; 5]).unwrap());
        assert!(tensor.renew(DType::F32, &[usize::MAX, 2]).is_err());
        assert_eq!(tensor.shape(), [1, 5]);
    }

    #[test]
    fn parts_of_an_axis_are_copied() {
        let numbers: Vec<f32> = (0..24).map(|n| n as f32).collect();
        let tensor = Tensor::from_slice([2, 3, 4], &numbers).unwrap();
        let part = tensor.narrow(1, 1..3).unwrap();
        assert_eq!(part.shape(), [2, 2, 4]);
        assert_eq!(part.to_f32_vec(), [&numbers[4..12], &numbers[16..24]].concat());
        assert_eq!(tensor.narrow(2, 3..4).unwrap().to_f32_vec(), [3.0, 7.0, 11.0, 15.0, 19.0, 23.0]);
        assert!(tensor.narrow(0, 1..1).unwrap().is_empty());
        let mut target = Tensor::zeros(DType::F32, [2, 5, 4]).unwrap();
        target.copy_range(1, 3, &tensor, 0..2).unwrap();
        assert_eq!(target.narrow(1, 3..5).unwrap(), tensor.narrow(1, 0..2).unwrap());
        assert!(target.narrow(1, 0..3).unwrap().to_f32_vec().iter().all(|&value| value == 0.0));
    }

    #[test]
    fn parts_that_do_not_fit_are_refused() {
        let tensor = Tensor::from_slice([2, 3], &[0f32; 6]).unwrap();
        let mut target = tensor.clone();
        for (axis, at, range) in [(2, 0, 0..1), (1, 0, 0..4), (1, 3, 0..1), (1, usize::MAX, 0..2)] {
            let error = target.copy_range(axis, at, &tensor, range).unwrap_err();
            assert!(error.to_string().contains("[2, 3]"), "{error}");
        }
        let other = Tensor::from_slice([3, 3], &[0f32; 9]).unwrap();
        assert!(matches!(target.copy_range(1, 0, &other, 0..1), Err(TensorError::Part { .. })));
        let half = Tensor::zeros(DType::F16, [2, 3]).unwrap();
        assert!(matches!(target.copy_range(1, 0, &half, 0..1), Err(TensorError::WrongType { .. })));
        assert!(Tensor::zeros(DType::I4, [2, 3]).unwrap().narrow(1, 0..1).is_err());
    }

    #[test]
    fn reshape_keeps_the_elements() {
        let tensor = Tensor::from_slice([2, 3], &[1u8, 2, 3, 4, 5, 6]).unwrap();
        assert_eq!(tensor.reshape([3, 2]).unwrap().shape(), [3, 2]);
        assert!(tensor.reshape([4]).is_err());
    }
}
