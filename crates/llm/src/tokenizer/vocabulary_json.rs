//! A GGUF vocabulary as the Hugging Face files that hold the same rules.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::{SpecialTokens, TokenKind, Vocabulary, VocabularyModel, words::Words};

/// U+2581, by which SentencePiece spells a space.
const SPACE: &str = "\u{2581}";

/// The `tokenizer.json` of a vocabulary.
pub(super) fn tokenizer(vocabulary: &Vocabulary) -> Result<Value, String> {
    check(vocabulary)?;
    let mut ids = HashMap::with_capacity(vocabulary.tokens.len());
    for (id, token) in vocabulary.tokens.iter().enumerate() {
        if let Some(first) = ids.insert(token.as_str(), id) {
            return Err(format!("tokens {first} and {id} are both spelled {token:?}"));
        }
    }
    let unk = vocabulary.unk.map(|id| vocabulary.tokens[id as usize].as_str());
    let mut json = match vocabulary.model {
        VocabularyModel::Gpt2 => byte_level(vocabulary)?,
        VocabularyModel::Llama => {
            spell_bytes_as_characters(vocabulary, &mut ids);
            sentence_piece(vocabulary, &ids, unk)
        }
    };
    json["version"] = json!("1.0");
    json["added_tokens"] = added_tokens(vocabulary);
    json["post_processor"] = post_processor(vocabulary);
    json["model"]["type"] = json!("BPE");
    json["model"]["vocab"] = ids.into_iter().map(|(token, id)| (token.to_owned(), json!(id))).collect();
    Ok(json)
}

/// The `tokenizer_config.json` of a vocabulary.
pub(super) fn tokenizer_config(vocabulary: &Vocabulary, special: &SpecialTokens) -> Vec<u8> {
    let mut config = special.by_name();
    config.insert("tokenizer_class".into(), json!("PreTrainedTokenizerFast"));
    config.insert("add_bos_token".into(), json!(vocabulary.begins_with_bos()));
    config.insert("add_eos_token".into(), json!(vocabulary.add_eos == Some(true)));
    config.insert("clean_up_tokenization_spaces".into(), json!(false));
    if let Some(template) = &vocabulary.chat_template {
        config.insert("chat_template".into(), json!(template));
    }
    pretty(config)
}

/// The `generation_config.json` of a vocabulary.
pub(super) fn generation_config(vocabulary: &Vocabulary, special: &SpecialTokens) -> Vec<u8> {
    let mut config = Map::new();
    for (name, id) in [("bos_token_id", vocabulary.bos), ("pad_token_id", vocabulary.pad)] {
        if let Some(id) = id {
            config.insert(name.into(), json!(id));
        }
    }
    config.insert("eos_token_id".into(), json!(special.stop));
    pretty(config)
}

fn pretty(object: Map<String, Value>) -> Vec<u8> {
    format!("{:#}\n", Value::Object(object)).into_bytes()
}

/// Checks lengths and ids, so that the rest may index.
fn check(vocabulary: &Vocabulary) -> Result<(), String> {
    let count = vocabulary.tokens.len();
    let lengths = [("token_type", vocabulary.kinds.len()), ("scores", vocabulary.scores.len())];
    for (name, len) in lengths {
        if len != count && len != 0 {
            return Err(format!("{name} holds {len} entries for {count} tokens"));
        }
    }
    if vocabulary.model == VocabularyModel::Llama && vocabulary.scores.is_empty() {
        return Err("a SentencePiece vocabulary without scores".to_owned());
    }
    let ids = [vocabulary.bos, vocabulary.eos, vocabulary.eot, vocabulary.unk, vocabulary.pad];
    match ids.into_iter().flatten().find(|&id| id as usize >= count) {
        Some(id) => Err(format!("special token {id} is outside the vocabulary of {count}")),
        None => Ok(()),
    }
}

/// Byte-level pair encoding: words are split off by rule, spelled in GPT-2's byte alphabet, then merged.
fn byte_level(vocabulary: &Vocabulary) -> Result<Value, String> {
    let merges: Vec<(&str, &str)> = vocabulary
        .merges
        .iter()
        .map(|merge| merge.split_once(' ').ok_or_else(|| format!("merge {merge:?}, expected two pieces and a space")))
        .collect::<Result<_, _>>()?;
    let words = Words::named(vocabulary.pre.as_deref())?;
    Ok(json!({
        "normalizer": words.normalizer,
        "pre_tokenizer": words.pre_tokenizer,
        "decoder": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": true},
        "model": {"byte_fallback": false, "fuse_unk": false, "ignore_merges": words.ignore_merges, "merges": merges},
    }))
}

/// SentencePiece pair encoding: spaces become U+2581, the whole text is merged, and what has no piece becomes bytes.
fn sentence_piece(vocabulary: &Vocabulary, ids: &HashMap<&str, usize>, unk: Option<&str>) -> Value {
    let replace = json!({"type": "Replace", "pattern": {"String": " "}, "content": SPACE});
    let mut decoders = vec![
        json!({"type": "Replace", "pattern": {"String": SPACE}, "content": " "}),
        json!({"type": "ByteFallback"}),
        json!({"type": "Fuse"}),
    ];
    let normalizer = if vocabulary.add_space_prefix.unwrap_or(true) {
        decoders.push(json!({"type": "Strip", "content": " ", "start": 1, "stop": 0}));
        json!({"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": SPACE}, replace]})
    } else {
        replace
    };
    json!({
        "normalizer": normalizer,
        "pre_tokenizer": null,
        "decoder": {"type": "Sequence", "decoders": decoders},
        "model": {"byte_fallback": true, "fuse_unk": true, "unk_token": unk, "merges": merges_by_score(vocabulary, ids)},
    })
}

/// Spells a byte token as its character where pieces hold the character but it is none itself, as the tab in Gemma's runs of
/// tabs: SentencePiece merges characters, a `tokenizer.json` only tokens.
fn spell_bytes_as_characters<'v>(vocabulary: &'v Vocabulary, ids: &mut HashMap<&'v str, usize>) {
    let mut seen = [false; 128];
    let pieces = vocabulary.tokens.iter().enumerate().filter(|&(id, _)| vocabulary.kind(id) == TokenKind::Normal);
    for (at, piece) in pieces.flat_map(|(_, piece)| piece.char_indices().map(move |(at, _)| (at, piece))) {
        let byte = piece.as_bytes()[at];
        if !byte.is_ascii() || std::mem::replace(&mut seen[usize::from(byte)], true) {
            continue;
        }
        let (character, spelling) = (&piece[at..=at], format!("<0x{byte:02X}>"));
        let id = ids.get(spelling.as_str()).filter(|&&id| vocabulary.kind(id) == TokenKind::Byte).copied();
        if let Some(id) = id.filter(|_| !ids.contains_key(character)) {
            ids.remove(spelling.as_str());
            ids.insert(character, id);
        }
    }
}

/// Every way to make a piece of two others, best score first: SentencePiece merges the pair whose result scores best.
/// User-defined pieces, such as runs of line ends, come before all others.
fn merges_by_score<'v>(vocabulary: &'v Vocabulary, ids: &HashMap<&str, usize>) -> Vec<(&'v str, &'v str)> {
    let merges_to = |id: usize| matches!(vocabulary.kind(id), TokenKind::Normal | TokenKind::UserDefined);
    let is_character = |piece: &str, id| piece.len() == 1 && vocabulary.kind(id) == TokenKind::Byte;
    let is_piece = |piece: &str| ids.get(piece).is_some_and(|&id| merges_to(id) || is_character(piece, id));
    let mut merges = Vec::new();
    for (id, token) in vocabulary.tokens.iter().enumerate() {
        if !merges_to(id) {
            continue;
        }
        for (split, _) in token.char_indices().skip(1) {
            let (left, right) = token.split_at(split);
            if is_piece(left) && is_piece(right) {
                merges.push((id, left, right));
            }
        }
    }
    // A stable sort keeps pieces of one score in the order of their ids.
    merges.sort_by(|&(a, ..), &(b, ..)| {
        let is_ordinary = |id| vocabulary.kind(id) == TokenKind::Normal;
        is_ordinary(a).cmp(&is_ordinary(b)).then(vocabulary.scores[b].total_cmp(&vocabulary.scores[a]))
    });
    merges.into_iter().map(|(_, left, right)| (left, right)).collect()
}

/// The tokens that are matched whole before the text is segmented.
fn added_tokens(vocabulary: &Vocabulary) -> Value {
    let whole = |id: usize| match vocabulary.kind(id) {
        TokenKind::Control | TokenKind::Unknown => Some(true),
        TokenKind::UserDefined => Some(false),
        TokenKind::Normal | TokenKind::Unused | TokenKind::Byte => None,
    };
    vocabulary
        .tokens
        .iter()
        .enumerate()
        .filter_map(|(id, content)| {
            let special = whole(id)?;
            Some(json!({
                "id": id, "content": content, "special": special,
                "single_word": false, "lstrip": false, "rstrip": false, "normalized": false,
            }))
        })
        .collect()
}

/// Puts the begin- and end-of-text tokens around a text where the vocabulary asks for them.
fn post_processor(vocabulary: &Vocabulary) -> Value {
    let begin = vocabulary.bos.filter(|_| vocabulary.begins_with_bos());
    let end = vocabulary.eos.filter(|_| vocabulary.add_eos == Some(true));
    if begin.is_none() && end.is_none() {
        return Value::Null;
    }
    let token = |id: u32| vocabulary.tokens[id as usize].as_str();
    let special = |id: Option<u32>| id.map(|id| json!({"SpecialToken": {"id": token(id), "type_id": 0}}));
    let sequence = |name: &str| json!({"Sequence": {"id": name, "type_id": 0}});
    let single: Vec<Value> = [special(begin), Some(sequence("A")), special(end)].into_iter().flatten().collect();
    let pair: Vec<Value> =
        [special(begin), Some(sequence("A")), Some(sequence("B")), special(end)].into_iter().flatten().collect();
    let named: Map<String, Value> = [begin, end]
        .into_iter()
        .flatten()
        .map(|id| (token(id).to_owned(), json!({"id": token(id), "ids": [id], "tokens": [token(id)]})))
        .collect();
    json!({"type": "TemplateProcessing", "single": single, "pair": pair, "special_tokens": named})
}
