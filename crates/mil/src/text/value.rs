//! Types and literals.

use half::{bf16, f16};
use indexmap::IndexMap;
use sottovoce_tensor::{Bytes, DType, Tensor, num_elements, pack_bits};

use super::{WEIGHTS, lex::Token, parse::Parser};
use crate::{
    MilError,
    program::{Dimension, ElementType, TensorType, Value, ValueData, ValueType},
};

impl Parser<'_> {
    pub(super) fn value_type(&mut self) -> Result<ValueType, MilError> {
        self.nested(|parser| {
            let at = parser.position();
            match parser.word()? {
                "list" => {
                    parser.mark('<')?;
                    let element = Box::new(parser.value_type()?);
                    parser.mark(',')?;
                    let length = parser.dimension()?;
                    parser.mark('>')?;
                    Ok(ValueType::List { element, length })
                }
                "tuple" => {
                    parser.mark('<')?;
                    let mut members = Vec::new();
                    while !parser.mark_if('>') {
                        if !members.is_empty() {
                            parser.mark(',')?;
                        }
                        members.push(parser.value_type()?);
                    }
                    Ok(ValueType::Tuple(members))
                }
                "dict" => {
                    parser.mark('<')?;
                    let key = Box::new(parser.value_type()?);
                    parser.mark(',')?;
                    let value = Box::new(parser.value_type()?);
                    parser.mark('>')?;
                    Ok(ValueType::Dictionary { key, value })
                }
                "state" => {
                    parser.mark('<')?;
                    let inner = Box::new(parser.value_type()?);
                    parser.mark('>')?;
                    Ok(ValueType::State(inner))
                }
                word => match element_type(word) {
                    Some(element) => Ok(ValueType::Tensor(parser.tensor_type(element)?)),
                    None => Err(parser.error_before(at, format!("expected a type, found `{word}`"))),
                },
            }
        })
    }

    /// Dimensions and attributes of a tensor type.
    fn tensor_type(&mut self, element: ElementType) -> Result<TensorType, MilError> {
        let mut ty = TensorType { element, rank: 0, dimensions: Vec::new(), attributes: IndexMap::new() };
        if self.mark_if('[') {
            if self.mark_if('*') {
                self.mark(']')?;
                ty.rank = -1;
            } else {
                while !self.mark_if(']') {
                    if !ty.dimensions.is_empty() {
                        self.mark(',')?;
                    }
                    ty.dimensions.push(self.dimension()?);
                }
                ty.rank = ty.dimensions.len() as i64;
            }
            ty.attributes = self.attributes()?;
        }
        Ok(ty)
    }

    fn dimension(&mut self) -> Result<Dimension, MilError> {
        if self.mark_if('?') {
            Ok(Dimension::Unknown { variadic: false })
        } else if self.word_if("...") {
            Ok(Dimension::Unknown { variadic: true })
        } else {
            Ok(Dimension::Fixed(self.number()?))
        }
    }

    /// A literal with its type.
    pub(super) fn value(&mut self) -> Result<Value, MilError> {
        self.nested(|parser| {
            let mut value = match parser.peek() {
                Token::Text(_) => Value::string(parser.text()?),
                Token::Word("true") => Value::from(parser.word()? == "true"),
                Token::Word("false") => Value::from(parser.word()? == "true"),
                Token::Word(word) if word.starts_with(|c: char| c.is_ascii_digit() || c == '-') => {
                    Value::from(parser.number::<i32>()?)
                }
                _ => {
                    let ty = parser.value_type()?;
                    parser.mark('(')?;
                    parser.contents(ty)?
                }
            };
            if parser.word_if("doc") {
                value.doc_string = parser.text()?;
            }
            Ok(value)
        })
    }

    /// The literal of type `ty` whose contents follow, up to and including the closing parenthesis.
    pub(super) fn contents(&mut self, ty: ValueType) -> Result<Value, MilError> {
        let data = if self.mark_if('@') {
            let offset = self.number()?;
            let file = if matches!(self.peek(), Token::Text(_)) { self.text()? } else { WEIGHTS.to_owned() };
            self.mark(')')?;
            ValueData::Blob { file, offset }
        } else {
            match &ty {
                ValueType::Tensor(ty) => self.tensor_contents(ty)?,
                ValueType::Tuple(_) => ValueData::Tuple(self.items(Self::value)?),
                ValueType::List { .. } => ValueData::List(self.items(Self::value)?),
                ValueType::Dictionary { .. } => ValueData::Dictionary(self.items(|parser| {
                    let key = parser.value()?;
                    parser.mark(':')?;
                    Ok((key, parser.value()?))
                })?),
                ValueType::State(_) => return Err(self.unexpected("a type other than a state, which has no literals")),
            }
        };
        Ok(Value { doc_string: String::new(), ty, data })
    }

    fn tensor_contents(&mut self, ty: &TensorType) -> Result<ValueData, MilError> {
        match ty.element {
            ElementType::String => {
                let at = self.position();
                let strings = self.items(Self::text)?;
                if ty.fixed_shape().and_then(|shape| num_elements(&shape)) != Some(strings.len()) {
                    let reason = format!("{} strings do not fill the shape of the literal", strings.len());
                    return Err(self.error_before(at, reason));
                }
                Ok(ValueData::Strings(strings))
            }
            ElementType::Data(dtype) => {
                let at = self.position();
                let words = self.items(Self::word)?;
                let tensor = tensor(dtype, ty, &words).map_err(|reason| self.error_before(at, reason))?;
                Ok(ValueData::Tensor(tensor))
            }
            ElementType::Other(number) => Err(self.unexpected(&format!("a blob, for the data type {number}"))),
        }
    }

    /// Items separated by commas, up to and including the closing parenthesis.
    fn items<T>(&mut self, mut item: impl FnMut(&mut Self) -> Result<T, MilError>) -> Result<Vec<T>, MilError> {
        let mut items = Vec::new();
        while !self.mark_if(')') {
            if !items.is_empty() {
                self.mark(',')?;
            }
            items.push(item(self)?);
        }
        Ok(items)
    }
}

fn element_type(word: &str) -> Option<ElementType> {
    match word {
        "string" => Some(ElementType::String),
        _ => match word.strip_prefix("type") {
            Some(number) => number.parse().ok().map(ElementType::Other),
            None => DType::from_name(word).map(ElementType::Data),
        },
    }
}

fn tensor(dtype: DType, ty: &TensorType, words: &[&str]) -> Result<Tensor, String> {
    let shape = ty.fixed_shape().ok_or("a literal needs a known shape")?;
    let bytes = elements(dtype, words)?;
    Tensor::new(dtype, shape, Bytes::copy_from(&bytes)).map_err(|error| error.to_string())
}

fn elements(dtype: DType, words: &[&str]) -> Result<Vec<u8>, String> {
    match dtype {
        DType::Bool => convert(words, |word| word.parse::<bool>().ok().map(|value| [u8::from(value)])),
        DType::F16 => convert(words, |word| match word.strip_prefix("0x") {
            Some(bits) => u16::from_str_radix(bits, 16).ok().map(u16::to_le_bytes),
            None => decimal(word).map(|value| f16::from_f64(value).to_le_bytes()),
        }),
        DType::BF16 => convert(words, |word| match word.strip_prefix("0x") {
            Some(bits) => u16::from_str_radix(bits, 16).ok().map(u16::to_le_bytes),
            None => decimal(word).map(|value| bf16::from_f64(value).to_le_bytes()),
        }),
        DType::F32 => convert(words, |word| match word.strip_prefix("0x") {
            Some(bits) => u32::from_str_radix(bits, 16).ok().map(u32::to_le_bytes),
            None => word.parse::<f32>().ok().filter(|value| !value.is_nan()).map(f32::to_le_bytes),
        }),
        DType::F64 => convert(words, |word| match word.strip_prefix("0x") {
            Some(bits) => u64::from_str_radix(bits, 16).ok().map(u64::to_le_bytes),
            None => decimal(word).map(f64::to_le_bytes),
        }),
        DType::I8 => convert(words, |word| word.parse().ok().map(i8::to_le_bytes)),
        DType::I16 => convert(words, |word| word.parse().ok().map(i16::to_le_bytes)),
        DType::I32 => convert(words, |word| word.parse().ok().map(i32::to_le_bytes)),
        DType::I64 => convert(words, |word| word.parse().ok().map(i64::to_le_bytes)),
        DType::U8 => convert(words, |word| word.parse().ok().map(u8::to_le_bytes)),
        DType::U16 => convert(words, |word| word.parse().ok().map(u16::to_le_bytes)),
        DType::U32 => convert(words, |word| word.parse().ok().map(u32::to_le_bytes)),
        DType::U64 => convert(words, |word| word.parse().ok().map(u64::to_le_bytes)),
        DType::I4 => {
            let code = |word: &str| word.parse().ok().filter(|value| (-8..8).contains(value)).map(|v: i8| [v as u8]);
            convert(words, code).map(|codes| pack_bits(&codes, 4))
        }
        DType::U1 | DType::U2 | DType::U3 | DType::U4 | DType::U6 => {
            let code = |word: &str| word.parse().ok().filter(|value: &u8| value >> dtype.bits() == 0).map(|v| [v]);
            convert(words, code).map(|codes| pack_bits(&codes, dtype.bits()))
        }
    }
    .map_err(|word| format!("`{word}` is no {dtype}"))
}

/// The bytes of every word, or the first word that is no element.
fn convert<const N: usize>(words: &[&str], element: impl Fn(&str) -> Option<[u8; N]>) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(words.len() * N);
    for &word in words {
        bytes.extend(element(word).ok_or_else(|| word.to_owned())?);
    }
    Ok(bytes)
}

/// A number that is not NaN, whose bits would not be certain.
fn decimal(word: &str) -> Option<f64> {
    word.parse().ok().filter(|value: &f64| !value.is_nan())
}
