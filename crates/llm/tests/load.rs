//! Model folders: which package is taken, and what is said about the others.

mod common;

use std::ops::ControlFlow;
use std::path::Path;

use common::{IM_END, byte_vocabulary};
use serde_json::Value;
use sottovoce_convert::checkpoint::Config;
use sottovoce_convert::{Checkpoint, ConvertOptions, Quantize, convert};
use sottovoce_llm::LlmError;
use sottovoce_llm::chat::Message;
use sottovoce_llm::load::{ModelFolder, Package, Packages, TokenizerSource, Weights};
use sottovoce_llm::tokenizer::{TokenKind, Vocabulary};
use sottovoce_testkit::fixtures_dir;
use tempfile::TempDir;

/// A model folder with packages (empty folders) of these names.
fn folder(packages: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    byte_vocabulary().write(folder.path()).unwrap();
    for package in packages {
        std::fs::create_dir(folder.path().join(package)).unwrap();
    }
    folder
}

fn name(package: &Package) -> &str {
    package.path.file_name().unwrap().to_str().unwrap()
}

const FOUR_BIT: &str = "Smol-Stateful-4bit-512.mlpackage";
const F16: &str = "Smol-Stateful-512.mlpackage";

#[test]
fn names_say_weights_and_context() {
    let named = |name: &str| {
        let package = Package::named(name.into());
        (package.weights, package.context)
    };
    assert_eq!(named("a-b-Stateful-4bit-2048.mlpackage"), (Weights::Quantised(4), Some(2048)));
    assert_eq!(named("a-Stateful-8bit-2048.mlpackage"), (Weights::Quantised(8), Some(2048)));
    assert_eq!(named("a-Stateful-512.mlpackage"), (Weights::F16, Some(512)));
    assert_eq!(named("a-KvIo-512.mlpackage"), (Weights::Unnamed, Some(512)));
    assert_eq!(named("a-Stateful.mlpackage"), (Weights::Unnamed, None));
    assert_eq!(named("model.mlpackage"), (Weights::Unnamed, None));
}

#[test]
fn the_four_bit_package_and_the_larger_context_come_first() {
    let four_bit_large = "Smol-Stateful-4bit-2048.mlpackage";
    let folder = folder(&["other.mlpackage", F16, FOUR_BIT, four_bit_large]);
    let model = ModelFolder::open(folder.path()).unwrap();
    let names: Vec<&str> = model.packages.list.iter().map(name).collect();
    assert_eq!(names, [four_bit_large, FOUR_BIT, F16, "other.mlpackage"]);
    let (taken, report) = model.packages.load(|package| Ok::<_, LlmError>(name(package).to_owned())).unwrap();
    assert_eq!(taken, four_bit_large);
    assert_eq!(report.to_string(), format!("loaded {four_bit_large}"));
}

#[test]
fn a_corrupt_package_falls_back_and_the_report_says_why() {
    let folder = folder(&[FOUR_BIT, F16]);
    let model = ModelFolder::open(folder.path()).unwrap();
    let (taken, report) = model
        .packages
        .load(
            |package| {
                if name(package) == FOUR_BIT { Err("weight.bin is missing") } else { Ok(name(package).to_owned()) }
            },
        )
        .unwrap();
    assert_eq!(taken, F16);
    assert_eq!(report.to_string(), format!("could not load {FOUR_BIT}: weight.bin is missing\nloaded {F16}"));
}

#[test]
fn a_missing_four_bit_package_is_said() {
    let folder = folder(&[F16]);
    let (_, report) = Packages::open(folder.path()).unwrap().load(|_| Ok::<_, LlmError>(())).unwrap();
    assert_eq!(report.to_string(), format!("no 4-bit package in the folder, taking the f16 one\nloaded {F16}"));
}

#[test]
fn when_none_loads_every_reason_is_given() {
    let folder = folder(&[FOUR_BIT, F16]);
    let load = |package: &Package| Err::<(), _>(format!("{} bits are wrong", package.context.unwrap()));
    let error = Packages::open(folder.path()).unwrap().load(load).unwrap_err().to_string();
    assert!(error.contains(FOUR_BIT) && error.contains(F16) && error.contains("512 bits are wrong"), "{error}");
}

#[test]
fn a_package_is_opened_with_the_tokenizer_beside_it_or_another() {
    let folder = folder(&[F16]);
    let package = folder.path().join(F16);
    assert_eq!(ModelFolder::open(&package).unwrap().packages.list.len(), 1);

    let elsewhere = tempfile::tempdir().unwrap();
    let lone = elsewhere.path().join(F16);
    std::fs::create_dir(&lone).unwrap();
    assert_eq!(Packages::open(&lone).unwrap().list.len(), 1, "running needs no tokenizer");
    assert!(matches!(ModelFolder::open(&lone), Err(LlmError::NoTokenizer { place, .. }) if place == elsewhere.path()));
    for tokenizer in [folder.path().to_owned(), folder.path().join("tokenizer.json")] {
        let source = TokenizerSource::find(&lone, Some(&tokenizer)).unwrap();
        let model = ModelFolder::open_with_tokenizer(&lone, source).unwrap();
        assert_eq!(model.special.stop, [IM_END]);
    }
}

#[test]
fn a_tokenizer_is_looked_for_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let package = folder.path().join(F16);
    std::fs::create_dir(&package).unwrap();
    let put = |name: &str| {
        std::fs::write(folder.path().join(name), "").unwrap();
        folder.path().join(name)
    };
    let find = || TokenizerSource::find(&package, None);
    let error = find().unwrap_err().to_string();
    assert!(error.contains("no tokenizer.json, tokenizer.model or single GGUF file"), "{error}");
    let gguf = put("a.gguf");
    assert_eq!(find().unwrap(), TokenizerSource::Gguf(gguf.clone()));
    put("b.gguf");
    assert!(matches!(find(), Err(LlmError::NoTokenizer { .. })), "which of two is not guessed");
    let sentence_piece = put("tokenizer.model");
    assert_eq!(find().unwrap(), TokenizerSource::SentencePiece(sentence_piece.clone()));
    let json = put("tokenizer.json");
    assert_eq!(find().unwrap(), TokenizerSource::Json(json));
    assert!(find().unwrap().warning().is_none());
    // A file that is named is taken for what its name says.
    let named = |file: &Path| TokenizerSource::find(&package, Some(file)).unwrap();
    assert_eq!(named(&gguf), TokenizerSource::Gguf(gguf.clone()));
    assert_eq!(named(&sentence_piece), TokenizerSource::SentencePiece(sentence_piece.clone()));
    assert!(TokenizerSource::find(&package, Some(Path::new("no-such.json"))).is_err());
    assert!(TokenizerSource::Gguf(gguf).open().err().unwrap().to_string().contains("a.gguf"));
}

/// A model folder with a package of random weights that has `vocabulary` logits.
fn package_with_logits(vocabulary: usize) -> TempDir {
    let config = fixtures_dir().join("checkpoints/gemma-hf/config.json");
    let mut config: Value = serde_json::from_slice(&std::fs::read(config).unwrap()).unwrap();
    (config["vocab_size"], config["hidden_size"]) = (vocabulary.into(), 32.into());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.json");
    std::fs::write(&path, config.to_string()).unwrap();
    let options = ConvertOptions { quantize: Quantize::Int4, ..ConvertOptions::default() };
    let checkpoint = Checkpoint::random("random", Config::read(&path).unwrap(), options.quantize).unwrap();
    convert(&checkpoint, &folder.path().join(FOUR_BIT), &options, &mut |_| ControlFlow::Continue(())).unwrap();
    folder
}

#[test]
fn a_package_of_gemmas_size_without_a_tokenizer_gets_the_built_in_part_of_its_vocabulary() {
    let folder = package_with_logits(256_000);
    for path in [folder.path().to_owned(), folder.path().join(FOUR_BIT)] {
        let model = ModelFolder::open(&path).unwrap();
        assert_eq!(model.source, TokenizerSource::ReducedGemma);
        let warning = model.source.warning().unwrap();
        assert!(warning.contains("256000 logits") && warning.contains("gemma-tokenizer"), "{warning}");
        assert_eq!(model.special.stop, [1, 107]);
        let ids = model.template.unwrap().encode(&[Message::user("Hi")], &model.special, &model.tokenizer).unwrap();
        assert_eq!(ids[..3], [2, 106, 1645]);
    }
    // Who names a tokenizer gets that or an error.
    let given = TokenizerSource::find(folder.path(), Some(Path::new("no-such-folder")));
    assert!(matches!(given, Err(LlmError::NoTokenizer { .. })));
    assert!(matches!(ModelFolder::open(package_with_logits(256_001).path()), Err(LlmError::NoTokenizer { .. })));
}

#[test]
fn folders_without_a_model_are_refused() {
    let empty = folder(&[]);
    let reason = |path: &Path| match ModelFolder::open(path) {
        Err(LlmError::NoModel { reason, .. }) => reason,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("opened {}", path.display()),
    };
    assert!(reason(empty.path()).contains("convert"));
    assert!(reason(&empty.path().join("nowhere")).contains("expected a model folder"));
}

#[test]
fn a_damaged_tokenizer_is_a_clear_error() {
    let folder = folder(&[F16]);
    std::fs::write(folder.path().join("tokenizer.json"), "{\"version\": \"1.0\"").unwrap();
    let error = ModelFolder::open(folder.path()).err().unwrap().to_string();
    assert!(error.contains("tokenizer.json") && error.contains("fetch the model again"), "{error}");
}

#[test]
fn templates_come_from_the_folder_then_from_the_turn_markers() {
    let template_of = |vocabulary: Vocabulary| {
        let folder = folder(&[F16]);
        vocabulary.write(folder.path()).unwrap();
        let model = ModelFolder::open(folder.path()).unwrap();
        let stop = model.special.stop.clone();
        (model.template.map(|t| t.render(&[], &model.special, true).unwrap()), stop)
    };
    // Shipped.
    let (text, _) = template_of(Vocabulary { chat_template: Some("mine".into()), ..byte_vocabulary() });
    assert_eq!(text.as_deref(), Some("mine"));
    // By ChatML's markers.
    assert_eq!(template_of(byte_vocabulary()).0.as_deref(), Some("<|im_start|>assistant\n"));
    // By Gemma's markers, here ordinary tokens, which must become special all the same.
    let mut gemma = byte_vocabulary();
    for token in &mut gemma.tokens {
        *token = token.replace("<|im_start|>", "<start_of_turn>").replace("<|im_end|>", "<end_of_turn>");
    }
    gemma.kinds.fill(TokenKind::Normal);
    (gemma.bos, gemma.eos) = (None, None);
    let (text, stop) = template_of(gemma.clone());
    assert_eq!(text.as_deref(), Some("<start_of_turn>model\n"));
    assert_eq!(stop, [IM_END]);
    // None.
    for token in &mut gemma.tokens {
        *token = token.replace("_of_turn>", "_of_text>");
    }
    assert_eq!(template_of(gemma).0, None);
}

#[test]
fn named_templates_and_template_files_are_read() {
    let folder = folder(&[F16]);
    let render = || {
        let model = ModelFolder::open(folder.path()).map_err(|e| e.to_string())?;
        Ok::<_, String>(model.template.unwrap().render(&[], &model.special, true).unwrap())
    };
    let config = folder.path().join("tokenizer_config.json");
    let named = r#"{"chat_template": [{"name": "tool_use", "template": "a"}, {"name": "default", "template": "b"}]}"#;
    std::fs::write(&config, named).unwrap();
    assert_eq!(render().as_deref(), Ok("b"));
    std::fs::write(&config, r#"{"chat_template": 7}"#).unwrap();
    assert!(render().unwrap_err().contains("chat_template"));
    std::fs::write(folder.path().join("chat_template.jinja"), "c").unwrap();
    assert_eq!(render().as_deref(), Ok("c"));
}
