//! The rules by which byte-level vocabularies split text into words, by their names in GGUF files.

use serde_json::{Value, json};

/// Llama 3's words, which are those of OpenAI's cl100k: contractions, letters with one leading sign, up to three digits,
/// signs, line ends, spaces.
const LLAMA3: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
/// Qwen 2's words: the same with single digits.
const QWEN2: &str =
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
/// Words of Mistral's tekken: cut where capitals begin, single digits, no contractions.
const TEKKEN: &str = concat!(
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|",
    r"\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
);
/// Words of OpenAI's o200k, which Phi-4-mini has: as tekken's, with contractions and up to three digits.
const O200K: &str = concat!(
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|",
    r"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
);

/// How a byte-level vocabulary takes a text apart before merging.
pub(super) struct Words {
    /// `normalizer` of a `tokenizer.json`.
    pub normalizer: Value,
    /// `pre_tokenizer` of a `tokenizer.json`.
    pub pre_tokenizer: Value,
    /// Whether a word that is a token as a whole stays whole, whatever its merges.
    pub ignore_merges: bool,
    /// Whether a text begins with the begin-of-text token where the file does not say.
    pub begins_with_bos: bool,
}

impl Words {
    /// The rule that `tokenizer.ggml.pre` names; an error is the reason alone.
    pub(super) fn named(pre: Option<&str>) -> Result<Self, String> {
        let gpt2 = json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": true});
        let plain = |pre_tokenizer| Self {
            normalizer: Value::Null,
            pre_tokenizer,
            ignore_merges: false,
            begins_with_bos: false,
        };
        let split = |pattern: &str| {
            plain(json!({"type": "Sequence", "pretokenizers": [
                {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": false},
                {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false},
            ]}))
        };
        Ok(match pre {
            Some("gpt-2" | "phi-2") => plain(gpt2),
            Some("smollm" | "starcoder" | "refact" | "command-r") => plain(
                json!({"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": true}, gpt2]}),
            ),
            Some("llama-bpe" | "llama3" | "llama-v3") => {
                Self { ignore_merges: true, begins_with_bos: true, ..split(LLAMA3) }
            }
            Some("dbrx") => split(LLAMA3),
            Some("qwen2") => Self { normalizer: json!({"type": "NFC"}), ..split(QWEN2) },
            Some("tekken") => Self { ignore_merges: true, begins_with_bos: true, ..split(TEKKEN) },
            Some("gpt-4o") => split(O200K),
            other => {
                return Err(format!(
                    "tokenizer.ggml.pre is {}, expected gpt-2, phi-2, smollm, starcoder, refact, command-r, llama-bpe, \
                     dbrx, qwen2, tekken or gpt-4o",
                    other.unwrap_or("missing")
                ));
            }
        })
    }
}
