//! Checkpoints of random weights, for measuring speed on shapes of models that are not at hand.

use std::path::PathBuf;

use super::{Architecture, Biases, Checkpoint, Config, Layer, Rope, SoftCaps, rope::Llama3Scaling};
use crate::{
    ConvertError, Quantize,
    weights::{RandomWeights, StoredTensor, WeightFormat},
};

/// Models whose shapes are known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum KnownShape {
    Gemma2B,
    Gemma2_2B,
    Gemma3_1B,
    Llama32_1B,
    Llama32_3B,
    Llama31_8B,
}

impl KnownShape {
    /// Every shape.
    pub const ALL: [Self; 6] =
        [Self::Gemma2B, Self::Gemma2_2B, Self::Gemma3_1B, Self::Llama32_1B, Self::Llama32_3B, Self::Llama31_8B];

    /// Name, `gemma-2b` for instance.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gemma2B => "gemma-2b",
            Self::Gemma2_2B => "gemma-2-2b",
            Self::Gemma3_1B => "gemma-3-1b",
            Self::Llama32_1B => "llama-3.2-1b",
            Self::Llama32_3B => "llama-3.2-3b",
            Self::Llama31_8B => "llama-3.1-8b",
        }
    }

    /// The model's configuration, from the `config.json` of `google/gemma-2b`, `google/gemma-2-2b`, `google/gemma-3-1b-it`,
    /// `meta-llama/Llama-3.2-1B`, `meta-llama/Llama-3.2-3B` and `meta-llama/Llama-3.1-8B` on the Hugging Face hub.
    pub fn config(self) -> Config {
        let layers = |count| vec![Layer::FULL; count];
        let rope = |head_dim, factor| {
            let (low_freq_factor, high_freq_factor, original_context) = (1.0, 4.0, 8192.0);
            let scaling = Llama3Scaling { factor, low_freq_factor, high_freq_factor, original_context };
            vec![Rope::plain(500_000.0, head_dim).llama3(&scaling)]
        };
        let llama3 = Config {
            architecture: Architecture::Llama,
            layers: layers(16),
            hidden: 2048,
            intermediate: 8192,
            heads: 32,
            kv_heads: 8,
            head_dim: 64,
            vocab: 128_256,
            max_context: 131_072,
            ropes: rope(64, 32.0),
            norm_epsilon: 1e-5,
            biases: Biases::default(),
            qk_norm: false,
            post_norms: false,
            query_scale: None,
            soft_caps: SoftCaps::default(),
            tied: true,
        };
        let gemma = Config {
            architecture: Architecture::Gemma,
            layers: layers(18),
            hidden: 2048,
            intermediate: 16_384,
            heads: 8,
            kv_heads: 1,
            head_dim: 256,
            vocab: 256_000,
            max_context: 8192,
            ropes: vec![Rope::plain(10_000.0, 256)],
            norm_epsilon: 1e-6,
            ..llama3.clone()
        };
        let sliding = |count: usize, interval: usize, layer: Layer| {
            (1..=count).map(|number| if number % interval == 0 { Layer::FULL } else { layer }).collect()
        };
        match self {
            Self::Gemma2B => gemma,
            Self::Gemma2_2B => Config {
                architecture: Architecture::Gemma2,
                layers: sliding(26, 2, Layer { rope: Some(0), window: Some(4096) }),
                hidden: 2304,
                intermediate: 9216,
                kv_heads: 4,
                post_norms: true,
                soft_caps: SoftCaps { scores: Some(50.0), logits: Some(30.0) },
                ..gemma
            },
            Self::Gemma3_1B => Config {
                architecture: Architecture::Gemma3,
                layers: sliding(26, 6, Layer { rope: Some(1), window: Some(512) }),
                hidden: 1152,
                intermediate: 6912,
                heads: 4,
                vocab: 262_144,
                max_context: 32_768,
                ropes: vec![Rope::plain(1_000_000.0, 256), Rope::plain(10_000.0, 256)],
                qk_norm: true,
                post_norms: true,
                ..gemma
            },
            Self::Llama32_1B => llama3,
            Self::Llama32_3B => {
                Config { layers: layers(28), hidden: 3072, heads: 24, head_dim: 128, ropes: rope(128, 32.0), ..llama3 }
            }
            Self::Llama31_8B => Config {
                layers: layers(32),
                hidden: 4096,
                intermediate: 14_336,
                head_dim: 128,
                ropes: rope(128, 8.0),
                tied: false,
                ..llama3
            },
        }
    }
}

impl Checkpoint {
    /// A checkpoint of the shape of `config` with random weights, which are made as they are read: the same on every
    /// machine, normal-like with deviation 1/√(row length), so that activations keep their size from layer to layer.
    ///
    /// They come in the form that `quantize` asks for, so that nothing is rounded, which takes longer than making them:
    /// a random code is as good as the code of a random weight.
    ///
    /// # Errors
    /// [`ConvertError::Option`] for a configuration whose sizes do not fit each other.
    pub fn random(name: &str, config: Config, quantize: Quantize) -> Result<Self, ConvertError> {
        config.check().map_err(ConvertError::Option)?;
        let wanted = match quantize {
            Quantize::Keep | Quantize::F16 => WeightFormat::F16,
            Quantize::Int8 => WeightFormat::Q8_0,
            Quantize::Int4 | Quantize::Int4Plain => WeightFormat::Q4_0,
        };
        let tensor = |(stream, (name, shape)): (usize, (String, Vec<usize>))| {
            let row = shape.last().copied().unwrap_or(1);
            let format = match (shape.len(), wanted.row_bytes(row)) {
                (1, _) => WeightFormat::F32,
                (_, Some(_)) => wanted,
                // No whole number of blocks.
                (_, None) => WeightFormat::F16,
            };
            let weights = RandomWeights::new(stream as u64, 1.0 / (row as f32).sqrt());
            let tensor = StoredTensor::random(&name, format, shape, weights).map_err(ConvertError::Option)?;
            Ok((name, tensor))
        };
        Ok(Self {
            path: PathBuf::from("random weights"),
            name: name.to_owned(),
            licence: None,
            tensors: config.tensors().into_iter().enumerate().map(tensor).collect::<Result<_, ConvertError>>()?,
            config,
            // Factors of norms scatter around 1.
            norm_shift: 1.0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_have_the_published_numbers_of_parameters() {
        for (shape, published) in [
            (KnownShape::Gemma2B, 2_506_172_416),
            (KnownShape::Gemma2_2B, 2_614_341_888),
            (KnownShape::Gemma3_1B, 999_885_952),
            (KnownShape::Llama32_1B, 1_235_814_400),
            (KnownShape::Llama32_3B, 3_212_749_824),
            (KnownShape::Llama31_8B, 8_030_261_248),
        ] {
            let tensors = shape.config().tensors();
            let parameters: usize = tensors.iter().map(|(_, shape)| shape.iter().product::<usize>()).sum();
            assert_eq!(parameters, published, "{}", shape.name());
        }
    }

    #[test]
    fn a_shape_that_cannot_be_is_refused() {
        let config = Config { kv_heads: 3, ..KnownShape::Llama32_1B.config() };
        let error = Checkpoint::random("a", config, Quantize::F16).unwrap_err();
        assert!(error.to_string().contains("32 heads cannot share 3"), "{error}");
    }
}
