//! Real vocabularies against the ids that Hugging Face's tokenizers give.
//!
//! The ids in `fixtures/` come from the Python packages `transformers` (SmolLM2's GGUF, with the digits split as its own
//! tokenizer.json does) and `tokenizers` (Gemma).

mod common;

use std::path::Path;

use serde::Deserialize;
use sottovoce_convert::gguf::Gguf;
use sottovoce_llm::chat::Message;
use sottovoce_llm::load::ModelFolder;
use sottovoce_llm::tokenizer::{TokenKind, Tokenizer, Vocabulary, VocabularyModel};
use sottovoce_testkit::{gemma_tokenizer, smollm2_gguf};

#[derive(Deserialize)]
struct Encoding {
    text: String,
    ids: Vec<u32>,
}

fn check(tokenizer: &Tokenizer, golden: &str) {
    let golden: Vec<Encoding> = serde_json::from_str(golden).unwrap();
    assert!(golden.len() > 10);
    for Encoding { text, ids } in golden {
        assert_eq!(tokenizer.encode(&text, true).unwrap(), ids, "{text:?}");
        if !ids.iter().skip(1).any(|&id| tokenizer.is_special(id)) && !text.starts_with("<|") {
            assert_eq!(tokenizer.decode(&ids), text);
        }
    }
}

/// A model folder of `vocabulary` with a package that is never loaded.
fn folder(write: impl Fn(&Path)) -> (tempfile::TempDir, ModelFolder) {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    std::fs::create_dir(folder.path().join("a-Stateful-64.mlpackage")).unwrap();
    let model = ModelFolder::open(folder.path()).unwrap();
    (folder, model)
}

#[test]
fn smollm2_from_its_gguf() {
    let Some(path) = smollm2_gguf() else { return };
    let vocabulary = Vocabulary::from_gguf(&Gguf::open(path).unwrap().metadata).unwrap();
    let (_folder, model) = folder(|path| vocabulary.write(path).unwrap());
    assert_eq!(model.tokenizer.vocab_size(), 49_152);
    check(&model.tokenizer, include_str!("fixtures/smollm2-encodings.json"));
    assert_eq!(
        (model.special.bos.as_deref(), model.special.eos.as_deref()),
        (Some("<|im_start|>"), Some("<|im_end|>"))
    );
    assert_eq!(model.special.stop, [2]);

    let template = model.template.unwrap();
    let text = template.render(&[Message::user("Hi")], &model.special, true).unwrap();
    assert_eq!(
        text,
        "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n\
         <|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
    );
    let ids = template.encode(&[Message::user("Hi")], &model.special, &model.tokenizer).unwrap();
    assert_eq!(ids, model.tokenizer.encode(&text, false).unwrap());
    assert_eq!(ids.iter().filter(|&&id| id == 1).count(), 3);
}

#[test]
fn gemma_from_its_tokenizer_file() {
    let Some(path) = gemma_tokenizer() else { return };
    let (_folder, model) = folder(|folder| {
        for file in ["tokenizer.json", "tokenizer_config.json"] {
            std::fs::copy(path.with_file_name(file), folder.join(file)).unwrap();
        }
    });
    assert_eq!(model.tokenizer.vocab_size(), 256_000);
    check(&model.tokenizer, include_str!("fixtures/gemma-encodings.json"));
    // <eos> and the template's <end_of_turn>.
    assert_eq!(model.special.stop, [1, 107]);
    let messages = [Message::system("Be brief."), Message::user("Hi")];
    let ids = model.template.unwrap().encode(&messages, &model.special, &model.tokenizer).unwrap();
    let text = "<bos><start_of_turn>user\nBe brief.\n\nHi<end_of_turn>\n<start_of_turn>model\n";
    assert_eq!(ids, model.tokenizer.encode(text, false).unwrap());
    assert_eq!(ids[..2], [2, 106]);
}

/// SentencePiece scores are not in a tokenizer.json, but Gemma's pieces are in the order of their scores: a vocabulary as a
/// GGUF holds it must encode as the file with its merges does.
#[test]
fn gemma_as_a_gguf_would_hold_it() {
    let Some(path) = gemma_tokenizer() else { return };
    let file = Tokenizer::from_file(path).unwrap();
    let mut tokens: Vec<String> = (0..256_000).map(|id| file.token(id).unwrap()).collect();
    // The file spells this byte's token as the tab it stands for.
    assert_eq!(tokens[226], "\t");
    tokens[226] = "<0x09>".into();
    let kind = |(id, token): (usize, &String)| match id {
        3 => TokenKind::Unknown,
        0..=2 | 106 | 107 => TokenKind::Control,
        217..=472 if token.starts_with("<0x") => TokenKind::Byte,
        0..=216 => TokenKind::UserDefined,
        _ => TokenKind::Normal,
    };
    let kinds: Vec<TokenKind> = tokens.iter().enumerate().map(kind).collect();
    let vocabulary = Vocabulary {
        model: VocabularyModel::Llama,
        scores: (0..tokens.len()).map(|id| if kinds[id] == TokenKind::Normal { -(id as f32) } else { 0.0 }).collect(),
        kinds,
        tokens,
        bos: Some(2),
        eos: Some(1),
        unk: Some(3),
        add_space_prefix: Some(false),
        ..common::piece_vocabulary()
    };
    check(&vocabulary.tokenizer().unwrap(), include_str!("fixtures/gemma-encodings.json"));
}
