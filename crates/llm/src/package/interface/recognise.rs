//! From names, types and shapes to parts.

use std::ops::RangeInclusive;

use sottovoce_convert::SLIDING_WINDOW;
use sottovoce_mil::Package;
use sottovoce_mil::description::{Feature, FunctionDescription};
use sottovoce_tensor::DType;

use super::cache::{Cache, is_cache};
use super::shape::Shape;
use super::spelling::{self, EXPECTED, Kind};
use super::{Input, LanguageInterface, Role, logits};

/// Positions that 16-bit shape arithmetic in packages can count.
pub(super) const MAX_CONTEXT: usize = 32_767;
/// Types of masks that numbers are added from.
const FLOATS: [DType; 2] = [DType::F16, DType::F32];

/// The interface of a function, or what keeps it from being a language model's.
pub(super) fn recognise(package: &Package, function: &str) -> Result<LanguageInterface, String> {
    let described = package.interface(function).ok_or_else(|| format!("it has no function {function:?}"))?;
    let logits = logits::find(package, function)?;
    let mut rows = ids_rows(described)?;
    for count in logits.iter().filter_map(|rows| rows.count) {
        rows = intersect(&rows, &(count..=count))
            .ok_or_else(|| format!("it gives logits of {count} rows, but takes {rows:?}"))?;
    }
    let mut inputs = Vec::new();
    let mut caches = Vec::new();
    let mut columns = usize::MAX;
    for feature in &described.inputs {
        let role = match spelling::kind(&feature.name) {
            Some(Kind::Ids) => Role::Ids,
            Some(Kind::Mask) => mask(feature, None, &mut rows, &mut columns)?,
            Some(Kind::SlidingMask) => mask(feature, Some(window(package, feature)?), &mut rows, &mut columns)?,
            Some(Kind::Position) => position(feature, &mut rows)?,
            None if is_cache(feature) => {
                caches.push(feature);
                continue;
            }
            None => return Err(unknown(described, feature)),
        };
        inputs.push(Input { name: feature.name.clone(), dtype: Shape::of(feature)?.dtype, role });
    }
    refuse_doubles(&inputs)?;
    let (cache, positions) = Cache::of(described, &caches)?;
    let mut interface = LanguageInterface {
        inputs,
        cache,
        vocab_size: logits.iter().map(|rows| rows.width).sum(),
        logits: logits.into_iter().map(|rows| (rows.name, rows.width)).collect(),
        context: 0,
        rows,
    };
    let columns = columns.saturating_sub(interface.placeholders());
    let whole = if interface.cache == Cache::Nowhere { *interface.rows.end() } else { usize::MAX };
    interface.context = positions.min(columns).min(whole).min(MAX_CONTEXT);
    check(&interface)?;
    Ok(interface)
}

/// How many ids a call takes.
fn ids_rows(described: &FunctionDescription) -> Result<RangeInclusive<usize>, String> {
    let mut ids = described.inputs.iter().filter(|feature| spelling::kind(&feature.name) == Some(Kind::Ids));
    let (feature, None) = (ids.next().ok_or_else(|| unlike(described, "it has no input for token ids"))?, ids.next())
    else {
        return Err(unlike(described, "it has more than one input for token ids"));
    };
    let shape = Shape::of(feature)?;
    if shape.rank() != 2 || shape.dtype != DType::I32 {
        return Err(shape.wrong("int32 [1, q]"));
    }
    shape.expect_ones(1, "int32 [1, q], one sequence")?;
    Ok((*shape.range(0).start()).max(1)..=*shape.range(0).end())
}

/// How far a sliding mask reaches is in the package's metadata: shapes do not tell.
fn window(package: &Package, feature: &Feature) -> Result<usize, String> {
    let text = package.description.metadata.user_defined.get(SLIDING_WINDOW).map_or("", String::as_str);
    text.parse().ok().filter(|&window| window > 0).ok_or_else(|| {
        let name = &feature.name;
        format!("{name} needs {SLIDING_WINDOW} in the package's metadata, a number of positions, found {text:?}")
    })
}

fn mask(
    feature: &Feature,
    window: Option<usize>,
    rows: &mut RangeInclusive<usize>,
    columns: &mut usize,
) -> Result<Role, String> {
    let shape = Shape::of(feature)?;
    let (least, most) = shape.range(0).into_inner();
    *columns = most.min(*columns);
    match shape.rank() {
        4 if FLOATS.contains(&shape.dtype) => {
            shape.expect_ones(2, "[1, 1, q, kv]")?;
            narrow(rows, &shape, 1)?;
            Ok(Role::CausalMask { least, window })
        }
        2 if window.is_none() && FLOATS.contains(&shape.dtype) || shape.dtype == DType::I32 => {
            shape.expect_ones(1, "[1, kv]")?;
            Ok(Role::TokenMask { least })
        }
        _ => Err(shape.wrong("fp16 or fp32 [1, 1, q, kv] of 0 and -inf, or int32, fp16 or fp32 [1, kv] of 1 and 0")),
    }
}

fn position(feature: &Feature, rows: &mut RangeInclusive<usize>) -> Result<Role, String> {
    let shape = Shape::of(feature)?;
    let expected = "int32 [q] or [1, q], a position for every row, or [1], that of the first";
    let rank = shape.rank();
    if shape.dtype != DType::I32 || !(1..=2).contains(&rank) {
        return Err(shape.wrong(expected));
    }
    shape.expect_ones(1, expected)?;
    if shape.range(0) == (1..=1) && *rows.end() > 1 {
        return Ok(Role::FirstPosition { rank });
    }
    narrow(rows, &shape, 0)?;
    Ok(Role::Positions { rank })
}

/// Leaves the numbers of rows that an axis of another input takes too.
fn narrow(rows: &mut RangeInclusive<usize>, shape: &Shape<'_>, from_last: usize) -> Result<(), String> {
    let both = intersect(rows, &shape.range(from_last));
    *rows = both.ok_or_else(|| shape.wrong(&format!("as many rows as there are ids, {rows:?}")))?;
    Ok(())
}

fn intersect(one: &RangeInclusive<usize>, other: &RangeInclusive<usize>) -> Option<RangeInclusive<usize>> {
    let both = *one.start().max(other.start())..=*one.end().min(other.end());
    (!both.is_empty()).then_some(both)
}

/// Two inputs of one meaning: which is which would be a guess.
fn refuse_doubles(inputs: &[Input]) -> Result<(), String> {
    let kind = |input: &Input| {
        let sliding = matches!(input.role, Role::CausalMask { window: Some(_), .. });
        (std::mem::discriminant(&input.role), sliding)
    };
    for (index, input) in inputs.iter().enumerate() {
        let position = matches!(input.role, Role::Positions { .. } | Role::FirstPosition { .. });
        if let Some(twin) = inputs[..index].iter().find(|twin| !position && kind(twin) == kind(input)) {
            return Err(format!("its inputs {} and {} could mean the same; expected one", twin.name, input.name));
        }
    }
    Ok(())
}

/// What the parts must be together.
fn check(interface: &LanguageInterface) -> Result<(), String> {
    let (least, context) = (*interface.rows.start(), interface.context);
    if least > context {
        return Err(format!("a call takes {least} tokens or more, but there is room for {context}"));
    }
    if interface.cache == Cache::Nowhere {
        return Ok(());
    }
    // Without a position among the inputs, a call begins at kv − q, by the shape of the mask.
    let tells = |input: &Input| match input.role {
        Role::Ids => false,
        Role::CausalMask { least: columns, .. } | Role::TokenMask { least: columns } => columns <= least,
        Role::Positions { .. } | Role::FirstPosition { .. } => true,
    };
    if interface.inputs.iter().any(tells) || interface.placeholders() > 0 {
        return Ok(());
    }
    Err("nothing says at which position a call begins: expected a mask of flexible width, or an input current_pos or \
         position_ids"
        .to_owned())
}

fn unknown(described: &FunctionDescription, feature: &Feature) -> String {
    let plain = spelling::plain(&feature.name);
    let part = if plain.contains("hidden") || plain.contains("embed") {
        "; it is one part of a model that was cut into several packages, which do not run here"
    } else {
        ""
    };
    unlike(described, &format!("its input {} has no known meaning{part}", feature.name))
}

/// What is wrong, what was found, and what is expected.
fn unlike(described: &FunctionDescription, what: &str) -> String {
    let list = |features: &[Feature]| {
        let features = features.iter().map(|feature| format!("{} {}", feature.name, feature.ty));
        features.collect::<Vec<_>>().join(", ")
    };
    let FunctionDescription { inputs, outputs, states } = described;
    let mut found = format!("{what}. Inputs: {}. Outputs: {}", list(inputs), list(outputs));
    if !states.is_empty() {
        found.push_str(&format!(". States: {}", list(states)));
    }
    format!("{found}. Expected: {EXPECTED}")
}
