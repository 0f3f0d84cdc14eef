//! Packages written to disk: built beside their place, renamed into it when complete.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

use sottovoce_tensor::DType;
use tempfile::TempDir;

use crate::{
    BlobSink, MilError, Model, Package,
    blob::BlobWriter,
    description::ModelDescription,
    package::{DATA, MANIFEST, Manifest, for_each_value_mut},
    program::{Program, Value, ValueData},
};

/// How programs name the weight file that this writer makes.
const WEIGHTS: &str = "@model_path/weights/weight.bin";

const MODEL_FOLDER: &str = "com.apple.CoreML";

/// A package under construction, in a hidden folder beside its final place. Weights go to disk as they come. Dropped
/// without [`PackageWriter::finish`], or when that fails, it leaves nothing.
#[derive(Debug)]
pub struct PackageWriter {
    target: PathBuf,
    /// Holds the new package, and for a moment the old one.
    temporary: TempDir,
    package: PathBuf,
    blobs: BlobWriter,
}

impl PackageWriter {
    /// Starts a package that will be at `path`. A package that is there stays until the new one is complete.
    ///
    /// # Errors
    /// [`MilError::Io`] when the folder cannot be written, or something other than a package is at `path`.
    pub fn create(path: &Path) -> Result<Self, MilError> {
        refuse_to_replace(path)?;
        let name = path.file_name().ok_or_else(|| invalid(path, "a package needs a name"))?;
        let folder = match path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        fs::create_dir_all(folder).map_err(MilError::io("create", folder))?;
        let mut prefix = std::ffi::OsString::from(".");
        prefix.push(name);
        let temporary = tempfile::Builder::new().prefix(&prefix).suffix(".partial").tempdir_in(folder);
        let temporary = temporary.map_err(MilError::io("create a folder in", folder))?;
        // A folder in the temporary one, which only its owner can read, has ordinary permissions.
        let package = temporary.path().join("package");
        let weights = package.join(DATA).join(MODEL_FOLDER).join("weights");
        fs::create_dir_all(&weights).map_err(MilError::io("create", &weights))?;
        let weight_path = weights.join("weight.bin");
        let file = File::create_new(&weight_path).map_err(MilError::io("create", &weight_path))?;
        Ok(Self { target: path.to_owned(), temporary, package, blobs: BlobWriter::new(file, &weight_path) })
    }

    /// Writes a tensor to the weight file; `data` is packed as [`sottovoce_tensor::Tensor::bytes`] are.
    ///
    /// # Errors
    /// As [`PackageWriter::begin_blob`]; [`MilError::Blob`] when `data` has not the length that the shape needs.
    pub fn add_blob(&mut self, dtype: DType, shape: &[usize], data: &[u8]) -> Result<Value, MilError> {
        let mut sink = self.begin_blob(dtype, shape)?;
        sink.write(data)?;
        sink.finish()
    }

    /// Starts a tensor whose bytes come in pieces.
    ///
    /// # Errors
    /// [`MilError::Blob`] for a type that weight files cannot hold (booleans and 64-bit numbers), [`MilError::Tensor`]
    /// for a shape whose size overflows, [`MilError::Io`] when writing fails.
    pub fn begin_blob(&mut self, dtype: DType, shape: &[usize]) -> Result<BlobSink<'_>, MilError> {
        self.blobs.begin(WEIGHTS, dtype, shape)
    }

    /// Writes model and manifest, reads the package back as a check, and puts it into its place.
    ///
    /// # Errors
    /// [`MilError::Malformed`] or [`MilError::Blob`] when program, description and blobs do not fit together,
    /// [`MilError::Io`] when writing fails. What was at the place before is then still there.
    pub fn finish(self, spec_version: i32, program: &Program, description: &ModelDescription) -> Result<(), MilError> {
        let Self { target, temporary, package, blobs } = self;
        let model_folder = package.join(DATA).join(MODEL_FOLDER);
        let with_weights = blobs.count() > 0;
        blobs.finish()?;
        if !with_weights {
            let weights = model_folder.join("weights");
            fs::remove_dir_all(&weights).map_err(MilError::io("remove", &weights))?;
        }
        write_file(&model_folder.join("model.mlmodel"), &Model::encode(spec_version, description, program)?)?;
        let manifest = serde_json::to_vec_pretty(&Manifest::new(with_weights)).map_err(|error| MilError::Io {
            action: "write",
            path: package.join(MANIFEST),
            source: error.into(),
        })?;
        write_file(&package.join(MANIFEST), &manifest)?;
        for folder in [&model_folder, &package.join(DATA), &package] {
            sync_folder(folder)?;
        }
        Package::open(&package)?.require_weights()?;
        replace(&target, &package, temporary)
    }
}

/// Copies a package: the program is encoded anew, and the blobs that it refers to are written one after the other.
///
/// # Errors
/// As [`PackageWriter::finish`]; [`MilError::MissingWeights`] when the weights are not there; [`MilError::Malformed`]
/// when the model has a field that the copy would lose.
pub fn write_package(package: &Package, path: &Path) -> Result<(), MilError> {
    if let Some(field) = &package.not_kept {
        let reason = format!("the field {field} is not supported, a copy would lose it");
        return Err(MilError::malformed("model", reason).in_file(package.path()));
    }
    let mut program = Program::clone(&package.program);
    let mut blobs = BTreeMap::new();
    for_each_value_mut(&mut program, &mut |value| {
        if let ValueData::Blob { file, offset } = &value.data {
            blobs.entry((file.clone(), *offset)).or_insert_with(|| value.ty.clone());
        }
        Ok(())
    })?;
    let mut writer = PackageWriter::create(path)?;
    let mut moved = BTreeMap::new();
    for ((file, offset), ty) in blobs {
        let source = package.blob_file(&file)?;
        let metadata = source.metadata(offset)?;
        let mut sink =
            writer.blobs.begin_raw(WEIGHTS, ty, metadata.type_number, metadata.len, metadata.padding_bits)?;
        sink.write(&source.data(&metadata)?)?;
        moved.insert((file, offset), sink.finish()?.data);
    }
    for_each_value_mut(&mut program, &mut |value| {
        if let ValueData::Blob { file, offset } = &value.data
            && let Some(data) = moved.get(&(file.clone(), *offset))
        {
            value.data = data.clone();
        }
        Ok(())
    })?;
    writer.finish(package.spec_version, &program, &package.description)
}

/// Renames `package` to `target`. Between the two renames a crash leaves the old package in the hidden folder.
fn replace(target: &Path, package: &Path, temporary: TempDir) -> Result<(), MilError> {
    refuse_to_replace(target)?;
    let old = temporary.path().join("old");
    let replaced = target.exists();
    if replaced {
        fs::rename(target, &old).map_err(MilError::io("replace", target))?;
    }
    if let Err(error) = fs::rename(package, target) {
        if replaced && fs::rename(&old, target).is_err() {
            // The old package is all that is left: keep it.
            let kept = temporary.keep();
            return Err(MilError::Io { action: "put back the package kept in", path: kept, source: error });
        }
        return Err(MilError::io("create", target)(error));
    }
    match target.parent() {
        Some(parent) if parent != Path::new("") => sync_folder(parent),
        _ => sync_folder(Path::new(".")),
    }
}

/// Only packages are replaced, so that a mistyped path cannot remove anything else.
fn refuse_to_replace(path: &Path) -> Result<(), MilError> {
    if path.exists() && !path.join(MANIFEST).is_file() {
        return Err(invalid(path, "something that is not a Core ML package is there"));
    }
    Ok(())
}

fn invalid(path: &Path, reason: &str) -> MilError {
    let source = std::io::Error::new(std::io::ErrorKind::InvalidInput, reason.to_owned());
    MilError::Io { action: "create", path: path.to_owned(), source }
}

fn write_file(path: &Path, data: &[u8]) -> Result<(), MilError> {
    let write = || -> std::io::Result<()> {
        let mut file = File::create_new(path)?;
        file.write_all(data)?;
        file.sync_all()
    };
    write().map_err(MilError::io("write", path))
}

/// Makes renames in a folder durable, where the platform can.
fn sync_folder(path: &Path) -> Result<(), MilError> {
    if cfg!(unix) {
        File::open(path).and_then(|folder| folder.sync_all()).map_err(MilError::io("write", path))?;
    }
    Ok(())
}
