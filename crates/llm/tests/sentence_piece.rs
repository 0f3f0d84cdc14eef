//! SentencePiece models against the ids that the sentencepiece library gives (`tools/make_tokenizer_fixtures.py`).

mod common;

use common::model_proto::{
    BYTE, CONTROL, ModelProto, NORMAL, NormalizerProto, TrainerProto, UNIGRAM, UNKNOWN, UNUSED, USER_DEFINED,
    pair_model, piece,
};
use proptest::prelude::*;
use prost::Message;
use serde::Deserialize;
use serde_json::{Value, json};
use sottovoce_llm::LlmError;
use sottovoce_llm::tokenizer::{SpecialTokens, Tokenizer};
use sottovoce_testkit::fixtures_dir;

#[derive(Deserialize)]
struct Expected {
    ids: Vec<Vec<u32>>,
    decoded: Vec<String>,
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(fixtures_dir().join("tokenizers").join(name)).unwrap()
}

fn read(model: &ModelProto, config: &Value) -> Result<Tokenizer, LlmError> {
    Tokenizer::from_sentence_piece_bytes(&model.encode_to_vec(), config, "tokenizer.model")
}

fn tokenizer(model: &ModelProto) -> Tokenizer {
    read(model, &Value::Null).unwrap()
}

#[test]
fn trained_models_encode_as_the_library_does() {
    let texts: Vec<String> = serde_json::from_slice(&fixture("texts.json")).unwrap();
    for name in ["pairs", "pairs-unknown", "unigram", "unigram-bytes"] {
        let model = fixture(&format!("{name}.model"));
        let tokenizer = Tokenizer::from_sentence_piece_bytes(&model, &Value::Null, name).unwrap();
        let expected: Expected = serde_json::from_slice(&fixture(&format!("{name}.json"))).unwrap();
        assert!(texts.len() > 40 && expected.ids.len() == texts.len());
        for ((text, ids), decoded) in texts.iter().zip(&expected.ids).zip(&expected.decoded) {
            // The library takes control tokens in a text for text; here they stand for themselves.
            if ["<s>", "</s>"].iter().any(|control| text.contains(control)) {
                continue;
            }
            assert_eq!(&tokenizer.encode(text, false).unwrap(), ids, "{name}: {text:?}");
            assert_eq!(&tokenizer.decode(ids), decoded, "{name}: {text:?}");
        }
    }
}

#[test]
fn control_tokens_in_a_text_and_around_it() {
    let model = pair_model(&[("▁", -2.0, NORMAL), ("a", -1.0, NORMAL), ("<turn>", 0.0, CONTROL)]);
    let encode = |config: Value, text: &str, add: bool| read(&model, &config).unwrap().encode(text, add).unwrap();
    assert_eq!(encode(Value::Null, "a a<turn>a</s>", true), [1, 4, 3, 4, 5, 4, 2]);
    assert_eq!(encode(Value::Null, "a", false), [4]);
    assert_eq!(encode(json!({"add_bos_token": false, "add_eos_token": true}), "a", true), [4, 2]);
    assert_eq!(tokenizer(&model).decode(&[1, 4, 5, 3, 4, 2]), "a a");
}

#[test]
fn each_stretch_between_control_tokens_is_a_text_of_its_own() {
    let mut model = pair_model(&[("▁", -3.0, NORMAL), ("a", -2.0, NORMAL), ("▁a", -1.0, NORMAL)]);
    model.normalizer = Some(NormalizerProto::default());
    let tokenizer = tokenizer(&model);
    assert_eq!(tokenizer.encode(" a  a </s>a", false).unwrap(), [5, 5, 2, 5]);
    assert!(tokenizer.encode("  ", false).unwrap().is_empty());
}

#[test]
fn unused_pieces_are_taken_apart_again() {
    let pieces =
        [("a", -9.0, NORMAL), ("b", -9.0, NORMAL), ("ab", -1.0, UNUSED), ("aba", -2.0, NORMAL), ("abb", -3.0, UNUSED)];
    let tokenizer = tokenizer(&pair_model(&pieces));
    let spell = |text: &str| -> Vec<String> {
        tokenizer.encode(text, false).unwrap().into_iter().map(|id| tokenizer.token(id).unwrap()).collect()
    };
    assert_eq!(spell("ab"), ["a", "b"]);
    assert_eq!(spell("abb"), ["a", "b", "b"]);
    assert_eq!(spell("aba"), ["aba"]);
}

#[test]
fn tokens_added_by_the_configuration() {
    let model = pair_model(&[("a", -1.0, NORMAL), ("<x>", 0.0, USER_DEFINED)]);
    let config = json!({"added_tokens_decoder": {
        "4": {"content": "<x>", "special": true},
        "6": {"content": "<|end|>", "special": true},
        "7": {"content": "<note>", "special": false},
    }});
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tokenizer.model"), model.encode_to_vec()).unwrap();
    std::fs::write(folder.path().join("tokenizer_config.json"), config.to_string()).unwrap();
    let tokenizer = Tokenizer::from_sentence_piece_file(&folder.path().join("tokenizer.model")).unwrap();
    assert_eq!(tokenizer.vocab_size(), 8);
    assert_eq!(tokenizer.encode("a<note>a<|end|>", true).unwrap(), [1, 3, 7, 3, 6]);
    assert_eq!((tokenizer.is_special(6), tokenizer.is_special(7), tokenizer.token(5)), (true, false, None));
    // No piece has id 5.
    assert_eq!(tokenizer.decode(&[3, 5, 7, 6]), "a\u{FFFD}<note>");

    let refused = |entry: Value, id: &str| match read(&model, &json!({"added_tokens_decoder": {id: entry}})) {
        Ok(_) => panic!("accepted"),
        Err(error) => error.to_string(),
    };
    assert!(refused(json!({"content": "b"}), "3").contains("spells the token 3 \"b\", the model \"a\""));
    assert!(refused(json!({"content": "b", "rstrip": true}), "5").contains("with rstrip"));
    assert!(refused(json!({"content": "b"}), "99999999").contains("99999999"));
    assert!(refused(json!({"content": ""}), "5").contains("expected an id and its content"));
    assert!(refused(json!({"content": "a"}), "5").contains("both spelled \"a\""));
}

#[test]
fn without_a_configuration_the_model_names_its_special_tokens() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tokenizer.model"), fixture("pairs.model")).unwrap();
    std::fs::create_dir(folder.path().join("a-Stateful-64.mlpackage")).unwrap();
    let model = sottovoce_llm::load::ModelFolder::open(folder.path()).unwrap();
    let expected = SpecialTokens {
        bos: Some("<s>".into()),
        eos: Some("</s>".into()),
        unk: Some("<unk>".into()),
        pad: None,
        stop: vec![2],
    };
    assert_eq!(model.special, expected);
}

/// The bytes 0x00 to 0xFF as pieces, after the special tokens.
fn with_bytes(mut model: ModelProto) -> ModelProto {
    model.pieces.extend((0..=255).map(|byte| piece(&format!("<0x{byte:02X}>"), 0.0, BYTE)));
    model.trainer.as_mut().unwrap().byte_fallback = Some(true);
    model
}

#[test]
fn malformed_models_are_refused() {
    let base = || pair_model(&[("a", -1.0, NORMAL)]);
    let with = |change: fn(&mut ModelProto)| {
        let mut model = base();
        change(&mut model);
        model.encode_to_vec()
    };
    let charsmap = |bytes: &[u8]| {
        let mut model = base();
        model.normalizer =
            Some(NormalizerProto { precompiled_charsmap: Some(bytes.to_vec()), ..NormalizerProto::default() });
        model.encode_to_vec()
    };
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (b"{\"version\": 1}".to_vec(), "not a SentencePiece model"),
        (base().encode_to_vec()[..20].to_vec(), "not a SentencePiece model"),
        (Vec::new(), "type 2 (unknown), expected one"),
        (with(|model| model.pieces[2].kind = Some(UNKNOWN)), "[0, 2] are of type 2 (unknown)"),
        (with(|model| model.pieces[3].kind = Some(7)), "piece 3 is of type 7, expected 1 to 6"),
        (with(|model| model.pieces[3].piece = None), "piece 3 has no spelling"),
        (with(|model| model.pieces[3].piece = Some("a\0".into())), "holds a zero byte"),
        (with(|model| model.pieces[3].piece = Some("a".repeat(8000))), "longer than 7999 bytes"),
        (with(|model| model.pieces[3].piece = Some("<s>".into())), "pieces 1 and 3 are both spelled \"<s>\""),
        (with(|model| model.pieces[3].score = Some(f32::NAN)), "\"a\", has the score NaN"),
        (with(|model| model.pieces[3].kind = Some(BYTE)), "of type 6 (byte) but spelled \"a\""),
        (with(|model| model.trainer.as_mut().unwrap().model_type = Some(3)), "model type 3, expected 1 (unigram) or 2"),
        (
            with(|model| model.trainer.as_mut().unwrap().treat_whitespace_as_suffix = Some(true)),
            "treat_whitespace_as_suffix is not supported",
        ),
        (with(|model| model.trainer.as_mut().unwrap().byte_fallback = Some(true)), "no piece for the byte 0x00"),
        (
            with(|model| model.normalizer.as_mut().unwrap().escape_whitespaces = Some(false)),
            "escape_whitespaces = false is not supported",
        ),
        (
            with(|model| {
                let rules = Some(vec![4, 0, 0, 0, 0, 0, 0, 0]);
                model.denormalizer =
                    Some(NormalizerProto { precompiled_charsmap: rules, ..NormalizerProto::default() });
            }),
            "a denormalizer is not supported",
        ),
        (charsmap(&[1]), "of 1 bytes is shorter than it says"),
        (charsmap(&[255, 255, 255, 255, 0]), "of 5 bytes is shorter than it says"),
        (charsmap(&[0, 0, 0, 0]), "a trie of 0 bytes"),
        (charsmap(&[5, 0, 0, 0, 1, 2, 3, 4, 5]), "a trie of 5 bytes"),
        (charsmap(&[4, 0, 0, 0, 1, 2, 3, 4, 255]), "replacements that are invalid utf-8"),
    ];
    for (bytes, expected) in cases {
        match Tokenizer::from_sentence_piece_bytes(&bytes, &Value::Null, "a/tokenizer.model") {
            Ok(_) => panic!("accepted where {expected:?} is wrong"),
            Err(error) => {
                let error = error.to_string();
                assert!(
                    error.contains(expected) && error.contains("a/tokenizer.model"),
                    "{error}, expected {expected}"
                );
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokenizer.model");
    std::fs::File::create(&path).unwrap().set_len((16 << 20) + 1).unwrap();
    let error = Tokenizer::from_sentence_piece_file(&path).err().unwrap();
    assert!(matches!(error, LlmError::TooLarge { .. }), "{error}");
}

/// A trie with one rule, for `byte`, whose replacement begins at `value`.
fn one_rule(byte: u8, value: u32) -> Vec<u8> {
    // The children of the root lie at 256 ^ label, the value of a child at its own place ^ 512.
    let mut units = vec![0u32; 1024];
    units[0] = 256 << 10;
    units[256 ^ usize::from(byte)] = 512 << 10 | 1 << 8 | u32::from(byte);
    units[256 ^ usize::from(byte) ^ 512] = 1 << 31 | value;
    let mut bytes = (4 * units.len() as u32).to_le_bytes().to_vec();
    bytes.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
    bytes.extend("xyz\0é\0".as_bytes());
    bytes
}

#[test]
fn rules_that_cannot_hold_are_errors_when_they_are_met() {
    let encode = |byte: u8, value: u32, text: &str| {
        let mut model =
            pair_model(&[("x", -1.0, NORMAL), ("y", -1.0, NORMAL), ("z", -1.0, NORMAL), ("a", -1.0, NORMAL)]);
        model.normalizer.as_mut().unwrap().precompiled_charsmap = Some(one_rule(byte, value));
        tokenizer(&model).encode(text, false).map_err(|e| e.to_string())
    };
    assert_eq!(encode(b'q', 0, "qa").unwrap(), [3, 4, 5, 6]);
    assert_eq!(encode(b'q', 1, "aq").unwrap(), [6, 4, 5]);
    assert_eq!(encode(b'q', 3, "aqa").unwrap(), [6, 6]);
    // Outside the replacements, within a character of them, within a character of the text.
    assert!(encode(b'q', 99, "q").unwrap_err().contains("broken rule for Some('q')"));
    assert!(encode(b'q', 5, "q").unwrap_err().contains("broken rule for Some('q')"));
    assert!(encode("é".as_bytes()[0], 0, "é").unwrap_err().contains("broken rule for Some('é')"));
    assert_eq!(encode(b'q', 99, "a").unwrap(), [6]);
}

/// The likeliest segmentation by trying all of them.
fn likeliest(pieces: &[(String, f32)], text: &str) -> f64 {
    if text.is_empty() {
        return 0.0;
    }
    let fitting = pieces.iter().filter(|(piece, _)| text.starts_with(piece.as_str()));
    fitting
        .map(|(piece, score)| f64::from(*score) + likeliest(pieces, &text[piece.len()..]))
        .fold(f64::NEG_INFINITY, f64::max)
}

proptest! {
    #[test]
    fn any_text_with_byte_pieces_survives_a_round_trip(text in "(?s).{0,40}", prefix: bool) {
        // U+2581 is how a space is spelled, so it comes back as one.
        let text = text.replace('▁', " ");
        let mut pairs = with_bytes(pair_model(&[("a", -1.0, NORMAL), ("▁", -1.0, NORMAL), ("▁a", -0.5, NORMAL)]));
        pairs.normalizer.as_mut().unwrap().add_dummy_prefix = Some(prefix);
        let mut unigram = pairs.clone();
        unigram.trainer = Some(TrainerProto { model_type: Some(UNIGRAM), ..unigram.trainer.unwrap() });
        for model in [pairs, unigram] {
            let tokenizer = tokenizer(&model);
            prop_assert_eq!(tokenizer.decode(&tokenizer.encode(&text, false).unwrap()), text.clone());
        }
    }

    #[test]
    fn a_unigram_segmentation_scores_highest(
        scores in prop::collection::hash_map("[ab]{1,3}", -8.0f32..-1.0, 0..10),
        text in "[ab]{0,8}",
    ) {
        let mut scores = scores;
        // Every text has a segmentation.
        scores.entry("a".into()).or_insert(-9.0);
        scores.entry("b".into()).or_insert(-9.0);
        let pieces: Vec<(String, f32)> = scores.into_iter().collect();
        let listed: Vec<(&str, f32, i32)> = pieces.iter().map(|(text, score)| (text.as_str(), *score, NORMAL)).collect();
        let mut model = pair_model(&listed);
        model.trainer.as_mut().unwrap().model_type = Some(UNIGRAM);
        let tokenizer = tokenizer(&model);
        let ids = tokenizer.encode(&text, false).unwrap();
        prop_assert_eq!(tokenizer.decode(&ids), text.clone());
        let total: f64 = ids.iter().map(|&id| f64::from(pieces[id as usize - 3].1)).sum();
        // Eight sums of scores below 64, each rounded to f32.
        prop_assert!((total - likeliest(&pieces, &text)).abs() < 1e-4);
    }
}
