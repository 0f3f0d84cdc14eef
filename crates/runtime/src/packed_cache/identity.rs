//! What a packed matrix was made of, and whether it still is.

use std::{fs::Metadata, io, time::UNIX_EPOCH};

use sha2::{Digest, Sha256};
use sottovoce_graph::ir::{Arg, Constant, Definition, Graph, ValueId};
use sottovoce_mil::Package;
use sottovoce_tensor::{Bytes, DType};

use crate::{Precision, error::RuntimeError};

/// SHA-256 of what tells one state of the weight files from another.
pub type Fingerprint = [u8; 32];

/// SHA-256 of what a matrix was made of.
pub type Key = [u8; 32];

/// Bytes at either end of a blob that count towards its key.
const SAMPLE: usize = 64;

/// The fingerprint of a package's weight files: names, sizes and times.
///
/// The time of modification alone would not do. Tools that copy or unpack keep it, so that two trainings of one model can
/// agree in size and time; some file systems count it in seconds. Where there is a time of change (Unix), which no tool
/// can set, it counts too, and [`key`] looks at the contents.
///
/// # Errors
/// The system keeps no times.
pub fn fingerprint(package: &Package) -> io::Result<Fingerprint> {
    let mut hash = Hash::new();
    hash.weight_files(package)?;
    Ok(hash.finish())
}

/// The fingerprint of a package: its weight files and its model file.
///
/// # Errors
/// As [`fingerprint`].
#[cfg(target_vendor = "apple")]
pub fn package_fingerprint(package: &Package) -> io::Result<Fingerprint> {
    let mut hash = Hash::new();
    hash.package(package)?;
    Ok(hash.finish())
}

/// The fingerprint of what computes: the weight files, the model file, the function and the precision.
///
/// # Errors
/// As [`fingerprint`].
pub fn function_fingerprint(package: &Package, function: &str, precision: Precision) -> io::Result<Fingerprint> {
    let mut hash = Hash::new();
    hash.package(package)?;
    hash.text(function);
    hash.number(u64::from(precision == Precision::Exact));
    Ok(hash.finish())
}

/// The key of a weight: the operations and constants that it is made of, with place, type and both ends of every blob.
///
/// # Errors
/// A blob is not what the program says.
pub fn key(graph: &Graph, package: &Package, weight: ValueId) -> Result<Key, RuntimeError> {
    let mut hash = Hash::new();
    hash.value(graph, package, weight)?;
    Ok(hash.finish())
}

/// Hashes parts so that their bounds count: each begins with its length or has a fixed one.
struct Hash(Sha256);

impl Hash {
    fn new() -> Self {
        Self(Sha256::new())
    }

    fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }

    fn number(&mut self, number: u64) {
        self.0.update(number.to_le_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.update(bytes);
    }

    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn weight_files(&mut self, package: &Package) -> io::Result<()> {
        let mut files: Vec<_> = package.weight_files().collect();
        files.sort_unstable_by_key(|(name, _)| *name);
        files.into_iter().try_for_each(|(name, metadata)| self.file(name, metadata))
    }

    fn package(&mut self, package: &Package) -> io::Result<()> {
        self.weight_files(package)?;
        self.file("model", package.model_file())
    }

    fn file(&mut self, name: &str, metadata: &Metadata) -> io::Result<()> {
        self.text(name);
        self.number(metadata.len());
        let modified = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        self.number(modified.as_secs());
        self.number(u64::from(modified.subsec_nanos()));
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            self.number(metadata.ctime().cast_unsigned());
            self.number(metadata.ctime_nsec().cast_unsigned());
        }
        Ok(())
    }

    fn tensor_type(&mut self, dtype: DType, shape: &[usize]) {
        self.text(&dtype.to_string());
        self.number(shape.len() as u64);
        shape.iter().for_each(|&size| self.number(size as u64));
    }

    fn value(&mut self, graph: &Graph, package: &Package, value: ValueId) -> Result<(), RuntimeError> {
        match &graph.value(value).definition {
            Definition::Constant(Constant::Tensor(tensor)) => {
                self.text("tensor");
                self.tensor_type(tensor.dtype(), tensor.shape());
                self.bytes(tensor.bytes());
            }
            Definition::Constant(Constant::Blob(blob)) => {
                let (dtype, shape) = (graph.fact(value).dtype, graph.fact(value).fixed_shape().unwrap_or_default());
                self.text("blob");
                self.text(&blob.file);
                self.number(blob.offset);
                self.tensor_type(dtype, &shape);
                self.ends(package.blob(&blob.file, blob.offset, dtype, &shape)?.bytes());
            }
            Definition::Node(id, index) => {
                let node = graph.node(*id);
                self.text("operation");
                self.text(node.op.name);
                self.number(*index as u64);
                self.number(node.args.len() as u64);
                for (name, arg) in &node.args {
                    self.text(name);
                    match arg {
                        Arg::Text(text) => self.text(text),
                        Arg::Value(_) | Arg::List(_) => {
                            self.number(arg.values().len() as u64);
                            arg.values().iter().try_for_each(|&value| self.value(graph, package, value))?;
                        }
                    }
                }
            }
            Definition::Input(_) | Definition::State(_) => unreachable!("the plan's weights are constants"),
        }
        Ok(())
    }

    fn ends(&mut self, bytes: &Bytes) {
        let sample = SAMPLE.min(bytes.len());
        self.bytes(&bytes[..sample]);
        self.bytes(&bytes[bytes.len() - sample..]);
    }
}
