//! Packages on disk.

mod manifest;
mod references;

use std::{
    collections::{BTreeMap, HashMap},
    fs::{self, File, Metadata},
    io::Read,
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use sottovoce_tensor::{DType, Tensor};

pub(crate) use manifest::{MANIFEST, Manifest};
pub(crate) use references::for_each_value_mut;

use crate::{
    MAX_MODEL_BYTES, MilError, Model,
    blob::BlobFile,
    description::{FunctionDescription, ModelDescription},
    program::{Program, Value, ValueData, ValueType},
    validate,
};

/// The folder of a package that manifests' paths start from.
pub(crate) const DATA: &str = "Data";

/// What names of weight files start with: the folder of the model file.
const MODEL_PATH: &str = "@model_path/";

/// An ML Program package, read and checked. Cloning is cheap.
///
/// The weight file is memory-mapped. A package without it opens too; then only [`Package::tensor`] of a blob fails.
#[derive(Clone, Debug)]
pub struct Package {
    /// Version of the Core ML specification, 6 (iOS 15) to 10 (iOS 26).
    pub spec_version: i32,
    /// The interface.
    pub description: Arc<ModelDescription>,
    /// The program.
    pub program: Arc<Program>,
    pub(crate) not_kept: Option<String>,
    path: PathBuf,
    model_file: Metadata,
    weights: Arc<HashMap<String, WeightFile>>,
}

/// A weight file that the program names.
#[derive(Debug)]
struct WeightFile {
    path: PathBuf,
    metadata: Option<Metadata>,
    blobs: Option<BlobFile>,
}

impl Package {
    /// Reads the package folder at `path`, and checks that the program, its description and its weight files hold
    /// together (see [`validate`]).
    ///
    /// # Errors
    /// Any [`MilError`], naming the file and what in it is wrong.
    pub fn open(path: &Path) -> Result<Self, MilError> {
        let model_path = path.join(DATA).join(Manifest::read(path)?.model()?);
        let io = |source| MilError::Io { action: "read", path: model_path.clone(), source };
        let model_file = fs::metadata(&model_path).map_err(io)?;
        let model = read_capped(&model_path, "model file in bytes", MAX_MODEL_BYTES)?;
        let model = Model::decode(&model).and_then(|model| {
            validate::program(&model.program)?;
            validate::description(&model.description, &model.program)?;
            Ok(model)
        });
        let model = model.map_err(|error| error.in_file(&model_path))?;
        let weights = open_weights(&model.program, &model_path).map_err(|error| error.in_file(&model_path))?;
        Ok(Self {
            spec_version: model.spec_version,
            description: Arc::new(model.description),
            program: Arc::new(model.program),
            not_kept: model.not_kept,
            path: path.to_owned(),
            model_file,
            weights: Arc::new(weights),
        })
    }

    /// The package folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Names of the functions, in the order of the file.
    pub fn functions(&self) -> impl Iterator<Item = &str> {
        self.program.functions.keys().map(String::as_str)
    }

    /// Name of the function that runs unless another is asked for.
    pub fn default_function(&self) -> &str {
        match self.description.default_function.as_str() {
            "" => "main",
            name => name,
        }
    }

    /// The described interface of a function.
    pub fn interface(&self, function: &str) -> Option<&FunctionDescription> {
        if self.description.functions.is_empty() && function == "main" {
            return Some(&self.description.main);
        }
        self.description.functions.get(function)
    }

    /// The tensor that a value of the program holds or refers to.
    ///
    /// # Errors
    /// [`MilError::MissingWeights`] or [`MilError::Blob`] for a blob that is not there; [`MilError::Malformed`] for a
    /// value that is not a tensor of numbers.
    pub fn tensor(&self, value: &Value) -> Result<Tensor, MilError> {
        match (&value.data, &value.ty) {
            (ValueData::Tensor(tensor), _) => Ok(tensor.clone()),
            (ValueData::Blob { file, offset }, ValueType::Tensor(ty)) => match (ty.dtype(), ty.fixed_shape()) {
                (Some(dtype), Some(shape)) => self.blob(file, *offset, dtype, &shape),
                _ => Err(MilError::malformed(
                    format!("blob at {offset} of {file}"),
                    format!("{:?} data of dimensions {:?} is not supported", ty.element, ty.dimensions),
                )),
            },
            _ => Err(MilError::malformed("value", "expected a tensor of numbers, found strings or a collection")),
        }
    }

    /// The blob whose metadata is at `offset` of a weight file, named as the program names it.
    ///
    /// # Errors
    /// [`MilError::MissingWeights`], or [`MilError::Blob`] when what is there is not `dtype` of `shape`.
    pub fn blob(&self, file: &str, offset: u64, dtype: DType, shape: &[usize]) -> Result<Tensor, MilError> {
        self.blob_file(file)?.tensor(offset, dtype, shape)
    }

    /// Checks that every weight file is there, for a package that is to run.
    ///
    /// # Errors
    /// [`MilError::MissingWeights`].
    pub fn require_weights(&self) -> Result<(), MilError> {
        match self.weights.values().find(|file| file.blobs.is_none()) {
            Some(file) => Err(MilError::MissingWeights { path: file.path.clone() }),
            None => Ok(()),
        }
    }

    /// The weight files that are there: the name that the program has for each, and what the file system said of it just
    /// before it was mapped. A file that is replaced meanwhile is not taken for what is mapped.
    pub fn weight_files(&self) -> impl Iterator<Item = (&str, &Metadata)> {
        self.weights.iter().filter_map(|(name, file)| Some((name.as_str(), file.metadata.as_ref()?)))
    }

    /// What the file system said of the model file, which holds description and program, just before it was read.
    pub fn model_file(&self) -> &Metadata {
        &self.model_file
    }

    /// Gives back the memory that reading weights has taken; they stay mapped and are read anew when they are next used.
    pub fn release_weights(&self) {
        self.weights.values().filter_map(|file| file.blobs.as_ref()).for_each(BlobFile::release);
    }

    pub(crate) fn blob_file(&self, file: &str) -> Result<&BlobFile, MilError> {
        let weights = self.weights.get(file).ok_or_else(|| {
            MilError::malformed(format!("weight file `{file}`"), "is none that the program of this package names")
        })?;
        weights.blobs.as_ref().ok_or_else(|| MilError::MissingWeights { path: weights.path.clone() })
    }
}

/// Opens the weight files that exist, and checks every blob the program refers to in them.
fn open_weights(program: &Program, model_path: &Path) -> Result<HashMap<String, WeightFile>, MilError> {
    let mut weights = HashMap::<String, WeightFile>::new();
    let mut offsets = BTreeMap::<String, Vec<u64>>::new();
    references::for_each_blob(program, |file, offset, ty, place| {
        let in_place = |error: MilError| MilError::malformed(place(), error.to_string());
        if !weights.contains_key(file) {
            let path = weight_path(file, model_path).map_err(|reason| MilError::malformed(place(), reason))?;
            let metadata = fs::metadata(&path).ok();
            let blobs = BlobFile::open(&path)?;
            weights.insert(file.to_owned(), WeightFile { path, metadata, blobs });
        }
        if let Some(blobs) = &weights[file].blobs {
            match (ty.dtype(), ty.fixed_shape()) {
                (Some(dtype), Some(shape)) => blobs.expect(offset, dtype, &shape),
                _ => blobs.metadata(offset),
            }
            .map_err(in_place)?;
            offsets.entry(file.to_owned()).or_default().push(offset);
        }
        Ok(())
    })?;
    for (file, mut offsets) in offsets {
        offsets.sort_unstable();
        offsets.dedup();
        if let Some(blobs) = &weights[&file].blobs {
            blobs.check_disjoint(&offsets)?;
        }
    }
    Ok(weights)
}

/// Where a weight file is; the name must stay inside the folder of the model file.
fn weight_path(name: &str, model_path: &Path) -> Result<PathBuf, String> {
    let folder = model_path.parent().unwrap_or(Path::new(""));
    match name.strip_prefix(MODEL_PATH).and_then(inside) {
        Some(relative) => Ok(folder.join(relative)),
        None => {
            Err(format!("weight file `{name}`: expected a path inside the package, `{MODEL_PATH}weights/weight.bin`"))
        }
    }
}

/// A relative path that cannot leave the folder it is joined to, on any platform.
fn inside(path: &str) -> Option<&Path> {
    let portable = !path.is_empty() && !path.contains(['\\', ':', '\0']);
    let path = Path::new(path);
    (portable && path.components().all(|part| matches!(part, Component::Normal(_)))).then_some(path)
}

/// Reads a file of at most `limit` bytes.
pub(crate) fn read_capped(path: &Path, what: &'static str, limit: u64) -> Result<Vec<u8>, MilError> {
    let io = |source| MilError::Io { action: "read", path: path.to_owned(), source };
    let file = File::open(path).map_err(io)?;
    let found = file.metadata().map_err(io)?.len();
    if found > limit {
        return Err(MilError::TooLarge { what, limit, found }.in_file(path));
    }
    let mut data = Vec::new();
    // A device or a growing file can hold more than it said.
    file.take(limit).read_to_end(&mut data).map_err(io)?;
    Ok(data)
}
