//! Where a model's tokenizer comes from.

use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sottovoce_convert::gguf::Gguf;
use sottovoce_mil::Package;

use super::packages::{self, Packages};
use crate::chat::ChatTemplate;
use crate::package::LanguageInterface;
use crate::tokenizer::{GEMMA_VOCABULARY, SpecialTokens, Tokenizer, Vocabulary};
use crate::{LlmError, files};

const JSON: &str = "tokenizer.json";
const SENTENCE_PIECE: &str = "tokenizer.model";
const GGUF: &str = "gguf";

/// Turn markers that some tokenizers keep among the ordinary tokens.
const TURN_MARKERS: [&str; 4] = ["<|im_start|>", "<|im_end|>", "<start_of_turn>", "<end_of_turn>"];

/// Where a model's tokenizer comes from, in the order in which it is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenizerSource {
    /// A `tokenizer.json`.
    Json(PathBuf),
    /// A SentencePiece `tokenizer.model`.
    SentencePiece(PathBuf),
    /// The vocabulary of a GGUF file.
    Gguf(PathBuf),
    /// The built-in part of Gemma's vocabulary, for a package with as many logits as Gemma has tokens.
    ReducedGemma,
}

/// What makes text of a model's tokens.
pub struct TextFiles {
    /// The tokenizer.
    pub tokenizer: Tokenizer,
    /// Special tokens; those that end an answer include the template's end of turn.
    pub special: SpecialTokens,
    /// The chat template; `None` for a model that was not made for conversation.
    pub template: Option<ChatTemplate>,
}

impl TokenizerSource {
    /// Looks for the tokenizer of a model folder or package: in the folder, beside the package, or where `given` says, which
    /// is a file or a folder that holds one. A GGUF file counts if it is the only one there.
    ///
    /// # Errors
    /// [`LlmError::NoTokenizer`] when there is none.
    pub fn find(model: &Path, given: Option<&Path>) -> Result<Self, LlmError> {
        let beside = if packages::is_package(model) { model.parent().unwrap_or(model) } else { model };
        let place = given.unwrap_or(beside);
        // The parent of a bare file name is the empty path.
        let is_folder = place.is_dir() || place.as_os_str().is_empty();
        let found = if is_folder { Self::in_folder(place)? } else { Self::of_file(place) };
        match found {
            Some(source) => Ok(source),
            None if given.is_none() && has_gemma_logits(model) => Ok(Self::ReducedGemma),
            None => Err(LlmError::NoTokenizer { model: model.to_owned(), place: place.to_owned() }),
        }
    }

    fn in_folder(folder: &Path) -> Result<Option<Self>, LlmError> {
        for (name, source) in [(JSON, Self::Json as fn(PathBuf) -> Self), (SENTENCE_PIECE, Self::SentencePiece)] {
            let file = folder.join(name);
            if file.exists() {
                return Ok(Some(source(file)));
            }
        }
        let readable = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let mut ggufs = files::list(readable)?.into_iter().filter(|file| file.extension().is_some_and(|e| e == GGUF));
        Ok(ggufs.next().filter(|_| ggufs.next().is_none()).map(Self::Gguf))
    }

    /// What a file is by its extension; JSON unless that says otherwise.
    fn of_file(file: &Path) -> Option<Self> {
        let source = match file.extension().and_then(|extension| extension.to_str()) {
            Some("model") => Self::SentencePiece,
            Some(GGUF) => Self::Gguf,
            _ => Self::Json,
        };
        file.exists().then(|| source(file.to_owned()))
    }

    /// What the user should know about the tokenizer, if anything.
    pub fn warning(&self) -> Option<String> {
        (*self == Self::ReducedGemma).then(|| {
            format!(
                "there is no tokenizer beside the model; as it has {GEMMA_VOCABULARY} logits, like Gemma 1 and 2, it gets a \
                 part of Gemma's vocabulary that is built in: text takes more tokens and answers are worse, and of any other \
                 model nonsense. The catalogue's gemma-tokenizer is the whole one"
            )
        })
    }

    /// Reads the tokenizer and the files that belong to it.
    ///
    /// # Errors
    /// A file is damaged, or asks for what is not supported.
    pub fn open(&self) -> Result<TextFiles, LlmError> {
        let mut files = match self {
            Self::Json(file) => TextFiles::beside(file, Tokenizer::from_file(file)?)?,
            Self::SentencePiece(file) => TextFiles::beside(file, Tokenizer::from_sentence_piece_file(file)?)?,
            Self::Gguf(file) => {
                let gguf = Gguf::open(file).map_err(LlmError::model)?;
                let vocabulary = Vocabulary::from_gguf(&gguf.metadata)?;
                let mut tokenizer = vocabulary.tokenizer()?;
                tokenizer.add_special(&TURN_MARKERS)?;
                TextFiles {
                    special: vocabulary.special_tokens()?,
                    template: match &vocabulary.chat_template {
                        Some(source) => Some(ChatTemplate::new(source)?),
                        None => ChatTemplate::for_tokenizer(&tokenizer)?,
                    },
                    tokenizer,
                }
            }
            Self::ReducedGemma => {
                let tokenizer = Tokenizer::reduced_gemma()?;
                TextFiles { special: tokenizer.own_special(), template: Some(ChatTemplate::gemma()?), tokenizer }
            }
        };
        let end_of_turn = files.template.as_ref().and_then(|it| it.end_of_turn(&files.special, &files.tokenizer));
        if let Some(id) = end_of_turn {
            files.special.add_stop(id);
        }
        Ok(files)
    }
}

impl TextFiles {
    /// A tokenizer with what the files in its folder say.
    fn beside(file: &Path, mut tokenizer: Tokenizer) -> Result<Self, LlmError> {
        let folder = file.parent().unwrap_or(file);
        let config = files::read_json(&folder.join("tokenizer_config.json"))?.unwrap_or_default();
        tokenizer.add_special(&TURN_MARKERS)?;
        tokenizer.add_special(&added_special(&config))?;
        let special = SpecialTokens::from_folder(folder, &tokenizer)?.or(tokenizer.own_special());
        Ok(Self { special, template: ChatTemplate::from_folder(folder, &tokenizer)?, tokenizer })
    }
}

/// Where the tokenizer was found.
impl fmt::Display for TokenizerSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(file) | Self::SentencePiece(file) | Self::Gguf(file) => write!(f, "{}", file.display()),
            Self::ReducedGemma => f.write_str("the built-in part of Gemma's vocabulary"),
        }
    }
}

/// Whether the first package that will be tried has as many logits as Gemma has tokens.
fn has_gemma_logits(model: &Path) -> bool {
    let Ok(packages) = Packages::open(model) else { return false };
    let package = packages.list.first().and_then(|package| Package::open(&package.path).ok());
    let interface = package.and_then(|package| LanguageInterface::of(&package, package.default_function()).ok());
    interface.is_some_and(|interface| interface.vocab_size == GEMMA_VOCABULARY)
}

/// The special tokens that a `tokenizer_config.json` adds to its tokenizer.
fn added_special(config: &Value) -> Vec<&str> {
    let added = config["added_tokens_decoder"].as_object().into_iter().flat_map(|tokens| tokens.values());
    added.filter(|token| token["special"] == true).filter_map(|token| token["content"].as_str()).collect()
}
