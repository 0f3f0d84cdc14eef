//! sottovoce for Swift and Python, through [UniFFI](https://mozilla.github.io/uniffi-rs/).
//!
//! [`ModelStore`] fetches and loads models by name, [`LanguageModel`] makes [`Conversation`]s, [`Package`] predicts on
//! arrays, [`History`] keeps what was said, and [`VoiceConversation`] talks, with the recogniser and the voice of this project
//! or with those that the app brings ([`SpeechRecognizer`], [`SpeechSynthesizer`]).
//!
//! Calls that take long block, tell a listener what they do, and end early when their [`Cancellation`] says so; what Swift and
//! Python make of that (tasks, streams, iterators) is theirs: `bindings/swift`, `bindings/python`. Sound and arrays cross
//! as bytes, which costs one copy where lists would cost a call for every number.

mod array;
mod conversation;
mod error;
mod history;
mod language_model;
mod options;
mod package;
mod progress;
mod store;
mod voice;

pub use array::{ElementType, MultiArray};
pub use conversation::{Conversation, Message, Restored, Role};
pub use error::SottovoceError;
pub use history::{
    History, HistoryConversation, HistoryFilter, HistoryListed, HistoryMessage, HistoryPage, HistoryTranscript,
};
pub use language_model::{LanguageModel, ModelStatus};
pub use options::{Answer, AnswerOptions, Backend, ComputeUnits, FinishReason, LoadOptions};
pub use package::{AllowedShapes, Feature, Package, PackageDescription, PackageState, SizeRange, inspect};
pub use progress::{Cancellation, LoadProgress, ProgressListener, TextListener};
pub use store::ModelStore;
pub use voice::{
    Playback, SampleSink, SpeakingStyle, SpeechRecognizer, SpeechSegment, SpeechSynthesizer, TurnDetector,
    VoiceConversation, VoiceDetector, VoiceEngine, VoiceEvent, VoiceListener, VoiceMode, VoiceOptions, VoiceParts,
    VoiceState, speak, transcribe,
};

uniffi::setup_scaffolding!("sottovoce");
