//! The weights of an ONNX file, for a network that is computed here.

use std::{collections::HashMap, fs::File, io::Read, path::Path};

use prost::Message;

use crate::VoiceError;

/// Larger files are refused; the largest network that is read so has 1.3 MB.
const MAX_BYTES: u64 = 16 << 20;
/// `TensorProto.DataType.FLOAT`.
const FLOAT: i32 = 1;

/// The tensors of 32-bit floats that an ONNX file holds, by name.
#[derive(Debug)]
pub(crate) struct Initializers {
    path: std::path::PathBuf,
    tensors: HashMap<String, Tensor>,
}

// The messages hold what is read of `onnx.proto3`, by its field numbers.

#[derive(Clone, PartialEq, Message)]
struct Model {
    #[prost(message, optional, tag = "7")]
    graph: Option<Graph>,
}

#[derive(Clone, PartialEq, Message)]
struct Graph {
    #[prost(message, repeated, tag = "5")]
    initializer: Vec<Tensor>,
}

#[derive(Clone, PartialEq, Message)]
struct Tensor {
    #[prost(int64, repeated, tag = "1")]
    dims: Vec<i64>,
    #[prost(int32, tag = "2")]
    data_type: i32,
    #[prost(string, tag = "8")]
    name: String,
    #[prost(bytes = "vec", tag = "9")]
    raw_data: Vec<u8>,
}

impl Initializers {
    /// Reads a file.
    ///
    /// # Errors
    /// [`VoiceError::Io`] when it cannot be read, [`VoiceError::Malformed`] when it is no ONNX file.
    pub fn read(path: &Path) -> Result<Self, VoiceError> {
        let io = |source| VoiceError::Io { action: "read", path: path.to_owned(), source };
        let mut bytes = Vec::new();
        File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes)).map_err(io)?;
        let malformed = |found: String| malformed(path, "an ONNX file with weights".into(), found);
        if bytes.len() as u64 > MAX_BYTES {
            return Err(malformed(format!("more than {MAX_BYTES} bytes")));
        }
        let model = Model::decode(&bytes[..]).map_err(|error| malformed(error.to_string()))?;
        let graph = model.graph.ok_or_else(|| malformed("no graph".into()))?;
        let tensors = graph.initializer.into_iter().map(|tensor| (tensor.name.clone(), tensor)).collect();
        Ok(Self { path: path.to_owned(), tensors })
    }

    /// The numbers of a tensor.
    ///
    /// # Errors
    /// [`VoiceError::Malformed`] when there is none of that name, type and shape.
    pub fn take(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, VoiceError> {
        let malformed = |found: String| malformed(&self.path, format!("weights {name} of shape {shape:?}"), found);
        let tensor = self.tensors.remove(name).ok_or_else(|| malformed("none of that name".into()))?;
        if !tensor.dims.iter().map(|&size| usize::try_from(size).ok()).eq(shape.iter().map(|&size| Some(size))) {
            return Err(malformed(format!("shape {:?}", tensor.dims)));
        }
        let count: usize = shape.iter().product();
        if tensor.data_type != FLOAT || tensor.raw_data.len() != 4 * count {
            let (kind, bytes) = (tensor.data_type, tensor.raw_data.len());
            return Err(malformed(format!("{bytes} raw bytes of type {kind}, not {} of type {FLOAT}", 4 * count)));
        }
        let numbers = tensor.raw_data.as_chunks::<4>().0.iter().map(|&bytes| f32::from_le_bytes(bytes));
        let numbers: Vec<f32> = numbers.collect();
        if numbers.iter().all(|number| number.is_finite()) {
            Ok(numbers)
        } else {
            Err(malformed("numbers that are not finite".into()))
        }
    }
}

fn malformed(path: &Path, expected: String, found: String) -> VoiceError {
    VoiceError::Malformed { path: path.to_owned(), expected, found }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(name: &str, dims: &[i64], numbers: &[f32]) -> Tensor {
        let raw_data = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        Tensor { dims: dims.to_vec(), data_type: FLOAT, name: name.into(), raw_data }
    }

    fn read(bytes: &[u8]) -> Result<Initializers, VoiceError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.onnx");
        std::fs::write(&path, bytes).unwrap();
        Initializers::read(&path)
    }

    #[test]
    fn weights_are_read_by_name() {
        let initializer = vec![tensor("a", &[2, 1], &[1.0, -2.5]), tensor("b", &[], &[3.0])];
        let mut weights = read(&Model { graph: Some(Graph { initializer }) }.encode_to_vec()).unwrap();
        assert_eq!(weights.take("b", &[]).unwrap(), [3.0]);
        assert_eq!(weights.take("a", &[2, 1]).unwrap(), [1.0, -2.5]);
    }

    #[test]
    fn damage_is_named() {
        let error = read(b"RIFF, and no ONNX file").unwrap_err().to_string();
        assert!(error.contains("expected an ONNX file with weights, found"), "{error}");
        assert!(read(&[]).unwrap_err().to_string().ends_with("found no graph"));
        let large = vec![0; MAX_BYTES as usize + 1];
        assert!(read(&large).unwrap_err().to_string().ends_with("more than 16777216 bytes"));
        let whole = Model { graph: Some(Graph { initializer: vec![tensor("a", &[2], &[1.0, 2.0])] }) }.encode_to_vec();
        for end in 1..whole.len() {
            assert!(read(&whole[..end]).is_err(), "cut after {end} bytes");
        }

        let sound = tensor("a", &[2], &[1.0, 2.0]);
        for (wrong, found) in [
            (Tensor { name: "b".into(), ..sound.clone() }, "found none of that name"),
            (Tensor { dims: vec![1, 2], ..sound.clone() }, "found shape [1, 2]"),
            (Tensor { dims: vec![-2], ..sound.clone() }, "found shape [-2]"),
            (Tensor { data_type: 10, ..sound.clone() }, "found 8 raw bytes of type 10, not 8 of type 1"),
            (Tensor { raw_data: vec![0; 7], ..sound.clone() }, "found 7 raw bytes of type 1, not 8 of type 1"),
            (tensor("a", &[2], &[1.0, f32::NAN]), "found numbers that are not finite"),
        ] {
            let mut weights = read(&Model { graph: Some(Graph { initializer: vec![wrong] }) }.encode_to_vec()).unwrap();
            let error = weights.take("a", &[2]).unwrap_err().to_string();
            assert!(error.contains("expected weights a of shape [2]") && error.ends_with(found), "{error}");
        }
    }
}
