//! What long calls tell, and how they are stopped.

use std::{
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use sottovoce_hub::{Event, HubError};
use sottovoce_runtime::LoadStage;

use crate::{ComputeUnits, SottovoceError};

/// Stops calls that take long, from any thread. One may be given to several calls.
#[derive(Debug, Default, uniffi::Object)]
pub struct Cancellation {
    flag: Arc<AtomicBool>,
}

#[uniffi::export]
impl Cancellation {
    /// Nothing is cancelled yet.
    #[uniffi::constructor]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Stops the calls that it was given to, and those that it will be given to.
    pub fn cancel(&self) {
        self.flag.store(true, Ordering::Relaxed);
    }

    /// Whether [`cancel`](Self::cancel) was called.
    pub fn is_cancelled(&self) -> bool {
        self.flag.load(Ordering::Relaxed)
    }
}

impl Cancellation {
    pub(crate) fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.flag)
    }
}

/// What a call that loads a model is doing.
#[derive(Clone, Debug, PartialEq, uniffi::Enum)]
pub enum LoadProgress {
    /// A file arrives. Its first report comes before its first byte.
    Fetching {
        /// Its name.
        file: String,
        /// Bytes that are there.
        bytes: u64,
        /// Its size in bytes.
        of: u64,
    },
    /// Another process fetches or converts the same model.
    Waiting,
    /// A checkpoint is made a package, once for each model.
    Converting {
        /// Bytes of the checkpoint that are done.
        bytes: u64,
        /// Its size in bytes.
        of: u64,
    },
    /// The package is loaded.
    Loading,
    /// Core ML compiles the package: once for each version of it where the compiled model is kept.
    Compiling,
    /// Core ML prepares the package for some hardware, which may take a minute on the first load.
    Preparing {
        /// The hardware.
        units: ComputeUnits,
    },
    /// Something that is worth knowing: which package was taken instead of which, what is slow, what failed on the way.
    Notice {
        /// A sentence.
        text: String,
    },
}

/// Is told what a call does. It is called on the thread of the call.
#[uniffi::export(with_foreign)]
pub trait ProgressListener: Send + Sync {
    /// # Errors
    /// What it throws ends the call.
    fn on_progress(&self, progress: LoadProgress) -> Result<(), SottovoceError>;
}

/// Is given an answer as it is made. It is called on the thread of the call.
#[uniffi::export(with_foreign)]
pub trait TextListener: Send + Sync {
    /// The next piece of the text.
    ///
    /// # Errors
    /// What it throws ends the answer, and is what the call throws. What was said so far stays in the conversation.
    fn on_text(&self, text: String) -> Result<(), SottovoceError>;
}

/// One call with its listener and its cancellation.
pub(crate) struct Work {
    listener: Option<Arc<dyn ProgressListener>>,
    cancellation: Option<Arc<Cancellation>>,
    /// What the listener threw.
    failed: Option<SottovoceError>,
    /// The file that arrives.
    file: String,
}

impl Work {
    pub(crate) fn new(listener: Option<Arc<dyn ProgressListener>>, cancellation: Option<Arc<Cancellation>>) -> Self {
        Self { listener, cancellation, failed: None, file: String::new() }
    }

    /// Tells the listener, and breaks where the work should end.
    pub(crate) fn tell(&mut self, progress: LoadProgress) -> ControlFlow<()> {
        if let Some(listener) = &self.listener
            && let Err(error) = listener.on_progress(progress)
        {
            self.failed.get_or_insert(error);
        }
        self.flow()
    }

    pub(crate) fn flow(&self) -> ControlFlow<()> {
        let cancelled = self.cancellation.as_ref().is_some_and(|cancellation| cancellation.is_cancelled());
        if cancelled || self.failed.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// What ended the work, if anything did.
    ///
    /// # Errors
    /// What the listener threw, or [`SottovoceError::Cancelled`].
    pub(crate) fn check(&self) -> Result<(), SottovoceError> {
        match (&self.failed, self.flow()) {
            (Some(error), _) => Err(error.clone()),
            (None, ControlFlow::Break(())) => Err(SottovoceError::Cancelled),
            (None, ControlFlow::Continue(())) => Ok(()),
        }
    }

    /// Tells of a download.
    pub(crate) fn fetching(&mut self, event: Event<'_>) -> ControlFlow<()> {
        match event {
            Event::Waiting => self.tell(LoadProgress::Waiting),
            Event::Trying { file, .. } => {
                self.file.clone_from(&file.name);
                self.tell(LoadProgress::Fetching { file: file.name.clone(), bytes: 0, of: file.size })
            }
            Event::Received { bytes, of } => self.tell(LoadProgress::Fetching { file: self.file.clone(), bytes, of }),
            Event::Failed { error, .. } => self.notice(error),
            Event::Working | Event::Ready { .. } => self.flow(),
        }
    }

    /// Tells of a load.
    pub(crate) fn loading(&mut self, stage: LoadStage) -> ControlFlow<()> {
        match stage {
            LoadStage::Compiling => self.tell(LoadProgress::Compiling),
            LoadStage::Preparing(units) => self.tell(LoadProgress::Preparing { units: units.into() }),
            LoadStage::Reading => self.flow(),
        }
    }

    pub(crate) fn notice(&mut self, text: impl ToString) -> ControlFlow<()> {
        self.tell(LoadProgress::Notice { text: text.to_string() })
    }

    /// The error of a download that may have been stopped from here.
    pub(crate) fn error(&self, error: HubError) -> SottovoceError {
        self.check().err().unwrap_or_else(|| error.into())
    }
}
