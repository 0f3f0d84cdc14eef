//! WAV files, read from strangers and written.

use std::{
    fs::File,
    io::{BufReader, Cursor, Read},
    path::Path,
};

use hound::{SampleFormat, WavSpec, WavWriter};

use super::{Audio, Resampler};
use crate::VoiceError;

/// Longer recordings are refused, in seconds: two hours take 460 MB at [`SAMPLE_RATE`](crate::SAMPLE_RATE).
pub const MAX_SECONDS: u32 = 2 * 60 * 60;
/// Samples a second that a file may declare.
const RATES: std::ops::RangeInclusive<u32> = 4_000..=192_000;
const MAX_CHANNELS: u16 = 32;
/// Encodings of `mmreg.h`.
const INTEGER: u16 = 1;
const FLOAT: u16 = 3;
/// The encoding stands further behind.
const EXTENSIBLE: u16 = 0xfffe;
/// Frames that are decoded at a time.
const BLOCK: usize = 4_096;

/// Reads a WAV file as mono sound at `sample_rate`: integers of 8, 16, 24 or 32 bits or floats of 32, any number of
/// channels, which are averaged.
///
/// A file that ends before its header says gives what is there, and so does a header of unknown length, which programs write
/// that do not know how long they will record. Floats beyond full scale are clipped to it.
///
/// # Errors
/// [`VoiceError::Io`]; [`VoiceError::Malformed`] when it is no WAV file, of another encoding, or declares a sample rate
/// outside 4 to 192 kHz, or holds samples that are not numbers; [`VoiceError::TooLong`] beyond [`MAX_SECONDS`].
pub fn read_wav(path: &Path, sample_rate: u32) -> Result<Audio, VoiceError> {
    let file = File::open(path).map_err(|source| io(path, source))?;
    decode_wav(BufReader::new(file), path, sample_rate)
}

/// As [`read_wav`], from any reader; errors name `origin`.
///
/// # Errors
/// As [`read_wav`].
pub fn decode_wav(reader: impl Read, origin: &Path, sample_rate: u32) -> Result<Audio, VoiceError> {
    let mut reader = Source { reader, origin };
    let layout = reader.layout()?;
    let rate = layout.rate;
    let mut resampler = Resampler::new(rate, sample_rate);
    let (mut samples, mut frames) = (Vec::new(), 0);
    let mut block = vec![0; BLOCK * layout.frame_bytes()];
    let mut left = layout.data_bytes;
    loop {
        let wanted = usize::try_from(left).map_or(block.len(), |left| left.min(block.len()));
        let bytes = reader.fill(&mut block[..wanted])?;
        let mono = reader.decode(&block[..bytes], &layout, frames)?;
        frames += mono.len() as u64;
        let seconds = frames as f64 / f64::from(rate);
        if seconds > f64::from(MAX_SECONDS) {
            return Err(VoiceError::TooLong { model: "a WAV file", seconds, limit: MAX_SECONDS });
        }
        resampler.push(&mono, &mut samples);
        left -= bytes as u64;
        if bytes < block.len() {
            resampler.finish(&mut samples);
            // Its filter overshoots where the sound is at full scale.
            samples.iter_mut().for_each(|sample| *sample = sample.clamp(-1.0, 1.0));
            return Ok(Audio { sample_rate, samples });
        }
    }
}

/// Writes sound as a WAV file of 16-bit integers.
///
/// # Errors
/// [`VoiceError::Io`], or [`VoiceError::TooLong`] as [`encode_wav`].
pub fn write_wav(path: &Path, audio: &Audio) -> Result<(), VoiceError> {
    let bytes = encode_wav(audio)?;
    std::fs::write(path, bytes).map_err(|source| VoiceError::Io { action: "write", path: path.to_owned(), source })
}

/// The bytes of a WAV file of 16-bit integers.
///
/// # Errors
/// [`VoiceError::TooLong`] when there are more samples than the format can hold.
pub fn encode_wav(audio: &Audio) -> Result<Vec<u8>, VoiceError> {
    let spec =
        WavSpec { channels: 1, sample_rate: audio.sample_rate, bits_per_sample: 16, sample_format: SampleFormat::Int };
    let too_long = |_| {
        let limit = u32::MAX / 2 / audio.sample_rate.max(1);
        VoiceError::TooLong { model: "a WAV file", seconds: audio.duration().as_secs_f64(), limit }
    };
    let mut bytes = Cursor::new(Vec::with_capacity(44 + 2 * audio.samples.len()));
    let mut writer = WavWriter::new(&mut bytes, spec).map_err(too_long)?;
    for &sample in &audio.samples {
        writer.write_sample(to_pcm16(sample)).map_err(too_long)?;
    }
    writer.finalize().map_err(too_long)?;
    Ok(bytes.into_inner())
}

/// A sample as a 16-bit integer; what is beyond full scale is clipped.
pub fn to_pcm16(sample: f32) -> i16 {
    (sample * 32_768.0).round() as i16
}

/// Bytes of the data chunk. Programs that write to a pipe leave the largest length there, or nearly.
fn known_length(length: u32) -> u64 {
    if length >= 0x7fff_0000 { u64::MAX } else { length.into() }
}

fn io(path: &Path, source: std::io::Error) -> VoiceError {
    VoiceError::Io { action: "read", path: path.to_owned(), source }
}

/// What the header of a file says.
struct Layout {
    float: bool,
    channels: u16,
    rate: u32,
    bits: u16,
    sample_bytes: usize,
    /// Bytes of samples; more than there can be if unknown.
    data_bytes: u64,
}

impl Layout {
    fn frame_bytes(&self) -> usize {
        self.sample_bytes * usize::from(self.channels)
    }
}

/// A file and its name.
struct Source<'a, R> {
    reader: R,
    origin: &'a Path,
}

impl<R: Read> Source<'_, R> {
    fn malformed(&self, expected: impl Into<String>, found: impl Into<String>) -> VoiceError {
        VoiceError::Malformed { path: self.origin.to_owned(), expected: expected.into(), found: found.into() }
    }

    /// Reads the header, up to the first sample.
    fn layout(&mut self) -> Result<Layout, VoiceError> {
        if &self.bytes::<4>()? != b"RIFF" {
            return Err(self.malformed("a WAV file", "no RIFF tag at its beginning"));
        }
        self.bytes::<4>()?;
        if &self.bytes::<4>()? != b"WAVE" {
            return Err(self.malformed("a WAV file", "another kind of RIFF file"));
        }
        let mut layout = None;
        loop {
            let (tag, length) = (self.bytes::<4>()?, u32::from_le_bytes(self.bytes()?));
            match (&tag, layout.take()) {
                (b"fmt ", _) => layout = Some(self.format(length)?),
                (b"data", None) => return Err(self.malformed("a format before the samples", "none")),
                (b"data", Some(format)) => return Ok(Layout { data_bytes: known_length(length), ..format }),
                (_, format) => {
                    self.skip(length)?;
                    layout = format;
                }
            }
        }
    }

    /// Reads a format chunk (`WAVEFORMATEX`, `WAVEFORMATEXTENSIBLE`) of that many bytes.
    fn format(&mut self, length: u32) -> Result<Layout, VoiceError> {
        if length < 16 {
            return Err(self.malformed("a format of at least 16 bytes", format!("{length}")));
        }
        let (encoding, channels) = (u16::from_le_bytes(self.bytes()?), u16::from_le_bytes(self.bytes()?));
        let rate = u32::from_le_bytes(self.bytes()?);
        // Bytes a second follow from the rest.
        self.bytes::<4>()?;
        let (frame_bytes, bits) = (u16::from_le_bytes(self.bytes()?), u16::from_le_bytes(self.bytes()?));
        let encoding = if encoding == EXTENSIBLE && length >= 40 {
            // Its own length, valid bits, places of loudspeakers; then the encoding, which begins a GUID.
            self.bytes::<8>()?;
            let encoding = u16::from_le_bytes(self.bytes()?);
            self.skip(length - 26)?;
            encoding
        } else {
            self.skip(length - 16)?;
            encoding
        };
        if !RATES.contains(&rate) {
            let expected = format!("a sample rate of {} to {} Hz", RATES.start(), RATES.end());
            return Err(self.malformed(expected, format!("{rate} Hz")));
        }
        if !(1..=MAX_CHANNELS).contains(&channels) {
            return Err(self.malformed(format!("1 to {MAX_CHANNELS} channels"), channels.to_string()));
        }
        let float = encoding == FLOAT;
        let whole = frame_bytes % channels == 0;
        match (encoding, frame_bytes / channels, bits) {
            (INTEGER, 1, 8) | (INTEGER, 2, 16) | (INTEGER, 3 | 4, 24) | (INTEGER | FLOAT, 4, 32) if whole => {
                let sample_bytes = usize::from(frame_bytes / channels);
                Ok(Layout { float, channels, rate, bits, sample_bytes, data_bytes: 0 })
            }
            _ => {
                let found = format!("encoding {encoding}, {bits} bits, {frame_bytes} bytes for {channels} channels");
                Err(self.malformed("integers of 8, 16, 24 or 32 bits or floats of 32", found))
            }
        }
    }

    /// The next bytes of the header.
    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], VoiceError> {
        let mut bytes = [0; N];
        if self.fill(&mut bytes)? < N {
            return Err(self.malformed("a WAV file", "its end within the header"));
        }
        Ok(bytes)
    }

    /// Skips a chunk or the rest of one; chunks begin at even places.
    fn skip(&mut self, length: u32) -> Result<(), VoiceError> {
        let length = u64::from(length) + u64::from(length % 2);
        let skipped = std::io::copy(&mut self.reader.by_ref().take(length), &mut std::io::sink());
        skipped.map(drop).map_err(|source| io(self.origin, source))
    }

    /// Reads until `buffer` is full or the file ends; gives the number of bytes.
    fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, VoiceError> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.reader.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(io(self.origin, error)),
            }
        }
        Ok(filled)
    }

    /// The mean of the channels of every whole frame; `before` frames came before these.
    fn decode(&self, bytes: &[u8], layout: &Layout, before: u64) -> Result<Vec<f32>, VoiceError> {
        let sample = |bytes: &[u8]| match (layout.float, bytes, layout.bits) {
            (true, &[a, b, c, d], _) => f32::from_le_bytes([a, b, c, d]).clamp(-1.0, 1.0),
            (_, &[a], _) => (f32::from(a) - 128.0) / 128.0,
            (_, &[a, b], _) => f32::from(i16::from_le_bytes([a, b])) / 32_768.0,
            // In 24 bits, the sign is that of the third byte, whatever a fourth holds.
            (_, &[a, b, c], _) | (_, &[a, b, c, _], 24) => i32::from_le_bytes([0, a, b, c]) as f32 / 2_147_483_648.0,
            (_, &[a, b, c, d], _) => i32::from_le_bytes([a, b, c, d]) as f32 / 2_147_483_648.0,
            _ => f32::NAN,
        };
        let channels = f32::from(layout.channels);
        let frames = bytes.chunks_exact(layout.frame_bytes());
        let mix = |frame: &[u8]| frame.chunks_exact(layout.sample_bytes).map(sample).sum::<f32>() / channels;
        let mono: Vec<f32> = frames.map(mix).collect();
        match mono.iter().position(|sample| sample.is_nan()) {
            Some(place) => {
                let seconds = (before as f64 + place as f64) / f64::from(layout.rate);
                Err(self.malformed("samples that are numbers", format!("one that is none, at {seconds:.3} s")))
            }
            None => Ok(mono),
        }
    }
}

#[cfg(test)]
#[path = "wav_tests.rs"]
mod tests;
