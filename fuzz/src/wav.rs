//! What the fuzz target of WAV files does with its input. The tests of `sottovoce-voice` run the same.

use std::path::Path;

use sottovoce_voice::audio::{decode_wav, encode_wav};

const RATE: u32 = 16_000;

/// Says whether the file is accepted. One that is holds samples within full scale, and not many more than its bytes allow;
/// written and read again they are the same, to 16 bits.
pub fn wav(data: &[u8]) -> bool {
    let Ok(audio) = decode_wav(data, Path::new("the input"), RATE) else { return false };
    // A byte is at most a sample, and a sample of the lowest rate becomes four.
    assert!(audio.samples.len() <= 4 * data.len());
    assert!(audio.samples.iter().all(|sample| sample.abs() <= 1.0));
    let written = encode_wav(&audio).expect("a short file");
    let again = decode_wav(&written[..], Path::new("what was written"), RATE).expect("what was written");
    assert_eq!(again.samples.len(), audio.samples.len());
    for (sample, again) in audio.samples.iter().zip(again.samples) {
        assert!((sample - again).abs() <= 1.0 / 32_768.0);
    }
    true
}
