//! Hugging Face folders as checkpoints: `config.json`, and safetensors in one file or in shards with an index.

mod config;
mod keys;

use std::{
    collections::{BTreeSet, HashMap},
    fs::File,
    io::Read,
    path::Path,
};

use safetensors::{Dtype, SafeTensors};
use serde::Deserialize;
use sottovoce_tensor::Bytes;

pub(crate) use config::{DEFAULTS, Defaults};
pub(crate) use keys::Keys;

use super::{Checkpoint, Config, split_fused};
use crate::{
    ConvertError,
    weights::{SharedFile, StoredTensor, WeightFormat},
};

/// Largest JSON file accepted, bytes.
const MAX_JSON: u64 = 64 << 20;
const INDEX: &str = "model.safetensors.index.json";
const SINGLE: &str = "model.safetensors";

pub(super) fn open(path: &Path) -> Result<Checkpoint, ConvertError> {
    let config_path = path.join("config.json");
    if !config_path.is_file() {
        return Err(ConvertError::UnknownSource { path: path.to_owned() });
    }
    let config = read_config(&config_path)?;

    let mut tensors = HashMap::new();
    for shard in shards(path)? {
        read_shard(&path.join(shard), &mut tensors)?;
    }
    let name_of = config.architecture.definition().hugging_face_tensor;
    let mut tensors: HashMap<_, _> =
        tensors.into_iter().filter_map(|(name, tensor)| Some((name_of(&name)?, tensor))).collect();
    // Frequencies are computed; a tied output projection is the embedding, whether or not the file repeats it.
    tensors.retain(|name, _| !(name.ends_with(".rotary_emb.inv_freq") || config.tied && name == "lm_head.weight"));
    split_fused(path, &config, &mut tensors)?;

    let name = path.canonicalize().ok().and_then(|full| Some(full.file_name()?.to_str()?.to_owned()));
    Ok(Checkpoint {
        path: path.to_owned(),
        name: name.unwrap_or_else(|| "model".to_owned()),
        licence: None,
        norm_shift: config.architecture.definition().hugging_face_norm_shift,
        config,
        tensors,
    })
}

/// Reads and checks a `config.json`.
pub(super) fn read_config(path: &Path) -> Result<Config, ConvertError> {
    config::parse(&read_json(path)?)
        .and_then(|config| config.check().map(|()| config))
        .map_err(|what| ConvertError::Unsupported { path: path.to_owned(), what })
}

fn read_json(path: &Path) -> Result<Vec<u8>, ConvertError> {
    let file = File::open(path).map_err(ConvertError::io("open", path))?;
    let mut text = Vec::new();
    file.take(MAX_JSON + 1).read_to_end(&mut text).map_err(ConvertError::io("read", path))?;
    if text.len() as u64 > MAX_JSON {
        let what = format!("is larger than the {MAX_JSON} bytes allowed");
        return Err(ConvertError::Malformed { path: path.to_owned(), what });
    }
    Ok(text)
}

#[derive(Deserialize)]
struct Index {
    weight_map: HashMap<String, String>,
}

/// File names of the shards, each once.
fn shards(folder: &Path) -> Result<BTreeSet<String>, ConvertError> {
    let path = folder.join(INDEX);
    if !path.is_file() {
        return Ok(BTreeSet::from([SINGLE.to_owned()]));
    }
    let malformed = |what| ConvertError::Malformed { path: path.clone(), what };
    let index: Index = serde_json::from_slice(&read_json(&path)?).map_err(|error| malformed(error.to_string()))?;
    let names: BTreeSet<String> = index.weight_map.into_values().collect();
    match names.iter().find(|name| name.contains(['/', '\\']) || !name.ends_with(".safetensors")) {
        Some(name) => Err(malformed(format!("{name:?} is not the name of a safetensors file in the same folder"))),
        None => Ok(names),
    }
}

fn read_shard(path: &Path, tensors: &mut HashMap<String, StoredTensor>) -> Result<(), ConvertError> {
    let malformed = |what| ConvertError::Malformed { path: path.to_owned(), what };
    let file = File::open(path).map_err(ConvertError::io("open", path))?;
    // The map is for the header alone. The library wants the whole file, to see that the tensors cover it exactly.
    let map = Bytes::map(path)?;
    let (header_len, metadata) = SafeTensors::read_metadata(&map).map_err(|error| malformed(error.to_string()))?;

    let file = SharedFile::new(file.into());
    for (name, info) in metadata.tensors() {
        let format = match info.dtype {
            Dtype::F32 => WeightFormat::F32,
            Dtype::F16 => WeightFormat::F16,
            Dtype::BF16 => WeightFormat::BF16,
            other => {
                let what = format!("tensor {name} has type {other:?}; F32, F16 and BF16 are supported");
                return Err(ConvertError::Unsupported { path: path.to_owned(), what });
            }
        };
        let offset = (8 + header_len + info.data_offsets.0) as u64;
        let tensor = StoredTensor::new((path, &file), &name, format, info.shape.clone(), offset, map.len() as u64)
            .map_err(|what| malformed(format!("tensor {name}: {what}")))?;
        if tensors.insert(name.clone(), tensor).is_some() {
            return Err(malformed(format!("tensor {name} is in two shards")));
        }
    }
    Ok(())
}
