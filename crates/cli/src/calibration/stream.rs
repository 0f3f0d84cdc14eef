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

/// Why a thread ended without a result.
struct NotWanted;

/// A thread in which a model reads all windows of a text at the same time, step by step. It goes on when it is asked for the
/// next step, with the matrices that have been put in place of the model's by then. Dropped, it ends where it waits.
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
                let sent = sender.send(Step { width: input.width, rows: input.rows.to_vec() });
                if sent.is_err() || going.recv().is_err() {
                    // An observer cannot end a call, and the rest of it is seconds of work that nobody waits for.
                    panic::resume_unwind(Box::new(NotWanted));
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

impl Drop for Stream {
    /// The thread has ended when this returns, and holds the model no more: Windows deletes no package that is in use.
    fn drop(&mut self) {
        self.go = mpsc::channel().0;
        self.steps = mpsc::channel().1;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use sottovoce_runtime::LoadOptions;
    use sottovoce_testkit::fixtures_dir;

    use super::*;

    #[test]
    fn a_stream_that_is_dropped_lets_go_of_the_model() {
        let package = fixtures_dir().join("coremltools/llama-fp16.mlpackage");
        let model = Arc::new(Model::load(package, &LoadOptions::default()).unwrap());
        let windows = Arc::new(vec![vec![1, 2, 3], vec![4, 5, 6]]);
        let mut stream = Stream::start(&model, &windows, StandIns::default());
        assert_eq!(stream.arrive().unwrap().rows.len() % 6, 0);
        stream.go_on();
        drop(stream);
        assert_eq!(Arc::strong_count(&model), 1);
        drop(Stream::start(&model, &windows, StandIns::default()));
        assert_eq!(Arc::strong_count(&model), 1);
    }
}
