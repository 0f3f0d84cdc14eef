//! A first walk over the wire format, before anything is allocated: it counts what decoding would allocate, finds the
//! fields that the typed form does not hold, and tells which kind of model the file has.

use crate::MilError;

/// Most strings and messages in a file. SmolLM2-135M has about 200,000; an item costs at most some 300 bytes of memory.
const MAX_ITEMS: u64 = 8_000_000;

/// Deepest nesting of messages, prost's own limit.
const MAX_DEPTH: usize = 100;

pub struct Scan {
    pub not_kept: Option<String>,
    /// Kind of the model where it is not an ML Program.
    pub other_model: Option<&'static str>,
}

#[derive(Clone, Copy)]
enum Field {
    /// A number, string or run of bytes.
    Plain,
    Message(&'static Schema),
    /// Understood, but not part of the typed form.
    Dropped(&'static str),
    OtherModel(&'static str),
    Unknown,
}

struct Schema {
    name: &'static str,
    fields: &'static [(u32, Field)],
}

pub fn scan(data: &[u8]) -> Result<Scan, MilError> {
    let mut walk = Walk { items: 0, found: Scan { not_kept: None, other_model: None } };
    walk.message(data, &schema::MODEL, 0)?;
    Ok(walk.found)
}

struct Walk {
    items: u64,
    found: Scan,
}

impl Walk {
    fn message(&mut self, mut data: &[u8], schema: &'static Schema, depth: usize) -> Result<(), MilError> {
        if depth > MAX_DEPTH {
            let (what, limit) = ("nesting of messages", MAX_DEPTH as u64);
            return Err(MilError::TooLarge { what, limit, found: depth as u64 });
        }
        while !data.is_empty() {
            let key = varint(&mut data)?;
            let number = u32::try_from(key >> 3).map_err(|_| broken("a field number is too large"))?;
            let field = schema.fields.iter().find(|field| field.0 == number).map_or(Field::Unknown, |field| field.1);
            match field {
                Field::Plain | Field::Message(_) => {}
                Field::Dropped(name) => self.not_kept(format!("{}.{name}", schema.name)),
                Field::Unknown => self.not_kept(format!("{}.{number}", schema.name)),
                Field::OtherModel(name) => self.found.other_model = Some(name),
            }
            match key & 7 {
                0 => drop(varint(&mut data)?),
                1 => drop(take(&mut data, 8)?),
                2 => {
                    let len = varint(&mut data)?;
                    let body = take(&mut data, len)?;
                    self.count()?;
                    if let Field::Message(schema) = field {
                        self.message(body, schema, depth + 1)?;
                    }
                }
                5 => drop(take(&mut data, 4)?),
                other => return Err(broken(&format!("wire type {other} of field {number} of {}", schema.name))),
            }
        }
        Ok(())
    }

    fn count(&mut self) -> Result<(), MilError> {
        self.items += 1;
        if self.items > MAX_ITEMS {
            let what = "number of strings and messages in the model";
            return Err(MilError::TooLarge { what, limit: MAX_ITEMS, found: self.items });
        }
        Ok(())
    }

    fn not_kept(&mut self, field: String) {
        self.found.not_kept.get_or_insert(field);
    }
}

fn broken(reason: &str) -> MilError {
    MilError::Protobuf { reason: reason.to_owned() }
}

fn take<'a>(data: &mut &'a [u8], len: u64) -> Result<&'a [u8], MilError> {
    let head = usize::try_from(len).ok().and_then(|len| data.split_at_checked(len));
    let (head, rest) = head.ok_or_else(|| broken(&format!("a field of {len} bytes where {} are left", data.len())))?;
    *data = rest;
    Ok(head)
}

fn varint(data: &mut &[u8]) -> Result<u64, MilError> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let byte = take(data, 1)?[0];
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(broken("a number of more than 64 bits"))
}

/// Which fields are messages, by the same numbers as the structs of [`super::mil`] and [`super::model`].
mod schema {
    use super::{
        Field::{Dropped, Message, OtherModel, Plain},
        Schema,
    };

    macro_rules! schema {
        ($($const:ident $name:literal { $($number:literal $field:expr),* $(,)? })*) => {$(
            pub static $const: Schema = Schema { name: $name, fields: &[$(($number, $field)),*] };
        )*};
    }

    schema! {
        MODEL "Model" {
            1 Plain, 2 Message(&MODEL_DESCRIPTION), 10 Dropped("isUpdatable"), 502 Message(&PROGRAM),
            200 OtherModel("pipeline classifier"), 201 OtherModel("pipeline regressor"), 202 OtherModel("pipeline"),
            300 OtherModel("generalised linear regressor"), 301 OtherModel("support vector regressor"),
            302 OtherModel("tree ensemble regressor"), 303 OtherModel("neural network regressor"),
            304 OtherModel("Bayesian probit regressor"), 400 OtherModel("generalised linear classifier"),
            401 OtherModel("support vector classifier"), 402 OtherModel("tree ensemble classifier"),
            403 OtherModel("neural network classifier"), 404 OtherModel("k-nearest-neighbours classifier"),
            500 OtherModel("neural network"), 501 OtherModel("item similarity recommender"),
            555 OtherModel("custom model"), 556 OtherModel("linked model"),
            560 OtherModel("class confidence thresholding"), 600 OtherModel("one-hot encoder"),
            601 OtherModel("imputer"), 602 OtherModel("feature vectoriser"), 603 OtherModel("dictionary vectoriser"),
            604 OtherModel("scaler"), 606 OtherModel("categorical mapping"), 607 OtherModel("normaliser"),
            609 OtherModel("array feature extractor"), 610 OtherModel("non-maximum suppression"),
            900 OtherModel("identity"), 2000 OtherModel("text classifier"), 2001 OtherModel("word tagger"),
            2002 OtherModel("vision feature print"), 2003 OtherModel("sound analysis preprocessing"),
            2004 OtherModel("gazetteer"), 2005 OtherModel("word embedding"), 2006 OtherModel("audio feature print"),
            3000 OtherModel("serialised model"),
        }
        MODEL_DESCRIPTION "ModelDescription" {
            1 Message(&FEATURE), 10 Message(&FEATURE), 13 Message(&FEATURE), 20 Message(&FUNCTION_DESCRIPTION),
            21 Plain, 100 Message(&METADATA), 11 Dropped("predictedFeatureName"),
            12 Dropped("predictedProbabilitiesName"), 50 Dropped("trainingInput"),
        }
        FUNCTION_DESCRIPTION "FunctionDescription" {
            1 Plain, 2 Message(&FEATURE), 3 Message(&FEATURE), 6 Message(&FEATURE),
            4 Dropped("predictedFeatureName"), 5 Dropped("predictedProbabilitiesName"),
        }
        METADATA "Metadata" { 1 Plain, 2 Plain, 3 Plain, 4 Plain, 100 Message(&STRING_ENTRY) }
        STRING_ENTRY "UserDefinedEntry" { 1 Plain, 2 Plain }
        FEATURE "FeatureDescription" { 1 Plain, 2 Plain, 3 Message(&FEATURE_TYPE) }
        FEATURE_TYPE "FeatureType" {
            1 Plain, 2 Plain, 3 Plain, 4 Plain, 5 Message(&ARRAY), 6 Plain, 7 Plain,
            8 Message(&STATE_FEATURE), 1000 Plain,
        }
        STATE_FEATURE "StateFeatureType" { 1 Message(&ARRAY) }
        ARRAY "ArrayFeatureType" {
            1 Plain, 2 Plain, 21 Message(&SHAPES), 31 Message(&SHAPE_RANGE),
            41 Dropped("intDefaultValue"), 51 Dropped("floatDefaultValue"), 61 Dropped("doubleDefaultValue"),
        }
        SHAPES "EnumeratedShapes" { 1 Message(&SHAPE) }
        SHAPE "Shape" { 1 Plain }
        SHAPE_RANGE "ShapeRange" { 1 Message(&SIZE_RANGE) }
        SIZE_RANGE "SizeRange" { 1 Plain, 2 Plain }

        PROGRAM "Program" { 1 Plain, 2 Message(&FUNCTION_ENTRY), 3 Plain, 4 Message(&VALUE_ENTRY) }
        FUNCTION_ENTRY "FunctionsEntry" { 1 Plain, 2 Message(&FUNCTION) }
        BLOCK_ENTRY "BlockSpecializationsEntry" { 1 Plain, 2 Message(&BLOCK) }
        ARGUMENT_ENTRY "InputsEntry" { 1 Plain, 2 Message(&ARGUMENT) }
        VALUE_ENTRY "AttributesEntry" { 1 Plain, 2 Message(&VALUE) }
        FUNCTION "Function" { 1 Message(&NAMED_TYPE), 2 Plain, 3 Message(&BLOCK_ENTRY), 4 Message(&VALUE_ENTRY) }
        BLOCK "Block" { 1 Message(&NAMED_TYPE), 2 Plain, 3 Message(&OPERATION), 4 Message(&VALUE_ENTRY) }
        OPERATION "Operation" {
            1 Plain, 2 Message(&ARGUMENT_ENTRY), 3 Message(&NAMED_TYPE), 4 Message(&BLOCK), 5 Message(&VALUE_ENTRY),
        }
        ARGUMENT "Argument" { 1 Message(&BINDING) }
        BINDING "Binding" { 1 Plain, 2 Message(&VALUE) }
        NAMED_TYPE "NamedValueType" { 1 Plain, 2 Message(&VALUE_TYPE) }
        VALUE_TYPE "ValueType" {
            1 Message(&TENSOR_TYPE), 2 Message(&LIST_TYPE), 3 Message(&TUPLE_TYPE), 4 Message(&DICTIONARY_TYPE),
            5 Message(&STATE_TYPE),
        }
        TENSOR_TYPE "TensorType" { 1 Plain, 2 Plain, 3 Message(&DIMENSION), 4 Message(&VALUE_ENTRY) }
        LIST_TYPE "ListType" { 1 Message(&VALUE_TYPE), 2 Message(&DIMENSION) }
        TUPLE_TYPE "TupleType" { 1 Message(&VALUE_TYPE) }
        DICTIONARY_TYPE "DictionaryType" { 1 Message(&VALUE_TYPE), 2 Message(&VALUE_TYPE) }
        STATE_TYPE "StateType" { 1 Message(&VALUE_TYPE) }
        DIMENSION "Dimension" { 1 Message(&DIMENSION_SIZE), 2 Message(&DIMENSION_SIZE) }
        DIMENSION_SIZE "Dimension" { 1 Plain }
        VALUE "Value" { 1 Plain, 2 Message(&VALUE_TYPE), 3 Message(&IMMEDIATE), 5 Message(&BLOB) }
        BLOB "BlobFileValue" { 1 Plain, 2 Plain }
        IMMEDIATE "ImmediateValue" {
            1 Message(&TENSOR_VALUE), 2 Message(&VALUES), 3 Message(&VALUES), 4 Message(&DICTIONARY_VALUE),
        }
        TENSOR_VALUE "TensorValue" {
            1 Message(&ELEMENTS), 2 Message(&ELEMENTS), 3 Message(&ELEMENTS), 4 Message(&ELEMENTS),
            5 Message(&ELEMENTS), 6 Message(&ELEMENTS), 7 Message(&ELEMENTS),
        }
        ELEMENTS "TensorValue" { 1 Plain }
        VALUES "Values" { 1 Message(&VALUE) }
        DICTIONARY_VALUE "DictionaryValue" { 1 Message(&PAIR) }
        PAIR "KeyValuePair" { 1 Message(&VALUE), 2 Message(&VALUE) }
    }
}
