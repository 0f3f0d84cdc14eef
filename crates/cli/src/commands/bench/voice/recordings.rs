//! What is said to the conversation: recordings, and turns made of their parts with pauses between.

use std::{fs, io, path::Path};

use anyhow::{Context, ensure};
use sottovoce_voice::{SAMPLE_RATE, audio::read_wav};

/// A turn with pauses is a line of this file: parts, such as `file.wav`, `file.wav:0-1.5` and `file.wav:1.5-` in seconds.
const PAUSES: &str = "pauses.txt";
/// Samples of the quietest place of a recording, of which its room's noise is made.
const QUIET: usize = 1024;
/// Speech fades within so many samples where it is cut.
const FADE: usize = 160;

/// A person's turn.
pub struct Turn {
    parts: Vec<Vec<f32>>,
    /// A second of the room's noise.
    noise: Vec<f32>,
}

/// All turns.
pub struct Recordings {
    /// Recordings as they are. One that is the first part of another turn is not a turn by itself.
    pub whole: Vec<Turn>,
    /// Turns with a pause in the middle.
    pub with_pauses: Vec<Turn>,
}

impl Recordings {
    /// The recordings of a folder by name, and the turns of its list of pauses, if it has one.
    ///
    /// # Errors
    /// There are none, or they cannot be read.
    pub fn read(folder: &Path) -> anyhow::Result<Self> {
        let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
        let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<Vec<_>>>()?;
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "wav"));
        paths.sort();
        let list = match fs::read_to_string(folder.join(PAUSES)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            list => list.with_context(|| format!("cannot read {}", folder.join(PAUSES).display()))?,
        };
        let lines = || list.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let goes_on = |path: &Path| lines().any(|parts| parts.first().is_some_and(|&first| path.ends_with(first)));
        let whole = paths.iter().filter(|path| !goes_on(path)).map(|path| Ok(Turn::new(vec![read(path)?])));
        let whole = whole.collect::<anyhow::Result<Vec<_>>>()?;
        ensure!(!whole.is_empty(), "there are no WAV files in {}", folder.display());
        let turn = |parts: Vec<&str>| {
            let parts = parts.into_iter().map(|part| read_part(folder, part));
            Ok(Turn::new(parts.collect::<anyhow::Result<_>>()?))
        };
        Ok(Self { whole, with_pauses: lines().map(turn).collect::<anyhow::Result<_>>()? })
    }
}

impl Turn {
    fn new(parts: Vec<Vec<f32>>) -> Self {
        let noise = noise(parts.iter().map(|part| quietest(part)).min_by(|a, b| power(a).total_cmp(&power(b))));
        Self { parts, noise }
    }

    /// The turn with so many samples of the room's noise in each pause.
    pub fn samples(&self, pause: usize) -> Vec<f32> {
        let mut samples = Vec::new();
        for part in &self.parts {
            if !samples.is_empty() {
                samples.extend(self.noise.iter().cycle().take(pause));
            }
            samples.extend(part);
        }
        samples
    }

    /// A second of what is heard in its room when nobody speaks.
    pub fn noise(&self) -> &[f32] {
        &self.noise
    }
}

fn read(path: &Path) -> anyhow::Result<Vec<f32>> {
    Ok(read_wav(path, SAMPLE_RATE)?.samples)
}

fn read_part(folder: &Path, part: &str) -> anyhow::Result<Vec<f32>> {
    let (file, range) = part.split_once(':').unwrap_or((part, "0-"));
    let mut samples = read(&folder.join(file))?;
    let wrong = || format!("{part}: expected FILE or FILE:FROM-TO in seconds, within the file");
    let (from, to) = range.split_once('-').with_context(wrong)?;
    let sample = |seconds: &str, missing: usize| {
        if seconds.is_empty() {
            return Some(missing);
        }
        let sample = (seconds.parse::<f64>().ok()? * f64::from(SAMPLE_RATE)) as usize;
        (sample <= samples.len()).then_some(sample)
    };
    let (from, to) = (sample(from, 0).with_context(wrong)?, sample(to, samples.len()).with_context(wrong)?);
    ensure!(from + 2 * FADE < to, wrong());
    samples = samples[from..to].to_vec();
    let last = samples.len() - 1;
    for at in 0..FADE {
        let level = at as f32 / FADE as f32;
        samples[at] *= level;
        samples[last - at] *= level;
    }
    Ok(samples)
}

fn power(samples: &[f32]) -> f32 {
    samples.iter().map(|sample| sample * sample).sum()
}

/// The quietest place that is not digital silence; all of what is too short.
fn quietest(samples: &[f32]) -> &[f32] {
    let windows = samples.windows(QUIET).step_by(QUIET / 4).filter(|window| power(window) > 0.0);
    windows.min_by(|a, b| power(a).total_cmp(&power(b))).unwrap_or(samples)
}

/// A second of noise that sounds like this: windows of it, each turned by another amount, overlap.
fn noise(quiet: Option<&[f32]>) -> Vec<f32> {
    let mut noise = vec![0.0; SAMPLE_RATE as usize];
    let Some(quiet) = quiet.filter(|quiet| quiet.len() == QUIET) else { return noise };
    let mean = quiet.iter().sum::<f32>() / QUIET as f32;
    let length = noise.len();
    for (window, start) in (0..length).step_by(QUIET / 2).enumerate() {
        // Any step that has no divisor in common with the length.
        let turned = window * 389;
        for at in 0..QUIET {
            let weight = (std::f32::consts::PI * at as f32 / QUIET as f32).sin();
            noise[(start + at) % length] += weight * (quiet[(at + turned) % QUIET] - mean);
        }
    }
    noise
}

#[cfg(test)]
mod tests {
    use super::*;
    use sottovoce_testkit::fixtures_dir;

    #[test]
    fn turns_are_joined_with_pauses_of_the_rooms_noise() {
        let recordings = Recordings::read(&fixtures_dir().join("speech")).unwrap();
        assert_eq!((recordings.whole.len(), recordings.with_pauses.len()), (13, 8));
        for turn in &recordings.with_pauses {
            let (short, long) = (turn.samples(0), turn.samples(1000));
            assert_eq!(long.len() - short.len(), 1000 * (turn.parts.len() - 1));
            let loudness = |samples: &[f32]| (power(samples) / samples.len() as f32).sqrt();
            assert!(loudness(turn.noise()) < 0.2 * loudness(&short), "{}", loudness(turn.noise()));
        }
    }

    #[test]
    fn parts_that_are_none_are_told() {
        let folder = fixtures_dir().join("speech");
        for part in ["cards-1.wav:1", "cards-1.wav:x-", "cards-1.wav:0-99", "cards-1.wav:0.5-0.5", "cards-1.wav:-1-"] {
            let error = format!("{:#}", read_part(&folder, part).unwrap_err());
            assert!(error.contains("expected FILE or FILE:FROM-TO in seconds"), "{part}: {error}");
        }
        assert_eq!(read_part(&folder, "cards-1.wav:0.25-0.75").unwrap().len(), 8000);
    }
}
