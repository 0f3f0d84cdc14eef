//! `sottovoce tokenize`

use std::{
    io::{self, Write},
    path::PathBuf,
};

use anyhow::Context;
use serde::Serialize;
use sottovoce_hub::DEFAULT_MODEL;
use sottovoce_llm::tokenizer::Tokenizer;

use crate::{
    console::{self, DIM, YELLOW},
    input, loading, model_folder,
};

/// Arguments of `tokenize`.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "sottovoce tokenize [OPTIONS] [MODEL] <TEXT>",
    after_help = "\
MODEL is a catalogue name, a model folder, a package, or a file: tokenizer.json, tokenizer.model or GGUF. Nothing is \
converted. A TEXT of - is read from stdin. The spelling of a special token stands for that token, and those that the model \
expects around a text are there, as in generate --raw.

Examples:
  sottovoce tokenize \"Hello, world\"
  sottovoce tokenize my-model - --count < chapter.txt
  sottovoce tokenize gemma-tokenizer \"Grüße\" --json | jq '.tokens[].id'
  sottovoce tokenize my-model --decode \"504 3575 282\""
)]
pub struct Arguments {
    /// Model, then text; the text alone means the default model
    #[arg(value_names = ["MODEL", "TEXT"], num_args = 1..=2, required = true)]
    model_and_text: Vec<String>,
    /// Turn ids, separated by spaces or commas, into text
    #[arg(long)]
    decode: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Print the number of tokens alone
    #[arg(long, conflicts_with = "json")]
    count: bool,
    /// Tokenizer for a package that comes without one: tokenizer.json, tokenizer.model, a GGUF file, or a folder with one
    #[arg(long, value_name = "PATH")]
    tokenizer: Option<PathBuf>,
}

/// Shows the tokens of a text, or the text of tokens.
///
/// # Errors
/// There is no tokenizer or it is damaged, or TEXT holds what is no id of it.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let (model, text) = match &arguments.model_and_text[..] {
        [model, text] => (model.as_str(), text),
        [text] => (DEFAULT_MODEL, text),
        _ => unreachable!("clap takes one or two"),
    };
    let text = input::argument_or_stdin(text)?;
    let source = loading::find_tokenizer(&model_folder::find_text_files(model)?, arguments.tokenizer.as_deref())?;
    let tokenizer = source.open()?.tokenizer;
    let ids = if arguments.decode { parse_ids(&text, &tokenizer)? } else { tokenizer.encode(&text, true)? };
    let mut out = console::stdout();
    if arguments.count {
        writeln!(out, "{}", ids.len())?;
    } else if arguments.json {
        serde_json::to_writer_pretty(&mut out, &Tokens::of(&ids, &tokenizer))?;
        writeln!(out)?;
    } else if arguments.decode {
        writeln!(out, "{}", tokenizer.decode(&ids))?;
    } else {
        print(&ids, &tokenizer, &mut out)?;
    }
    Ok(())
}

fn parse_ids(text: &str, tokenizer: &Tokenizer) -> anyhow::Result<Vec<u32>> {
    let size = tokenizer.vocab_size();
    let words = text.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty());
    words
        .map(|word| {
            let id = word.parse().ok().filter(|&id: &u32| (id as usize) < size);
            id.with_context(|| format!("'{word}' is no token id, expected 0 to {}", size - 1))
        })
        .collect()
}

/// The tokens as `--json` prints them.
#[derive(Serialize)]
struct Tokens {
    count: usize,
    /// What the tokens say, without special ones.
    text: String,
    tokens: Vec<Token>,
}

#[derive(Serialize)]
struct Token {
    id: u32,
    /// Its spelling in the vocabulary.
    token: Option<String>,
    /// The bytes that it adds to a text.
    bytes: Vec<u8>,
    special: bool,
}

impl Tokens {
    fn of(ids: &[u32], tokenizer: &Tokenizer) -> Self {
        let token = |&id: &u32| {
            let special = tokenizer.is_special(id);
            let bytes = if special { Vec::new() } else { tokenizer.token_bytes(id).to_vec() };
            Token { id, token: tokenizer.token(id), bytes, special }
        };
        Self { count: ids.len(), text: tokenizer.decode(ids), tokens: ids.iter().map(token).collect() }
    }
}

/// One line for each token: its id and its text, in which what cannot be seen is escaped.
fn print(ids: &[u32], tokenizer: &Tokenizer, out: &mut impl Write) -> io::Result<()> {
    for &id in ids {
        let text = visible(tokenizer.token_bytes(id));
        if tokenizer.is_special(id) {
            writeln!(out, "{id:>7}  {YELLOW}{text}{YELLOW:#}")?;
        } else {
            writeln!(out, "{id:>7}  {DIM}\"{DIM:#}{text}{DIM}\"{DIM:#}")?;
        }
    }
    console::note(format_args!("{} tokens", ids.len()));
    Ok(())
}

/// Bytes as the text they are, escaped where they show nothing, or are a part of a character.
fn visible(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '"' | '\'' => text.push(c),
                _ => text.extend(c.escape_debug()),
            }
        }
        text.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_escaped() {
        assert_eq!(visible(" don't \"é\" 世".as_bytes()), " don't \"é\" 世");
        assert_eq!(visible(b"\n\t\0\x1b[0m\\"), r"\n\t\0\u{1b}[0m\\");
        assert_eq!(visible(b"\xe4\xb8a\xff"), r"\xe4\xb8a\xff");
        assert_eq!(visible("\u{200b}\u{feff}\u{a0}".as_bytes()), r"\u{200b}\u{feff}\u{a0}");
    }
}
