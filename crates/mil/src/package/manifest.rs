use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{inside, read_capped};
use crate::MilError;

/// Name of the manifest in a package folder.
pub(crate) const MANIFEST: &str = "Manifest.json";

const MAX_BYTES: u64 = 1 << 20;
const FORMAT_VERSION: &str = "1.0.0";
const AUTHOR: &str = "com.apple.CoreML";

// Identifiers only have to differ within a manifest; fixed ones make packages reproducible.
const MODEL_ID: &str = "5f0b4c3e-7d0a-4a63-9d0e-6b1c2f7a1e01";
const WEIGHTS_ID: &str = "5f0b4c3e-7d0a-4a63-9d0e-6b1c2f7a1e02";

/// `Manifest.json`: the items of a package, with paths relative to its `Data` folder.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Manifest {
    file_format_version: String,
    item_info_entries: BTreeMap<String, Item>,
    root_model_identifier: String,
    #[serde(skip)]
    path: PathBuf,
}

#[derive(Debug, Serialize, Deserialize)]
struct Item {
    #[serde(default)]
    author: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    name: String,
    path: String,
}

impl Manifest {
    /// The manifest of the package at `package`.
    pub fn read(package: &Path) -> Result<Self, MilError> {
        let path = package.join(MANIFEST);
        if !path.is_file() {
            let found = if package.extension().is_some_and(|extension| extension == "mlmodelc") {
                "a compiled model; give the .mlpackage that it was made from"
            } else if package.is_dir() {
                "a folder without that file"
            } else if package.exists() {
                "a file; a package is a folder named NAME.mlpackage"
            } else {
                "nothing at that path"
            };
            return Err(MilError::Manifest { path, reason: format!("expected a Core ML package, found {found}") });
        }
        let text = read_capped(&path, "manifest in bytes", MAX_BYTES)?;
        Self::parse(&text, path)
    }

    pub fn parse(text: &[u8], path: PathBuf) -> Result<Self, MilError> {
        let mut manifest: Self = match serde_json::from_slice(text) {
            Ok(manifest) => manifest,
            Err(error) => return Err(MilError::Manifest { path, reason: error.to_string() }),
        };
        manifest.path = path;
        if manifest.file_format_version.split('.').next() != Some("1") {
            let found = &manifest.file_format_version;
            return Err(manifest.error(format!("expected file format version {FORMAT_VERSION}, found {found}")));
        }
        Ok(manifest)
    }

    /// Path of the model file, relative to the `Data` folder.
    pub fn model(&self) -> Result<PathBuf, MilError> {
        let id = &self.root_model_identifier;
        let item = self.item_info_entries.get(id);
        let item = item.ok_or_else(|| self.error(format!("the root model `{id}` is not among the items")))?;
        match inside(&item.path) {
            Some(path) => Ok(path.to_owned()),
            None => Err(self.error(format!("the path `{}` leaves the package", item.path))),
        }
    }

    /// The manifest of a package that we write.
    pub fn new(with_weights: bool) -> Self {
        let item = |description: &str, name: &str| Item {
            author: AUTHOR.to_owned(),
            description: description.to_owned(),
            name: name.to_owned(),
            path: format!("{AUTHOR}/{name}"),
        };
        let mut items = BTreeMap::from([(MODEL_ID.to_owned(), item("CoreML Model Specification", "model.mlmodel"))]);
        if with_weights {
            items.insert(WEIGHTS_ID.to_owned(), item("CoreML Model Weights", "weights"));
        }
        Self {
            file_format_version: FORMAT_VERSION.to_owned(),
            item_info_entries: items,
            root_model_identifier: MODEL_ID.to_owned(),
            path: PathBuf::new(),
        }
    }

    fn error(&self, reason: String) -> MilError {
        MilError::Manifest { path: self.path.clone(), reason }
    }
}
