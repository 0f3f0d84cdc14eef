//! Real vocabularies against the ids that the reference libraries give for the same texts: Hugging Face's `tokenizers`, and
//! `sentencepiece` where a SentencePiece model is made of a vocabulary (`tools/make_tokenizer_fixtures.py`).

mod common;

use std::path::Path;

use common::model_proto::{
    BYTE, CONTROL, ModelProto, NORMAL, NormalizerProto, PAIR_ENCODING, TrainerProto, UNKNOWN, USER_DEFINED, piece,
};
use proptest::prelude::*;
use prost::Message;
use serde_json::Value;
use sottovoce_convert::gguf::Gguf;
use sottovoce_llm::chat::Message as Turn;
use sottovoce_llm::load::ModelFolder;
use sottovoce_llm::tokenizer::{TokenKind, Tokenizer, Vocabulary, VocabularyModel};
use sottovoce_testkit::{fixtures_dir, gemma_tokenizer, smollm2_gguf, tokenizer};
use tokenizers::{NormalizedString, Normalizer, normalizers::NFC};

fn fixture(name: &str) -> Value {
    let path = fixtures_dir().join("tokenizers").join(name);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn texts() -> Vec<String> {
    serde_json::from_value(fixture("texts.json")).unwrap()
}

/// Compares the ids of every text, and checks that those without special tokens decode to the text again.
fn check(tokenizer: &Tokenizer, expected: &str) {
    let expected: Vec<Vec<u32>> = serde_json::from_value(fixture(expected)).unwrap();
    let texts = texts();
    assert!(texts.len() > 40 && texts.len() == expected.len());
    for (text, ids) in texts.iter().zip(expected) {
        assert_eq!(tokenizer.encode(text, true).unwrap(), ids, "{text:?}");
    }
}

/// Any text decodes from its ids to what `normalised` makes of it.
fn check_round_trips(tokenizer: &Tokenizer, normalised: impl Fn(&str) -> String) {
    for text in texts().iter().filter(|text| !text.contains('<')) {
        assert_eq!(tokenizer.decode(&tokenizer.encode(text, false).unwrap()), normalised(text));
    }
    proptest!(|(text in "(?s).{0,40}|[ \\n\\t0-9a-zA-Z'é👩\u{200d}\u{fe0f}.]{0,40}")| {
        prop_assert_eq!(tokenizer.decode(&tokenizer.encode(&text, false).unwrap()), normalised(&text));
    });
}

/// U+2581 is how SentencePiece spells a space, so it comes back as one.
fn sentence_piece_spaces(text: &str) -> String {
    text.replace('▁', " ")
}

/// A model folder of `vocabulary` with a package that is never loaded.
fn folder(write: impl Fn(&Path)) -> (tempfile::TempDir, ModelFolder) {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    std::fs::create_dir(folder.path().join("a-Stateful-64.mlpackage")).unwrap();
    let model = ModelFolder::open(folder.path()).unwrap();
    (folder, model)
}

/// A model folder with the tokenizer files beside `json`.
fn folder_of_files(json: &Path) -> (tempfile::TempDir, ModelFolder) {
    folder(|folder| {
        for file in ["tokenizer.json", "tokenizer_config.json"] {
            std::fs::copy(json.with_file_name(file), folder.join(file)).unwrap();
        }
    })
}

#[test]
fn smollm2_from_its_gguf() {
    let Some(path) = smollm2_gguf() else { return };
    let vocabulary = Vocabulary::from_gguf(&Gguf::open(path).unwrap().metadata).unwrap();
    let (_folder, model) = folder(|path| vocabulary.write(path).unwrap());
    assert_eq!(model.tokenizer.vocab_size(), 49_152);
    check(&model.tokenizer, "smollm2.json");
    // Its training text lacked some bytes, of characters that hardly occur, so they have no tokens and are lost.
    let bytes = |text: &str| -> Vec<u8> {
        text.bytes().filter(|&byte| model.tokenizer.id(&common::spell_byte(byte).to_string()).is_some()).collect()
    };
    check_round_trips(&model.tokenizer, |text| String::from_utf8_lossy(&bytes(text)).into_owned());
    let everyday = "Zażółć 東京 안녕 مرحبا 👩\u{200d}👩";
    assert_eq!(bytes(everyday), everyday.as_bytes());
    assert_eq!(
        (model.special.bos.as_deref(), model.special.eos.as_deref()),
        (Some("<|im_start|>"), Some("<|im_end|>"))
    );
    assert_eq!(model.special.stop, [2]);

    // The same without conversion, from the GGUF file beside a package.
    let (_folder, beside) = folder(|folder| {
        std::fs::copy(path, folder.join("model.gguf")).unwrap();
    });
    assert_eq!(beside.special, model.special);

    for template in [model.template.unwrap(), beside.template.unwrap()] {
        let text = template.render(&[Turn::user("Hi")], &model.special, true).unwrap();
        assert_eq!(
            text,
            "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n\
             <|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
        );
        let ids = template.encode(&[Turn::user("Hi")], &model.special, &model.tokenizer).unwrap();
        assert_eq!(ids, beside.tokenizer.encode(&text, false).unwrap());
        assert_eq!(ids.iter().filter(|&&id| id == 1).count(), 3);
    }
}

#[test]
fn gemma_from_its_tokenizer_file() {
    let Some(path) = gemma_tokenizer() else { return };
    let (_folder, model) = folder_of_files(path);
    assert_eq!(model.tokenizer.vocab_size(), 256_000);
    check(&model.tokenizer, "gemma.json");
    check_round_trips(&model.tokenizer, sentence_piece_spaces);
    // <eos> and the template's <end_of_turn>.
    assert_eq!(model.special.stop, [1, 107]);
    let messages = [Turn::system("Be brief."), Turn::user("Hi")];
    let ids = model.template.unwrap().encode(&messages, &model.special, &model.tokenizer).unwrap();
    let text = "<bos><start_of_turn>user\nBe brief.\n\nHi<end_of_turn>\n<start_of_turn>model\n";
    assert_eq!(ids, model.tokenizer.encode(text, false).unwrap());
    assert_eq!(ids[..2], [2, 106]);
}

#[test]
fn gemma_3_from_its_tokenizer_file() {
    let Some(path) = tokenizer("gemma3") else { return };
    let (_folder, model) = folder_of_files(&path);
    check(&model.tokenizer, "gemma3.json");
    check_round_trips(&model.tokenizer, sentence_piece_spaces);
}

#[test]
fn llama_3_from_its_tokenizer_file_and_as_a_gguf() {
    let Some(path) = tokenizer("llama3") else { return };
    let (_folder, model) = folder_of_files(&path);
    check(&model.tokenizer, "llama3.json");
    check_round_trips(&model.tokenizer, str::to_owned);
    check(&byte_level(&path, "llama-bpe").tokenizer().unwrap(), "llama3.json");
}

#[test]
fn qwen_3_from_its_tokenizer_file_and_as_a_gguf() {
    let Some(path) = tokenizer("qwen3") else { return };
    let (_folder, model) = folder_of_files(&path);
    check(&model.tokenizer, "qwen3.json");
    check_round_trips(&model.tokenizer, |text| {
        let mut text = NormalizedString::from(text);
        NFC.normalize(&mut text).unwrap();
        text.get().to_owned()
    });
    check(&byte_level(&path, "qwen2").tokenizer().unwrap(), "qwen3.json");
}

/// The vocabulary of a byte-level `tokenizer.json` as a GGUF file holds it.
fn byte_level(path: &Path, pre: &str) -> Vocabulary {
    let json: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let mut tokens = Vec::new();
    let mut kinds = Vec::new();
    let mut put = |id: &Value, text: &str, kind| {
        let id = id.as_u64().unwrap() as usize;
        if tokens.len() <= id {
            tokens.resize(id + 1, String::new());
            kinds.resize(id + 1, TokenKind::Normal);
        }
        (tokens[id], kinds[id]) = (text.to_owned(), kind);
    };
    for (text, id) in json["model"]["vocab"].as_object().unwrap() {
        put(id, text, TokenKind::Normal);
    }
    for token in json["added_tokens"].as_array().unwrap() {
        let kind = if token["special"] == true { TokenKind::Control } else { TokenKind::UserDefined };
        put(&token["id"], token["content"].as_str().unwrap(), kind);
    }
    let merges = json["model"]["merges"].as_array().unwrap().iter().map(|merge| match merge {
        Value::String(merge) => merge.clone(),
        pair => format!("{} {}", pair[0].as_str().unwrap(), pair[1].as_str().unwrap()),
    });
    // As the npm packages have it, neither puts a token before a text.
    let add_bos = Some(false);
    Vocabulary {
        pre: Some(pre.to_owned()),
        tokens,
        kinds,
        merges: merges.collect(),
        bos: None,
        eos: None,
        add_bos,
        ..common::byte_vocabulary()
    }
}

/// Gemma's spellings by id, and SentencePiece's types of them.
fn gemma_pieces(path: &Path) -> Vec<(String, i32)> {
    let file = Tokenizer::from_file(path).unwrap();
    let mut pieces: Vec<(String, i32)> = (0..256_000).map(|id| (file.token(id).unwrap(), NORMAL)).collect();
    // The file spells this byte's token as the tab it stands for.
    assert_eq!(pieces[226].0, "\t");
    pieces[226].0 = "<0x09>".into();
    for (id, (text, kind)) in pieces.iter_mut().enumerate() {
        *kind = match id {
            3 => UNKNOWN,
            0..=2 | 106 | 107 => CONTROL,
            0..=216 => USER_DEFINED,
            217..=472 if text.starts_with("<0x") => BYTE,
            _ => NORMAL,
        };
    }
    pieces
}

/// SentencePiece scores are not in a tokenizer.json, but Gemma's pieces are in the order of their scores.
fn gemma_score(id: usize, kind: i32) -> f32 {
    if kind == NORMAL { -(id as f32) } else { 0.0 }
}

/// A vocabulary as a GGUF holds it encodes as the file with its merges does, but for mark-up, which is one token.
#[test]
fn gemma_as_a_gguf_would_hold_it() {
    let Some(path) = gemma_tokenizer() else { return };
    let pieces = gemma_pieces(path);
    let vocabulary = Vocabulary {
        model: VocabularyModel::Llama,
        scores: pieces.iter().enumerate().map(|(id, &(_, kind))| gemma_score(id, kind)).collect(),
        kinds: pieces.iter().map(|&(_, kind)| TokenKind::from_ggml(kind.into()).unwrap()).collect(),
        tokens: pieces.into_iter().map(|(text, _)| text).collect(),
        bos: Some(2),
        eos: Some(1),
        unk: Some(3),
        add_space_prefix: Some(false),
        ..common::piece_vocabulary()
    };
    let tokenizer = vocabulary.tokenizer().unwrap();
    let expected: Vec<Vec<u32>> = serde_json::from_value(fixture("gemma.json")).unwrap();
    for (text, ids) in texts().iter().zip(expected).filter(|(text, _)| !has_mark_up(text)) {
        assert_eq!(tokenizer.encode(text, true).unwrap(), ids, "{text:?}");
    }
}

/// Whether a text has what the roads treat differently: mark-up, and long runs of spaces.
fn has_mark_up(text: &str) -> bool {
    text.contains("</") || text.contains(&" ".repeat(32))
}

#[test]
fn gemma_as_a_sentence_piece_model() {
    let Some(path) = gemma_tokenizer() else { return };
    let pieces = gemma_pieces(path).into_iter().enumerate();
    let model = ModelProto {
        pieces: pieces.map(|(id, (text, kind))| piece(&text, gemma_score(id, kind), kind)).collect(),
        trainer: Some(TrainerProto {
            model_type: Some(PAIR_ENCODING),
            byte_fallback: Some(true),
            bos_piece: Some("<bos>".into()),
            eos_piece: Some("<eos>".into()),
            ..TrainerProto::default()
        }),
        normalizer: Some(NormalizerProto {
            add_dummy_prefix: Some(false),
            remove_extra_whitespaces: Some(false),
            ..NormalizerProto::default()
        }),
        denormalizer: None,
    };
    let (_folder, model) = folder(|folder| {
        std::fs::write(folder.join("tokenizer.model"), model.encode_to_vec()).unwrap();
    });
    assert_eq!((model.special.bos.as_deref(), &model.special.stop[..]), (Some("<bos>"), &[1, 107][..]));
    let expected = fixture("gemma-sentencepiece.json");
    for (text, ids) in texts().iter().zip(expected["ids"].as_array().unwrap()) {
        // The library takes control tokens in a text for text.
        if ["<bos>", "<start_of_turn>"].iter().all(|token| !text.contains(token)) {
            assert_eq!(serde_json::json!(model.tokenizer.encode(text, false).unwrap()), *ids, "{text:?}");
        }
    }
    check_round_trips(&model.tokenizer, sentence_piece_spaces);
}

#[test]
fn the_built_in_part_of_gemma_has_true_ids() {
    let reduced = Tokenizer::reduced_gemma().unwrap();
    assert_eq!(reduced.vocab_size(), 256_000);
    check_round_trips(&reduced, sentence_piece_spaces);
    assert_eq!(reduced.decode(&[2, 651, 255_000, 107]), "The\u{FFFD}");
    // Common text takes the ids of the whole vocabulary.
    assert_eq!(reduced.encode("The capital of", true).unwrap(), [2, 651, 6037, 576]);
    assert_eq!(reduced.encode("<start_of_turn>", false).unwrap(), [106]);

    let Some(path) = gemma_tokenizer() else { return };
    let pieces = gemma_pieces(path);
    let kept: Vec<usize> = (0..256_000).filter(|&id| reduced.token(id as u32).is_some()).collect();
    assert!(kept.len() >= 2_000, "{}", kept.len());
    for id in kept {
        assert_eq!(reduced.token(id as u32).as_ref(), Some(&pieces[id].0));
        assert_eq!(reduced.is_special(id as u32), pieces[id].1 == CONTROL, "{id}");
    }
}
