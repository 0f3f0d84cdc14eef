//! Versions: what a system reads, and what an opset has.

use sottovoce_tensor::DType;

use super::EVERYWHERE;
use crate::lint::{
    Effect, Look, Rule, System,
    subject::{Site, Subject, array},
};

/// Operations that came after the first opset of ML Programs, with the first that has them: 6 for `CoreML6`. From
/// coremltools 9's registry.
const LATER_OPERATIONS: [(&str, i32); 18] = [
    ("constexpr_affine_dequantize", 6),
    ("constexpr_cast", 6),
    ("constexpr_lut_to_dense", 6),
    ("constexpr_sparse_to_dense", 6),
    ("fill_like", 6),
    ("pixel_unshuffle", 6),
    ("reshape_like", 6),
    ("dequantize", 7),
    ("quantize", 7),
    ("resize", 7),
    ("constexpr_blockwise_shift_scale", 8),
    ("constexpr_lut_to_sparse", 8),
    ("constexpr_sparse_blockwise_shift_scale", 8),
    ("read_state", 8),
    ("write_state", 8),
    ("coreml_update_state", 8),
    ("scaled_dot_product_attention", 8),
    ("slice_update", 8),
];

pub const RULES: &[Rule] = &[
    Rule {
        name: "specification-newer-than-system",
        effect: Effect::Refused,
        units: EVERYWHERE,
        fact: "A system reads specifications up to its own: 6 for iOS 15 and macOS 12, 7 for 16 and 13, 8 for 17 and 14, 9 \
               for 18 and 15, 10 for 26",
        remedy: "require the newer system, or convert for the older one",
        source: "https://github.com/apple/coremltools/blob/main/mlmodel/format/Model.proto",
        look: Look::With(|subject| {
            let (found, known) = (subject.spec_version, subject.system.spec_version());
            let newer = found > known;
            newer
                .then(|| Subject::whole(format!("specification {found}, the system reads up to {known}")))
                .into_iter()
                .collect()
        }),
    },
    Rule {
        name: "opset-newer-than-system",
        effect: Effect::Refused,
        units: EVERYWHERE,
        fact: "A system that is older than the opset of a function does not parse the program (unknown opset)",
        remedy: "require the newer system, or convert for the older one",
        source: "https://github.com/apple/coremltools/issues/2283",
        look: Look::With(|subject| opsets_above(subject, subject.system.spec_version() - 1, "the system's")),
    },
    Rule {
        name: "opset-newer-than-specification",
        effect: Effect::Refused,
        units: EVERYWHERE,
        fact: "Opsets belong to versions of the specification: CoreML5 to 6, CoreML6 to 7, CoreML7 to 8, CoreML8 to 9, CoreML9 \
               to 10",
        remedy: "write the package with the version of the specification that its opset belongs to",
        source: "https://github.com/apple/coremltools/blob/main/mlmodel/format/Model.proto",
        look: Look::With(|subject| opsets_above(subject, subject.spec_version - 1, "the specification's")),
    },
    Rule {
        name: "operation-newer-than-opset",
        effect: Effect::Refused,
        units: EVERYWHERE,
        fact: "Each opset has operations that the ones before it lack",
        remedy: "convert for the opset that has the operation, or spell it out",
        source: "https://github.com/apple/coremltools/issues/2116",
        look: Look::With(|subject| {
            subject.operations(|view, operation| {
                let (_, first) = LATER_OPERATIONS.iter().find(|(kind, _)| *kind == operation.kind)?;
                let opset = &view.function.opset;
                (number(opset) < *first).then(|| format!("{opset}, the operation came with CoreML{first}"))
            })
        }),
    },
    Rule {
        name: "functions-before-ios18",
        effect: Effect::Refused,
        units: EVERYWHERE,
        fact: "Several functions in one package need iOS 18 or macOS 15, specification 9",
        remedy: "write the package with specification 9, or one package for each function",
        source: "https://apple.github.io/coremltools/docs-guides/source/multifunction-models.html",
        look: Look::With(|subject| {
            let (count, version) = (subject.functions.len(), subject.spec_version);
            let broken = count > 1 && version < System::Ios18.spec_version();
            broken
                .then(|| Subject::whole(format!("{count} functions in specification {version}")))
                .into_iter()
                .collect()
        }),
    },
    Rule {
        name: "interface-type-newer-than-system",
        effect: Effect::Refused,
        units: EVERYWHERE,
        fact: "Multi-arrays of float16 exist since iOS 16 and macOS 12, of int8 since iOS 26 and macOS 26",
        remedy: "take and give float32 or int32, and cast in the program",
        source: "https://developer.apple.com/documentation/coreml/mlmultiarraydatatype/float16",
        look: Look::With(|subject| {
            subject.features(|_, feature| {
                let first = match array(feature)?.0? {
                    DType::F16 => System::Ios16,
                    DType::I8 => System::Ios26,
                    _ => return None,
                };
                (subject.system < first).then(|| feature.ty.to_string())
            })
        }),
    },
];

/// Functions whose opset has a higher number than `known`.
fn opsets_above(subject: &Subject<'_>, known: i32, whose: &str) -> Vec<Site> {
    let newer = subject.functions.iter().filter(|view| number(&view.function.opset) > known);
    newer
        .map(|view| {
            let found = format!("{}, {whose} newest is CoreML{known}", view.function.opset);
            Site { place: format!("function `{}`", view.name), found }
        })
        .collect()
}

/// 8 for `CoreML8`.
fn number(opset: &str) -> i32 {
    opset.strip_prefix("CoreML").and_then(|number| number.parse().ok()).unwrap_or(0)
}
