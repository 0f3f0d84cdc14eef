use std::{fs, path::PathBuf};

use crate::fixtures_dir;

/// Recorded speech of `fixtures/speech`, and what is said in it.
pub struct SpeechClip {
    /// A WAV file, 16 kHz, mono, 16-bit.
    pub path: PathBuf,
    /// In lower case, without punctuation, numbers in words.
    pub transcript: String,
}

/// The clips in the order of `transcripts.tsv`.
///
/// # Panics
/// The list is not there.
pub fn speech_clips() -> Vec<SpeechClip> {
    let folder = fixtures_dir().join("speech");
    let list = fs::read_to_string(folder.join("transcripts.tsv")).expect("the list of transcripts");
    let clip = |line: &str| {
        let (file, transcript) = line.split_once('\t').expect("a file and what is said in it");
        SpeechClip { path: folder.join(file), transcript: transcript.to_owned() }
    };
    list.lines().map(clip).collect()
}
