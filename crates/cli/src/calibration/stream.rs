//! A model on its way through a text, which waits at every linear step.

use std::{
    panic,
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
};

use sottovoce_convert::quantize::CalibrationError;
use sottovoce_llm::{LlmError, package::PackageModel};
use sottovoce_runtime::{BatchMemory, Model, StandIns};

/// The input of a linear step, over the whole text.
pub struct Step {
    /// Elements of a row.
    pub width: usize,
    /// Rows one after the other, window by window.
    pub rows: Vec<f32>,
}

/// A thread in which a model reads all windows of a text at the same time, step by step. It goes on when it is asked for the
/// next step, with the matrices that have been put in place of the model's by then. Dropped, it runs on to the end by itself.
pub struct Stream {
    steps: mpsc::Receiver<Step>,
    go: mpsc::Sender<()>,
    waits: bool,
    thread: Option<JoinHandle<Result<(), LlmError>>>,
}

impl Stream {
    /// Begins to read.
    pub fn start(model: &Arc<Model>, windows: &Arc<Vec<Vec<u32>>>, stand_ins: StandIns) -> Self {
        let (sender, steps) = mpsc::sync_channel(0);
        let (go, going) = mpsc::channel();
        let (model, windows) = (Arc::clone(model), Arc::clone(windows));
        let thread = thread::spawn(move || {
            let observer = move |input: &sottovoce_runtime::LinearInput<'_>| {
                // Nobody listens any more once the other ends are gone.
                if sender.send(Step { width: input.width, rows: input.rows.to_vec() }).is_ok() {
                    let _ = going.recv();
                }
            };
            let mut memory = BatchMemory::observed(observer, stand_ins);
            let sequences = windows.iter().map(|_| PackageModel::new(Arc::clone(&model)));
            let mut sequences = sequences.collect::<Result<Vec<_>, _>>()?;
            let ids: Vec<&[u32]> = windows.iter().map(Vec::as_slice).collect();
            PackageModel::forward_together(&mut sequences, &ids, &mut memory)
        });
        Self { steps, go, waits: false, thread: Some(thread) }
    }

    /// Lets the model go on from the step that it waits at; [`Stream::arrive`] is where it gets to.
    pub fn go_on(&mut self) {
        if std::mem::take(&mut self.waits) {
            // A thread that has ended says why when it is asked for the next step.
            let _ = self.go.send(());
        }
    }

    /// Waits for the model to come to the next step.
    ///
    /// # Errors
    /// The model failed, or there are no more steps.
    pub fn arrive(&mut self) -> Result<Step, CalibrationError> {
        if let Ok(step) = self.steps.recv() {
            self.waits = true;
            return Ok(step);
        }
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(Err(error))) => Err(error.into()),
            Some(Err(cause)) => panic::resume_unwind(cause),
            Some(Ok(Ok(()))) | None => Err("the model has no further linear step".into()),
        }
    }
}
