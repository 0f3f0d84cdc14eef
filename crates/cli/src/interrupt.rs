//! Ctrl-C: the first asks for a clean stop, the second stops at once.

use std::{
    ops::ControlFlow,
    process,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicBool, Ordering},
    },
};

use anyhow::Context;

static FLAG: LazyLock<Arc<AtomicBool>> = LazyLock::new(|| Arc::new(AtomicBool::new(false)));

/// The user asked to stop.
#[derive(Debug, thiserror::Error)]
#[error("interrupted")]
pub struct Interrupted;

/// Listens for Ctrl-C and requests to terminate.
///
/// # Errors
/// The system allows no handler.
pub fn install() -> anyhow::Result<()> {
    ctrlc::set_handler(|| {
        if FLAG.swap(true, Ordering::SeqCst) {
            process::exit(130);
        }
    })
    .context("cannot listen for Ctrl-C")
}

/// The flag that the first Ctrl-C sets.
pub fn flag() -> Arc<AtomicBool> {
    Arc::clone(&FLAG)
}

/// Break when the user asked to stop.
pub fn check() -> ControlFlow<()> {
    if FLAG.load(Ordering::SeqCst) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

/// [`check`] as an error, for work that `?` ends.
///
/// # Errors
/// The user asked to stop.
pub fn stop_if_asked() -> Result<(), Interrupted> {
    if check().is_break() { Err(Interrupted) } else { Ok(()) }
}

/// Takes back a Ctrl-C that has been obeyed.
pub fn reset() {
    FLAG.store(false, Ordering::SeqCst);
}
