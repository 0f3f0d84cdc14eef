//! The packed cache: a second load maps what the first one packed, and nothing that is stale or damaged is ever used.

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::SystemTime,
};

use sottovoce_runtime::{Inputs, LoadOptions, Model};
use sottovoce_tensor::Tensor;
use sottovoce_testkit::{MASKED, causal_mask, fixtures_dir};
use tempfile::TempDir;

/// A copy of a fixture, in a folder where its cache may be written.
struct Copy {
    folder: TempDir,
    package: PathBuf,
    cache: PathBuf,
}

impl Copy {
    fn of(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let package = folder.path().join("model.mlpackage");
        copy_folder(&fixtures_dir().join("coremltools").join(format!("{name}.mlpackage")), &package);
        Self { cache: folder.path().join("model.packed"), folder, package }
    }

    fn load(&self, packed_cache: bool) -> Model {
        let options = LoadOptions { packed_cache, threads: Some(2), ..LoadOptions::default() };
        Model::load(&self.package, &options).unwrap()
    }

    /// Logits of a prompt without the cache, which the cache must not change by a bit.
    fn expected(&self) -> Vec<f32> {
        logits(&self.load(false))
    }

    /// Loads with the cache, which has to give the same logits without a word; tells whether the file was left as it was.
    fn keeps_its_cache(&self) -> bool {
        let before = fs::read(&self.cache).ok().zip(identity(&self.cache));
        let model = self.load(true);
        assert_eq!(model.placement().notes, Vec::<String>::new());
        assert_eq!(logits(&model), self.expected());
        let after = fs::read(&self.cache).ok().zip(identity(&self.cache));
        assert!(after.is_some(), "no cache was written");
        assert_eq!(fs::read_dir(self.folder.path()).unwrap().count(), 2, "temporary files were left");
        before == after
    }

    fn weights(&self) -> PathBuf {
        self.package.join("Data/com.apple.CoreML/weights/weight.bin")
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::write(&target, fs::read(entry.path()).unwrap()).unwrap();
        }
    }
}

/// What changes when a file is replaced by an equal one.
fn identity(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).ok()?.modified().ok()
}

fn logits(model: &Model) -> Vec<f32> {
    let ids = [5, 17, 300, 2, 90, 41];
    let inputs = Inputs::from([
        ("inputIds", Tensor::from_slice([1, ids.len()], &ids).unwrap()),
        ("causalMask", causal_mask(ids.len(), ids.len(), MASKED)),
    ]);
    model.predict(&inputs, &mut model.new_state()).unwrap()["logits"].to_f32_vec()
}

/// Writes a file as tools that keep times do.
fn write_keeping_time(path: &Path, data: &[u8]) {
    let modified = fs::metadata(path).unwrap().modified().unwrap();
    fs::write(path, data).unwrap();
    fs::File::options().write(true).open(path).unwrap().set_modified(modified).unwrap();
}

#[test]
fn a_second_load_maps_what_the_first_one_packed() {
    for name in ["llama-fp16", "llama-int4", "llama-int4a", "llama-int8", "llama-lut4", "llama-lut6", "llama-sparse"] {
        let copy = Copy::of(name);
        assert!(!copy.cache.exists());
        assert!(!copy.keeps_its_cache(), "{name}");
        assert!(copy.keeps_its_cache(), "{name}");
    }
}

#[test]
fn nothing_is_written_unasked() {
    let copy = Copy::of("llama-int4");
    copy.expected();
    assert_eq!(fs::read_dir(copy.folder.path()).unwrap().count(), 1);
}

/// The time of change tells, which other systems do not have.
#[cfg(unix)]
#[test]
fn other_weights_of_the_same_size_and_time_are_packed_anew() {
    let copy = Copy::of("llama-int4");
    copy.load(true);
    let before = copy.expected();
    let mut weights = fs::read(copy.weights()).unwrap();
    // The middle of the largest blob: neither metadata nor the ends of any. Blobs begin with a magic number.
    let records: Vec<_> =
        (64..weights.len()).step_by(64).filter(|&at| weights[at..].starts_with(b"\xef\xbe\xad\xde")).collect();
    let largest = records.windows(2).max_by_key(|pair| pair[1] - pair[0]).unwrap();
    let middle = usize::midpoint(largest[0], largest[1]);
    weights[middle..middle + 64].iter_mut().for_each(|byte| *byte ^= 0x77);
    write_keeping_time(&copy.weights(), &weights);
    assert!(!copy.keeps_its_cache());
    assert_ne!(copy.expected(), before, "the change does not matter, so that this test shows nothing");
    assert!(copy.keeps_its_cache());
}

#[test]
fn a_copied_package_is_packed_anew() {
    let (first, second) = (Copy::of("llama-int4"), Copy::of("llama-int4a"));
    first.load(true);
    fs::copy(&first.cache, &second.cache).unwrap();
    assert!(!second.keeps_its_cache());
}

#[test]
fn every_damaged_bit_is_noticed() {
    let copy = Copy::of("llama-int4");
    copy.load(true);
    let sound = fs::read(&copy.cache).unwrap();
    let expected = copy.expected();
    let (entries, trailer) = (sound.len() - 1500, sound.len() - 16);
    let positions = (0..64).step_by(7).chain((64..entries).step_by(39_989)).chain((entries..trailer).step_by(101));
    for at in positions.chain(trailer..sound.len()) {
        // The 20 bytes after the version mean nothing yet, but a checksum covers them too.
        let mut damaged = sound.clone();
        damaged[at] ^= 1 << (at % 8);
        fs::write(&copy.cache, &damaged).unwrap();
        let model = copy.load(true);
        assert!(model.placement().notes.is_empty());
        assert!(fs::read(&copy.cache).unwrap() == sound, "byte {at} was not repaired");
        if at % 64 == 0 {
            assert_eq!(logits(&model), expected);
        }
    }
}

#[test]
fn a_truncated_file_is_rebuilt() {
    let copy = Copy::of("llama-int4");
    copy.load(true);
    let sound = fs::read(&copy.cache).unwrap();
    for len in [0, 1, 63, 64, 79, 80, 81, sound.len() / 2, sound.len() - 16, sound.len() - 1] {
        fs::write(&copy.cache, &sound[..len]).unwrap();
        copy.load(true);
        assert!(fs::read(&copy.cache).unwrap() == sound, "{len} bytes were not repaired");
    }
    let longer: Vec<u8> = sound.iter().copied().chain([0; 64]).collect();
    fs::write(&copy.cache, longer).unwrap();
    copy.load(true);
    assert!(fs::read(&copy.cache).unwrap() == sound);
}

#[test]
fn loads_at_the_same_time_do_not_disturb_each_other() {
    let copy = Copy::of("llama-int4");
    let expected = copy.expected();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..5 {
                    let model = copy.load(true);
                    // What others now replace stays mapped here.
                    let _ = fs::remove_file(&copy.cache);
                    assert_eq!(logits(&model), expected);
                }
            });
        }
    });
    copy.load(true);
    assert!(copy.keeps_its_cache());
}

#[test]
fn where_no_file_can_be_written_the_model_loads_with_a_note() {
    let copy = Copy::of("llama-int4");
    // A folder in its place cannot be replaced by a file, not even by root, whom a read-only folder would not stop.
    fs::create_dir(&copy.cache).unwrap();
    fs::write(copy.cache.join("occupied"), []).unwrap();
    let model = copy.load(true);
    assert_eq!(logits(&model), copy.expected());
    let [note] = &model.placement().notes[..] else { panic!("{:?}", model.placement().notes) };
    assert!(note.contains("model.packed") && note.contains("cannot be written"), "{note}");
    assert_eq!(fs::read_dir(copy.folder.path()).unwrap().count(), 2, "temporary files were left");
}
