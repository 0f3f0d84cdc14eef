//! What the tests of several crates share: the package fixtures with PyTorch's answers, tolerances with their derivation,
//! drivers that feed a prompt whole or in pieces, and seeded random numbers.
//!
//! Development only. Helpers panic with a message that says what differs and where, as assertions do.

mod checkpoints;
mod compare;
mod corpus;
mod drive;
mod fixtures;
#[cfg(feature = "models")]
mod models;
#[cfg(feature = "postgres")]
mod postgres;
mod random;
#[cfg(any(feature = "models", feature = "postgres"))]
mod skip;
mod smollm2;
mod speech;

pub use checkpoints::{CHECKPOINTS, CheckpointFixture, FOLDERS_WITH_WINDOWS, answers, checkpoint};
pub use compare::{Agreement, Logits, Tolerance, assert_close, check_close};
pub use corpus::{Replayed, replay_corpus};
pub use drive::{Inputs, MASKED, Outputs, Split, Turn, causal_mask, drive, masked_turns, sliding_mask, turns};
pub use fixtures::{Fixture, Interface, Interfaces, MaskInput, fixtures, fixtures_dir, packages};
#[cfg(feature = "models")]
pub use models::{apple_smollm2, catalogue_file, gemma_tokenizer, has_program, smollm2_gguf, tokenizer};
#[cfg(feature = "postgres")]
pub use postgres::postgres_database;
pub use random::Random;
pub use smollm2::{Question, SmolLm2Reference};
pub use speech::{SpeechClip, speech_clips};
