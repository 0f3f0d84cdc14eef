//! Speculation: guessing the tokens that come next and computing them in one call.
//!
//! A call of a few rows reads the weights once, as a call of one row does. Where guesses are right, it brings several
//! tokens; where they are not, it brings the one that it would have brought anyway. What is said never depends on it.
//! `lookup` and `draft_model` guess, `chances` and `costs` know what a guess is worth, `speculator` decides how many to
//! make and keeps what was computed until it is chosen from.

mod chances;
mod costs;
mod draft_model;
mod lookup;
mod speculator;

pub use draft_model::DraftModel;
pub use speculator::{Speculation, Speculator};
