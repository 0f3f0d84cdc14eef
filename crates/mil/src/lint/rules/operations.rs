//! Operations that a unit does not have.

use super::NEURAL_ENGINE;
use crate::lint::{
    Effect, Look, Rule,
    subject::{results, type_text},
};

pub const RULES: &[Rule] = &[
    Rule {
        name: "recurrent-on-neural-engine",
        effect: Effect::FallsBack,
        units: NEURAL_ENGINE,
        fact: "Recurrent layers are not supported on the Neural Engine",
        remedy: "unroll them into matrix products, or run them on the CPU",
        source: "https://github.com/apple/coremltools/issues/1780",
        look: Look::Kinds(&["lstm", "gru", "rnn"]),
    },
    Rule {
        name: "lookup-on-neural-engine",
        effect: Effect::FallsBack,
        units: NEURAL_ENGINE,
        fact: "Lookups run on the CPU: compute plans of speech decoders give it as the only unit for the gather of an embedding",
        remedy: "put the embedding into a package of its own, so that the rest is not cut in two",
        source: "https://huggingface.co/mickekringai/kb-whisper-coreml/blob/main/base/TextDecoder.mlcomputeplan.json",
        look: Look::With(|subject| {
            subject.operations(|view, operation| {
                let gathers = ["gather", "gather_nd", "gather_along_axis"].contains(&operation.kind.as_str());
                let table = view.argument_type(operation, "x").filter(|_| gathers)?;
                let looks_up = table.dtype()?.is_float() && !view.is_constant(operation, "indices");
                looks_up.then(|| type_text(table))
            })
        }),
    },
    Rule {
        name: "scatter-on-neural-engine",
        effect: Effect::FallsBack,
        units: NEURAL_ENGINE,
        fact: "The scatter operations and reduce_prod have no path in the hardware",
        remedy: "write with masks: x·(1 - mask) + new·mask",
        source: "https://ane-guide.readthedocs.io/en/latest/part-1-machine/04-capability-surface.html",
        look: Look::Kinds(&["scatter", "scatter_nd", "scatter_along_axis", "reduce_prod"]),
    },
    Rule {
        name: "sine-on-neural-engine",
        effect: Effect::FallsBack,
        units: NEURAL_ENGINE,
        fact: "Sine and cosine came to the Neural Engine with the A15; on older ones they run elsewhere",
        remedy: "keep the cosines and sines of rotary embeddings as a table",
        source: "https://ane-guide.readthedocs.io/en/latest/part-1-machine/04-capability-surface.html",
        look: Look::Kinds(&["sin", "cos"]),
    },
    Rule {
        name: "top-k-on-neural-engine",
        effect: Effect::FallsBack,
        units: NEURAL_ENGINE,
        fact: "In measured compute plans top-k, and what takes its indices, left the Neural Engine",
        remedy: "choose outside the model",
        source: "https://github.com/roboflow/rf-detr/pull/1495",
        look: Look::Kinds(&["topk"]),
    },
    Rule {
        name: "control-flow-on-neural-engine",
        effect: Effect::FallsBack,
        units: NEURAL_ENGINE,
        fact: "Conditions, loops and lists have no form on the Neural Engine",
        remedy: "unroll loops, and choose with select",
        source: "https://aneforge.readthedocs.io/en/latest/capabilities/",
        look: Look::With(|subject| {
            subject.operations(|_, operation| {
                let controls = ["cond", "while_loop"].contains(&operation.kind.as_str())
                    || operation.kind.starts_with("list_")
                    || operation.kind == "make_list";
                controls.then(|| results(operation))
            })
        }),
    },
];
