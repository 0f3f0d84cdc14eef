//! ONNX Runtime, which runs the models that are not worth rewriting; a library that is loaded from a path.

mod initializers;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use ort::{
    environment::Environment,
    ep::CPU,
    logging::LogLevel,
    session::{Session, SessionInputs, SessionOutputs},
    value::{DynValue, PrimitiveTensorElementType},
};

use crate::VoiceError;

pub(crate) use initializers::Initializers;

/// The library that this process has loaded: there is one for all of its life.
static LOADED: Mutex<Option<OnnxRuntime>> = Mutex::new(None);

/// ONNX Runtime, ready to load models.
#[derive(Clone, Debug)]
pub struct OnnxRuntime {
    library: PathBuf,
    environment: Environment,
}

impl OnnxRuntime {
    /// Loads the library, version 1.23 or later. Asked again for the same file, gives what was loaded.
    ///
    /// # Errors
    /// [`VoiceError::Library`] when the file is no such library, or this process has loaded another.
    pub fn load(library: &Path) -> Result<Self, VoiceError> {
        let fail = |reason: String| VoiceError::Library { path: library.to_owned(), reason };
        let library = fs::canonicalize(library).map_err(|error| fail(error.to_string()))?;
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        match &*loaded {
            Some(runtime) if runtime.library == library => return Ok(runtime.clone()),
            Some(runtime) => {
                return Err(fail(format!("this process has loaded {} already", runtime.library.display())));
            }
            None => {}
        }
        let builder = ort::init_from(&library).map_err(|error| fail(error.to_string()))?;
        let environment = builder.with_telemetry(false).build().map_err(|error| fail(error.to_string()))?;
        environment.set_log_level(LogLevel::Error);
        let runtime = Self { library, environment };
        *loaded = Some(runtime.clone());
        Ok(runtime)
    }

    /// Loads a model that computes on `threads` threads, the caller's included.
    ///
    /// # Errors
    /// [`VoiceError::Malformed`] when the file is no model.
    pub(crate) fn model(&self, name: &'static str, path: &Path, threads: usize) -> Result<OnnxModel, VoiceError> {
        let session = self.session(path, threads).map_err(|found| VoiceError::Malformed {
            path: path.to_owned(),
            expected: format!("the model {name} for ONNX Runtime"),
            found,
        })?;
        Ok(OnnxModel { name, session })
    }

    fn session(&self, path: &Path, threads: usize) -> Result<Session, String> {
        let builder = Session::builder(&self.environment).map_err(|error| error.to_string())?;
        let builder = builder.with_intra_threads(threads).map_err(|error| error.to_string())?;
        // Threads that wait must leave the cores to the language model.
        let builder = builder.with_intra_op_spinning(false).map_err(|error| error.to_string())?;
        // Sounds and texts have any length. What an arena and plans would keep for each grows over hours, and saves no time.
        let builder = builder.with_memory_pattern(false).map_err(|error| error.to_string())?;
        let cpu = CPU::default().with_arena_allocator(false).build();
        let mut builder = builder.with_execution_providers([cpu]).map_err(|error| error.to_string())?;
        builder.commit_from_file(path).map_err(|error| error.to_string())
    }
}

/// A loaded model.
#[derive(Debug)]
pub(crate) struct OnnxModel {
    name: &'static str,
    session: Session,
}

impl OnnxModel {
    /// Computes the outputs.
    ///
    /// # Errors
    /// [`VoiceError::Model`] when ONNX Runtime fails.
    pub fn run<'s, 'i, 'v: 'i, const N: usize>(
        &'s mut self,
        inputs: impl Into<SessionInputs<'i, 'v, N>>,
    ) -> Result<SessionOutputs<'s>, VoiceError> {
        let name = self.name;
        self.session.run(inputs).map_err(|error| model_error(name, error))
    }

    /// The model's failure, for a reason of its caller's.
    pub fn error(&self, reason: impl ToString) -> VoiceError {
        model_error(self.name, reason)
    }
}

/// A model's failure.
pub(crate) fn model_error(model: &'static str, reason: impl ToString) -> VoiceError {
    VoiceError::Model { model, reason: reason.to_string() }
}

/// The numbers of an output.
///
/// # Errors
/// [`VoiceError::Model`] when the model has no such output, or of another type.
pub(crate) fn numbers<'o, T: PrimitiveTensorElementType>(
    model: &'static str,
    outputs: &'o SessionOutputs<'_>,
    name: &str,
) -> Result<&'o [T], VoiceError> {
    let value: &DynValue = outputs.get(name).ok_or_else(|| model_error(model, format!("there is no output {name}")))?;
    let (_, numbers) = value.try_extract_tensor::<T>().map_err(|error| model_error(model, error))?;
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn what_is_no_library_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("libonnxruntime.so");
        let error = OnnxRuntime::load(&missing).unwrap_err();
        assert!(matches!(error, VoiceError::Library { .. }), "{error}");
        assert!(error.to_string().contains("libonnxruntime.so: ONNX Runtime cannot be loaded"), "{error}");
        fs::write(&missing, "no library").unwrap();
        let error = OnnxRuntime::load(&missing).unwrap_err();
        assert!(matches!(&error, VoiceError::Library { reason, .. } if !reason.is_empty()), "{error}");
    }

    /// A library whose version is too old.
    const OLD: &str = r#"
        use std::ffi::{c_char, c_void};
        #[repr(C)]
        pub struct Base { api: extern "C" fn(u32) -> *const c_void, version: extern "C" fn() -> *const c_char }
        extern "C" fn api(_: u32) -> *const c_void { std::ptr::null() }
        extern "C" fn version() -> *const c_char { b"1.10.0\0".as_ptr().cast() }
        static BASE: Base = Base { api, version };
        #[no_mangle]
        pub extern "C" fn OrtGetApiBase() -> *const Base { &BASE }
    "#;

    #[test]
    fn another_library_and_another_version_are_named() {
        let folder = tempfile::tempdir().unwrap();
        for (name, source, told) in [("other", "", "does not export `OrtGetApiBase`"), ("old", OLD, "got '1.10.0'")] {
            let (code, library) = (folder.path().join(name).with_extension("rs"), folder.path().join(name));
            fs::write(&code, source).unwrap();
            let mut compiler = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
            let compiler =
                compiler.args(["--edition", "2021", "--crate-type", "cdylib", "-o"]).arg(&library).arg(&code);
            assert!(compiler.status().unwrap().success(), "{name}");
            let error = OnnxRuntime::load(&library).unwrap_err();
            assert!(matches!(error, VoiceError::Library { .. }), "{error}");
            assert!(error.to_string().contains(told) && error.to_string().contains(name), "{error}");
        }
    }
}
