//! The commands, one file each.

pub mod ask;
pub mod bench;
pub mod chat;
pub mod check;
pub mod completions;
pub mod convert;
pub mod demo;
pub mod doctor;
pub mod generate;
pub mod history;
pub mod inspect;
pub mod listen;
pub mod models;
pub mod perplexity;
pub mod predict;
pub mod pull;
pub mod serve;
pub mod session;
pub mod speak;
pub mod tokenize;
pub mod transcribe;
