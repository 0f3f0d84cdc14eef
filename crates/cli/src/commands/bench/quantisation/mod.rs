//! `sottovoce bench quantisation`

mod report;
mod synthetic;

use std::{
    fs,
    io::Write,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, ensure};
use sottovoce_convert::{
    Calibration, Change, ConvertOptions, Quantize, Report as Conversion, quantize::Form, weights::WeightFormat,
};
use sottovoce_hub::DEFAULT_MODEL;
use sottovoce_llm::{
    LanguageModel, PREFILL_CHUNK, evaluate,
    evaluate::{Comparison, compare},
    load::ModelFolder,
    package::PackageModel,
};
use sottovoce_runtime::{LoadOptions, Model, Precision};

use super::quality::PASSAGES;
use crate::{
    calibration::{CalibrationText, TextCalibration},
    commands::perplexity::begin_of_text,
    console,
    model_folder::{Additions, Original},
    progress,
};
use report::{Report, Row};
use synthetic::WeightErrors;

/// Place of plain rounding among the candidates, before the search for scales; f16 is the first.
const PLAIN: usize = 2;
/// The form of embedding and head that costs bytes for quality.
const EMBEDDING: Option<Quantize> = Some(Quantize::Int8);
/// Tokens of a window, each of which but the first is predicted from those before it.
const WINDOW: usize = 512;

/// Arguments of `bench quantisation`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The source is converted into every form, and each package predicts the same texts with exact arithmetic, in windows of 512 \
tokens. Loss is the mean of -ln p over the tokens, in nats; what a form costs is its loss above that of f16, with its \
standard error over the tokens, also as a share of what plain rounding costs. Plain rounding is what Apple's converter does \
for int4 per block of 32: the scale maps the largest weight to 7. Agreement is the share of positions with f16's likeliest \
token. Texts are counted one by one, then together.

Below, the error of weights that lie on no grid of their own, as those of a model that was quantised before do: its root mean \
square, relative to that of the weights.

int4 is calibrated on a little that the model writes itself, as convert does; and on texts, where they are given: by each alone \
and by all. They must be others than are predicted.

Examples:
  sottovoce bench quantisation --calibrate self --calibrate fixtures/calibration/prose.txt --text LICENSE-APACHE
  sottovoce bench quantisation model.gguf --text notes.txt --json | tail -n 1 | jq .rows")]
pub struct QuantisationArguments {
    /// GGUF file, Hugging Face folder, or catalogue name
    #[arg(default_value = DEFAULT_MODEL)]
    source: String,
    /// Measure int4 that is calibrated on this text too, or on what the model writes itself; may be given more than once
    #[arg(long, value_name = "TEXT|self")]
    calibrate: Vec<CalibrationText>,
    /// Text to predict, UTF-8; may be given more than once [default: passages of two speeches and two novels]
    #[arg(long, value_name = "FILE")]
    text: Vec<PathBuf>,
    /// Measure this package too, of the same model, int4 by Apple's converter for instance
    #[arg(long, value_name = "PACKAGE")]
    package: Vec<PathBuf>,
    /// Tokens of each text, as far as it goes
    #[arg(long, value_name = "N", default_value = "4096")]
    tokens: NonZeroUsize,
    /// End with one JSON object on a line
    #[arg(long)]
    json: bool,
}

/// A package to measure.
struct Candidate {
    name: String,
    package: PathBuf,
    /// What was done to the weights, if it was made here.
    conversion: Conversion,
}

/// Converts, predicts and prints the table.
///
/// # Errors
/// The source cannot be converted, a text cannot be read, or a model cannot be loaded or fails.
pub fn run(arguments: &QuantisationArguments) -> anyhow::Result<()> {
    let texts = texts(arguments)?;
    let original = Original::find(&arguments.source, &Additions::default())?;
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let maker = Maker { original: &original, folder: folder.path() };
    let mut candidates = vec![
        maker.make("f16", Quantize::F16, None, None)?,
        maker.make("keep", Quantize::Keep, None, None)?,
        maker.make("int4, plain rounding", Quantize::Int4Plain, None, None)?,
        maker.make("int4, not calibrated", Quantize::Int4, None, None)?,
    ];
    for (name, texts, embedding) in calibrated(&arguments.calibrate) {
        candidates.push(maker.make(&name, Quantize::Int4, embedding, Some(texts))?);
    }
    for package in &arguments.package {
        let name = package.file_name().unwrap_or_default().to_string_lossy().into_owned();
        candidates.push(Candidate { name, package: package.clone(), conversion: Conversion::default() });
    }

    let files = ModelFolder::open(candidates[0].package.parent().unwrap_or(folder.path()))?;
    let begin = begin_of_text(&files.tokenizer)?;
    let mut rows: Vec<Row> = Vec::new();
    for candidate in &candidates {
        rows.push(Row::new(&candidate.name, weight_bytes(&candidate.package)?));
    }
    for (_, text) in &texts {
        let ids = files.tokenizer.encode(text, false)?;
        let ids = &ids[..arguments.tokens.get().min(ids.len())];
        for (row, found) in rows.iter_mut().zip(predict(&candidates, ids, begin)?) {
            row.texts.push(found);
        }
    }
    let names = texts.into_iter().map(|(name, _)| name).collect();
    let mut errors = weight_errors(&candidates[PLAIN], &candidates[PLAIN + 1]);
    errors.extend(synthetic::errors());
    let report = Report::new(names, rows, errors);
    let mut out = console::stdout();
    write!(out, "{report}")?;
    if arguments.json {
        writeln!(out, "{}", serde_json::to_string(&report)?)?;
    }
    Ok(())
}

/// What is calibrated: as it is without being asked for, by each text alone, and by all; with more bits for the embedding too.
fn calibrated(texts: &[CalibrationText]) -> Vec<(String, &[CalibrationText], Option<Quantize>)> {
    let mut rows: Vec<(_, &[_], _)> =
        vec![("int4".to_owned(), &[], None), ("int4, embedding int8".to_owned(), &[], EMBEDDING)];
    rows.extend(texts.chunks(1).map(|text| (format!("int4 by {}", text[0].name()), text, None)));
    if texts.len() > 1 {
        rows.push(("int4 by all of these".to_owned(), texts, None));
    }
    if !texts.is_empty() {
        rows.push(("the same, embedding int8".to_owned(), texts, EMBEDDING));
    }
    rows
}

fn texts(arguments: &QuantisationArguments) -> anyhow::Result<Vec<(String, String)>> {
    if arguments.text.is_empty() {
        return Ok(vec![("passages".to_owned(), PASSAGES.to_owned())]);
    }
    let read = |path: &PathBuf| -> anyhow::Result<(String, String)> {
        ensure!(
            !arguments.calibrate.contains(&CalibrationText::File(path.clone())),
            "{} is what the model is calibrated on: what it then predicts of it says nothing",
            path.display()
        );
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok((path.file_name().unwrap_or_default().to_string_lossy().into_owned(), text))
    };
    arguments.text.iter().map(read).collect()
}

/// Makes packages of one original, each in a folder of its own.
struct Maker<'a> {
    original: &'a Original,
    folder: &'a Path,
}

impl Maker<'_> {
    /// Calibrated by `texts`, if there are any to be.
    fn make(
        &self,
        name: &str,
        quantize: Quantize,
        embedding: Option<Quantize>,
        texts: Option<&[CalibrationText]>,
    ) -> anyhow::Result<Candidate> {
        let options = ConvertOptions { quantize, embedding, ..ConvertOptions::default() };
        let calibrate = |texts| TextCalibration::new(self.original, &options, texts, self.folder);
        let mut calibration = texts.map(calibrate).transpose()?.flatten();
        let calibration = calibration.as_mut().map(|calibration| calibration as &mut dyn Calibration);
        // Two texts may have one name.
        let folder = tempfile::tempdir_in(self.folder)?.keep();
        let (package, conversion) = self.original.make(&folder, &options, calibration)?;
        Ok(Candidate { name: name.to_owned(), package, conversion })
    }
}

/// What each candidate makes of a text, compared with the first.
fn predict(candidates: &[Candidate], ids: &[u32], begin: Option<u32>) -> anyhow::Result<Vec<Comparison>> {
    let options = LoadOptions { precision: Precision::Exact, ..LoadOptions::default() };
    let load = |candidate: &Candidate| -> anyhow::Result<_> {
        let model = Model::load(&candidate.package, &options)?;
        Ok(evaluate::Path { model: PackageModel::new(Arc::new(model))?, rows: PREFILL_CHUNK })
    };
    let mut paths: Vec<_> = candidates.iter().map(load).collect::<anyhow::Result<_>>()?;
    let contexts = paths.iter().map(|path| path.model.context() - usize::from(begin.is_some()));
    let window = contexts.fold(WINDOW, usize::min);
    let bar = progress::token_bar(ids.len() as u64);
    let compared = compare(&mut paths, 1, ids, begin, window, |done| bar.set_position(done as u64));
    bar.finish_and_clear();
    Ok(compared?)
}

/// What plain rounding and the search for scales did to the weights that the source holds in each format.
fn weight_errors(plain: &Candidate, searched: &Candidate) -> Vec<WeightErrors> {
    let changes = plain.conversion.changes.iter().zip(searched.conversion.changes.values());
    let rounded = changes.filter(|(((_, form), _), _)| *form != Form::F16);
    let errors = |(((format, _), plain), searched): ((&(WeightFormat, Form), &Change), &Change)| WeightErrors {
        weights: format!("{} tensors in {format}", plain.tensors),
        plain: plain.error.relative_rms(),
        searched: searched.error.relative_rms(),
    };
    rounded.map(errors).collect()
}

/// Bytes of the weight files of a package.
fn weight_bytes(package: &Path) -> anyhow::Result<u64> {
    let package = sottovoce_mil::Package::open(package)?;
    Ok(package.weight_files().map(|(_, metadata)| metadata.len()).sum())
}
