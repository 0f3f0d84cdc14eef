//! The vocabulary of a GGUF file: its `tokenizer.*` metadata, which the converter reads and the language loop understands.

use anyhow::{Context, bail};
use sottovoce_convert::gguf::{Gguf, Metadata};
use sottovoce_llm::tokenizer::{TokenKind, Vocabulary, VocabularyModel};

/// Reads the vocabulary.
///
/// # Errors
/// A key that every tokenizer needs is missing, or has a value that is not known here.
pub fn of(gguf: &Gguf) -> anyhow::Result<Vocabulary> {
    read(&gguf.metadata).with_context(|| format!("cannot make a tokenizer of {}", gguf.path.display()))
}

fn read(metadata: &Metadata) -> anyhow::Result<Vocabulary> {
    let ggml = |key: &str| format!("tokenizer.ggml.{key}");
    let string = |key: &str| metadata.get_str(&ggml(key));
    let strings = |key: &str| metadata.get_strings(&ggml(key)).map(<[String]>::to_vec);
    let id = |key: &str| metadata.get_u32(&ggml(key));
    let flag = |key: &str| metadata.get_bool(&ggml(key));
    let model = match string("model") {
        Some("gpt2") => VocabularyModel::Gpt2,
        Some("llama") => VocabularyModel::Llama,
        Some(other) => bail!("tokenizer.ggml.model is '{other}'; 'gpt2' and 'llama' are supported"),
        None => bail!("the file has no tokenizer.ggml.model"),
    };
    let kinds = metadata.get_integers(&ggml("token_type")).unwrap_or_default();
    let kind = |&value: &i64| {
        TokenKind::from_ggml(value).with_context(|| format!("tokenizer.ggml.token_type holds {value}, expected 1 to 6"))
    };
    Ok(Vocabulary {
        model,
        pre: string("pre").map(str::to_owned),
        tokens: strings("tokens").context("the file has no tokenizer.ggml.tokens")?,
        scores: metadata.get_floats(&ggml("scores")).unwrap_or_default().to_vec(),
        kinds: kinds.iter().map(kind).collect::<anyhow::Result<_>>()?,
        merges: strings("merges").unwrap_or_default(),
        bos: id("bos_token_id"),
        eos: id("eos_token_id"),
        eot: id("eot_token_id"),
        unk: id("unknown_token_id"),
        pad: id("padding_token_id"),
        add_bos: flag("add_bos_token"),
        add_eos: flag("add_eos_token"),
        add_space_prefix: flag("add_space_prefix"),
        chat_template: metadata.get_str("tokenizer.chat_template").map(str::to_owned),
    })
}
