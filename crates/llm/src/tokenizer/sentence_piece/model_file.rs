//! SentencePiece's `tokenizer.model`: a protobuf message, of which these fields matter here.
//!
//! Field numbers and defaults are those of `sentencepiece_model.proto`.

use prost::Message;
use serde_json::Value;

use super::{Model, Segmentation, charsmap::Charsmap, normalizer::Normalizer, pieces::Piece};
use crate::tokenizer::{MAX_VOCABULARY, TokenKind};

#[derive(Clone, PartialEq, Message)]
struct ModelProto {
    #[prost(message, repeated, tag = "1")]
    pieces: Vec<PieceProto>,
    #[prost(message, optional, tag = "2")]
    trainer: Option<TrainerProto>,
    #[prost(message, optional, tag = "3")]
    normalizer: Option<NormalizerProto>,
    #[prost(message, optional, tag = "5")]
    denormalizer: Option<NormalizerProto>,
}

#[derive(Clone, PartialEq, Message)]
struct PieceProto {
    #[prost(string, optional, tag = "1")]
    piece: Option<String>,
    #[prost(float, optional, tag = "2")]
    score: Option<f32>,
    #[prost(int32, optional, tag = "3")]
    kind: Option<i32>,
}

#[derive(Clone, PartialEq, Message)]
struct TrainerProto {
    #[prost(int32, optional, tag = "3")]
    model_type: Option<i32>,
    #[prost(bool, optional, tag = "24")]
    treat_whitespace_as_suffix: Option<bool>,
    #[prost(bool, optional, tag = "35")]
    byte_fallback: Option<bool>,
    #[prost(string, optional, tag = "44")]
    unk_surface: Option<String>,
    #[prost(string, optional, tag = "46")]
    bos_piece: Option<String>,
    #[prost(string, optional, tag = "47")]
    eos_piece: Option<String>,
    #[prost(string, optional, tag = "48")]
    pad_piece: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
struct NormalizerProto {
    #[prost(bytes = "vec", optional, tag = "2")]
    precompiled_charsmap: Option<Vec<u8>>,
    #[prost(bool, optional, tag = "3")]
    add_dummy_prefix: Option<bool>,
    #[prost(bool, optional, tag = "4")]
    remove_extra_whitespaces: Option<bool>,
    #[prost(bool, optional, tag = "5")]
    escape_whitespaces: Option<bool>,
}

/// Reads a `tokenizer.model` with the `tokenizer_config.json` beside it (null where there is none): that says which tokens
/// go around a text, and which were added to those of the model. An error is the reason alone.
pub fn read(bytes: &[u8], config: &Value) -> Result<Model, String> {
    let proto = ModelProto::decode(bytes).map_err(|e| format!("not a SentencePiece model: {e}"))?;
    let trainer = proto.trainer.unwrap_or_default();
    let segmentation = match trainer.model_type.unwrap_or(1) {
        1 => Segmentation::Unigram,
        2 => Segmentation::PairEncoding,
        other => return Err(format!("model type {other}, expected 1 (unigram) or 2 (pair encoding)")),
    };
    if trainer.treat_whitespace_as_suffix == Some(true) {
        return Err("treat_whitespace_as_suffix is not supported".to_owned());
    }
    if charsmap(proto.denormalizer.unwrap_or_default())?.is_some() {
        return Err("a denormalizer is not supported".to_owned());
    }
    let mut pieces = Vec::with_capacity(proto.pieces.len());
    for PieceProto { piece, score, kind } in proto.pieces {
        let (id, kind) = (pieces.len(), kind.unwrap_or(1));
        let text = piece.filter(|text| !text.is_empty()).ok_or_else(|| format!("piece {id} has no spelling"))?;
        // The numbers of GGUF files are SentencePiece's.
        let kind = TokenKind::from_ggml(kind.into())
            .ok_or_else(|| format!("piece {id} is of type {kind}, expected 1 to 6"))?;
        pieces.push(Piece { text, score: score.unwrap_or(0.0), kind });
    }
    let control = |name: Option<String>, default: &str| {
        let name = name.filter(|name| !name.is_empty()).unwrap_or_else(|| default.to_owned());
        let id = pieces.iter().position(|piece| piece.kind == TokenKind::Control && piece.text == name)?;
        u32::try_from(id).ok()
    };
    let (bos, eos) = (control(trainer.bos_piece, "<s>"), control(trainer.eos_piece, "</s>"));
    let pad = control(trainer.pad_piece, "<pad>");
    let added = add_tokens(&mut pieces, config)?;
    Ok(Model {
        pieces,
        added,
        segmentation,
        normalizer: normalizer(proto.normalizer.unwrap_or_default())?,
        byte_fallback: trainer.byte_fallback.unwrap_or(false),
        unknown_surface: trainer.unk_surface.unwrap_or_else(|| " \u{2047} ".to_owned()),
        bos,
        eos,
        pad,
        add_bos: config["add_bos_token"].as_bool().unwrap_or(true),
        add_eos: config["add_eos_token"].as_bool().unwrap_or(false),
    })
}

fn normalizer(proto: NormalizerProto) -> Result<Normalizer, String> {
    if proto.escape_whitespaces == Some(false) {
        return Err("escape_whitespaces = false is not supported".to_owned());
    }
    Ok(Normalizer {
        add_dummy_prefix: proto.add_dummy_prefix.unwrap_or(true),
        remove_extra_whitespaces: proto.remove_extra_whitespaces.unwrap_or(true),
        charsmap: charsmap(proto)?,
    })
}

fn charsmap(proto: NormalizerProto) -> Result<Option<Charsmap>, String> {
    let bytes = proto.precompiled_charsmap.filter(|bytes| !bytes.is_empty());
    bytes.map(|bytes| Charsmap::new(&bytes)).transpose()
}

/// Appends the tokens that a `tokenizer_config.json` has beyond those of the model; returns the ids of all that it lists.
fn add_tokens(pieces: &mut Vec<Piece>, config: &Value) -> Result<Vec<u32>, String> {
    let listed = config["added_tokens_decoder"].as_object().into_iter().flatten();
    let mut ids = Vec::new();
    for (id, token) in listed {
        let index = id.parse().ok().filter(|&id: &usize| id < MAX_VOCABULARY);
        let (Some(index), Some(text)) = (index, token["content"].as_str().filter(|text| !text.is_empty())) else {
            return Err(format!(
                "tokenizer_config.json adds the token {id} as {token}, expected an id and its content"
            ));
        };
        if let Some(flag) = ["lstrip", "rstrip", "single_word"].into_iter().find(|flag| token[*flag] == true) {
            return Err(format!(
                "tokenizer_config.json adds {text:?} with {flag}, for which its tokenizer.json is needed"
            ));
        }
        if index >= pieces.len() {
            pieces.resize_with(index + 1, Piece::none);
        }
        match &mut pieces[index] {
            piece if piece.text == text => {}
            piece if piece.text.is_empty() => {
                *piece = Piece { text: text.to_owned(), score: 0.0, kind: TokenKind::Control }
            }
            piece => {
                return Err(format!(
                    "tokenizer_config.json spells the token {id} {text:?}, the model {:?}",
                    piece.text
                ));
            }
        }
        if token["special"] != true && pieces[index].kind == TokenKind::Control {
            pieces[index].kind = TokenKind::UserDefined;
        }
        ids.extend(u32::try_from(index));
    }
    Ok(ids)
}
