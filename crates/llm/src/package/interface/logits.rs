//! Which outputs hold the logits.

use sottovoce_mil::Package;
use sottovoce_mil::program::{Dimension, ElementType, ValueType};

use super::spelling::plain;

/// An output declared as [1, q, width].
pub(super) struct Rows {
    pub(super) name: String,
    /// q, where it is fixed.
    pub(super) count: Option<usize>,
    pub(super) width: usize,
}

/// The outputs of a function that hold logits: `logits`; or `logits1` to `logitsN`, side by side in that order; or the only
/// output of that shape, whatever it is called.
pub(super) fn find(package: &Package, function: &str) -> Result<Vec<Rows>, String> {
    let mut found: Vec<(Option<usize>, Rows)> = Vec::new();
    let mut others = Vec::new();
    for output in package.interface(function).map(|described| described.outputs.as_slice()).unwrap_or_default() {
        let Some(rows) = rows(package, function, &output.name) else { continue };
        match plain(&output.name).strip_prefix("logits").map(|number| (number.is_empty(), number.parse().ok())) {
            Some((true, _)) => found.push((None, rows)),
            Some((false, Some(number))) => found.push((Some(number), rows)),
            _ => others.push(rows),
        }
    }
    if let Some(whole) = found.iter().position(|(number, _)| number.is_none()) {
        return Ok(vec![found.swap_remove(whole).1]);
    }
    if !found.is_empty() {
        found.sort_by_key(|(number, _)| *number);
        let first = found[0].0.unwrap_or(0);
        if found.iter().enumerate().any(|(index, (number, _))| *number != Some(first + index)) {
            return Err("its outputs logits1, logits2, … have gaps".to_owned());
        }
        return Ok(found.into_iter().map(|(_, rows)| rows).collect());
    }
    match others.as_slice() {
        [only] if plain(&only.name).contains("hidden") || plain(&only.name).contains("embed") => Err(format!(
            "it gives {} and no logits: it is one part of a model that was cut into several packages, which do not run here",
            only.name
        )),
        [_] => Ok(others),
        [] => Err("it has no output logits declared as [1, q, vocabulary] with a fixed vocabulary".to_owned()),
        several => {
            let names: Vec<&str> = several.iter().map(|rows| rows.name.as_str()).collect();
            Err(format!("its outputs {} could all be logits: call the right one logits", names.join(", ")))
        }
    }
}

/// An output, if the program declares it as [1, q, width] with a fixed width.
fn rows(package: &Package, function: &str, name: &str) -> Option<Rows> {
    let block = package.program.functions.get(function)?.active_block()?;
    let mut declared = block.operations.iter().flat_map(|operation| &operation.outputs);
    let ValueType::Tensor(ty) = &declared.find(|output| output.name == name)?.ty else { return None };
    let [one, count, Dimension::Fixed(width @ 1..=0x7FFF_FFFF)] = ty.dimensions.as_slice() else { return None };
    let fixed = |dimension: &Dimension| match dimension {
        Dimension::Fixed(size) => usize::try_from(*size).ok(),
        Dimension::Unknown { .. } => None,
    };
    let fits =
        matches!(ty.element, ElementType::Data(dtype) if dtype.is_float()) && fixed(one).is_none_or(|one| one == 1);
    fits.then(|| Rows { name: name.to_owned(), count: fixed(count), width: *width as usize })
}
