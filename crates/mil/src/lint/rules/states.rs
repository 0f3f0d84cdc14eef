//! States.

use sottovoce_tensor::DType;

use super::{EVERYWHERE, NEURAL_ENGINE};
use crate::{
    description::Flexibility,
    lint::{
        Effect, Look, Rule, System,
        subject::{array, dimension, type_text},
    },
};

/// What a row of a state has to be a multiple of on the Neural Engine, in elements.
const ROW: u64 = 32;

pub const RULES: &[Rule] = &[
    Rule {
        name: "state-before-ios18",
        effect: Effect::Refused,
        units: EVERYWHERE,
        fact: "States came with iOS 18 and macOS 15, specification 9",
        remedy: "write the package with specification 9, or pass the cache as input and output (`--variant kv-io`)",
        source: "https://apple.github.io/coremltools/docs-guides/source/stateful-models.html",
        look: Look::With(|subject| {
            let version = subject.spec_version.min(subject.system.spec_version());
            subject.states(|ty| {
                let early = version < System::Ios18.spec_version();
                early.then(|| format!("{} in specification {version}", type_text(ty)))
            })
        }),
    },
    Rule {
        name: "state-not-float16",
        effect: Effect::Refused,
        units: EVERYWHERE,
        fact: "States are of float16, as of iOS 18",
        remedy: "keep the state in float16 and cast where it is read and written",
        source: "https://github.com/apple/coremltools/blob/9.0/coremltools/converters/mil/frontend/torch/converter.py",
        look: Look::With(|subject| subject.states(|ty| (ty.dtype() != Some(DType::F16)).then(|| type_text(ty)))),
    },
    Rule {
        name: "state-of-flexible-shape",
        effect: Effect::Refused,
        units: EVERYWHERE,
        fact: "States have one shape",
        remedy: "give the state its largest shape and use a part of it",
        source: "https://github.com/apple/coremltools/issues/2537",
        look: Look::With(|subject| {
            subject.features(|kind, feature| {
                let flexible = kind == "state" && *array(feature)?.1 != Flexibility::Fixed;
                flexible.then(|| feature.ty.to_string())
            })
        }),
    },
    Rule {
        name: "state-row-not-of-32",
        effect: Effect::Refused,
        units: NEURAL_ENGINE,
        fact: "A model with a state whose last dimension is no multiple of 32 fails on the Neural Engine (256 runs, 270 does \
               not); the CPU and the GPU run it",
        remedy: "pad the last dimension of the state to a multiple of 32 and slice what is read",
        source: "https://github.com/apple/coremltools/issues/2631",
        look: Look::With(|subject| {
            subject.states(|ty| (!dimension(ty, -1)?.is_multiple_of(ROW)).then(|| type_text(ty)))
        }),
    },
    Rule {
        name: "state-written-at-computed-place",
        effect: Effect::FallsBack,
        units: NEURAL_ENGINE,
        fact: "The Neural Engine's compiler takes updates of a slice at a place that is known before the call, and rejects \
               those at a computed one, as an appending cache needs",
        remedy: "run stateful decoding on the GPU or the CPU; for the Neural Engine, keep the cache outside or write it whole \
                 with a mask",
        source: "https://github.com/FluidInference/mobius/pull/77",
        look: Look::With(|subject| {
            subject.operations(|view, operation| {
                let corners = ["begin", "end"].into_iter().all(|corner| view.is_constant(operation, corner));
                let state = view.argument_type(operation, "x").filter(|_| operation.kind == "slice_update")?;
                (!corners).then(|| format!("{}, begin or end is computed", type_text(state)))
            })
        }),
    },
];
