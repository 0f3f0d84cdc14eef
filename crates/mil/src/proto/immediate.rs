//! Literals in the program: which of protobuf's fields holds which element type.

use sottovoce_tensor::{Bytes, DType, Element, Tensor};

use super::mil::{Bools, Doubles, Elements, Floats, Ints, LongInts, RawBytes, TensorValue};
use crate::program::{ElementType, ValueData, ValueType};

pub fn decode(message: TensorValue, ty: &ValueType) -> Result<ValueData, String> {
    let ValueType::Tensor(ty) = ty else {
        return Err("a tensor literal whose type is not a tensor".to_owned());
    };
    let shape = ty.fixed_shape().ok_or("a literal needs a known shape")?;
    let dtype = match (message.value, ty.element) {
        (Some(Elements::Strings(strings)), ElementType::String) => return Ok(ValueData::Strings(strings.values)),
        (None, ElementType::String) => return Ok(ValueData::Strings(Vec::new())),
        (Some(elements), ElementType::Data(dtype)) => return tensor(elements, dtype, shape).map(ValueData::Tensor),
        (None, ElementType::Data(dtype)) => dtype,
        (_, ElementType::Other(number)) => return Err(format!("a literal of the unknown data type {number}")),
        (Some(_), ElementType::String) => return Err("a string literal that holds numbers".to_owned()),
    };
    let empty = Tensor::new(dtype, shape, Bytes::zeroed(0)).map_err(|error| error.to_string())?;
    Ok(ValueData::Tensor(empty))
}

fn tensor(elements: Elements, dtype: DType, shape: Vec<usize>) -> Result<Tensor, String> {
    let bytes = match (&elements, dtype) {
        (Elements::Floats(floats), DType::F32) => cast(&floats.values),
        (Elements::Doubles(doubles), DType::F64) => cast(&doubles.values),
        (Elements::Bools(bools), DType::Bool) => cast(&bools.values.iter().map(|&b| u8::from(b)).collect::<Vec<_>>()),
        (Elements::Ints(ints), DType::I32 | DType::U32) => cast(&ints.values),
        (Elements::Ints(ints), DType::I16) => narrow::<i16>(&ints.values)?,
        (Elements::Ints(ints), DType::U16) => narrow::<u16>(&ints.values)?,
        (Elements::Ints(ints), DType::I8) => narrow::<i8>(&ints.values)?,
        (Elements::Ints(ints), DType::U8) => narrow::<u8>(&ints.values)?,
        (Elements::LongInts(ints), DType::I64 | DType::U64) => cast(&ints.values),
        (Elements::Bytes(raw), _) if dtype != DType::Bool => Bytes::copy_from(&raw.values),
        _ => return Err(format!("a {dtype} literal in the field for {}", field(&elements))),
    };
    let mut tensor = Tensor::new(dtype, shape, bytes).map_err(|error| error.to_string())?;
    clear_padding(&mut tensor);
    Ok(tensor)
}

fn cast<T: Element>(values: &[T]) -> Bytes {
    Bytes::copy_from(bytemuck::cast_slice(values))
}

fn narrow<T: Element + TryFrom<i32>>(values: &[i32]) -> Result<Bytes, String> {
    let convert = |&value: &i32| T::try_from(value).map_err(|_| format!("{value} does not fit {}", T::DTYPE));
    Ok(cast(&values.iter().map(convert).collect::<Result<Vec<T>, _>>()?))
}

/// Clears the unused bits of the last byte of sub-byte values, so that equal literals are equal tensors.
fn clear_padding(tensor: &mut Tensor) {
    let used = tensor.len() * tensor.dtype().bits() % 8;
    if used != 0
        && let Some(last) = tensor.bytes_mut().last_mut()
    {
        *last &= (1 << used) - 1;
    }
}

fn field(elements: &Elements) -> &'static str {
    match elements {
        Elements::Floats(_) => "floats",
        Elements::Ints(_) => "ints",
        Elements::Bools(_) => "bools",
        Elements::Strings(_) => "strings",
        Elements::LongInts(_) => "long ints",
        Elements::Doubles(_) => "doubles",
        Elements::Bytes(_) => "bytes",
    }
}

/// The field that Core ML's own tools use for the type.
pub fn encode(tensor: &Tensor) -> TensorValue {
    let elements = match tensor.dtype() {
        DType::F32 => Elements::Floats(Floats { values: tensor.to_f32_vec() }),
        DType::F64 => Elements::Doubles(Doubles { values: words(tensor, f64::from_le_bytes) }),
        DType::Bool => Elements::Bools(Bools { values: tensor.bytes().iter().map(|&byte| byte != 0).collect() }),
        DType::I16 | DType::U16 | DType::I32 => {
            // In range by the types.
            Elements::Ints(Ints { values: tensor.to_i64_vec().into_iter().map(|value| value as i32).collect() })
        }
        DType::I64 | DType::U64 => Elements::LongInts(LongInts { values: words(tensor, i64::from_le_bytes) }),
        DType::F16
        | DType::BF16
        | DType::U32
        | DType::I4
        | DType::I8
        | DType::U1
        | DType::U2
        | DType::U3
        | DType::U4
        | DType::U6
        | DType::U8 => Elements::Bytes(RawBytes { values: tensor.bytes().to_vec() }),
    };
    TensorValue { value: Some(elements) }
}

fn words<T>(tensor: &Tensor, read: fn([u8; 8]) -> T) -> Vec<T> {
    let (chunks, _) = tensor.bytes().as_chunks::<8>();
    chunks.iter().map(|&chunk| read(chunk)).collect()
}
