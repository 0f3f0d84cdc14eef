//! Qwen 3: Qwen 2 with norms of queries and keys instead of biases.

use super::{Architecture, Definition, llama, qwen2};
use crate::checkpoint::{
    Config, gguf,
    hugging_face::{self, DEFAULTS, Defaults},
};

pub(super) const DEFINITION: Definition = Definition {
    model_type: "qwen3",
    models: "Qwen 3",
    gguf_name: Some("qwen3"),
    from_hugging_face,
    from_gguf: |keys: &mut gguf::Keys| Ok(Config { qk_norm: true, ..keys.decoder(Architecture::Qwen3)? }),
    gguf_interleaves: false,
    ..llama::DEFINITION
};

fn from_hugging_face(keys: &mut hugging_face::Keys) -> Result<Config, String> {
    let defaults = Defaults { head_dim: Some(128), ..DEFAULTS };
    let mut config = keys.decoder(Architecture::Qwen3, &defaults)?;
    config.qk_norm = true;
    config.biases = keys.biases()?;
    qwen2::later_windows(keys, &mut config)?;
    Ok(config)
}
