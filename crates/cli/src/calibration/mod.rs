//! Activation statistics of a model over a text: what `convert --calibrate` rounds by.

mod gathering;

use std::{
    collections::HashMap,
    fs,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, ensure};
use sottovoce_convert::{Calibration, ConvertOptions, Quantize, SecondMoments, quantize::CalibrationError};
use sottovoce_hub::Provenance;
use sottovoce_llm::{LanguageModel, package::PackageModel};
use sottovoce_runtime::{LoadOptions, Precision};
use tempfile::TempDir;

use crate::{
    commands::perplexity::begin_of_text,
    interrupt,
    loading::{self, LoadedModel},
    model_folder::{self, Additions},
    progress,
};
use gathering::Gathering;

/// Tokens that the model reads at a time.
const WINDOW: usize = 512;
/// Fewest tokens that say anything about a model's activations.
const FEWEST: usize = 1024;
/// Memory for statistics. What does not fit is gathered by running the model over the text again.
const BUDGET: usize = 2 << 30;

/// A model in f16 and a text, which give the second moments of the inputs of linear layers on demand.
pub struct TextCalibration {
    model: PackageModel,
    begin: Option<u32>,
    ids: Vec<u32>,
    gathered: HashMap<String, Arc<SecondMoments>>,
    /// Weights whose moments were asked for, and are not gathered again.
    served: Vec<String>,
    /// Holds the package while the model runs.
    _folder: TempDir,
}

impl TextCalibration {
    /// Makes the checkpoint at `source` into a package in f16, for the time of the conversion, and reads `text`.
    ///
    /// # Errors
    /// The text cannot be read or is too short, the checkpoint cannot be converted or has no tokenizer, or the package
    /// cannot be loaded.
    pub fn new(
        source: &Path,
        additions: &Additions,
        provenance: Option<Provenance>,
        text: &Path,
    ) -> anyhow::Result<Self> {
        let path = text;
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
        let options = ConvertOptions { quantize: Quantize::F16, ..ConvertOptions::default() };
        model_folder::make(source, folder.path(), &options, additions, provenance, None)?;
        let options = LoadOptions { precision: Precision::Exact, ..LoadOptions::default() };
        let LoadedModel { folder: files, model, .. } =
            loading::load_with(&folder.path().to_string_lossy(), None, &options)?;
        let ids = files.tokenizer.encode(&text, false)?;
        ensure!(
            ids.len() >= FEWEST,
            "{} is too short to calibrate by: it has {} tokens, {FEWEST} are the least and 16,000 a good number",
            path.display(),
            ids.len()
        );
        let begin = begin_of_text(&files.tokenizer)?;
        Ok(Self { model, begin, ids, gathered: HashMap::new(), served: Vec::new(), _folder: folder })
    }

    /// Runs the model over the text for the moments of `weight` and of what else fits.
    fn gather(&mut self, weight: &str) -> Result<(), CalibrationError> {
        let gathering = Gathering::new(weight, &self.served, BUDGET)?;
        let gathering = Arc::new(Mutex::new(gathering));
        let sink = Arc::clone(&gathering);
        self.model.observe(move |input| sink.lock().unwrap_or_else(PoisonError::into_inner).add(input));
        let bar = progress::token_bar(self.ids.len() as u64);
        let window = WINDOW.min(self.model.context() - usize::from(self.begin.is_some()));
        for ids in self.ids.chunks(window) {
            interrupt::stop_if_asked()?;
            self.model.rewind(0);
            let ids: Vec<u32> = self.begin.into_iter().chain(ids.iter().copied()).collect();
            for rows in ids.chunks(self.model.max_rows()) {
                self.model.forward_all(rows, &mut |_| {})?;
            }
            bar.inc(ids.len() as u64);
        }
        bar.finish_and_clear();
        self.model.stop_observing();
        let mut gathering = gathering.lock().unwrap_or_else(PoisonError::into_inner);
        self.gathered = std::mem::take(&mut *gathering).finish()?;
        Ok(())
    }
}

impl Calibration for TextCalibration {
    fn moments(&mut self, weight: &str) -> Result<Option<Arc<SecondMoments>>, CalibrationError> {
        if !self.gathered.contains_key(weight) {
            self.gather(weight)?;
        }
        self.served.push(weight.to_owned());
        Ok(self.gathered.remove(weight))
    }
}
