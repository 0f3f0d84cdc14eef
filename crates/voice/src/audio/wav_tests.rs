//! Files of every encoding, and files that are not what they should be.

use super::*;

/// A file with a header of any contents.
struct Wav {
    format: u16,
    channels: u16,
    rate: u32,
    bits: u16,
    /// What the header says; the number of bytes there are if absent.
    length: Option<u32>,
    data: Vec<u8>,
}

impl Default for Wav {
    fn default() -> Self {
        Self { format: 1, channels: 1, rate: 16_000, bits: 16, length: None, data: Vec::new() }
    }
}

impl Wav {
    fn bytes(&self) -> Vec<u8> {
        let align = self.channels.wrapping_mul(self.bits) / 8;
        let length = self.length.unwrap_or(self.data.len() as u32);
        let mut bytes = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0".to_vec();
        bytes.extend([self.format, self.channels].iter().flat_map(|value| value.to_le_bytes()));
        bytes.extend([self.rate, self.rate.wrapping_mul(align.into())].iter().flat_map(|value| value.to_le_bytes()));
        bytes.extend([align, self.bits].iter().flat_map(|value| value.to_le_bytes()));
        bytes.extend(b"data");
        bytes.extend(length.to_le_bytes());
        bytes.extend(&self.data);
        bytes
    }

    fn read(&self) -> Result<Vec<f32>, VoiceError> {
        read(&self.bytes())
    }
}

fn read(bytes: &[u8]) -> Result<Vec<f32>, VoiceError> {
    decode_wav(bytes, Path::new("test.wav"), 16_000).map(|audio| audio.samples)
}

fn error(bytes: &[u8]) -> String {
    read(bytes).unwrap_err().to_string()
}

#[test]
fn every_encoding_has_the_same_samples() {
    let values = [0.0f32, 0.5, -0.5, -1.0, 0.25];
    let integer = |bits: u32| -> Vec<i32> {
        values.iter().map(|value| (f64::from(*value) * f64::from(1u32 << (bits - 1))) as i32).collect()
    };
    let data = |bits: u32, bytes: usize| {
        integer(bits).iter().flat_map(|value| value.to_le_bytes()[..bytes].to_vec()).collect()
    };
    let unsigned = integer(8).iter().map(|value| (value + 128) as u8).collect();
    let float = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    for (name, format, bits, data) in [
        ("8", 1, 8, unsigned),
        ("16", 1, 16, data(16, 2)),
        ("24", 1, 24, data(24, 3)),
        ("32", 1, 32, data(32, 4)),
        ("float", 3, 32, float),
    ] {
        assert_eq!(Wav { format, bits, data, ..Wav::default() }.read().unwrap(), values, "{name}");
    }
}

#[test]
fn an_extensible_header_and_chunks_of_other_kinds_are_read() {
    let plain = Wav { data: vec![0, 64, 0, 192], ..Wav::default() }.bytes();
    let mut bytes = plain[..12].to_vec();
    bytes.extend(b"LIST\x03\0\0\0abc\0fmt \x28\0\0\0\xfe\xff");
    bytes.extend(&plain[22..36]);
    bytes.extend(b"\x16\0\x10\0\x04\0\0\0\x01\0\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71");
    bytes.extend(&plain[36..]);
    assert_eq!(read(&bytes).unwrap(), [0.5, -0.5]);
}

#[test]
fn channels_are_averaged() {
    let data = [8_192i16, -8_192, 16_384, 0, 32_767, 32_767].iter().flat_map(|value| value.to_le_bytes()).collect();
    let samples = Wav { channels: 2, data, ..Wav::default() }.read().unwrap();
    assert_eq!(samples, [0.0, 0.25, 32_767.0 / 32_768.0]);
}

#[test]
fn what_is_written_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.wav");
    let samples = vec![0.0, 0.5, -1.0, 1.5, -0.25, f32::NAN];
    write_wav(&path, &Audio { sample_rate: 24_000, samples }).unwrap();
    let audio = read_wav(&path, 24_000).unwrap();
    assert_eq!(audio.samples, [0.0, 0.5, -1.0, 32_767.0 / 32_768.0, -0.25, 0.0]);
    let elsewhere = write_wav(&folder.path().join("none/out.wav"), &audio).unwrap_err().to_string();
    assert!(elsewhere.starts_with("cannot write "), "{elsewhere}");
}

#[test]
fn a_file_without_samples_is_silence_of_no_length() {
    assert!(Wav::default().read().unwrap().is_empty());
    assert!(Wav { rate: 44_100, ..Wav::default() }.read().unwrap().is_empty());
}

#[test]
fn another_rate_keeps_the_duration() {
    let data = vec![1; 2 * 8_000];
    assert_eq!(Wav { rate: 8_000, data: data.clone(), ..Wav::default() }.read().unwrap().len(), 16_000);
    assert_eq!(Wav { rate: 48_000, data, ..Wav::default() }.read().unwrap().len(), 2_667);
}

#[test]
fn a_header_that_lies_about_the_length_gives_what_is_there() {
    let data: Vec<u8> = (0..200).collect();
    for length in [1_000, 0x7fff_fffe, u32::MAX] {
        let samples = Wav { length: Some(length), data: data.clone(), ..Wav::default() }.read().unwrap();
        assert_eq!(samples.len(), 100, "a header of {length} bytes");
    }
    // What lies behind the samples is no sound.
    let samples = Wav { length: Some(20), data: data.clone(), ..Wav::default() }.read().unwrap();
    assert_eq!(samples.len(), 10);
    // Half a sample is none.
    let samples = Wav { data: data[..199].to_vec(), length: Some(200), ..Wav::default() }.read().unwrap();
    assert_eq!(samples.len(), 99);
}

#[test]
fn a_file_cut_in_its_header_is_named() {
    let whole = Wav { data: vec![0; 100], ..Wav::default() }.bytes();
    for end in 0..44 {
        let error = error(&whole[..end]);
        assert_eq!(error, "test.wav: expected a WAV file, found its end within the header", "{end}");
    }
}

#[test]
fn what_is_no_wav_file_is_named() {
    for (bytes, found) in [
        (&b"ID3\x04 an MP3 file of some length"[..], "expected a WAV file, found no RIFF tag"),
        (b"RIFF\0\0\0\0AVI LIST", "found another kind of RIFF file"),
        (b"RIFF\0\0\0\0WAVEdata\0\0\0\0", "expected a format before the samples, found none"),
    ] {
        assert!(error(bytes).contains(found), "{}", error(bytes));
    }
    let adpcm = Wav { format: 2, ..Wav::default() };
    assert!(error(&adpcm.bytes()).ends_with("found encoding 2, 16 bits, 2 bytes for 1 channels"));
    let missing = read_wav(Path::new("nosuch.wav"), 16_000).unwrap_err().to_string();
    assert!(missing.starts_with("cannot read nosuch.wav: "), "{missing}");
}

#[test]
fn impossible_rates_and_channels_are_named() {
    for rate in [0, 1, 3_999, 192_001, 1_000_000_000] {
        let error = error(&Wav { rate, data: vec![0; 64], ..Wav::default() }.bytes());
        assert!(error.ends_with(&format!("expected a sample rate of 4000 to 192000 Hz, found {rate} Hz")), "{error}");
    }
    for channels in [0, 33, u16::MAX / 2] {
        let error = error(&Wav { channels, ..Wav::default() }.bytes());
        assert!(error.ends_with(&format!("expected 1 to 32 channels, found {channels}")), "{error}");
    }
    for bits in [0, 12, 20, 64] {
        let error = error(&Wav { bits, ..Wav::default() }.bytes());
        assert!(
            error.contains("expected integers of 8, 16, 24 or 32 bits or floats of 32, found encoding 1"),
            "{error}"
        );
    }
}

#[test]
fn floats_beyond_full_scale_are_clipped_and_those_that_are_no_numbers_refused() {
    let float = |values: &[f32]| Wav {
        format: 3,
        bits: 32,
        data: values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        ..Wav::default()
    };
    assert_eq!(float(&[3.0, f32::NEG_INFINITY, 0.5]).read().unwrap(), [1.0, -1.0, 0.5]);
    let mut values = vec![0.0; 16_000];
    values[8_000] = f32::NAN;
    let error = error(&float(&values).bytes());
    assert!(error.ends_with("expected samples that are numbers, found one that is none, at 0.500 s"), "{error}");
}

#[test]
fn two_hours_is_the_most() {
    /// Silence without end.
    struct Endless;
    impl Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            buffer.fill(0);
            Ok(buffer.len())
        }
    }
    let header = Wav { rate: 4_000, length: Some(u32::MAX), ..Wav::default() }.bytes();
    let error = decode_wav(header.chain(Endless), Path::new("test.wav"), 4_000).unwrap_err();
    assert!(matches!(error, VoiceError::TooLong { limit: MAX_SECONDS, .. }), "{error}");
}
