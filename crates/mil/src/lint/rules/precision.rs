//! Numbers that float16, or 16 bits, cannot hold.

use sottovoce_tensor::DType;

use super::{EVERYWHERE, NEURAL_ENGINE};
use crate::{
    lint::{
        Effect, Look, Rule,
        subject::{FunctionView, computes, dimension, results, type_text},
    },
    program::{Binding, Operation},
};

/// Largest finite float16.
const LARGEST_F16: f32 = 65_504.0;

/// Operations that hide scores: what they choose, add or fill with reaches a softmax.
const MASKING: [&str; 6] = ["select", "add", "sub", "mul", "fill", "fill_like"];

/// Steps from the largest magnitude of a row to what the row is divided by, at most.
const LONGEST_SCALE: usize = 6;

pub const RULES: &[Rule] = &[
    Rule {
        name: "mask-beyond-float16",
        effect: Effect::LosesAccuracy,
        units: EVERYWHERE,
        fact: "The least float32 is minus infinity in float16, and a row that is hidden wholly by minus infinity is NaN after \
               softmax, as are all that depend on it",
        remedy: "hide scores with -40000, which float16 holds with room for a score to be added",
        source: "https://github.com/apple/coremltools/pull/2669",
        look: Look::With(|subject| {
            subject.operations(|view, operation| {
                if !MASKING.contains(&operation.kind.as_str()) {
                    return None;
                }
                let literals = operation.inputs.keys().filter_map(|parameter| view.literal(operation, parameter));
                let values = literals.filter(|tensor| tensor.dtype().is_float()).flat_map(|tensor| tensor.to_f32_vec());
                let least = values.reduce(f32::min)?;
                (least < -LARGEST_F16).then(|| format!("{least:e} in {}", results(operation)))
            })
        }),
    },
    Rule {
        name: "squares-summed-in-float16",
        effect: Effect::LosesAccuracy,
        units: EVERYWHERE,
        fact: "Squares leave float16 at 256, and activations of language models are larger: a norm that sums them in float16 \
               overflows, on the Neural Engine whatever its type says",
        remedy: "sum in float32 (CPU and GPU), or divide by the largest magnitude first and scale epsilon with it (Neural Engine)",
        source: "https://github.com/apple/coremltools/issues/2585",
        look: Look::With(|subject| {
            subject.operations(|view, operation| {
                let summed = |taker: &Operation| ["reduce_mean", "reduce_sum"].contains(&taker.kind.as_str());
                let squares = squared(view, operation)?;
                let sums = operation.kind == "reduce_sum_square" || view.takers(operation).any(summed);
                let broken = sums && computes(operation, DType::F16) && !is_scaled(view, squares);
                broken.then(|| results(operation))
            })
        }),
    },
    Rule {
        name: "float32-on-neural-engine",
        effect: Effect::FallsBack,
        units: NEURAL_ENGINE,
        fact: "The Neural Engine computes in float16; operations in float32 are placed elsewhere",
        remedy: "compute in float16 on values that were scaled to fit it",
        source: "https://github.com/apple/coremltools/issues/2585",
        look: Look::With(|subject| {
            subject.operations(|_, operation| {
                (operation.kind != "cast" && computes(operation, DType::F32)).then(|| results(operation))
            })
        }),
    },
    Rule {
        name: "softplus-in-float16",
        effect: Effect::LosesAccuracy,
        units: NEURAL_ENGINE,
        fact: "Softplus drops to 0 above 10.4 on the Neural Engine, where its exponential overflows",
        remedy: "spell it max(x, 0) + log(1 + exp(-abs(x)))",
        source: "https://github.com/apple/coremltools/issues/2687",
        look: Look::Kinds(&["softplus"]),
    },
    Rule {
        name: "log-sum-exp-in-float16",
        effect: Effect::LosesAccuracy,
        units: NEURAL_ENGINE,
        fact: "The Neural Engine sums exponentials without taking the largest off: 32 equal values above 7.63 give 0",
        remedy: "subtract the largest value first, and add it to the logarithm",
        source: "https://github.com/apple/coremltools/issues/2690",
        look: Look::Kinds(&["reduce_log_sum_exp"]),
    },
    Rule {
        name: "indices-of-16-bits",
        effect: Effect::LosesAccuracy,
        units: EVERYWHERE,
        fact: "Computed indices of int16 reach 32,767 rows of a table and those of uint16 65,535; coremltools leaves them in int32 \
               for longer tables",
        remedy: "gather with indices of int32",
        source: "https://github.com/apple/coremltools/blob/9.0/coremltools/converters/mil/mil/passes/defs/quantization.py",
        look: Look::With(|subject| {
            subject.operations(|view, operation| {
                let largest = match view.argument_type(operation, "indices")?.dtype()? {
                    DType::I16 => 32_767,
                    DType::U16 => 65_535,
                    _ => return None,
                };
                let (rows, table) = gathered(view, operation)?;
                (rows > largest).then_some(table)
            })
        }),
    },
    Rule {
        name: "table-beyond-16-bits",
        effect: Effect::LosesAccuracy,
        units: NEURAL_ENGINE,
        fact: "On the Neural Engine token ids become uint16, which does not reach the end of vocabularies like Llama 3's",
        remedy: "look embeddings up outside, or let the CPU do it (in a package of its own)",
        source: "https://github.com/pytorch/executorch/pull/7616",
        look: Look::With(|subject| {
            subject.operations(|view, operation| {
                let (rows, table) = gathered(view, operation)?;
                (rows > 65_536).then_some(table)
            })
        }),
    },
];

/// The value that an operation squares.
fn squared<'a>(view: &FunctionView<'a>, operation: &'a Operation) -> Option<&'a str> {
    let x = view.argument(operation, "x")?;
    let squares = match operation.kind.as_str() {
        "square" | "reduce_sum_square" => true,
        "mul" => view.argument(operation, "y") == Some(x),
        "pow" => view.literal(operation, "y").is_some_and(|power| power.to_f32_vec() == [2.0]),
        _ => false,
    };
    squares.then_some(x)
}

/// True for a value that was divided by its largest magnitude, or by something made of it.
fn is_scaled(view: &FunctionView<'_>, name: &str) -> bool {
    let Some(division) = view.maker(name).filter(|maker| maker.kind == "real_div") else { return false };
    let mut next = view.argument(division, "y");
    for _ in 0..LONGEST_SCALE {
        let Some(maker) = next.and_then(|name| view.maker(name)) else { return false };
        if maker.kind == "reduce_max" {
            return true;
        }
        next = maker.inputs.values().flatten().find_map(|binding| match binding {
            Binding::Name(name) => Some(name.as_str()),
            Binding::Value(_) => None,
        });
    }
    false
}

/// Rows of the table of numbers that a `gather` looks up computed indices in, and the table's type.
fn gathered<'a>(view: &FunctionView<'a>, operation: &'a Operation) -> Option<(u64, String)> {
    if !["gather", "gather_along_axis"].contains(&operation.kind.as_str()) || view.is_constant(operation, "indices") {
        return None;
    }
    let table = view.argument_type(operation, "x")?;
    let axis = view.literal(operation, "axis").and_then(|axis| axis.to_i64_vec().first().copied()).unwrap_or(0);
    Some((dimension(table, axis)?, type_text(table)))
}
