//! Language models.

use std::{
    ops::ControlFlow,
    panic::resume_unwind,
    path::Path,
    sync::{Arc, OnceLock},
    thread,
};

use sottovoce_llm::{
    constrain::{Compiler, Grammar},
    generate::GenerateOptions,
    load::{LoadReport, ModelFolder, Packages, TokenizerSource},
    package::PackageModel,
};
use sottovoce_runtime::Model;

use crate::{
    Answer, AnswerOptions, Backend, Cancellation, Conversation, LoadOptions, LoadProgress, Package, SottovoceError,
    TextListener, progress::Work,
};

/// How a model is running.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ModelStatus {
    /// File name of the package that was taken.
    pub package: String,
    /// What there is to know about that, in sentences: which package is missing or cannot be loaded, what runs slowly.
    pub notes: Vec<String>,
    /// What runs it.
    pub backend: Backend,
    /// Threads in use.
    pub threads: u32,
    /// The most tokens that a conversation can hold.
    pub context: u32,
    /// Number of tokens that it knows.
    pub vocabulary: u32,
}

/// A language model. It may be shared between threads; each conversation has a state of its own.
#[derive(uniffi::Object)]
pub struct LanguageModel {
    pub(crate) folder: ModelFolder,
    pub(crate) model: Arc<Model>,
    status: ModelStatus,
    /// Made when it is first needed, for it looks at every token.
    compiler: OnceLock<Compiler>,
}

impl LanguageModel {
    pub(crate) fn open(path: &Path, options: &LoadOptions, work: &mut Work) -> Result<Arc<Self>, SottovoceError> {
        let _ = work.tell(LoadProgress::Loading);
        work.check()?;
        let packages = Packages::open(path)?;
        let source = TokenizerSource::find(path, None)?;
        let warning = source.warning();
        // Reading a large vocabulary takes as long as loading the package.
        let (folder, loaded) = thread::scope(|scope| {
            let folder = scope.spawn(|| ModelFolder::open_with_tokenizer(path, source));
            let loaded = packages.load(|package| {
                let model = Model::load_observed(&package.path, &options.runtime(), &mut |stage| work.loading(stage));
                let model = model.map_err(SottovoceError::from)?;
                Ok::<_, SottovoceError>(PackageModel::new(Arc::new(model))?)
            });
            (folder.join().unwrap_or_else(|panic| resume_unwind(panic)), loaded)
        });
        work.check()?;
        let (folder, (sequence, report)) = (folder?, loaded?);
        let (model, interface) = (Arc::clone(sequence.model()), sequence.interface());
        let status = ModelStatus {
            package: report.loaded().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            notes: notes(&report).into_iter().chain(warning).chain(model.placement().notes.clone()).collect(),
            backend: Backend::of(&model),
            threads: model.threads() as u32,
            context: interface.context as u32,
            vocabulary: interface.vocab_size as u32,
        };
        for note in &status.notes {
            let _ = work.notice(note);
        }
        work.check()?;
        Ok(Arc::new(Self { folder, model, status, compiler: OnceLock::new() }))
    }

    /// # Errors
    /// The schema is none, or one that no answer can be held to.
    pub(crate) fn generate_options(
        &self,
        options: &AnswerOptions,
        cancellation: Option<&Arc<Cancellation>>,
    ) -> Result<GenerateOptions, SottovoceError> {
        let constraint = match options.schema()? {
            Some(schema) => Some(self.compiler()?.compile(&Grammar::JsonSchema(schema))?),
            None => None,
        };
        Ok(GenerateOptions { constraint, ..options.generate(&self.folder, cancellation) })
    }

    fn compiler(&self) -> Result<&Compiler, SottovoceError> {
        if let Some(compiler) = self.compiler.get() {
            return Ok(compiler);
        }
        let compiler = Compiler::new(Arc::clone(&self.folder.tokenizer), &self.folder.special.stop)?;
        Ok(self.compiler.get_or_init(|| compiler))
    }

    pub(crate) fn sequence(&self) -> Result<PackageModel, SottovoceError> {
        Ok(PackageModel::new(Arc::clone(&self.model))?)
    }
}

/// Which packages were not taken, and why.
fn notes(report: &LoadReport) -> Vec<String> {
    let lacking = report.lacks_four_bit.then(|| "no 4-bit package in the folder, taking the f16 one".to_owned());
    let failed = report.attempts.iter().filter_map(|attempt| {
        let name = attempt.package.path.file_name().unwrap_or_default().to_string_lossy();
        attempt.error.as_ref().map(|error| format!("could not load {name}: {error}"))
    });
    lacking.into_iter().chain(failed).collect()
}

#[uniffi::export]
impl LanguageModel {
    /// How it is running.
    pub fn status(&self) -> ModelStatus {
        self.status.clone()
    }

    /// The package, to predict on arrays.
    pub fn package(&self) -> Arc<Package> {
        Package::of(Arc::clone(&self.model))
    }

    /// Whether it was made for conversation. One that was not can [`complete`](Self::complete) texts.
    pub fn converses(&self) -> bool {
        self.folder.template.is_some()
    }

    /// A conversation that begins with `system`, which tells the model who it is. Where it no longer fits the context, the
    /// model forgets the oldest turns, or, without `forget_when_full`, answers end and questions are refused.
    ///
    /// # Errors
    /// The model was not made for conversation.
    #[uniffi::method(default(system = None, forget_when_full = true))]
    pub fn conversation(
        self: Arc<Self>,
        system: Option<String>,
        forget_when_full: bool,
    ) -> Result<Arc<Conversation>, SottovoceError> {
        Conversation::begin(self, system, forget_when_full)
    }

    /// Goes on with a text, on a state of its own. A cancelled call returns what there is.
    ///
    /// # Errors
    /// An option is outside its range, or the prompt does not fit the context.
    #[uniffi::method(default(listener = None, cancellation = None))]
    pub fn complete(
        &self,
        prompt: String,
        options: AnswerOptions,
        listener: Option<Arc<dyn TextListener>>,
        cancellation: Option<Arc<Cancellation>>,
    ) -> Result<Answer, SottovoceError> {
        let options = self.generate_options(&options, cancellation.as_ref())?;
        let options = GenerateOptions { continue_text: true, ..options };
        let ids = self.folder.tokenizer.encode(&prompt, true)?;
        let mut session = self.folder.session(self.sequence()?);
        let mut shown = Shown::new(listener);
        let answer = session.generate(&ids, options)?.run(|text| shown.show(text))?;
        shown.finish(answer.into())
    }

    /// The ids of the tokens of `text`; with `special` between the tokens that a text begins and ends with, if the model
    /// has any.
    ///
    /// # Errors
    /// The tokenizer cannot spell it.
    #[uniffi::method(default(special = false))]
    pub fn tokenize(&self, text: String, special: bool) -> Result<Vec<u32>, SottovoceError> {
        Ok(self.folder.tokenizer.encode(&text, special)?)
    }

    /// The text of tokens. Control tokens are left out.
    pub fn detokenize(&self, ids: Vec<u32>) -> String {
        self.folder.tokenizer.decode(&ids)
    }
}

/// Hands text to a listener until it throws.
pub(crate) struct Shown {
    listener: Option<Arc<dyn TextListener>>,
    failed: Option<SottovoceError>,
}

impl Shown {
    pub(crate) fn new(listener: Option<Arc<dyn TextListener>>) -> Self {
        Self { listener, failed: None }
    }

    pub(crate) fn show(&mut self, text: &str) -> ControlFlow<()> {
        let Some(listener) = &self.listener else { return ControlFlow::Continue(()) };
        match listener.on_text(text.to_owned()) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.failed = Some(error);
                ControlFlow::Break(())
            }
        }
    }

    /// # Errors
    /// What the listener threw.
    pub(crate) fn finish(self, answer: Answer) -> Result<Answer, SottovoceError> {
        self.failed.map_or(Ok(answer), Err)
    }
}
