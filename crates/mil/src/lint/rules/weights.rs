//! Weights: their forms and their size.

use std::collections::HashMap;

use super::{CPU_AND_GPU, NEURAL_ENGINE};
use crate::{
    lint::{
        Effect, Look, Rule,
        subject::{Subject, results, type_text},
    },
    program::{Binding, Dimension, Operation, TensorType, Value, ValueData},
};

/// Largest weight file that the Neural Engine's compiler takes, in bytes.
const LARGEST_FILE: u64 = 1 << 31;

const OVERVIEW: &str = "https://apple.github.io/coremltools/docs-guides/source/opt-overview.html";
const QUANTISATION: &str = "https://apple.github.io/coremltools/docs-guides/source/opt-quantization-perf.html";

pub const RULES: &[Rule] = &[
    Rule {
        name: "weights-above-2-gib",
        effect: Effect::FallsBack,
        units: NEURAL_ENGINE,
        fact: "The Neural Engine's compiler takes weight files of up to 2,147,483,648 bytes",
        remedy: "cut the model into several packages, or compress its weights",
        source: "https://github.com/apple/coremltools/pull/2593",
        look: Look::With(|subject| {
            let sizes = file_sizes(subject).into_iter().filter(|&(_, size)| size > LARGEST_FILE);
            let mut found: Vec<_> = sizes.map(|(file, size)| format!("{size} bytes of tensors in {file}")).collect();
            found.sort();
            found.into_iter().map(Subject::whole).collect()
        }),
    },
    Rule {
        name: "blocks-on-neural-engine",
        effect: Effect::Slow,
        units: NEURAL_ENGINE,
        fact: "Scales per block are for the GPU; on the Neural Engine one scale per channel is recommended",
        remedy: "quantise per channel, or use palettes, for packages that the Neural Engine runs",
        source: QUANTISATION,
        look: Look::With(|subject| {
            subject.operations(|view, operation| {
                let scale = view.argument_type(operation, "scale")?;
                let blocks = operation.kind == "constexpr_blockwise_shift_scale" && axes(scale) > 1;
                blocks.then(|| format!("{} with scales {}", results(operation), type_text(scale)))
            })
        }),
    },
    Rule {
        name: "palette-off-neural-engine",
        effect: Effect::Slow,
        units: CPU_AND_GPU,
        fact: "Palettes are for the Neural Engine; on the GPU they may save memory, not time",
        remedy: "quantise to int4 per block for the GPU of a Mac",
        source: OVERVIEW,
        look: Look::Kinds(&["constexpr_lut_to_dense"]),
    },
    Rule {
        name: "scaled-palette-on-neural-engine",
        effect: Effect::Refused,
        units: NEURAL_ENGINE,
        fact: "A scale on top of a palette fails to load for the Neural Engine on macOS 26",
        remedy: "multiply the entries of the palette instead",
        source: "https://github.com/apple/coremltools/pull/2688",
        look: Look::With(|subject| {
            subject.operations(|view, operation| {
                let data = view.argument(operation, "data").and_then(|name| view.maker(name));
                let scaled = operation.kind == "constexpr_blockwise_shift_scale"
                    && data.is_some_and(|maker| maker.kind == "constexpr_lut_to_dense");
                scaled.then(|| results(operation))
            })
        }),
    },
    Rule {
        name: "quantised-activations-off-neural-engine",
        effect: Effect::Slow,
        units: CPU_AND_GPU,
        fact: "Activations in 8 bits pay on the Neural Engine; where weights are decompressed on loading they slow a model down",
        remedy: "leave activations in float16",
        source: QUANTISATION,
        look: Look::Kinds(&["quantize", "dequantize"]),
    },
];

/// Axes along which there is more than one scale.
fn axes(ty: &TensorType) -> usize {
    ty.dimensions.iter().filter(|&&dimension| dimension != Dimension::Fixed(1)).count()
}

/// Bytes of the tensors in each weight file.
fn file_sizes<'a>(subject: &Subject<'a>) -> HashMap<&'a str, u64> {
    let mut blobs = HashMap::new();
    for operation in subject.functions.iter().flat_map(|view| &view.operations) {
        for value in values(operation) {
            if let (ValueData::Blob { file, offset }, Some(bytes)) = (&value.data, bytes(value)) {
                blobs.insert((file.as_str(), *offset), bytes);
            }
        }
    }
    let mut sizes = HashMap::new();
    for ((file, _), bytes) in blobs {
        let size: &mut u64 = sizes.entry(file).or_default();
        *size = size.saturating_add(bytes);
    }
    sizes
}

fn values(operation: &Operation) -> impl Iterator<Item = &Value> {
    let inline = operation.inputs.values().flatten().filter_map(|binding| match binding {
        Binding::Value(value) => Some(value),
        Binding::Name(_) => None,
    });
    inline.chain(operation.attributes.values())
}

fn bytes(value: &Value) -> Option<u64> {
    let ty = value.ty.as_tensor()?;
    let count = sottovoce_tensor::num_elements(&ty.fixed_shape()?)?;
    Some(ty.dtype()?.packed_len(count)? as u64)
}
