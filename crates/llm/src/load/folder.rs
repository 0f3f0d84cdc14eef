//! Opening a model folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::packages::{self, Packages};
use super::{TextFiles, TokenizerSource};
use crate::chat::{ChatTemplate, Conversation};
use crate::generate::Session;
use crate::sampling::Defaults;
use crate::tokenizer::{SpecialTokens, Tokenizer};
use crate::tools::{Tool, Toolbox};
use crate::{LanguageModel, LlmError};

/// A model on disk: its packages, and the tokenizer and templates that belong to it.
pub struct ModelFolder {
    path: PathBuf,
    /// The packages.
    pub packages: Packages,
    /// Where the tokenizer came from.
    pub source: TokenizerSource,
    /// The tokenizer.
    pub tokenizer: Arc<Tokenizer>,
    /// Special tokens; those that end an answer include the template's end of turn.
    pub special: SpecialTokens,
    /// How its makers would have its tokens chosen.
    pub defaults: Defaults,
    /// The chat template; `None` for a model that was not made for conversation.
    pub template: Option<Arc<ChatTemplate>>,
}

impl ModelFolder {
    /// Opens a model folder, or a single `.mlpackage` with the tokenizer that lies beside it.
    ///
    /// # Errors
    /// There is no package, no tokenizer, or one of the small files is damaged.
    pub fn open(path: &Path) -> Result<Self, LlmError> {
        let packages = Packages::open(path)?;
        Self::with_packages(path, packages, TokenizerSource::find(path, None)?)
    }

    /// Opens a model folder or package with the tokenizer from `source`.
    pub fn open_with_tokenizer(path: &Path, source: TokenizerSource) -> Result<Self, LlmError> {
        Self::with_packages(path, Packages::open(path)?, source)
    }

    fn with_packages(path: &Path, packages: Packages, source: TokenizerSource) -> Result<Self, LlmError> {
        let TextFiles { tokenizer, special, template } = source.open()?;
        let beside = if packages::is_package(path) { path.parent().unwrap_or(path) } else { path };
        Ok(Self {
            path: path.to_owned(),
            packages,
            source,
            tokenizer: Arc::new(tokenizer),
            special,
            defaults: Defaults::from_folder(beside)?,
            template: template.map(Arc::new),
        })
    }

    /// Offers `tools` in every conversation from now on.
    ///
    /// # Errors
    /// The model has no chat template.
    pub fn offer(&mut self, tools: Vec<Tool>) -> Result<(), LlmError> {
        let mut template = ChatTemplate::clone(&*self.require_template()?);
        template.offer(Toolbox::new(tools, &self.tokenizer), &self.special);
        self.template = Some(Arc::new(template));
        Ok(())
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
        Ok(Conversation::new(self.session(model), self.require_template()?, self.special.clone()))
    }

    /// The chat template.
    ///
    /// # Errors
    /// The model has none.
    pub fn require_template(&self) -> Result<Arc<ChatTemplate>, LlmError> {
        self.template.clone().ok_or_else(|| {
            LlmError::Template(format!(
                "{} ships none and its tokenizer has no turn markers known here: it can continue texts, not converse",
                self.path.display()
            ))
        })
    }
}
