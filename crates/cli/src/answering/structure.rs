//! The options that say what an answer has to be.

use std::{fs, path::PathBuf, sync::Arc};

use anyhow::Context;
use sottovoce_llm::{
    constrain::{Compiler, Constraint, Grammar},
    load::ModelFolder,
};

use crate::console;

/// What answers have to be.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Structured output (the model is not told: say in the prompt what you want)")]
#[group(multiple = false)]
pub struct StructureOptions {
    /// Answer with a JSON object
    #[arg(long)]
    json_object: bool,
    /// Answer with JSON that the schema in this file accepts
    #[arg(long, value_name = "FILE")]
    json_schema: Option<PathBuf>,
    /// Answer with a text that this regular expression matches as a whole
    #[arg(long, value_name = "EXPRESSION")]
    regex: Option<String>,
    /// Answer with a text of the Lark grammar in this file
    #[arg(long, value_name = "FILE")]
    grammar: Option<PathBuf>,
}

impl StructureOptions {
    /// What keeps answers of the model of `folder` to it; `None` where nothing is asked.
    ///
    /// # Errors
    /// A file that cannot be read, or a grammar that is malformed or not supported.
    pub fn constraint(&self, folder: &ModelFolder) -> anyhow::Result<Option<Constraint>> {
        let Some(grammar) = self.grammar()? else { return Ok(None) };
        let compiler = Compiler::new(Arc::clone(&folder.tokenizer), &folder.special.stop)?;
        let mut constraint = compiler.compile(&grammar)?;
        for warning in constraint.warnings() {
            console::warn(warning);
        }
        Ok(Some(constraint))
    }

    fn grammar(&self) -> anyhow::Result<Option<Grammar>> {
        let read = |path: &PathBuf| fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()));
        Ok(if self.json_object {
            Some(Grammar::JsonObject)
        } else if let Some(path) = &self.json_schema {
            let schema = serde_json::from_str(&read(path)?);
            Some(Grammar::JsonSchema(schema.with_context(|| format!("{} is not JSON", path.display()))?))
        } else if let Some(path) = &self.grammar {
            Some(Grammar::Lark(read(path)?))
        } else {
            self.regex.clone().map(Grammar::Regex)
        })
    }
}
