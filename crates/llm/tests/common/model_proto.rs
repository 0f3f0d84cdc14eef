//! SentencePiece models, made field by field.

use prost::Message;

#[derive(Clone, PartialEq, Message)]
pub struct ModelProto {
    #[prost(message, repeated, tag = "1")]
    pub pieces: Vec<PieceProto>,
    #[prost(message, optional, tag = "2")]
    pub trainer: Option<TrainerProto>,
    #[prost(message, optional, tag = "3")]
    pub normalizer: Option<NormalizerProto>,
    #[prost(message, optional, tag = "5")]
    pub denormalizer: Option<NormalizerProto>,
}

#[derive(Clone, PartialEq, Message)]
pub struct PieceProto {
    #[prost(string, optional, tag = "1")]
    pub piece: Option<String>,
    #[prost(float, optional, tag = "2")]
    pub score: Option<f32>,
    #[prost(int32, optional, tag = "3")]
    pub kind: Option<i32>,
}

#[derive(Clone, PartialEq, Message)]
pub struct TrainerProto {
    #[prost(int32, optional, tag = "3")]
    pub model_type: Option<i32>,
    #[prost(bool, optional, tag = "24")]
    pub treat_whitespace_as_suffix: Option<bool>,
    #[prost(bool, optional, tag = "35")]
    pub byte_fallback: Option<bool>,
    #[prost(string, optional, tag = "46")]
    pub bos_piece: Option<String>,
    #[prost(string, optional, tag = "47")]
    pub eos_piece: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
pub struct NormalizerProto {
    #[prost(bytes = "vec", optional, tag = "2")]
    pub precompiled_charsmap: Option<Vec<u8>>,
    #[prost(bool, optional, tag = "3")]
    pub add_dummy_prefix: Option<bool>,
    #[prost(bool, optional, tag = "4")]
    pub remove_extra_whitespaces: Option<bool>,
    #[prost(bool, optional, tag = "5")]
    pub escape_whitespaces: Option<bool>,
}

/// The numbers of SentencePiece's types of piece.
pub const NORMAL: i32 = 1;
pub const UNKNOWN: i32 = 2;
pub const CONTROL: i32 = 3;
pub const USER_DEFINED: i32 = 4;
pub const UNUSED: i32 = 5;
pub const BYTE: i32 = 6;
/// The numbers of SentencePiece's types of model.
pub const UNIGRAM: i32 = 1;
pub const PAIR_ENCODING: i32 = 2;

pub fn piece(text: &str, score: f32, kind: i32) -> PieceProto {
    PieceProto { piece: Some(text.to_owned()), score: Some(score), kind: Some(kind) }
}

/// A pair encoding over "<unk>", "<s>", "</s>" and `pieces`, which leaves spaces as they are.
pub fn pair_model(pieces: &[(&str, f32, i32)]) -> ModelProto {
    let special = [("<unk>", 0.0, UNKNOWN), ("<s>", 0.0, CONTROL), ("</s>", 0.0, CONTROL)];
    ModelProto {
        pieces: special.iter().chain(pieces).map(|&(text, score, kind)| piece(text, score, kind)).collect(),
        trainer: Some(TrainerProto { model_type: Some(PAIR_ENCODING), ..TrainerProto::default() }),
        normalizer: Some(NormalizerProto {
            add_dummy_prefix: Some(false),
            remove_extra_whitespaces: Some(false),
            ..NormalizerProto::default()
        }),
        denormalizer: None,
    }
}
