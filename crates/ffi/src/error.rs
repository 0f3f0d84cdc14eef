//! The crate's one error type.

use sottovoce_convert::ConvertError;
use sottovoce_history::HistoryError;
use sottovoce_hub::HubError;
use sottovoce_llm::LlmError;
use sottovoce_mil::MilError;
use sottovoce_runtime::RuntimeError;
use sottovoce_tensor::TensorError;
use sottovoce_voice::VoiceError;

/// What can go wrong, by what there is to do about it. The reason is a sentence that a person can act on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum SottovoceError {
    /// The call was cancelled.
    #[error("cancelled")]
    Cancelled,
    /// A model is not there and cannot be fetched.
    #[error("{reason}")]
    Fetch {
        /// What was tried.
        reason: String,
    },
    /// A package, its tokenizer or its weights are damaged, missing, or ask for what is not supported.
    #[error("{reason}")]
    Package {
        /// Where and what.
        reason: String,
    },
    /// What was given does not fit: an array, an option, a prompt that is too long.
    #[error("{reason}")]
    Input {
        /// What was expected and found.
        reason: String,
    },
    /// The conversation cannot do it as it stands.
    #[error("{reason}")]
    Conversation {
        /// Why.
        reason: String,
    },
    /// The history cannot be opened, read or written.
    #[error("{reason}")]
    History {
        /// Why.
        reason: String,
    },
    /// A part that hears or speaks failed.
    #[error("{reason}")]
    Voice {
        /// Which, and why.
        reason: String,
    },
    /// Code of the app that was called from here failed.
    #[error("{reason}")]
    Foreign {
        /// What it said.
        reason: String,
    },
}

impl SottovoceError {
    pub(crate) fn package(error: impl ToString) -> Self {
        Self::Package { reason: error.to_string() }
    }

    pub(crate) fn input(error: impl ToString) -> Self {
        Self::Input { reason: error.to_string() }
    }

    pub(crate) fn conversation(error: impl ToString) -> Self {
        Self::Conversation { reason: error.to_string() }
    }
}

impl From<uniffi::UnexpectedUniFFICallbackError> for SottovoceError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Foreign { reason: error.reason }
    }
}

impl From<HubError> for SottovoceError {
    fn from(error: HubError) -> Self {
        match error {
            HubError::Cancelled => Self::Cancelled,
            error => Self::Fetch { reason: error.to_string() },
        }
    }
}

impl From<ConvertError> for SottovoceError {
    fn from(error: ConvertError) -> Self {
        match error {
            ConvertError::Cancelled => Self::Cancelled,
            error => Self::package(error),
        }
    }
}

impl From<MilError> for SottovoceError {
    fn from(error: MilError) -> Self {
        Self::package(error)
    }
}

impl From<TensorError> for SottovoceError {
    fn from(error: TensorError) -> Self {
        Self::input(error)
    }
}

impl From<RuntimeError> for SottovoceError {
    fn from(error: RuntimeError) -> Self {
        match error {
            RuntimeError::Cancelled => Self::Cancelled,
            RuntimeError::Input { .. }
            | RuntimeError::Sizes { .. }
            | RuntimeError::Mask { .. }
            | RuntimeError::TokenId { .. }
            | RuntimeError::Position { .. }
            | RuntimeError::Rewind { .. }
            | RuntimeError::ForeignState => Self::input(error),
            error => Self::package(error),
        }
    }
}

impl From<LlmError> for SottovoceError {
    fn from(error: LlmError) -> Self {
        match error {
            LlmError::Grammar { .. }
            | LlmError::EmptyPrompt
            | LlmError::PromptTooLong { .. }
            | LlmError::IdOutOfRange { .. }
            | LlmError::Option { .. } => Self::input(error),
            LlmError::Conversation(_)
            | LlmError::Constraint(_)
            | LlmError::NoSnapshot
            | LlmError::ForeignSnapshot { .. }
            | LlmError::Snapshot { .. } => Self::conversation(error),
            error => Self::package(error),
        }
    }
}

impl From<HistoryError> for SottovoceError {
    fn from(error: HistoryError) -> Self {
        Self::History { reason: error.to_string() }
    }
}

impl From<VoiceError> for SottovoceError {
    fn from(error: VoiceError) -> Self {
        Self::Voice { reason: error.to_string() }
    }
}
