//! How tokens are chosen and when an answer ends: what chats and completions have in common.

use std::collections::HashMap;

use serde::Deserialize;
use sottovoce_llm::{
    generate::GenerateOptions,
    sampling::{Dry, Sampling},
    tokenizer::Tokenizer,
};
use utoipa::ToSchema;

use crate::{
    engine::{Engine, random_seed},
    http::Failure,
};

/// Most answers to one prompt.
const MOST_ANSWERS: u64 = 128;
/// Most likely tokens that are told in place of one.
pub const MOST_ALTERNATIVES: usize = 20;
/// Most stop strings.
const MOST_STOPS: usize = 16;

/// Members of a request. Those that OpenAI does not have are the names that other servers use for them.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Parameters {
    pub model: Option<String>,
    pub stream: Option<bool>,
    pub stream_options: Option<StreamOptions>,
    n: Option<u64>,
    max_tokens: Option<usize>,
    stop: Option<Stop>,
    seed: Option<i64>,
    temperature: Option<f32>,
    top_p: Option<f32>,
    presence_penalty: Option<f32>,
    frequency_penalty: Option<f32>,
    logit_bias: Option<HashMap<String, f32>>,
    top_k: Option<usize>,
    min_p: Option<f32>,
    typical_p: Option<f32>,
    repetition_penalty: Option<f32>,
    /// Takes this from the logit of a token that goes on repeating a sequence, more the longer that is; 0 is none.
    dry_multiplier: Option<f32>,
    /// What each further token of the repetition multiplies that by.
    dry_base: Option<f32>,
    /// The shortest repetition that counts, in tokens.
    dry_allowed_length: Option<usize>,
    /// Texts that repetitions do not reach over.
    dry_sequence_breakers: Option<Vec<String>>,
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StreamOptions {
    #[serde(default)]
    pub include_usage: bool,
    /// Padding against listeners who count bytes; there is none.
    #[serde(default, rename = "include_obfuscation")]
    _include_obfuscation: bool,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
enum Stop {
    One(String),
    Several(Vec<String>),
}

impl Parameters {
    /// Whether the response comes in pieces.
    pub fn streams(&self) -> bool {
        self.stream == Some(true)
    }

    /// Whether a stream ends with what it took.
    pub fn includes_usage(&self) -> bool {
        self.stream_options.as_ref().is_some_and(|options| options.include_usage)
    }

    /// Checks that the model asked for is this one.
    pub fn check_model(&self, engine: &Engine) -> Result<(), Failure> {
        match &self.model {
            Some(model) if !engine.is_called(model) => Err(Failure::no_model(model, engine.name())),
            _ => Ok(()),
        }
    }

    /// How many answers are wanted.
    pub fn answers(&self) -> Result<u64, Failure> {
        match self.n {
            None => Ok(1),
            Some(n @ 1..=MOST_ANSWERS) => Ok(n),
            Some(n) => Err(Failure::invalid("n", format!("n is {n}, expected 1 to {MOST_ANSWERS}"))),
        }
    }

    /// How answers are made. What the request does not say is as the model's makers recommend.
    pub fn options(&self, engine: &Engine, log_probabilities: Option<usize>) -> Result<GenerateOptions, Failure> {
        let stops = match &self.stop {
            None => Vec::new(),
            Some(Stop::One(stop)) => vec![stop.clone()],
            Some(Stop::Several(stops)) if stops.len() <= MOST_STOPS => stops.clone(),
            Some(Stop::Several(stops)) => {
                return Err(Failure::invalid("stop", format!("{} stop strings, at most {MOST_STOPS}", stops.len())));
            }
        };
        Ok(GenerateOptions {
            sampling: self.sampling(engine, log_probabilities)?,
            max_tokens: self.max_tokens,
            stop_tokens: engine.stop_tokens().to_vec(),
            stop_strings: stops,
            ..GenerateOptions::default()
        })
    }

    fn sampling(&self, engine: &Engine, log_probabilities: Option<usize>) -> Result<Sampling, Failure> {
        let default = engine.sampling();
        let mut bias = Vec::new();
        for (id, &value) in self.logit_bias.iter().flatten() {
            let expected = || Failure::invalid("logit_bias", format!("{id:?} is no token id, expected a number"));
            bias.push((id.parse().map_err(|_| expected())?, value));
        }
        // Ids in order: sums of floats depend on theirs.
        bias.sort_by_key(|&(id, _)| id);
        let mut penalties = default.penalties;
        penalties.repetition = self.repetition_penalty.unwrap_or(penalties.repetition);
        penalties.presence = self.presence_penalty.unwrap_or(0.0);
        penalties.frequency = self.frequency_penalty.unwrap_or(0.0);
        Ok(Sampling {
            temperature: self.temperature.unwrap_or(default.temperature),
            top_k: self.top_k.or(default.top_k).filter(|&k| k > 0),
            top_p: self.top_p.or(default.top_p),
            min_p: self.min_p.or(default.min_p).filter(|&p| p > 0.0),
            typical_p: self.typical_p,
            penalties,
            dry: self.dry(engine.tokenizer())?,
            logit_bias: bias,
            seed: self.seed.map_or_else(random_seed, i64::cast_unsigned),
            log_probabilities,
            ..default
        })
    }

    fn dry(&self, tokenizer: &Tokenizer) -> Result<Option<Dry>, Failure> {
        let Some(multiplier) = self.dry_multiplier.filter(|&multiplier| multiplier != 0.0) else { return Ok(None) };
        let published = Dry::default();
        let dry = Dry {
            multiplier,
            base: self.dry_base.unwrap_or(published.base),
            allowed_length: self.dry_allowed_length.unwrap_or(published.allowed_length),
            ..published
        };
        let dry = match &self.dry_sequence_breakers {
            None => dry.broken_by(&Dry::BREAKERS, tokenizer),
            Some(texts) => dry.broken_by(texts, tokenizer),
        };
        Ok(Some(dry.map_err(|error| Failure::invalid("dry_sequence_breakers", error.to_string()))?))
    }

    /// Sets the most tokens of an answer under another of its names.
    pub fn set_max_tokens(&mut self, most: Option<usize>) {
        self.max_tokens = most.or(self.max_tokens);
    }
}
