//! Opening a model folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use super::packages::{self, Packages};
use crate::chat::{ChatTemplate, Conversation};
use crate::generate::Session;
use crate::tokenizer::{SpecialTokens, Tokenizer};
use crate::{LanguageModel, LlmError, files};

/// Turn markers that some tokenizers keep among the ordinary tokens.
const TURN_MARKERS: [&str; 4] = ["<|im_start|>", "<|im_end|>", "<start_of_turn>", "<end_of_turn>"];

/// A model on disk: its packages, and the tokenizer and templates that belong to it.
pub struct ModelFolder {
    path: PathBuf,
    /// The packages.
    pub packages: Packages,
    /// The tokenizer.
    pub tokenizer: Arc<Tokenizer>,
    /// Special tokens; those that end an answer include the template's end of turn.
    pub special: SpecialTokens,
    /// The chat template; `None` for a model that was not made for conversation.
    pub template: Option<Arc<ChatTemplate>>,
}

impl ModelFolder {
    /// Opens a model folder, or a single `.mlpackage` with the tokenizer that lies beside it.
    ///
    /// # Errors
    /// There is no package, no `tokenizer.json`, or one of the small files is damaged.
    pub fn open(path: &Path) -> Result<Self, LlmError> {
        Self::with_packages(path, Packages::open(path)?, &tokenizer_file(path, None)?)
    }

    /// Opens a model folder or package with another tokenizer: a `tokenizer.json`, or a folder that holds one.
    pub fn open_with_tokenizer(path: &Path, tokenizer: &Path) -> Result<Self, LlmError> {
        Self::with_packages(path, Packages::open(path)?, &tokenizer_file(path, Some(tokenizer))?)
    }

    fn with_packages(path: &Path, packages: Packages, file: &Path) -> Result<Self, LlmError> {
        let folder = file.parent().unwrap_or(file);
        let mut tokenizer = Tokenizer::from_file(file)?;
        let config = files::read_json(&folder.join("tokenizer_config.json"))?.unwrap_or_default();
        tokenizer.add_special(&TURN_MARKERS)?;
        tokenizer.add_special(&added_special(&config))?;

        let mut special = SpecialTokens::from_folder(folder, &tokenizer)?;
        let template = ChatTemplate::from_folder(folder, &tokenizer)?;
        if let Some(id) = template.as_ref().and_then(|template| template.end_of_turn(&special, &tokenizer)) {
            special.add_stop(id);
        }
        Ok(Self {
            path: path.to_owned(),
            packages,
            tokenizer: Arc::new(tokenizer),
            special,
            template: template.map(Arc::new),
        })
    }

    /// A session on a loaded model, for prompts without a template.
    pub fn session<M: LanguageModel>(&self, model: M) -> Session<M> {
        Session::new(model, self.tokenizer.clone())
    }

    /// A conversation with a loaded model.
    ///
    /// # Errors
    /// The model has no chat template.
    pub fn conversation<M: LanguageModel>(&self, model: M) -> Result<Conversation<M>, LlmError> {
        let template = self.template.clone().ok_or_else(|| {
            LlmError::Template(format!(
                "{} ships none and its tokenizer has no turn markers known here: it can continue texts, not converse",
                self.path.display()
            ))
        })?;
        Ok(Conversation::new(self.session(model), template, self.special.clone()))
    }
}

/// The `tokenizer.json` of a model folder or package: in the folder, beside the package, or where `given` says, which is
/// the file or a folder that holds it.
///
/// # Errors
/// [`LlmError::NoTokenizer`] when there is none.
pub fn tokenizer_file(model: &Path, given: Option<&Path>) -> Result<PathBuf, LlmError> {
    let beside = if packages::is_package(model) { model.parent().unwrap_or(model) } else { model };
    let place = given.unwrap_or(beside);
    // The parent of a bare file name is the empty path.
    let is_folder = place.is_dir() || place.as_os_str().is_empty();
    let file = if is_folder { place.join("tokenizer.json") } else { place.to_owned() };
    if file.exists() { Ok(file) } else { Err(LlmError::NoTokenizer { model: model.to_owned(), file }) }
}

/// The special tokens that a `tokenizer_config.json` adds to its `tokenizer.json`.
fn added_special(config: &Value) -> Vec<&str> {
    let added = config["added_tokens_decoder"].as_object().into_iter().flat_map(|tokens| tokens.values());
    added.filter(|token| token["special"] == true).filter_map(|token| token["content"].as_str()).collect()
}
