//! Activation statistics of a model over texts: what `convert --calibrate` rounds by.

mod own_text;
mod products;
mod sensitivity;
mod stream;

use std::{
    collections::HashMap,
    convert::Infallible,
    fs,
    path::{Path, PathBuf},
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, ensure};
use sottovoce_convert::{
    Calibration, Checkpoint, ConvertOptions, OutputMoments, Rounded, SecondMoments, calibrated_matrices,
    quantize::CalibrationError,
};
use sottovoce_kernels::{BlockWeights, Codes, Floats, Kernels, PackedLinear, Team, WeightSource};
use sottovoce_llm::{LanguageModel, LlmError, load::TokenizerSource, package::PackageModel, tokenizer::Tokenizer};
use sottovoce_runtime::{LoadOptions, Model, Precision, StandIns};
use tempfile::TempDir;

use crate::{commands::perplexity::begin_of_text, console, interrupt, machine, model_folder::Original, progress};
use products::{OutputProducts, Products};
use stream::{Step, Stream};

/// Tokens that the model reads as one text.
const WINDOW: usize = 512;
/// Fewest tokens of a file that say anything about a model's activations.
const FEWEST: usize = 1024;
/// Fewest tokens of a window: a few rows are computed in another way than many.
const SHORTEST: usize = 64;
/// Most windows of a file, taken evenly from all of it: the model reads all of them at the same time.
const MOST_WINDOWS: usize = 48;
/// Windows that a model writes itself.
const OWN_WINDOWS: usize = 32;
/// Windows that it writes where nothing was asked for, and their tokens: as little as does not leave much lost, for the sake
/// of time.
const BRIEF_WINDOWS: usize = 16;
const BRIEF_WINDOW: usize = 128;
/// Fewest tokens for each of the outputs that are looked at together, for their gradients to count. Of SmolLM2, whose groups
/// have up to 768, those of 1,000 tokens let rows make up for each other's errors by chance, which costs half more than
/// without; those of 16,000 change nothing, and those of 40,000 save a tenth.
const TOKENS_PER_OUTPUT: usize = 40;

/// Where text to calibrate by comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CalibrationText {
    /// The model writes it itself.
    Own,
    /// A file in UTF-8.
    File(PathBuf),
}

impl FromStr for CalibrationText {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(if text == "self" { Self::Own } else { Self::File(PathBuf::from(text)) })
    }
}

impl CalibrationText {
    /// How it is called in a table.
    pub fn name(&self) -> String {
        match self {
            Self::Own => "self".to_owned(),
            Self::File(path) => path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        }
    }

    /// The file and what is in it, if it is one.
    fn read(&self) -> anyhow::Result<Option<(&Path, String)>> {
        let Self::File(path) = self else { return Ok(None) };
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Some((path, text)))
    }
}

/// A model as the checkpoint has it and texts, which give the second moments of the inputs of linear layers: of those that the
/// layers before them give as they are rounded by then, and what the exact model has in their place.
pub struct TextCalibration {
    model: Arc<Model>,
    kernels: Kernels,
    windows: Arc<Vec<Vec<u32>>>,
    /// The weights of every linear step, in order.
    steps: Vec<Vec<String>>,
    /// Moments of the input of the last step, the head's, where they are wanted.
    head: Option<Arc<SecondMoments>>,
    /// How much errors of outputs count, by weight, where that is looked at; what has been asked for is gone.
    sensitivities: HashMap<String, OutputProducts>,
    /// What has been rounded.
    stand_ins: StandIns,
    /// The exact model and the one that is being rounded, once they have begun to read.
    streams: Option<[Stream; 2]>,
    /// Steps that they have come to.
    reached: usize,
    /// Moments of the last of these.
    moments: Option<Arc<SecondMoments>>,
    /// Holds the package while the model runs.
    _folder: TempDir,
}

impl TextCalibration {
    /// Makes `original` into a package that loses nothing, in `workspace` and for the time of the conversion, and reads or
    /// writes `texts`; where there are none, the model writes a little. `None` where the conversion by `options` asks for no
    /// statistics.
    ///
    /// # Errors
    /// A text cannot be read or is too short, the checkpoint cannot be converted or has no tokenizer for a text, the package
    /// cannot be loaded, or memory is short.
    pub fn new(
        original: &Original,
        options: &ConvertOptions,
        texts: &[CalibrationText],
        workspace: &Path,
    ) -> anyhow::Result<Option<Self>> {
        let matrices = calibrated_matrices(&original.checkpoint, options);
        let outputs: HashMap<String, usize> = matrices.map(|(name, tensor)| (name, tensor.rows())).collect();
        if outputs.is_empty() {
            return Ok(None);
        }
        // Found before minutes of work, not after them.
        let files = texts.iter().map(CalibrationText::read).collect::<anyhow::Result<Vec<_>>>()?;
        if texts.is_empty() {
            ensure_memory(&original.checkpoint, BRIEF_WINDOWS * BRIEF_WINDOW)?;
            console::note("calibrating on a little that the model writes itself; --no-calibration goes without");
        } else {
            ensure_memory(&original.checkpoint, texts.len() * MOST_WINDOWS * WINDOW)?;
            let names: Vec<_> = texts.iter().map(CalibrationText::name).collect();
            console::note(format_args!("calibrating on {}", names.join(", ")));
        }

        let folder = tempfile::tempdir_in(workspace);
        let folder = folder.with_context(|| format!("cannot make a folder in {}", workspace.display()))?;
        let package = original.write_whole(folder.path())?;
        let options = LoadOptions { precision: Precision::Exact, ..LoadOptions::default() };
        let sequence = PackageModel::new(Arc::new(Model::load(&package, &options)?))?;
        let tokenizer = match TokenizerSource::find(&package, None) {
            // What the model writes itself is tokens from the start.
            Err(LlmError::NoTokenizer { .. }) if files.iter().all(Option::is_none) => None,
            found => Some(found?.open()?.tokenizer),
        };
        let length = WINDOW.min(sequence.context()).min(sequence.max_rows());
        let model = Arc::clone(sequence.model());
        let windows = windows(&model, files, tokenizer.as_ref(), length)?;
        let (steps, kernels) = (steps(sequence)?, Kernels::detect()?);
        let head = steps.last().map(Vec::as_slice).unwrap_or_default();
        let is_wanted = head.iter().any(|weight| outputs.contains_key(weight));
        let groups = outputs.values().filter_map(|&outputs| OutputMoments::groups(outputs).next());
        let group = groups.map(|group| group.len()).max().unwrap_or_default();
        let are_enough = windows.iter().map(Vec::len).sum::<usize>() >= TOKENS_PER_OUTPUT * group;
        Ok(Some(Self {
            head: is_wanted.then(|| moments_of_head(&model, kernels, &windows, head)).transpose()?.map(Arc::new),
            sensitivities: match are_enough {
                true => sensitivity::gather(&model, kernels, &windows, head)?,
                false => HashMap::new(),
            },
            steps,
            model,
            kernels,
            windows: Arc::new(windows),
            stand_ins: StandIns::default(),
            streams: None,
            reached: 0,
            moments: None,
            _folder: folder,
        }))
    }

    /// Lets both models come to the next step.
    fn advance(&mut self) -> Result<(), CalibrationError> {
        let start = |stand_ins| Stream::start(&self.model, &self.windows, stand_ins);
        let streams = self.streams.get_or_insert_with(|| [start(StandIns::default()), start(self.stand_ins.clone())]);
        streams.iter_mut().for_each(Stream::go_on);
        let [exact, rounded] = streams;
        let (exact, Step { width, rows }) = (exact.arrive()?, rounded.arrive()?);
        self.reached += 1;
        if SecondMoments::better_of_rows(rows.len() / width, width) {
            self.moments = Some(Arc::new(products::of_rows(width, &self.windows, rows, exact.rows)?));
            return Ok(());
        }
        let mut products = Products::new(self.kernels, width);
        let mut start = 0;
        for window in self.windows.iter() {
            interrupt::stop_if_asked()?;
            let range = start * width..(start + window.len()) * width;
            products.add(&rows[range.clone()], Some(&exact.rows[range]))?;
            start += window.len();
        }
        self.moments = Some(Arc::new(products.finish()?));
        Ok(())
    }
}

impl Calibration for TextCalibration {
    fn moments(&mut self, weight: &str) -> Result<Option<Arc<SecondMoments>>, CalibrationError> {
        interrupt::stop_if_asked()?;
        let step = self.steps.iter().position(|weights| weights.iter().any(|name| name == weight));
        let Some(step) = step else { return Ok(None) };
        if step + 1 == self.steps.len() {
            return Ok(self.head.clone());
        }
        while self.reached <= step {
            self.advance()?;
        }
        if self.reached > step + 1 {
            return Err("its layer comes before one that has been rounded".into());
        }
        Ok(self.moments.clone())
    }

    fn output_moments(&mut self, weight: &str) -> Result<Option<Arc<OutputMoments>>, CalibrationError> {
        let products = self.sensitivities.remove(weight).map(OutputProducts::finish).transpose()?;
        Ok(products.map(Arc::new))
    }

    fn rounded(&mut self, weight: &str, rounded: Rounded<'_>) -> Result<(), CalibrationError> {
        let Rounded { rows, columns, block, codes, scales } = rounded;
        let (codes, scales) = (Codes::I4(codes), Floats::F16(scales));
        let source = WeightSource::Blocks(BlockWeights { rows, columns, codes, block, scales, offsets: None });
        self.stand_ins.insert(weight, PackedLinear::pack(&source, &Team::new(Team::default_threads()))?);
        Ok(())
    }
}

/// Moments of the input of the head, whose weights are `head`, in the exact model. They are asked for first where the head is
/// the embedding too; and the states of all windows at a time would take all their logits.
fn moments_of_head(
    model: &Arc<Model>,
    kernels: Kernels,
    windows: &[Vec<u32>],
    head: &[String],
) -> anyhow::Result<SecondMoments> {
    let seen: Arc<Mutex<Option<Step>>> = Arc::default();
    let (sink, head) = (Arc::clone(&seen), head.to_vec());
    let mut sequence = PackageModel::new(Arc::clone(model))?;
    sequence.observe(move |input| {
        if head.iter().map(String::as_str).eq(input.weights.iter().copied()) {
            let step = Step { width: input.width, rows: input.rows.to_vec() };
            *sink.lock().unwrap_or_else(PoisonError::into_inner) = Some(step);
        }
    });
    let mut products: Option<Products> = None;
    let bar = progress::token_bar(windows.iter().map(Vec::len).sum::<usize>() as u64);
    bar.set_message("reading");
    for window in windows {
        interrupt::stop_if_asked()?;
        sequence.rewind(0);
        sequence.forward_all(window, &mut |_| {})?;
        if let Some(Step { width, rows }) = seen.lock().unwrap_or_else(PoisonError::into_inner).take() {
            products.get_or_insert_with(|| Products::new(kernels, width)).add(&rows, None)?;
        }
        bar.inc(window.len() as u64);
    }
    bar.finish_and_clear();
    Ok(products.context("the model has no output head")?.finish()?)
}

/// Memory that calibrating on so many tokens takes, about, in bytes.
fn memory_for(checkpoint: &Checkpoint, tokens: usize) -> u64 {
    let model: usize = checkpoint.matrices().map(|(_, tensor)| tensor.stored_bytes().min(2 * tensor.len())).sum();
    let widest = checkpoint.matrices().map(|(_, tensor)| tensor.row_len()).max().unwrap_or_default();
    let rows = if SecondMoments::better_of_rows(tokens, widest) { tokens } else { widest };
    // Activations of two models, as measured; moments, those with exact inputs, and both laid out for the rounding.
    (model + 4 * widest * (18 * tokens + 5 * rows)) as u64
}

/// Refuses what would not fit beside what else the machine runs.
fn ensure_memory(checkpoint: &Checkpoint, tokens: usize) -> anyhow::Result<()> {
    let needed = memory_for(checkpoint, tokens);
    let memory = machine::memory()?;
    let free = memory.limit.map_or(memory.available, |limit| limit.min(memory.available));
    ensure!(
        needed <= free,
        "calibrating {} takes about {} of memory, and {} are free: --no-calibration goes without, and loses more of the model",
        checkpoint.name,
        console::bytes(needed),
        console::bytes(free)
    );
    Ok(())
}

/// The windows of all texts, of at most `length` tokens: those of files, which need the tokenizer, and what the model writes
/// itself. Without texts it writes a little.
fn windows(
    model: &Arc<Model>,
    texts: Vec<Option<(&Path, String)>>,
    tokenizer: Option<&Tokenizer>,
    length: usize,
) -> anyhow::Result<Vec<Vec<u32>>> {
    let begin = tokenizer.map(begin_of_text).transpose()?.flatten();
    if texts.is_empty() {
        return own_text::write(model, begin, BRIEF_WINDOWS, BRIEF_WINDOW.min(length));
    }
    let mut windows = Vec::new();
    for text in texts {
        windows.extend(match text.zip(tokenizer) {
            Some(((path, text), tokenizer)) => windows_of(&text, tokenizer, begin, length)
                .with_context(|| format!("cannot calibrate by {}", path.display()))?,
            None => own_text::write(model, begin, OWN_WINDOWS, length)?,
        });
    }
    Ok(windows)
}

/// Windows of at most `length` tokens, all begun by `begin` if there is such a token.
fn windows_of(text: &str, tokenizer: &Tokenizer, begin: Option<u32>, length: usize) -> anyhow::Result<Vec<Vec<u32>>> {
    let ids = tokenizer.encode(text, false)?;
    ensure!(
        ids.len() >= FEWEST,
        "it is too short: it has {} tokens, {FEWEST} are the least and 16,000 a good number",
        ids.len()
    );
    let content = length - usize::from(begin.is_some());
    let windows: Vec<&[u32]> = ids.chunks(content).filter(|window| window.len() >= SHORTEST.min(content)).collect();
    let count = windows.len().min(MOST_WINDOWS);
    let window = |index: usize| begin.into_iter().chain(windows[index * windows.len() / count].iter().copied());
    Ok((0..count).map(|index| window(index).collect()).collect())
}

/// The weights of every linear step, in the order in which a call takes them.
fn steps(mut sequence: PackageModel) -> anyhow::Result<Vec<Vec<String>>> {
    let seen: Arc<Mutex<Vec<Vec<String>>>> = Arc::default();
    let sink = Arc::clone(&seen);
    sequence.observe(move |input| {
        let weights = input.weights.iter().map(|&weight| weight.to_owned()).collect();
        sink.lock().unwrap_or_else(PoisonError::into_inner).push(weights);
    });
    sequence.forward(&[0])?;
    Ok(std::mem::take(&mut *seen.lock().unwrap_or_else(PoisonError::into_inner)))
}

#[cfg(test)]
mod tests {
    use sottovoce_convert::Quantize;

    use super::*;
    use crate::model_folder::RandomShape;

    /// A checkpoint of Gemma-2B's shape in f16 took 6.9 GB where the model wrote a little.
    #[test]
    fn memory_is_foreseen() {
        let shape: RandomShape = "gemma-2b".parse().unwrap();
        let checkpoint = shape.checkpoint(Quantize::F16).unwrap();
        let needed = memory_for(&checkpoint, BRIEF_WINDOWS * BRIEF_WINDOW) as f64 / 1e9;
        assert!((6.9..9.0).contains(&needed), "{needed} GB");
    }
}
