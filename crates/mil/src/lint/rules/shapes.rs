//! Shapes: which ones an interface accepts, and which ones a unit computes on.

use super::{EVERYWHERE, NEURAL_ENGINE};
use crate::{
    description::{Feature, Flexibility},
    lint::{
        Effect, Look, Rule,
        subject::{FunctionView, Site, Subject, array, computed, dimension, is_constant, results, type_text},
    },
    program::{Operation, ValueType},
};

/// Most shapes that an input may enumerate.
const MOST_SHAPES: usize = 128;
/// Highest rank of a tensor.
const HIGHEST_RANK: i64 = 5;
/// Longest axis on the Neural Engine, in every generation of it.
const LONGEST_AXIS: u64 = 16_384;
/// What the last axis of an array on the Neural Engine is padded to, in bytes.
const ROW_BYTES: u64 = 64;

const FLEXIBLE_INPUTS: &str = "https://apple.github.io/coremltools/docs-guides/source/flexible-inputs.html";

pub const RULES: &[Rule] = &[
    Rule {
        name: "more-than-128-shapes",
        effect: Effect::Refused,
        units: EVERYWHERE,
        fact: "An input may enumerate up to 128 shapes",
        remedy: "enumerate fewer, or give a range",
        source: FLEXIBLE_INPUTS,
        look: Look::With(|subject| {
            subject.features(|_, feature| {
                let count = enumerated(feature)?.len();
                (count > MOST_SHAPES).then(|| format!("{count} shapes"))
            })
        }),
    },
    Rule {
        name: "shapes-enumerated-for-several-inputs",
        effect: Effect::Refused,
        units: EVERYWHERE,
        fact: "Of several inputs one may enumerate shapes; the others have one shape each",
        remedy: "give ranges, or write a function for each combination of shapes",
        source: FLEXIBLE_INPUTS,
        look: Look::With(|subject| {
            interfaces(subject, |inputs| {
                let names = named(inputs, |feature| enumerated(feature).is_some());
                (names.len() > 1).then(|| names.join(", "))
            })
        }),
    },
    Rule {
        name: "enumerated-beside-range",
        effect: Effect::Refused,
        units: EVERYWHERE,
        fact: "Enumerated shapes and ranges do not go together in one model",
        remedy: "use one of the two for all inputs",
        source: "https://github.com/apple/coremltools/issues/2548",
        look: Look::With(|subject| {
            interfaces(subject, |inputs| {
                let some =
                    |kind: fn(&Feature) -> bool| inputs.iter().find(|input| kind(input)).map(|input| &input.name);
                let (one, other) = (some(|input| enumerated(input).is_some())?, some(|input| ranges(input).is_some())?);
                Some(format!("{one} enumerates, {other} has ranges"))
            })
        }),
    },
    Rule {
        name: "fixed-beside-range-with-state",
        effect: Effect::Refused,
        units: EVERYWHERE,
        fact: "In a model with states, an input of one shape counts as enumerated, and fails beside one with ranges",
        remedy: "describe the input of one shape as ranges too, each from its size to its size",
        source: "https://github.com/apple/coremltools/issues/2548",
        look: Look::With(|subject| {
            let mut sites = Vec::new();
            for view in subject.functions.iter().filter(|view| has_states(view)) {
                let Some(interface) = view.interface else { continue };
                let fixed = named(&interface.inputs, |input| matches!(array(input), Some((_, Flexibility::Fixed))));
                if !fixed.is_empty() && interface.inputs.iter().any(|input| ranges(input).is_some()) {
                    let found = format!("{} of one shape", fixed.join(", "));
                    sites.push(Site { place: format!("inputs of `{}`", view.name), found });
                }
            }
            sites
        }),
    },
    Rule {
        name: "unbounded-range",
        effect: Effect::Refused,
        units: EVERYWHERE,
        fact: "ML Programs take no unbounded ranges",
        remedy: "give every range an upper bound",
        source: FLEXIBLE_INPUTS,
        look: Look::With(|subject| {
            subject.features(|kind, feature| {
                let open = kind == "input" && ranges(feature)?.iter().any(|(_, high)| high.is_none());
                open.then(|| feature.ty.to_string())
            })
        }),
    },
    Rule {
        name: "range-on-neural-engine",
        effect: Effect::FallsBack,
        units: NEURAL_ENGINE,
        fact: "Of an input with ranges the Neural Engine runs the default shape; other shapes run elsewhere, unless the model is \
               loaded with the hint that reshapes are infrequent (iOS 17.4)",
        remedy: "fix the shapes (a function for prompts, one for single tokens), or set `reshapeFrequency`",
        source: "https://developer.apple.com/forums/thread/724930",
        look: Look::With(|subject| {
            subject.features(|kind, feature| {
                let flexible = kind == "input" && ranges(feature)?.iter().any(|&(low, high)| high != Some(low));
                flexible.then(|| feature.ty.to_string())
            })
        }),
    },
    Rule {
        name: "rank-above-5",
        effect: Effect::Refused,
        units: EVERYWHERE,
        fact: "Tensors have at most five dimensions; constants that decompress others may have more",
        remedy: "merge dimensions, and split them again afterwards",
        source: "https://github.com/apple/coremltools/issues/1723",
        look: Look::With(|subject| {
            subject.operations(|view, operation| {
                let high = operation
                    .outputs
                    .iter()
                    .filter_map(|output| output.ty.as_tensor())
                    .any(|ty| ty.rank > HIGHEST_RANK);
                (high && !only_decompresses(view, operation)).then(|| results(operation))
            })
        }),
    },
    Rule {
        name: "rank-5-on-neural-engine",
        effect: Effect::FallsBack,
        units: NEURAL_ENGINE,
        fact: "The Neural Engine computes on four dimensions; graphs of rank 5 failed its compiler and ran when rewritten to \
               rank 4",
        remedy: "keep a state or tensor for each layer, and merge heads with their groups",
        source: "https://github.com/FluidInference/FluidAudio/pull/679",
        look: Look::With(|subject| {
            subject.operations(|_, operation| {
                computed(operation).any(|ty| ty.rank == HIGHEST_RANK).then(|| results(operation))
            })
        }),
    },
    Rule {
        name: "axis-above-16384",
        effect: Effect::FallsBack,
        units: NEURAL_ENGINE,
        fact: "The Neural Engine takes axes of up to 16,384 elements (channels, and newer generations, more)",
        remedy: "split the output layer into parts of at most 16,384 and join them outside (`logits1`, `logits2`, …)",
        source: "https://ane-guide.readthedocs.io/en/latest/part-5-practice/17-model-design-rules.html",
        look: Look::With(|subject| {
            subject.operations(|_, operation| {
                let long = |axis: i64| computed(operation).any(|ty| dimension(ty, axis) > Some(LONGEST_AXIS));
                (long(-1) || long(-2)).then(|| results(operation))
            })
        }),
    },
    Rule {
        name: "row-not-of-64-bytes",
        effect: Effect::Slow,
        units: NEURAL_ENGINE,
        fact: "The last axis of an array on the Neural Engine is padded to 64 bytes; a single float16 takes 32 times its room",
        remedy: "move a long axis to the end, or make the last one a multiple of 32 float16",
        source: "https://machinelearning.apple.com/research/neural-engine-transformers",
        look: Look::With(|subject| {
            let mut sites = Vec::new();
            for view in &subject.functions {
                let block = view.function.active_block();
                let outputs = block.into_iter().flat_map(|block| &block.outputs).filter_map(|name| {
                    let maker = view.maker(name)?;
                    maker.outputs.iter().find(|output| output.name == *name)
                });
                for value in view.function.inputs.iter().chain(outputs) {
                    let Some(ty) = value.ty.as_tensor() else { continue };
                    let (Some(dtype), Some(size)) = (ty.dtype(), dimension(ty, -1)) else { continue };
                    let bytes = dtype.packed_len(size as usize).unwrap_or(0) as u64;
                    if dtype.is_float() && !bytes.is_multiple_of(ROW_BYTES) {
                        let found = format!("{}, {bytes} bytes in the last axis", type_text(ty));
                        sites.push(Site { place: format!("`{}` of `{}`", value.name, view.name), found });
                    }
                }
            }
            sites
        }),
    },
];

fn enumerated(feature: &Feature) -> Option<&[Vec<usize>]> {
    match array(feature)?.1 {
        Flexibility::Enumerated(shapes) if shapes.len() > 1 => Some(shapes),
        _ => None,
    }
}

fn ranges(feature: &Feature) -> Option<&[(usize, Option<usize>)]> {
    match array(feature)?.1 {
        Flexibility::Ranges(ranges) => Some(ranges),
        _ => None,
    }
}

fn named(inputs: &[Feature], which: impl Fn(&Feature) -> bool) -> Vec<&str> {
    inputs.iter().filter(|input| which(input)).map(|input| input.name.as_str()).collect()
}

/// What `found` says about the inputs of each function.
fn interfaces(subject: &Subject<'_>, found: impl Fn(&[Feature]) -> Option<String>) -> Vec<Site> {
    let views = subject.functions.iter().filter_map(|view| Some((view.name, view.interface?)));
    views
        .filter_map(|(name, interface)| {
            Some(Site { place: format!("inputs of `{name}`"), found: found(&interface.inputs)? })
        })
        .collect()
}

fn has_states(view: &FunctionView<'_>) -> bool {
    view.function.inputs.iter().any(|input| matches!(input.ty, ValueType::State(_)))
}

/// True for a constant that only operations take which decompress weights.
fn only_decompresses<'a>(view: &FunctionView<'a>, operation: &'a Operation) -> bool {
    is_constant(operation) && view.takers(operation).all(|taker| taker.kind.starts_with("constexpr_"))
}
