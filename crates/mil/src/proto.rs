//! Core ML's protobuf messages, and their conversion from and to the typed forms.
//!
//! The messages are written by hand from the field numbers of Core ML's published specification, and hold what an ML
//! Program needs. Maps are lists of entries, which is what they are on the wire: the order of the file is kept, and a
//! doubled key is seen.

mod decode;
mod encode;
mod feature;
mod immediate;
mod mil;
mod model;
mod scan;

use prost::Message;
use sottovoce_tensor::DType;

use crate::{
    MilError,
    description::ModelDescription,
    program::{ElementType, Program},
};

/// Largest `model.mlmodel` that is read, in bytes. Weights live in a file of their own; the program of a large model
/// takes a few megabytes.
pub const MAX_MODEL_BYTES: u64 = 128 << 20;

/// A model file in typed form.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// Version of the Core ML specification, 6 (iOS 15) to 10 (iOS 26) for ML Programs.
    pub spec_version: i32,
    /// The interface.
    pub description: ModelDescription,
    /// The program.
    pub program: Program,
    /// The first field of the file that the typed form does not hold, `Message.field` or `Message.number`.
    pub not_kept: Option<String>,
}

impl Model {
    /// Reads the contents of a `model.mlmodel`. Names and types are not yet checked against each other, see
    /// [`crate::validate`].
    ///
    /// # Errors
    /// [`MilError::TooLarge`], [`MilError::Protobuf`], [`MilError::NotMlProgram`], or [`MilError::Malformed`] with the
    /// place for messages that make no sense.
    pub fn decode(data: &[u8]) -> Result<Self, MilError> {
        if data.len() as u64 > MAX_MODEL_BYTES {
            let found = data.len() as u64;
            return Err(MilError::TooLarge { what: "model file in bytes", limit: MAX_MODEL_BYTES, found });
        }
        let scan = scan::scan(data)?;
        let model = model::Model::decode(data).map_err(|error| MilError::Protobuf { reason: error.to_string() })?;
        let Some(program) = model.ml_program else {
            let found = scan.other_model.unwrap_or("no model at all").to_owned();
            return Err(MilError::NotMlProgram { found });
        };
        Ok(Self {
            spec_version: model.specification_version,
            description: feature::decode_description(model.description.unwrap_or_default())?,
            program: decode::program(program)?,
            not_kept: scan.not_kept,
        })
    }

    /// The contents of a `model.mlmodel`.
    ///
    /// # Errors
    /// [`MilError::TooLarge`] beyond [`MAX_MODEL_BYTES`], [`MilError::Malformed`] for a feature that Core ML cannot
    /// spell.
    pub fn encode(spec_version: i32, description: &ModelDescription, program: &Program) -> Result<Vec<u8>, MilError> {
        let model = model::Model {
            specification_version: spec_version,
            description: Some(feature::encode_description(description)?),
            ml_program: Some(encode::program(program)),
        };
        let found = model.encoded_len() as u64;
        if found > MAX_MODEL_BYTES {
            return Err(MilError::TooLarge { what: "model file in bytes", limit: MAX_MODEL_BYTES, found });
        }
        Ok(model.encode_to_vec())
    }
}

/// MIL's numbers of the element types.
const DATA_TYPES: [(i32, DType); 19] = [
    (1, DType::Bool),
    (10, DType::F16),
    (11, DType::F32),
    (12, DType::F64),
    (13, DType::BF16),
    (21, DType::I8),
    (22, DType::I16),
    (23, DType::I32),
    (24, DType::I64),
    (25, DType::I4),
    (31, DType::U8),
    (32, DType::U16),
    (33, DType::U32),
    (34, DType::U64),
    (35, DType::U4),
    (36, DType::U2),
    (37, DType::U1),
    (38, DType::U6),
    (39, DType::U3),
];

const STRING: i32 = 2;

fn element_type(number: i32) -> ElementType {
    match DATA_TYPES.iter().find(|entry| entry.0 == number) {
        Some(&(_, dtype)) => ElementType::Data(dtype),
        None if number == STRING => ElementType::String,
        None => ElementType::Other(number),
    }
}

fn data_type(element: ElementType) -> i32 {
    match element {
        ElementType::Data(dtype) => {
            DATA_TYPES.iter().find(|entry| entry.1 == dtype).map(|entry| entry.0).expect("every type has a number")
        }
        ElementType::String => STRING,
        ElementType::Other(number) => number,
    }
}
