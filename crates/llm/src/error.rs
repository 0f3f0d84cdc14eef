//! The crate's one error type.

use std::path::PathBuf;

/// Everything that can go wrong between a text and its answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LlmError {
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A configuration file is larger than any real one.
    #[error("{}: {size} bytes, at most {limit} expected; is this the right file?", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// A model that text cannot go into or come out of.
    #[error(
        "{} has no tokenizer: {} is or holds no tokenizer.json, tokenizer.model or single GGUF file. Name one that belongs \
         to the model; packages of random weights have none and serve to measure speed",
        model.display(), if place.as_os_str().is_empty() { ".".into() } else { place.to_string_lossy() }
    )]
    NoTokenizer {
        /// The model folder or package.
        model: PathBuf,
        /// The file that was given, or the folder that was searched.
        place: PathBuf,
    },
    /// `tokenizer.json` or `tokenizer.model` cannot be used.
    #[error("tokenizer {name}: {reason}; fetch the model again or name another tokenizer")]
    Tokenizer {
        /// The file, or what the tokenizer was made from.
        name: String,
        /// What was expected and what was found.
        reason: String,
    },
    /// A GGUF vocabulary cannot be turned into a tokenizer.
    #[error("GGUF vocabulary: {0}; give the model's tokenizer.json instead")]
    Vocabulary(String),
    /// A JSON file beside the model does not hold what it should.
    #[error("{}: {reason}", path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// What was expected and what was found.
        reason: String,
    },
    /// The chat template does not compile, does not finish, or refuses the conversation.
    #[error("chat template: {0}")]
    Template(String),
    /// A grammar that an answer cannot be held to.
    #[error("{kind}: {reason}")]
    Grammar {
        /// What kind of grammar it is.
        kind: &'static str,
        /// What was expected and what was found.
        reason: String,
    },
    /// An answer cannot go on within its grammar.
    #[error("the answer cannot be kept within its grammar: {0}")]
    Constraint(String),
    /// A list of tools that is none.
    #[error("tools: {0}")]
    Tools(String),
    /// The model failed.
    #[error(transparent)]
    Model(Box<dyn std::error::Error + Send + Sync>),
    /// Logits that no distribution can be made from.
    #[error("the logits of token {id} are {value}: the model's weights or its mask are broken")]
    Logits {
        /// The token whose logit is bad.
        id: usize,
        /// The logit.
        value: f32,
    },
    /// A prompt without a single token.
    #[error("the prompt holds no tokens; the model needs at least one to start from")]
    EmptyPrompt,
    /// A prompt that leaves no room for an answer.
    #[error(
        "the prompt is {tokens} tokens long and the model's context holds {context}: shorten it, start a new \
         conversation, or use a package with a larger context"
    )]
    PromptTooLong {
        /// Length of the prompt in tokens.
        tokens: usize,
        /// Capacity of the state in tokens.
        context: usize,
    },
    /// A token id that the model has no embedding for.
    #[error("token id {id} is outside the model's vocabulary of {vocab}: the tokenizer belongs to another model")]
    IdOutOfRange {
        /// The id.
        id: u32,
        /// Size of the model's vocabulary.
        vocab: usize,
    },
    /// An option outside its range.
    #[error("{option} is {found}, expected {expected}")]
    Option {
        /// Name of the option.
        option: &'static str,
        /// What was given.
        found: String,
        /// What is allowed.
        expected: &'static str,
    },
    /// A draft model whose tokens are not those of the model that it drafts for.
    #[error(
        "the draft model spells token {id} as {draft}, the model as {expected}: a draft model must have the same tokenizer"
    )]
    DraftVocabulary {
        /// The first token that differs.
        id: u32,
        /// Its spelling in the draft model's vocabulary.
        draft: String,
        /// Its spelling in the model's.
        expected: String,
    },
    /// A model whose state cannot be kept elsewhere.
    #[error(
        "the keys and values of this model cannot be copied: its package keeps them in states that it does not \
             append to, or lies on a disk without times"
    )]
    NoSnapshot,
    /// Keys and values that belong to another model.
    #[error("{tokens} tokens were computed by another package, function or precision; compute them again")]
    ForeignSnapshot {
        /// Number of tokens.
        tokens: usize,
    },
    /// A file with a conversation or a state that cannot be used.
    #[error("session file {}: {reason}", path.display())]
    Snapshot {
        /// The file.
        path: PathBuf,
        /// What was expected and what was found.
        reason: String,
    },
    /// Something a conversation cannot do as it stands.
    #[error("the conversation {0}")]
    Conversation(&'static str),
    /// A package that is not a language model, or not one that can be driven.
    #[error("{} is not a language model that can run here: {reason}", path.display())]
    Interface {
        /// The package.
        path: PathBuf,
        /// What was expected and what was found.
        reason: String,
    },
    /// A folder or file that holds no model.
    #[error("{}: {reason}", path.display())]
    NoModel {
        /// The folder.
        path: PathBuf,
        /// What was looked for.
        reason: String,
    },
}

impl LlmError {
    /// Wraps an error of whatever computes the logits.
    pub fn model(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Model(Box::new(error))
    }
}
