//! Vocabularies, encoding and incremental decoding.

mod common;

use std::collections::BTreeMap;

use common::{IM_END, IM_START, byte_vocabulary, piece_vocabulary, spell_byte};
use proptest::prelude::*;
use sottovoce_llm::LlmError;
use sottovoce_llm::tokenizer::{SpecialTokens, TextStream, TokenKind, Tokenizer, Vocabulary};
use sottovoce_testkit::fixtures_dir;
use tokenizers::{OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer};

/// The pieces that a stream gives for `ids`, joined.
fn streamed(mut stream: TextStream<'_>, ids: &[u32]) -> String {
    let mut text = String::new();
    for &id in ids {
        stream.push(id, &mut text);
    }
    stream.finish(&mut text);
    text
}

#[test]
fn byte_level_merges_in_order_and_splits_digits() {
    let tokenizer = byte_vocabulary().tokenizer().unwrap();
    let ids = tokenizer.encode("hello hell 12", false).unwrap();
    let tokens: Vec<String> = ids.iter().map(|&id| tokenizer.token(id).unwrap()).collect();
    assert_eq!(tokens, ["hello", "Ġ", "hell", "Ġ", "1", "2"]);
    assert_eq!(tokenizer.encode("<|im_start|>h", false).unwrap(), [IM_START, 104]);
    assert_eq!(tokenizer.decode(&[IM_START, 104, IM_END]), "h");
}

#[test]
fn sentence_piece_merges_by_score_and_falls_back_to_bytes() {
    let tokenizer = piece_vocabulary().tokenizer().unwrap();
    let spell = |text: &str| -> Vec<String> {
        tokenizer.encode(text, true).unwrap().iter().map(|&id| tokenizer.token(id).unwrap()).collect()
    };
    assert_eq!(spell("the cat"), ["<s>", "▁the", "▁cat"]);
    assert_eq!(spell("é"), ["<s>", "▁", "<0xC3>", "<0xA9>"]);
    let ids = tokenizer.encode("the cat é", true).unwrap();
    assert_eq!(tokenizer.decode(&ids), "the cat é");
    // A continuation keeps the space that the beginning of a text loses.
    assert_eq!(streamed(tokenizer.stream_continuation(), &ids), " the cat é");
}

#[test]
fn sentence_piece_without_space_prefix_keeps_every_space() {
    let vocabulary = Vocabulary { add_space_prefix: Some(false), ..piece_vocabulary() };
    let tokenizer = vocabulary.tokenizer().unwrap();
    for text in ["the cat", " the", "  a", "a "] {
        assert_eq!(tokenizer.decode(&tokenizer.encode(text, false).unwrap()), text);
    }
}

/// Words by every rule, as Python's `tokenizers` (another engine of regular expressions) splits them by the patterns that
/// models publish.
#[test]
fn text_is_split_into_words_by_the_rule_that_the_file_names() {
    let read = |name: &str| std::fs::read(fixtures_dir().join("tokenizers").join(name)).unwrap();
    let texts: Vec<String> = serde_json::from_slice(&read("texts.json")).unwrap();
    let splits: BTreeMap<String, Vec<Vec<String>>> = serde_json::from_slice(&read("splits.json")).unwrap();
    assert_eq!(splits.len(), 6);
    for (rule, expected) in splits {
        let folder = tempfile::tempdir().unwrap();
        Vocabulary { pre: Some(rule.clone()), ..byte_vocabulary() }.write(folder.path()).unwrap();
        let written = tokenizers::Tokenizer::from_file(folder.path().join("tokenizer.json")).unwrap();
        for (text, words) in texts.iter().zip(expected) {
            let mut split = PreTokenizedString::from(text.as_str());
            written.get_pre_tokenizer().unwrap().pre_tokenize(&mut split).unwrap();
            let splits = split.get_splits(OffsetReferential::Original, OffsetType::Byte);
            let found: Vec<&str> = splits.into_iter().map(|(_, (start, end), _)| &text[start..end]).collect();
            assert_eq!(found, words, "{rule}: {text:?}");
        }
    }
}

#[test]
fn a_text_begins_as_the_rule_says_where_the_file_does_not() {
    let begins = |pre: &str, add_bos| {
        let vocabulary = Vocabulary { pre: Some(pre.into()), add_bos, ..byte_vocabulary() };
        vocabulary.tokenizer().unwrap().encode("h", true).unwrap()[0] == IM_START
    };
    assert!(begins("llama-bpe", None) && begins("tekken", None) && begins("gpt-2", Some(true)));
    assert!(!begins("gpt-2", None) && !begins("llama-bpe", Some(false)));
}

#[test]
fn user_defined_tokens_are_matched_whole_and_are_text() {
    let mut vocabulary = byte_vocabulary();
    vocabulary.tokens.push("<table>".into());
    vocabulary.kinds.push(TokenKind::UserDefined);
    let tokenizer = vocabulary.tokenizer().unwrap();
    let ids = tokenizer.encode("a<table>", false).unwrap();
    assert_eq!(ids, [97, vocabulary.tokens.len() as u32 - 1]);
    assert_eq!(tokenizer.decode(&ids), "a<table>");
}

#[test]
fn written_files_read_back_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let vocabulary = Vocabulary { eot: Some(IM_START), chat_template: Some("{{ x }}".into()), ..byte_vocabulary() };
    vocabulary.write(folder.path()).unwrap();
    let tokenizer = Tokenizer::from_file(&folder.path().join("tokenizer.json")).unwrap();
    let text = "hello wörld <|im_end|> 42";
    assert_eq!(tokenizer.encode(text, true).unwrap(), vocabulary.tokenizer().unwrap().encode(text, true).unwrap());
    let special = SpecialTokens::from_folder(folder.path(), &tokenizer).unwrap();
    assert_eq!(special.bos.as_deref(), Some("<|im_start|>"));
    assert_eq!(special.eos.as_deref(), Some("<|im_end|>"));
    assert_eq!(special.stop, [IM_END, IM_START]);
}

#[test]
fn malformed_vocabularies_are_refused() {
    let base = byte_vocabulary;
    let cases = [
        (Vocabulary { kinds: vec![TokenKind::Normal; 3], ..base() }, "token_type holds 3 entries"),
        (Vocabulary { bos: Some(9999), ..base() }, "special token 9999"),
        (Vocabulary { merges: vec!["he".into()], ..base() }, "merge \"he\""),
        (Vocabulary { merges: vec!["zz zz".into()], ..base() }, "zz"),
        (Vocabulary { pre: Some("bloom".into()), ..base() }, "pre is bloom, expected gpt-2"),
        (Vocabulary { pre: None, ..base() }, "missing"),
        (
            Vocabulary { tokens: vec!["a".into(), "a".into()], kinds: vec![], bos: None, eos: None, ..base() },
            "both spelled",
        ),
        (Vocabulary { scores: vec![], ..piece_vocabulary() }, "without scores"),
    ];
    for (vocabulary, expected) in cases {
        match vocabulary.tokenizer() {
            Ok(_) => panic!("accepted where {expected:?} is wrong"),
            Err(error) => assert!(error.to_string().contains(expected), "{error}"),
        }
    }
}

#[test]
fn malformed_tokenizer_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    byte_vocabulary().write(folder.path()).unwrap();
    let path = folder.path().join("tokenizer.json");
    let good = std::fs::read(&path).unwrap();
    let text = String::from_utf8(good.clone()).unwrap();
    assert!(text.contains(r#""decoder":{"type":"ByteLevel""#), "{}", &text[..300]);
    let cases: [(&str, Vec<u8>); 6] = [
        ("empty", Vec::new()),
        ("truncated", good[..good.len() / 2].to_vec()),
        ("not JSON", b"GGUF\0\0\0\x03".to_vec()),
        ("another JSON", b"{\"a\": [1, 2]}".to_vec()),
        (
            "no vocabulary",
            br#"{"model": {"type": "BPE", "vocab": {}, "merges": []}, "decoder": {"type": "Fuse"}}"#.to_vec(),
        ),
        (
            "a decoder for words",
            br#"{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}, "decoder": {"type": "CTC"}}"#.to_vec(),
        ),
    ];
    for (name, bytes) in cases {
        std::fs::write(&path, bytes).unwrap();
        match Tokenizer::from_file(&path) {
            Ok(_) => panic!("accepted: {name}"),
            Err(error) => {
                assert!(matches!(error, LlmError::Tokenizer { .. }), "{name}: {error}");
                assert!(error.to_string().contains("tokenizer.json"), "{name}: {error}");
            }
        }
    }
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(Tokenizer::from_file(&path), Err(LlmError::Io { .. })));
}

#[test]
fn malformed_configurations_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    byte_vocabulary().write(folder.path()).unwrap();
    let tokenizer = Tokenizer::from_file(&folder.path().join("tokenizer.json")).unwrap();
    for (file, contents) in [
        ("tokenizer_config.json", "{"),
        ("tokenizer_config.json", r#"{"eos_token": "<nowhere>"}"#),
        ("generation_config.json", r#"{"eos_token_id": [1, -2]}"#),
        ("generation_config.json", r#"{"eos_token_id": 999999}"#),
        ("generation_config.json", r#"{"eos_token_id": "two"}"#),
    ] {
        let copy = tempfile::tempdir().unwrap();
        std::fs::write(copy.path().join(file), contents).unwrap();
        let error = SpecialTokens::from_folder(copy.path(), &tokenizer).unwrap_err();
        assert!(matches!(error, LlmError::Config { .. }) && error.to_string().contains(file), "{contents}: {error}");
    }
}

#[test]
fn special_tokens_may_be_objects() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tokenizer_config.json"), r#"{"eos_token": {"content": "<|im_end|>"}}"#).unwrap();
    let special = SpecialTokens::from_folder(folder.path(), &byte_vocabulary().tokenizer().unwrap()).unwrap();
    assert_eq!((special.eos.as_deref(), special.stop.as_slice()), (Some("<|im_end|>"), &[IM_END][..]));
}

#[test]
fn the_byte_alphabet_is_gpt2s() {
    let tokenizer = byte_vocabulary().tokenizer().unwrap();
    for byte in 0..=255u8 {
        let id = tokenizer.id(&spell_byte(byte).to_string()).unwrap();
        // Two of a kind are no character for 0x80 and above; then each is replaced.
        assert_eq!(tokenizer.decode(&[id, id]), String::from_utf8_lossy(&[byte, byte]));
    }
}

proptest! {
    #[test]
    fn streaming_equals_decoding_any_ids(ids in prop::collection::vec(0u32..280, 0..60)) {
        for vocabulary in [byte_vocabulary(), piece_vocabulary()] {
            let tokenizer = vocabulary.tokenizer().unwrap();
            let full = tokenizer.decode(&ids);
            prop_assert_eq!(&streamed(tokenizer.stream_from_start(), &ids), &full);
            // Every prefix is final but for a character in the making.
            let mut text = String::new();
            let mut stream = tokenizer.stream_from_start();
            for &id in &ids {
                stream.push(id, &mut text);
                prop_assert!(full.starts_with(&text));
            }
        }
    }

    #[test]
    fn byte_tokens_decode_as_their_bytes(bytes: Vec<u8>) {
        let ids: Vec<u32> = bytes.iter().map(|&b| u32::from(b)).collect();
        let tokenizer = byte_vocabulary().tokenizer().unwrap();
        prop_assert_eq!(tokenizer.decode(&ids), String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn text_survives_a_round_trip(text in "\\PC{0,40}|[ \\n\\t<|>a-z]{0,40}") {
        let tokenizer = byte_vocabulary().tokenizer().unwrap();
        prop_assert_eq!(tokenizer.decode(&tokenizer.encode(&text, false).unwrap()), text);
    }
}
