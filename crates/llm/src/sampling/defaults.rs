//! How a model's makers would have its tokens chosen.

use std::path::Path;

use serde::Deserialize;

use crate::{LlmError, files};

/// What `generation_config.json` says about choosing tokens; `None` where it says nothing, or says that an option is off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Defaults {
    /// [`Sampling::temperature`](super::Sampling::temperature)
    pub temperature: Option<f32>,
    /// [`Sampling::top_k`](super::Sampling::top_k)
    pub top_k: Option<usize>,
    /// [`Sampling::top_p`](super::Sampling::top_p)
    pub top_p: Option<f32>,
    /// [`Sampling::min_p`](super::Sampling::min_p)
    pub min_p: Option<f32>,
    /// [`Penalties::repetition`](super::Penalties::repetition)
    pub repetition_penalty: Option<f32>,
}

impl Defaults {
    /// Reads the file in `folder`; without one everything is `None`.
    ///
    /// # Errors
    /// The file is there but unreadable, or a value is no number.
    pub fn from_folder(folder: &Path) -> Result<Self, LlmError> {
        let path = folder.join("generation_config.json");
        let json = files::read_json(&path)?.unwrap_or_else(|| serde_json::json!({}));
        serde_json::from_value(json).map_err(|e| LlmError::Config { path, reason: e.to_string() })
    }
}
