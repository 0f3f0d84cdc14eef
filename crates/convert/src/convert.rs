use std::{collections::BTreeMap, ops::ControlFlow, path::Path};

use sottovoce_mil::{
    PackageWriter,
    description::{Metadata, ModelDescription},
    program::Program,
};

use crate::{
    ConvertError, Report,
    checkpoint::Checkpoint,
    quantize::{Calibration, Encoder, Form, Quantize},
    recipes::{self, EMBEDDING, OUTPUT_HEAD, Variant},
    weight_store::{WeightStore, form_of, identifier},
    weights::StoredTensor,
};

/// Version of the Core ML specification that our packages need: iOS 18, the first with states.
const SPEC_VERSION: i32 = 9;
/// Context where the options leave it open and the model allows as much.
const DEFAULT_CONTEXT: usize = 2048;

/// Key of a package's user-defined metadata that holds the positions seen through `slidingAttentionMask`: a row's own and
/// those just before it, as `sliding_window` counts them in the configurations of Hugging Face.
pub const SLIDING_WINDOW: &str = "sottovoce.sliding_window";

/// What to make of a checkpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConvertOptions {
    /// Form of the weights.
    pub quantize: Quantize,
    /// Form of the embedding and of the output head; `None` for that of the others.
    pub embedding: Option<Quantize>,
    /// Where keys and values are kept.
    pub variant: Variant,
    /// Positions that the package has room for; `None` for the model's own limit or 2,048, whichever is smaller.
    pub context: Option<usize>,
}

/// How far a conversion is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress<'a> {
    /// The tensor at work, by the checkpoint's name.
    pub tensor: &'a str,
    /// Bytes of the checkpoint that are done.
    pub done: u64,
    /// Bytes of the checkpoint.
    pub total: u64,
}

impl ConvertOptions {
    /// Form of a matrix, by its name.
    pub(crate) fn quantize_for(&self, name: &str) -> Quantize {
        let name = name.trim_end_matches(".weight");
        self.embedding.filter(|_| [EMBEDDING, OUTPUT_HEAD].contains(&name)).unwrap_or(self.quantize)
    }

    /// The context that a package of `checkpoint` gets.
    ///
    /// # Errors
    /// [`ConvertError::Option`] when more positions are asked for than the model was made for.
    pub fn context_for(&self, checkpoint: &Checkpoint) -> Result<usize, ConvertError> {
        let limit = checkpoint.config.max_context;
        match self.context {
            None => Ok(limit.min(DEFAULT_CONTEXT)),
            Some(context) if (1..=limit).contains(&context) => Ok(context),
            Some(context) => {
                let name = &checkpoint.name;
                Err(ConvertError::Option(format!("context {context} is outside 1..={limit}, the limit of {name}")))
            }
        }
    }
}

/// Name of the package that [`convert`] makes of `checkpoint`, `SmolLM2-Stateful-4bit-2048.mlpackage` for instance. The
/// width is that of the codes which hold most weights.
///
/// # Errors
/// As [`ConvertOptions::context_for`].
pub fn package_name(checkpoint: &Checkpoint, options: &ConvertOptions) -> Result<String, ConvertError> {
    let mut weights = BTreeMap::new();
    for (name, tensor) in checkpoint.matrices() {
        *weights.entry(form_of(tensor, options.quantize_for(name))).or_insert(0) += tensor.len();
    }
    let width = match weights.into_iter().max_by_key(|(_, count)| *count) {
        Some((Form::Blocks { codes, .. }, _)) => format!("-{}bit", codes.bits()),
        _ => String::new(),
    };
    let variant = match options.variant {
        Variant::Stateful => "Stateful",
        Variant::KvIo => "KvIo",
        Variant::Baseline => "Baseline",
    };
    let safe = |c: char| if c.is_alphanumeric() || "._-".contains(c) { c } else { '-' };
    let name: String = checkpoint.name.chars().map(safe).collect();
    let context = options.context_for(checkpoint)?;
    Ok(format!("{}-{variant}{width}-{context}.mlpackage", name.trim_start_matches('.')))
}

/// The matrices whose inputs [`convert_calibrated`] asks for, as the program calls them: those that are rounded to int4, rather
/// than taken over.
pub fn calibrated_matrices<'a>(
    checkpoint: &'a Checkpoint,
    options: &'a ConvertOptions,
) -> impl Iterator<Item = (String, &'a StoredTensor)> {
    let is_rounded = |(name, tensor): &(&str, &StoredTensor)| {
        Encoder::new(tensor.format, tensor.row_len(), options.quantize_for(name)).looks_at_inputs()
    };
    checkpoint.matrices().filter(is_rounded).map(|(name, tensor)| (identifier(name), tensor))
}

/// Makes a package at `target` from a checkpoint. `progress` is called after every megabyte or so and can stop the work.
///
/// A package that is already there is replaced once the new one is complete; a conversion that fails or is stopped leaves
/// everything as it was. Memory stays at some tens of megabytes plus the scales of the largest tensor.
///
/// # Errors
/// [`ConvertError::Option`] for a context that the model does not have, [`ConvertError::Cancelled`] when `progress` stops,
/// [`ConvertError::NotFinite`] for weights outside the range of f16, [`ConvertError::Io`] and [`ConvertError::Mil`] when
/// reading or writing fails.
pub fn convert(
    checkpoint: &Checkpoint,
    target: &Path,
    options: &ConvertOptions,
    progress: &mut dyn FnMut(Progress<'_>) -> ControlFlow<()>,
) -> Result<Report, ConvertError> {
    write(checkpoint, target, options, None, progress)
}

/// [`convert`] with statistics of activations, by which [`Quantize::Int4`] loses much less: rounding errors of a row are made
/// to undo each other in its products. Other forms do not need them, and do not ask.
///
/// # Errors
/// As [`convert`]; [`ConvertError::Calibration`] when statistics cannot be gathered, [`ConvertError::MomentsWidth`] when they
/// are of other inputs than a weight has.
pub fn convert_calibrated(
    checkpoint: &Checkpoint,
    target: &Path,
    options: &ConvertOptions,
    calibration: &mut dyn Calibration,
    progress: &mut dyn FnMut(Progress<'_>) -> ControlFlow<()>,
) -> Result<Report, ConvertError> {
    write(checkpoint, target, options, Some(calibration), progress)
}

fn write(
    checkpoint: &Checkpoint,
    target: &Path,
    options: &ConvertOptions,
    calibration: Option<&mut dyn Calibration>,
    progress: &mut dyn FnMut(Progress<'_>) -> ControlFlow<()>,
) -> Result<Report, ConvertError> {
    let context = options.context_for(checkpoint)?;
    let mut writer = PackageWriter::create(target)?;
    // The store borrows for less time than the caller lends.
    let calibration = calibration.map(|calibration| calibration as &mut dyn Calibration);
    let mut weights = WeightStore::new(checkpoint, options, calibration, &mut writer, progress);
    let (function, interface) = recipes::build(&checkpoint.config, options.variant, context, &mut weights)?;
    let report = weights.into_report();

    let program = Program { version: 1, functions: [("main".to_owned(), function)].into(), ..Program::default() };
    let metadata = metadata(checkpoint, options, context);
    let description = ModelDescription { main: interface, metadata, ..Default::default() };
    writer.finish(SPEC_VERSION, &program, &description)?;
    Ok(report)
}

fn metadata(checkpoint: &Checkpoint, options: &ConvertOptions, context: usize) -> Metadata {
    let source = checkpoint.path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let embedding = options.embedding.map(|form| ("sottovoce.quantize.embedding".to_owned(), form.to_string()));
    let window = checkpoint.config.window(context).map(|window| (SLIDING_WINDOW.to_owned(), window.to_string()));
    let facts = [
        ("sottovoce.version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
        ("sottovoce.source".to_owned(), source),
        ("sottovoce.architecture".to_owned(), checkpoint.config.architecture.name().to_owned()),
        ("sottovoce.quantize".to_owned(), options.quantize.to_string()),
    ];
    Metadata {
        short_description: checkpoint.name.clone(),
        license: checkpoint.licence.clone().unwrap_or_default(),
        user_defined: facts.into_iter().chain(window).chain(embedding).collect(),
        ..Metadata::default()
    }
}
