//! How converters call the inputs of a language model.
//!
//! Names are compared without case and punctuation: `inputIds` and `input_ids` are one. Seen in Apple's recipe and Hugging
//! Face's swift-transformers (`inputIds`, `causalMask`, `attentionMask`, `slidingAttentionMask`), in transformers and its exporters (`input_ids`,
//! `attention_mask`, `position_ids`, `cache_position`), and in ANEMLL (`causal_mask`, `current_pos`).

/// What the name of an input says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Ids,
    Mask,
    /// The mask of layers that see a window of positions.
    SlidingMask,
    Position,
}

const TABLE: [(Kind, &[&str]); 4] = [
    (Kind::Ids, &["inputids", "tokenids", "tokens", "ids"]),
    (Kind::Mask, &["causalmask", "fullattentionmask", "attentionmask", "attnmask", "mask"]),
    (Kind::SlidingMask, &["slidingattentionmask"]),
    (Kind::Position, &["positionids", "positions", "position", "cacheposition", "currentpos", "cachelength"]),
];

/// The names that a reader of an error should try.
pub(super) const EXPECTED: &str = "a language model takes ids as inputIds or input_ids (int32 [1, q]), a mask as causalMask or \
     causal_mask (float [1, 1, q, kv], 0 or -inf) or attention_mask ([1, kv], 1 or 0), positions as position_ids or \
     cache_position (int32 [q] or [1, q]) or current_pos (int32 [1]), and caches as states or as inputs keyCache and \
     valueCache; it gives logits [1, q, vocabulary]";

/// Looks a name up.
pub(super) fn kind(name: &str) -> Option<Kind> {
    let plain = plain(name);
    TABLE.iter().find(|(_, spellings)| spellings.contains(&plain.as_str())).map(|(kind, _)| *kind)
}

/// A name without case and punctuation.
pub(super) fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_punctuation_do_not_matter() {
        for (name, expected) in [
            ("inputIds", Some(Kind::Ids)),
            ("input_ids", Some(Kind::Ids)),
            ("causal_mask", Some(Kind::Mask)),
            ("attentionMask", Some(Kind::Mask)),
            ("slidingAttentionMask", Some(Kind::SlidingMask)),
            ("positionIds", Some(Kind::Position)),
            ("current_pos", Some(Kind::Position)),
            ("hidden_states", None),
            ("", None),
        ] {
            assert_eq!(kind(name), expected, "{name}");
        }
    }
}
