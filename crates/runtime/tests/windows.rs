//! Packages with two masks on the cpu back end: the logits of transformers in every variant, and masks that disagree.

use std::{
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use sottovoce_convert::{Checkpoint, ConvertOptions, Variant, convert};
use sottovoce_runtime::{BackendKind, Inputs, LoadOptions, Model, Precision, RuntimeError};
use sottovoce_tensor::Tensor;
use sottovoce_testkit::{
    CHECKPOINTS, CheckpointFixture, FOLDERS_WITH_WINDOWS, Fixture, Interface, MASKED, Split, Tolerance, assert_close,
    causal_mask, drive, sliding_mask,
};

/// The package of a tiny checkpoint's folder.
fn converted(tiny: &CheckpointFixture, variant: Variant, folder: &Path) -> PathBuf {
    let [source, _] = tiny.sources();
    let package = folder.join(format!("{}-{variant:?}.mlpackage", tiny.name));
    let options = ConvertOptions { variant, context: Some(tiny.context), ..ConvertOptions::default() };
    convert(&Checkpoint::open(&source).unwrap(), &package, &options, &mut |_| ControlFlow::Continue(())).unwrap();
    package
}

fn check(fixture: &Fixture) {
    let precision = Precision::Exact;
    let options = LoadOptions { backend: Some(BackendKind::Cpu), precision, ..LoadOptions::default() };
    let model = Model::load(&fixture.package, &options).unwrap();
    for split in [Split::Whole, Split::TokenByToken, Split::Uneven { seed: 3 }] {
        let mut state = model.new_state();
        let logits = drive(fixture, split, |inputs| {
            let inputs: Inputs = inputs.iter().map(|(name, tensor)| (name.as_str(), tensor.clone())).collect();
            model.predict(&inputs, &mut state).unwrap_or_else(|error| panic!("{}: {error}", fixture.name))
        });
        let what = format!("{} {:?} {split:?}", fixture.name, fixture.interface);
        assert_close(&logits, &fixture.logits, Tolerance::Exact, &what);
    }
}

fn with_windows() -> impl Iterator<Item = CheckpointFixture> {
    CHECKPOINTS.into_iter().filter(|tiny| tiny.masks.len() == 2)
}

#[test]
fn every_variant_takes_two_masks() {
    let folder = tempfile::tempdir().unwrap();
    for tiny in with_windows() {
        let config = Checkpoint::open(&tiny.sources()[0]).unwrap().config;
        let one = [config.layers.len(), 1, config.kv_heads, 1, config.head_dim];
        for (variant, interface) in
            [(Variant::KvIo, Interface::CacheAsInput { one }), (Variant::Baseline, Interface::Baseline)]
        {
            let package = converted(&tiny, variant, folder.path());
            check(&Fixture { interface, ..tiny.answered(package) });
        }
    }
}

#[test]
fn windows_that_only_a_folder_tells() {
    let folder = tempfile::tempdir().unwrap();
    for tiny in FOLDERS_WITH_WINDOWS {
        check(&tiny.answered(converted(&tiny, Variant::Stateful, folder.path())));
    }
}

#[test]
fn masks_that_disagree_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for tiny in with_windows() {
        let package = converted(&tiny, Variant::Stateful, folder.path());
        let model = Model::load(&package, &LoadOptions::default()).unwrap();
        let inputs = |full: (usize, usize), sliding: (usize, usize)| {
            Inputs::from([
                ("inputIds", Tensor::from_slice([1, 3], &[1, 2, 3]).unwrap()),
                ("fullAttentionMask", causal_mask(full.0, full.1, MASKED)),
                ("slidingAttentionMask", sliding_mask(sliding.0, sliding.1, 8, MASKED)),
            ])
        };
        let mut state = model.new_state();
        for (full, sliding) in [((3, 3), (3, 4)), ((3, 4), (3, 3)), ((3, 3), (2, 3)), ((2, 3), (3, 3))] {
            let error = model.predict(&inputs(full, sliding), &mut state).unwrap_err();
            assert!(matches!(error, RuntimeError::Sizes { .. }), "{error}");
            assert!(error.to_string().contains("every mask is [1, 1, q, kv]"), "{error}");
            assert!(state.is_empty());
        }
        model.predict(&inputs((3, 3), (3, 3)), &mut state).unwrap();
        assert_eq!(state.len(), 3);
    }
}
