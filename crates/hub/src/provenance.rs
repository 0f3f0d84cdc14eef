use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{CatalogueModel, HubError};

/// Name of the file in a model folder that says where the model comes from.
pub const PROVENANCE_FILE: &str = "sottovoce.toml";

/// Where the packages of a model folder come from: the contents of `sottovoce.toml`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Provenance {
    /// Catalogue name, or a name of the user's.
    pub name: String,
    /// Page or file that the model was made from.
    pub source: String,
    /// Licence of the weights.
    pub licence: String,
    /// Version of the program that converted it.
    pub converted_by: String,
    /// The files it was made from.
    #[serde(rename = "file", default)]
    pub files: Vec<ProvenanceFile>,
}

/// A file that a model was made from.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ProvenanceFile {
    /// File name.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 as 64 hexadecimal digits.
    pub sha256: String,
}

impl Provenance {
    /// The provenance of a model that was converted from the files of a catalogue entry.
    pub fn of(model: &CatalogueModel, converted_by: impl Into<String>) -> Self {
        let file = |file: &crate::CatalogueFile| ProvenanceFile {
            name: file.name.clone(),
            size: file.size,
            sha256: file.sha256.to_string(),
        };
        Self {
            name: model.name.clone(),
            source: model.home.clone(),
            licence: model.licence.clone(),
            converted_by: converted_by.into(),
            files: model.files.iter().map(file).collect(),
        }
    }

    /// Writes `sottovoce.toml` into a model folder.
    ///
    /// # Errors
    /// [`HubError::Io`] or [`HubError::DiskFull`].
    pub fn write(&self, folder: &Path) -> Result<(), HubError> {
        let path = folder.join(PROVENANCE_FILE);
        let text = toml::to_string(self).map_err(|error| HubError::Catalogue(error.to_string()))?;
        std::fs::write(&path, text).map_err(|error| HubError::io("write", &path, error))
    }

    /// Reads the `sottovoce.toml` of a model folder.
    ///
    /// # Errors
    /// [`HubError::Io`] when there is none, [`HubError::Catalogue`] when it is not understood.
    pub fn read(folder: &Path) -> Result<Self, HubError> {
        let path = folder.join(PROVENANCE_FILE);
        let text = std::fs::read_to_string(&path).map_err(|error| HubError::io("read", &path, error))?;
        toml::from_str(&text).map_err(|error| HubError::Catalogue(format!("{}: {error}", path.display())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Catalogue;

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let catalogue = Catalogue::built_in().unwrap();
        let provenance = Provenance::of(&catalogue.models[0], "sottovoce 0.1.0");
        provenance.write(folder.path()).unwrap();
        assert_eq!(Provenance::read(folder.path()).unwrap(), provenance);
        std::fs::write(folder.path().join(PROVENANCE_FILE), "name = 3").unwrap();
        assert!(Provenance::read(folder.path()).unwrap_err().to_string().contains(PROVENANCE_FILE));
    }
}
