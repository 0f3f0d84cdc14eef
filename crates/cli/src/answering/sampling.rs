//! The options that say how tokens are chosen.

use anyhow::Context;
use sottovoce_llm::{
    LlmError,
    load::ModelFolder,
    sampling::{Dry, Penalties, Sampling},
    tokenizer::Tokenizer,
};

/// How tokens are chosen.
#[derive(Clone, Debug, clap::Args)]
#[command(
    next_help_heading = "Choosing tokens (in this order: bias, penalties, DRY, grammar, temperature, top-k to typical-p)"
)]
pub struct SamplingOptions {
    /// Always take the most likely token: --temperature 0
    #[arg(long, conflicts_with = "temperature")]
    greedy: bool,
    /// Below 1 favours likely tokens, above 1 unlikely ones [default: the model's, else 0.7]
    #[arg(long, value_name = "T")]
    temperature: Option<f32>,
    /// Choose among this many most likely tokens, 0 for all [default: the model's, else 40]
    #[arg(long, value_name = "K")]
    top_k: Option<usize>,
    /// Choose among the fewest likely tokens that have this probability together [default: the model's, else off]
    #[arg(long, value_name = "P")]
    top_p: Option<f32>,
    /// Choose among tokens at least this times as likely as the most likely one [default: the model's, else off]
    #[arg(long, value_name = "P")]
    min_p: Option<f32>,
    /// Choose among the fewest tokens of typical surprise that have this probability together
    #[arg(long, value_name = "P")]
    typical_p: Option<f32>,
    /// Divide the logits of tokens that occurred [default: the model's, else 1]
    #[arg(long, value_name = "X")]
    repeat_penalty: Option<f32>,
    /// Take this from the logits of tokens that occurred
    #[arg(long, value_name = "X", allow_negative_numbers = true, default_value_t = 0.0, hide_default_value = true)]
    presence_penalty: f32,
    /// Take this from the logits of tokens for each time they occurred
    #[arg(long, value_name = "X", allow_negative_numbers = true, default_value_t = 0.0, hide_default_value = true)]
    frequency_penalty: f32,
    /// Let penalties and DRY look at this many last tokens [default: all]
    #[arg(long, value_name = "N")]
    penalty_window: Option<usize>,
    /// DRY: take this from the logit of a token that goes on repeating two tokens, more the longer the repetition is
    #[arg(long, value_name = "X")]
    dry: Option<f32>,
    /// DRY: what each further token multiplies the penalty by
    #[arg(long, value_name = "X", requires = "dry", default_value_t = 1.75)]
    dry_base: f32,
    /// DRY: how long a repetition may be without a penalty on going on
    #[arg(long, value_name = "N", requires = "dry", default_value_t = 2)]
    dry_allowed_length: usize,
    /// DRY: repetitions do not reach over this text; may be given several times [default: line end, colon, quote, asterisk]
    #[arg(long, value_name = "TEXT", requires = "dry", default_values = Dry::BREAKERS, hide_default_value = true)]
    dry_breaker: Vec<String>,
    /// Add BIAS to the logit of a token, an id or its text; -inf forbids it; may be given several times
    #[arg(long, value_name = "TOKEN=BIAS")]
    logit_bias: Vec<String>,
    /// Seed of the random choices [default: another one each time]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

impl SamplingOptions {
    /// Whether the random choices are to be the same each time.
    pub fn has_seed(&self) -> bool {
        self.seed.is_some()
    }

    /// How to choose the tokens of the model of `folder`, whose makers' wishes stand where no option does.
    ///
    /// # Errors
    /// A bias or breaker that is none of the model's tokens.
    pub fn sampling(&self, folder: &ModelFolder) -> anyhow::Result<Sampling> {
        let defaults = &folder.defaults;
        let bias = self.logit_bias.iter().map(|bias| logit_bias(bias, &folder.tokenizer));
        Ok(Sampling {
            temperature: if self.greedy { 0.0 } else { self.temperature.or(defaults.temperature).unwrap_or(0.7) },
            top_k: Some(self.top_k.or(defaults.top_k).unwrap_or(40)).filter(|&k| k > 0),
            top_p: self.top_p.or(defaults.top_p),
            min_p: self.min_p.or(defaults.min_p),
            typical_p: self.typical_p,
            penalties: Penalties {
                repetition: self.repeat_penalty.or(defaults.repetition_penalty).unwrap_or(1.0),
                presence: self.presence_penalty,
                frequency: self.frequency_penalty,
                window: self.penalty_window,
            },
            dry: self.dry.map(|multiplier| self.dry(multiplier, &folder.tokenizer)).transpose()?,
            logit_bias: bias.collect::<anyhow::Result<_>>()?,
            seed: self.seed.unwrap_or(0),
            ..Sampling::GREEDY
        })
    }

    fn dry(&self, multiplier: f32, tokenizer: &Tokenizer) -> Result<Dry, LlmError> {
        let (base, allowed_length, window) = (self.dry_base, self.dry_allowed_length, self.penalty_window);
        let dry = Dry { multiplier, base, allowed_length, window, breakers: Vec::new() };
        dry.broken_by(&self.dry_breaker, tokenizer)
    }
}

/// Reads `TOKEN=BIAS`.
fn logit_bias(text: &str, tokenizer: &Tokenizer) -> anyhow::Result<(u32, f32)> {
    let expected = || format!("--logit-bias {text:?}, expected TOKEN=BIAS such as 42=-inf or \" Tokyo\"=5");
    let (token, bias) = text.rsplit_once('=').with_context(expected)?;
    let bias = bias.parse().with_context(expected)?;
    if let Ok(id) = token.parse() {
        return Ok((id, bias));
    }
    match tokenizer.encode(token, false)?[..] {
        [id] => Ok((id, bias)),
        ref ids => anyhow::bail!("--logit-bias: {token:?} is {} of the model's tokens, expected one", ids.len()),
    }
}
