//! What a caller sees of a language model package.

use sottovoce_mil::description::{Feature, FeatureType, Flexibility, FunctionDescription};
use sottovoce_tensor::DType;

use super::{Masks, Variant, cache};
use crate::checkpoint::Config;

pub(super) fn describe(config: &Config, variant: Variant, context: usize, masks: &Masks) -> FunctionDescription {
    let any = (1, Some(context));
    let one = (1, Some(1));
    let mut inputs = vec![flexible("inputIds", DType::I32, &[one, any], "Token ids of this call, [1, q]")];
    let text = "Added to attention scores, [1, 1, q, kv]: 0 where a position may look, a large negative number elsewhere. \
                The first id has position kv - q";
    inputs.extend(masks.names().map(|name| flexible(name, DType::F16, &[one, one, any, any], text)));
    let mut outputs = vec![array("logits", DType::F16, Vec::new(), Flexibility::Fixed, "[1, q, vocabulary]")];
    let mut states = Vec::new();
    let shape = cache::shape(config, context);
    for (name, new_name) in cache::NAMES.into_iter().zip(cache::NEW_NAMES) {
        match variant {
            Variant::Stateful => {
                let text = "[layers, 1, key/value heads, context, head size]";
                states.push(array(name, DType::F16, shape.to_vec(), Flexibility::Fixed, text));
            }
            Variant::KvIo => {
                let mut ranges = shape.map(|size| (size, Some(size)));
                ranges[3] = any;
                inputs.push(flexible(name, DType::F16, &ranges, "Earlier positions, kv - q of them"));
                outputs.push(array(new_name, DType::F16, Vec::new(), Flexibility::Fixed, "All kv positions"));
            }
            Variant::Baseline => {}
        }
    }
    FunctionDescription { inputs, outputs, states }
}

/// A multi-array whose default shape has every flexible dimension at its minimum.
fn flexible(name: &str, dtype: DType, ranges: &[(usize, Option<usize>)], text: &str) -> Feature {
    let shape = ranges.iter().map(|&(low, _)| low).collect();
    array(name, dtype, shape, Flexibility::Ranges(ranges.to_vec()), text)
}

fn array(name: &str, dtype: DType, shape: Vec<usize>, flexibility: Flexibility, text: &str) -> Feature {
    Feature {
        name: name.to_owned(),
        short_description: text.to_owned(),
        optional: false,
        ty: FeatureType::Array { dtype: Some(dtype), shape, flexibility },
    }
}
