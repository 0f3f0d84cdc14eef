use indexmap::IndexMap;

/// A value of a GGUF file's metadata.
#[derive(Clone, Debug, PartialEq)]
pub enum MetadataValue {
    /// Any unsigned integer.
    Unsigned(u64),
    /// Any signed integer.
    Signed(i64),
    /// A float, 32 or 64 bits in the file.
    Float(f64),
    /// A boolean.
    Bool(bool),
    /// UTF-8 text.
    String(String),
    /// Strings, the vocabulary for instance.
    Strings(Vec<String>),
    /// Integers, token types for instance.
    Integers(Vec<i64>),
    /// Floats, token scores for instance.
    Floats(Vec<f32>),
    /// Booleans.
    Bools(Vec<bool>),
}

impl MetadataValue {
    /// What kind of value this is, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Unsigned(_) | Self::Signed(_) => "an integer",
            Self::Float(_) => "a float",
            Self::Bool(_) => "a boolean",
            Self::String(_) => "a string",
            Self::Strings(_) => "an array of strings",
            Self::Integers(_) => "an array of integers",
            Self::Floats(_) => "an array of floats",
            Self::Bools(_) => "an array of booleans",
        }
    }
}

/// Metadata of a GGUF file by key, in file order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    values: IndexMap<String, MetadataValue>,
}

impl Metadata {
    /// Adds a value; false when the key was already there.
    pub(super) fn insert(&mut self, key: String, value: MetadataValue) -> bool {
        self.values.insert(key, value).is_none()
    }

    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&MetadataValue> {
        self.values.get(key)
    }

    /// Keys in file order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    /// The string at `key`; `None` when it is missing or of another kind, as for the other typed accessors.
    pub fn get_str(&self, key: &str) -> Option<&str> {
        match self.get(key)? {
            MetadataValue::String(value) => Some(value),
            _ => None,
        }
    }

    /// The non-negative integer at `key`.
    pub fn get_usize(&self, key: &str) -> Option<usize> {
        match self.get(key)? {
            MetadataValue::Unsigned(value) => usize::try_from(*value).ok(),
            MetadataValue::Signed(value) => usize::try_from(*value).ok(),
            _ => None,
        }
    }

    /// The integer at `key`, where it fits 32 bits (token ids).
    pub fn get_u32(&self, key: &str) -> Option<u32> {
        u32::try_from(self.get_usize(key)?).ok()
    }

    /// The float at `key`.
    pub fn get_f32(&self, key: &str) -> Option<f32> {
        match self.get(key)? {
            MetadataValue::Float(value) => Some(*value as f32),
            _ => None,
        }
    }

    /// The boolean at `key`.
    pub fn get_bool(&self, key: &str) -> Option<bool> {
        match self.get(key)? {
            MetadataValue::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The array of strings at `key`.
    pub fn get_strings(&self, key: &str) -> Option<&[String]> {
        match self.get(key)? {
            MetadataValue::Strings(values) => Some(values),
            _ => None,
        }
    }

    /// The array of integers at `key`.
    pub fn get_integers(&self, key: &str) -> Option<&[i64]> {
        match self.get(key)? {
            MetadataValue::Integers(values) => Some(values),
            _ => None,
        }
    }

    /// The array of floats at `key`.
    pub fn get_floats(&self, key: &str) -> Option<&[f32]> {
        match self.get(key)? {
            MetadataValue::Floats(values) => Some(values),
            _ => None,
        }
    }
}
