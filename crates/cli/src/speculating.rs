//! The options of speculation, and loading a draft model.

use std::sync::Arc;

use anyhow::Context;
use sottovoce_llm::{
    load::ModelFolder,
    package::PackageModel,
    speculate::{DraftModel, Speculation},
};
use sottovoce_runtime::LoadOptions;

use crate::loading::{self, LoadedModel};

/// Whether and how tokens are guessed ahead.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Speed")]
pub struct SpeculationOptions {
    /// Tokens to guess ahead, which changes the speed of an answer and nothing else: as many as pay, none, or so many
    #[arg(long, value_name = "auto|off|N", default_value = "auto", value_parser = parse)]
    pub speculate: Speculation,
    /// A smaller model with the same tokenizer that guesses too
    #[arg(long, value_name = "MODEL")]
    draft: Option<String>,
}

/// A draft model that sessions can have.
pub struct Draft {
    name: String,
    loaded: LoadedModel,
}

impl SpeculationOptions {
    /// Loads the draft model, if one was named.
    ///
    /// # Errors
    /// It cannot be found, prepared or loaded.
    pub fn load_draft(&self, options: &LoadOptions) -> anyhow::Result<Option<Draft>> {
        let load = |name: &String| Ok(Draft { name: name.clone(), loaded: loading::load_with(name, None, options)? });
        self.draft.as_ref().map(load).transpose()
    }
}

impl Draft {
    /// With a sequence of its own, for a session of the model of `folder`.
    ///
    /// # Errors
    /// It has another tokenizer.
    pub fn for_session(&self, folder: &ModelFolder) -> anyhow::Result<DraftModel> {
        let LoadedModel { folder: own, model, .. } = &self.loaded;
        let model = PackageModel::new(Arc::clone(model.model()))?;
        let draft = DraftModel::new(Box::new(model), &own.tokenizer, &folder.tokenizer);
        draft.with_context(|| format!("{} cannot draft for this model", self.name))
    }
}

fn parse(text: &str) -> Result<Speculation, String> {
    match text {
        "auto" => Ok(Speculation::Auto),
        "off" => Ok(Speculation::Off),
        number => match number.parse() {
            Ok(count) if count > 0 => Ok(Speculation::Tokens(count)),
            _ => Err("expected auto, off, or a number of tokens".to_owned()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speculation_is_automatic_off_or_a_number() {
        assert_eq!(parse("auto"), Ok(Speculation::Auto));
        assert_eq!(parse("off"), Ok(Speculation::Off));
        assert_eq!(parse("3"), Ok(Speculation::Tokens(3)));
        for wrong in ["", "0", "-1", "on", "1.5"] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
