//! How to choose tokens.

use crate::LlmError;
use crate::tokenizer::Tokenizer;

/// How to choose a token.
///
/// Logits are changed and filtered in this order: `logit_bias`, `penalties`, `dry`, the constraint, then `temperature`,
/// `top_k`, `top_p`, `min_p`, `typical_p`, each of which looks at what the one before it left, as probabilities that add
/// up to one. The second half is the order of `transformers` (`GenerationMixin._get_logits_processor`), the first that of
/// llama.cpp's default chain of samplers.
#[derive(Clone, Debug, PartialEq)]
pub struct Sampling {
    /// Divides the logits: below 1 favours the likely, above 1 the unlikely; 0 always takes the most likely token.
    pub temperature: f32,
    /// Chooses among this many most likely tokens; `None` among all.
    pub top_k: Option<usize>,
    /// Chooses among the fewest most likely tokens whose probabilities add up to this; `None` among all. Holtzman et al.,
    /// "The Curious Case of Neural Text Degeneration", 2019.
    pub top_p: Option<f32>,
    /// Chooses among the tokens that are at least this times as likely as the most likely one; `None` among all. Nguyen
    /// et al., "Turning Up the Heat: Min-p Sampling", 2024.
    pub min_p: Option<f32>,
    /// Chooses among the fewest tokens whose probabilities add up to this, taken by how near their surprise −ln p is to
    /// the expected one; `None` among all. Meister et al., "Locally Typical Sampling", 2022.
    pub typical_p: Option<f32>,
    /// Makes tokens that occurred less likely.
    pub penalties: Penalties,
    /// Makes tokens that would go on repeating a sequence less likely.
    pub dry: Option<Dry>,
    /// Added to the logits of these tokens; −∞ forbids one.
    pub logit_bias: Vec<(u32, f32)>,
    /// The same seed gives the same choices for the same logits.
    pub seed: u64,
    /// Which of several answers to one prompt this is: each has a random sequence of its own under one seed.
    pub index: u64,
    /// Reports ln p of the token chosen, and of this many most likely ones.
    pub log_probabilities: Option<usize>,
}

/// Penalties on the tokens of the prompt and of the answer so far.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Penalties {
    /// Divides the positive logits of tokens that occurred, multiplies the negative ones; 1 changes nothing. Keskar et
    /// al., "CTRL", 2019.
    pub repetition: f32,
    /// Taken from the logits of tokens that occurred, as in OpenAI's interface.
    pub presence: f32,
    /// Taken from the logits of tokens for each time that they occurred, as in OpenAI's interface.
    pub frequency: f32,
    /// Looks at this many last tokens; `None` at all.
    pub window: Option<usize>,
}

/// "Don't repeat yourself": a token that followed an earlier occurrence of the last n tokens loses
/// `multiplier` · `base`^(n − `allowed_length`) once n reaches `allowed_length`. Weidmann, pull request 5677 of
/// text-generation-webui, 2024.
#[derive(Clone, Debug, PartialEq)]
pub struct Dry {
    /// Penalty on going on after a repetition of `allowed_length`, in logits.
    pub multiplier: f32,
    /// What each further token of the repetition multiplies the penalty by.
    pub base: f32,
    /// The shortest repetition that has a penalty, in tokens.
    pub allowed_length: usize,
    /// Looks for repetitions in this many last tokens; `None` in all.
    pub window: Option<usize>,
    /// Tokens that repetitions do not reach over, such as line ends and quotation marks.
    pub breakers: Vec<u32>,
}

impl Sampling {
    /// The most likely token, always.
    pub const GREEDY: Self = Self {
        temperature: 0.0,
        top_k: None,
        top_p: None,
        min_p: None,
        typical_p: None,
        penalties: Penalties::NONE,
        dry: None,
        logit_bias: Vec::new(),
        seed: 0,
        index: 0,
        log_probabilities: None,
    };

    /// Whether choices depend on earlier tokens.
    pub(super) fn looks_back(&self) -> bool {
        self.penalties != Penalties::NONE || self.dry.is_some()
    }

    /// Checks that every option is in its range.
    pub(super) fn check(&self) -> Result<(), LlmError> {
        let share = |p: &f32| *p > 0.0 && *p <= 1.0;
        let optional_share = |p: Option<f32>| p.as_ref().is_none_or(share);
        let Penalties { repetition, presence, frequency, .. } = self.penalties;
        let shown = |p: Option<f32>| p.map(|p| p.to_string()).unwrap_or_default();
        expect(self.temperature.is_finite() && self.temperature >= 0.0, "temperature", self.temperature, AT_LEAST_0)?;
        expect(self.top_k != Some(0), "top-k", 0, "1 or more")?;
        expect(optional_share(self.top_p), "top-p", shown(self.top_p), SHARE)?;
        expect(optional_share(self.min_p), "min-p", shown(self.min_p), SHARE)?;
        expect(optional_share(self.typical_p), "typical-p", shown(self.typical_p), SHARE)?;
        expect((0.01..=100.0).contains(&repetition), "repeat-penalty", repetition, "a number from 0.01 to 100")?;
        expect((-100.0..=100.0).contains(&presence), "presence-penalty", presence, WITHIN_100)?;
        expect((-100.0..=100.0).contains(&frequency), "frequency-penalty", frequency, WITHIN_100)?;
        for &(_, bias) in &self.logit_bias {
            expect(bias <= 100.0, "logit-bias", bias, "a number up to 100, or -inf to forbid a token")?;
        }
        if let Some(dry) = &self.dry {
            let Dry { multiplier, base, allowed_length, .. } = *dry;
            expect(multiplier.is_finite() && multiplier >= 0.0, "dry-multiplier", multiplier, AT_LEAST_0)?;
            expect(base.is_finite() && base >= 1.0, "dry-base", base, "a number of 1 or more")?;
            expect(allowed_length > 0, "dry-allowed-length", allowed_length, "1 or more")?;
        }
        Ok(())
    }
}

const AT_LEAST_0: &str = "a number of 0 or more";
const WITHIN_100: &str = "a number from -100 to 100";
const SHARE: &str = "a number above 0 and at most 1";

fn expect(holds: bool, option: &'static str, found: impl ToString, expected: &'static str) -> Result<(), LlmError> {
    if holds { Ok(()) } else { Err(LlmError::Option { option, found: found.to_string(), expected }) }
}

impl Penalties {
    /// Penalties that change nothing.
    pub const NONE: Self = Self { repetition: 1.0, presence: 0.0, frequency: 0.0, window: None };
}

impl Default for Penalties {
    fn default() -> Self {
        Self::NONE
    }
}

impl Dry {
    /// Texts that repetitions do not reach over, where nobody says otherwise: those that the method was published with.
    pub const BREAKERS: [&str; 4] = ["\n", ":", "\"", "*"];

    /// Makes breakers of all tokens that hold one of `texts`.
    ///
    /// # Errors
    /// A text that is in none of the tokens of `tokenizer`.
    pub fn broken_by(mut self, texts: &[impl AsRef<str>], tokenizer: &Tokenizer) -> Result<Self, LlmError> {
        self.breakers.clear();
        for text in texts.iter().map(AsRef::as_ref) {
            let tokens = tokenizer.tokens_with(text);
            expect(
                !tokens.is_empty(),
                "dry-breaker",
                format!("{text:?}"),
                "a text that is in one of the model's tokens",
            )?;
            self.breakers.extend(tokens);
        }
        Ok(self)
    }
}

impl Default for Dry {
    /// The values that the method was published with, without breakers.
    fn default() -> Self {
        Self { multiplier: 0.8, base: 1.75, allowed_length: 2, window: None, breakers: Vec::new() }
    }
}
