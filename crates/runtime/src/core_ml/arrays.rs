//! Tensors as arrays of Core ML over the same memory, and the memory of Core ML's own arrays.
#![allow(unsafe_code)]

use std::{cell::Cell, ffi::c_void, ptr::NonNull, slice};

use block2::RcBlock;
use objc2::{AnyThread, rc::Retained};
use objc2_core_ml::{MLMultiArray, MLMultiArrayDataType};
use objc2_foundation::{NSArray, NSInteger, NSNumber};
use sottovoce_tensor::{DType, Tensor, row_major_strides};

use super::{engine::core_ml_error, layout::Layout};
use crate::error::RuntimeError;

/// An array over the memory of a tensor, to be read: nothing is copied.
///
/// # Errors
/// Core ML has no arrays of this type.
pub fn to_read(name: &str, tensor: &Tensor) -> Result<Retained<MLMultiArray>, RuntimeError> {
    let data = NonNull::from(tensor.bytes().as_slice()).cast();
    over(name, tensor, data)
}

/// An array over the memory of a tensor, to be written: what is computed is in the tensor then.
///
/// # Errors
/// Core ML has no arrays of this type.
pub fn to_write(name: &str, tensor: &mut Tensor) -> Result<Retained<MLMultiArray>, RuntimeError> {
    // Made unique here, so that nobody else's copy is written to.
    let data = NonNull::from(tensor.bytes_mut()).cast();
    over(name, tensor, data)
}

fn over(name: &str, tensor: &Tensor, data: NonNull<c_void>) -> Result<Retained<MLMultiArray>, RuntimeError> {
    let Some(data_type) = data_type(tensor.dtype()) else {
        return Err(RuntimeError::CoreMlArray {
            name: name.to_owned(),
            expected: "fp16, fp32, int8 or int32".to_owned(),
            found: tensor.dtype().to_string(),
        });
    };
    let (shape, strides) = (numbers(tensor.shape()), numbers(&row_major_strides(tensor.shape())));
    // The block holds the memory for as long as the array holds the block, that is, until nobody uses the array.
    let owner = tensor.clone();
    let release = RcBlock::new(move |_: NonNull<c_void>| {
        let _ = &owner;
    });
    // SAFETY: `data` are the bytes of `tensor`, in row-major order as the strides say, and `owner` keeps them in place: a
    // tensor whose memory is shared is never written to through another handle (`Bytes::make_mut` copies it first). Core ML
    // reads the arrays of inputs, and writes to arrays of outputs during a prediction, when no reference to them is alive.
    let array = unsafe {
        MLMultiArray::initWithDataPointer_shape_dataType_strides_deallocator_error(
            MLMultiArray::alloc(),
            data,
            &shape,
            data_type,
            &strides,
            Some(&release),
        )
    };
    array.map_err(|error| core_ml_error("wrap an array", &error))
}

/// Copies an array of Core ML's into a tensor.
///
/// # Errors
/// It is not of type `dtype`, or Core ML does not show its memory.
pub fn copy(name: &str, array: &MLMultiArray, dtype: DType) -> Result<Tensor, RuntimeError> {
    let layout = layout(name, array, dtype)?;
    let mut tensor = Tensor::zeros(dtype, layout.shape())?;
    let copied = read(array, |bytes| {
        layout.gather(bytes.get(..layout.span())?, tensor.bytes_mut());
        Some(())
    });
    copied.flatten().map(|()| tensor).ok_or_else(|| hidden(name, &layout))
}

/// Where the elements of an array are.
///
/// # Errors
/// It is not of type `dtype`, or its strides make no sense.
pub fn layout(name: &str, array: &MLMultiArray, dtype: DType) -> Result<Layout, RuntimeError> {
    // SAFETY: getters without arguments, of an array that is alive.
    let (found, shape, strides) = unsafe { (array.dataType(), sizes(&array.shape()), sizes(&array.strides())) };
    let layout = dtype.packed_len(1).and_then(|element| Layout::new(shape.clone(), strides.clone(), element));
    match layout {
        Some(layout) if data_type(dtype) == Some(found) => Ok(layout),
        _ => Err(RuntimeError::CoreMlArray {
            name: name.to_owned(),
            expected: dtype.to_string(),
            found: format!("type {:#x}, shape {shape:?}, strides {strides:?}", found.0),
        }),
    }
}

/// The error of an array whose memory does not hold what its layout says.
pub fn hidden(name: &str, layout: &Layout) -> RuntimeError {
    RuntimeError::CoreMlArray {
        name: name.to_owned(),
        expected: format!("{} bytes", layout.span()),
        found: "fewer, or none".to_owned(),
    }
}

/// Shows the memory of an array to `access`.
pub fn read<R>(array: &MLMultiArray, access: impl FnOnce(&[u8]) -> R) -> Option<R> {
    let (access, result) = (Cell::new(Some(access)), Cell::new(None));
    let block = RcBlock::new(|data: NonNull<c_void>, size: NSInteger| {
        if let (Some(access), Ok(size)) = (access.take(), usize::try_from(size)) {
            // SAFETY: Core ML hands out `size` bytes that are valid within this block, and nothing writes to them meanwhile:
            // predictions that could are over.
            result.set(Some(access(unsafe { slice::from_raw_parts(data.cast().as_ptr(), size) })));
        }
    });
    // SAFETY: the block takes what the method passes; it is called before the method returns, while what it borrows is alive.
    unsafe { array.getBytesWithHandler(&block) };
    drop(block);
    result.take()
}

/// Shows the memory of an array to `access`, for writing, with its strides: it may be other memory than is read.
pub fn write<R>(array: &MLMultiArray, access: impl FnOnce(&mut [u8], Vec<usize>) -> R) -> Option<R> {
    let (access, result) = (Cell::new(Some(access)), Cell::new(None));
    let block = RcBlock::new(|data: NonNull<c_void>, size: NSInteger, strides: NonNull<NSArray<NSNumber>>| {
        if let (Some(access), Ok(size)) = (access.take(), usize::try_from(size)) {
            // SAFETY: as in `read`; whoever writes has the only handle of the state that the array is a view of. The strides
            // are an object that is valid within this block.
            let (bytes, strides) =
                unsafe { (slice::from_raw_parts_mut(data.cast().as_ptr(), size), sizes(strides.as_ref())) };
            result.set(Some(access(bytes, strides)));
        }
    });
    // SAFETY: as in `read`.
    unsafe { array.getMutableBytesWithHandler(&block) };
    drop(block);
    result.take()
}

fn data_type(dtype: DType) -> Option<MLMultiArrayDataType> {
    match dtype {
        DType::F16 => Some(MLMultiArrayDataType::Float16),
        DType::F32 => Some(MLMultiArrayDataType::Float32),
        DType::I8 => Some(MLMultiArrayDataType::Int8),
        DType::I32 => Some(MLMultiArrayDataType::Int32),
        _ => None,
    }
}

fn numbers(sizes: &[usize]) -> Retained<NSArray<NSNumber>> {
    let numbers: Vec<_> = sizes.iter().map(|&size| NSNumber::new_usize(size)).collect();
    NSArray::from_retained_slice(&numbers)
}

fn sizes(numbers: &NSArray<NSNumber>) -> Vec<usize> {
    numbers.iter().map(|number| number.as_usize()).collect()
}
