//! A loaded model that is measured.

use std::{path::Path, sync::Arc, time::Instant};

use sottovoce_llm::{
    LanguageModel,
    load::Packages,
    package::{Cache, PackageModel},
};
use sottovoce_runtime::{LoadOptions, Model, Profile};

use crate::{console, interrupt};

/// What a prompt and decoding cost.
pub struct Profiles {
    /// A prompt.
    pub prefill: ProfiledCall,
    /// One token after the other.
    pub decode: ProfiledCall,
}

/// Calls whose steps were timed.
pub struct ProfiledCall {
    /// From beginning to end.
    pub seconds: f64,
    /// The steps.
    pub steps: Profile,
}

/// A model with one number of threads, and tokens to feed it.
pub struct Subject {
    model: PackageModel,
    ids: Vec<u32>,
}

impl Subject {
    /// Loads the first package at `path` that can be loaded. Gives the seconds that took.
    ///
    /// # Errors
    /// None can be loaded.
    pub fn load(path: &Path, options: &LoadOptions) -> anyhow::Result<(Self, f64)> {
        let mut seconds = 0.0;
        let (model, _) = Packages::open(path)?.load(|package| {
            let started = Instant::now();
            let model = Model::load(&package.path, options).map_err(anyhow::Error::from)?;
            let model = PackageModel::new(Arc::new(model)).map_err(anyhow::Error::from)?;
            seconds = started.elapsed().as_secs_f64();
            anyhow::Ok(model)
        })?;
        let ids = random_ids(model.context(), model.vocab_size());
        Ok((Self { model, ids }, seconds))
    }

    /// File name of the package.
    pub fn package_name(&self) -> String {
        self.model.model().package().path().file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Positions it can hold.
    pub fn context(&self) -> usize {
        self.model.context()
    }

    /// Says on stderr what was loaded and what runs it.
    pub fn announce(&self) {
        let model = self.model.model();
        console::note(format_args!("loaded {} · {} threads", self.package_name(), model.threads()));
        model.placement().notes.iter().for_each(console::warn);
    }

    /// Tokens a second of a prompt of `count` tokens behind `depth` others, up to the logits of its last token.
    ///
    /// # Errors
    /// The model fails, or the user stops.
    pub fn prefill(&mut self, depth: usize, count: usize) -> anyhow::Result<f64> {
        self.go_to(depth)?;
        Ok(count as f64 / self.feed(count, self.prompt_rows())?)
    }

    /// Tokens a second one after the other, the first behind `depth` others.
    ///
    /// # Errors
    /// The model fails, or the user stops.
    pub fn decode(&mut self, depth: usize, count: usize) -> anyhow::Result<f64> {
        self.go_to(depth)?;
        Ok(count as f64 / self.feed(count, 1)?)
    }

    /// Both, with every step timed.
    ///
    /// # Errors
    /// As above.
    pub fn profile(&mut self, depth: usize, prompt: usize, decode: usize) -> anyhow::Result<Profiles> {
        let prompt_rows = self.prompt_rows();
        let mut call = |count: usize, rows: usize| {
            self.go_to(depth)?;
            self.model.start_profile();
            let seconds = self.feed(count, rows);
            let steps = self.model.take_profile().unwrap_or_default();
            anyhow::Ok(ProfiledCall { seconds: seconds?, steps })
        };
        Ok(Profiles { prefill: call(prompt, prompt_rows)?, decode: call(decode, 1)? })
    }

    /// Makes the model hold `depth` positions. They are the same tokens every time, so that what it holds already stays.
    fn go_to(&mut self, depth: usize) -> anyhow::Result<()> {
        self.model.rewind(depth.min(self.model.len()));
        self.feed(depth - self.model.len(), self.prompt_rows()).map(drop)
    }

    /// Rows of a prompt that a call computes. Without a cache it computes all that came before again: one call is cheapest.
    fn prompt_rows(&self) -> usize {
        if self.model.interface().cache == Cache::Nowhere { usize::MAX } else { self.model.max_rows() }
    }

    /// Computes the next `count` tokens, `rows` at a time. Gives the seconds that took.
    fn feed(&mut self, count: usize, rows: usize) -> anyhow::Result<f64> {
        let first = self.model.len();
        let started = Instant::now();
        for chunk in self.ids[first..first + count].chunks(rows) {
            interrupt::stop_if_asked()?;
            self.model.forward(chunk)?;
        }
        Ok(started.elapsed().as_secs_f64())
    }
}

/// The same ids on every run: Knuth's 64-bit linear congruential generator, high bits.
fn random_ids(count: usize, vocabulary: usize) -> Vec<u32> {
    let mut seed = 1u64;
    let mut next = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((seed >> 33) % vocabulary.max(1) as u64) as u32
    };
    (0..count).map(|_| next()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_ids_stay_in_the_vocabulary() {
        assert!(random_ids(1000, 7).iter().all(|&id| id < 7));
        assert_ne!(random_ids(8, 49152)[0], random_ids(8, 49152)[1]);
    }
}
