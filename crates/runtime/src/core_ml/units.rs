//! The units that are tried, one after the other, until one computes.

use crate::{
    ComputeUnits, LoadStage,
    error::RuntimeError,
    options::{Observe, begin},
};

/// What to try when `asked` is asked for: that, then less and less. Nothing that was not asked for is tried but the CPU,
/// which every request includes.
pub fn to_try(asked: ComputeUnits) -> &'static [ComputeUnits] {
    use ComputeUnits::{All, CpuAndGpu, CpuAndNeuralEngine, CpuOnly};
    match asked {
        // Where all of them fail, it is the Neural Engine that does: it takes the fewest programs.
        All => &[All, CpuAndGpu, CpuOnly],
        CpuAndGpu => &[CpuAndGpu, CpuOnly],
        CpuAndNeuralEngine => &[CpuAndNeuralEngine, CpuOnly],
        CpuOnly => &[CpuOnly],
    }
}

/// The first of the units with which `open` succeeds, and what it gave. What was refused, and what runs instead, goes to
/// `notes`.
///
/// # Errors
/// [`RuntimeError::Cancelled`] when `observe` wants no more.
pub fn first_that_works<T>(
    asked: ComputeUnits,
    notes: &mut Vec<String>,
    observe: Observe<'_>,
    mut open: impl FnMut(ComputeUnits) -> Result<T, RuntimeError>,
) -> Result<Option<T>, RuntimeError> {
    let mut refused = false;
    for &units in to_try(asked) {
        begin(LoadStage::Preparing(units), observe)?;
        match open(units) {
            Ok(opened) => {
                if refused {
                    notes.push(format!("Core ML runs it on {units}"));
                }
                return Ok(Some(opened));
            }
            Err(error) => {
                refused = true;
                notes.push(format!("{units}: {error}"));
            }
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;

    fn first<T>(
        asked: ComputeUnits,
        notes: &mut Vec<String>,
        open: impl FnMut(ComputeUnits) -> Result<T, RuntimeError>,
    ) -> Option<T> {
        first_that_works(asked, notes, &mut |_| ControlFlow::Continue(()), open).unwrap()
    }

    fn refusal(message: &str) -> RuntimeError {
        RuntimeError::CoreMl {
            action: "load the model",
            domain: "com.apple.CoreML".to_owned(),
            code: 0,
            message: message.to_owned(),
            advice: "Try less.",
        }
    }

    #[test]
    fn only_what_was_asked_for_is_tried_and_the_cpu_last() {
        use ComputeUnits::{All, CpuAndGpu, CpuAndNeuralEngine, CpuOnly};
        for asked in [All, CpuAndGpu, CpuAndNeuralEngine, CpuOnly] {
            let tried = to_try(asked);
            assert_eq!((tried.first(), tried.last()), (Some(&asked), Some(&CpuOnly)));
        }
        assert!(!to_try(CpuAndNeuralEngine).contains(&CpuAndGpu) && !to_try(CpuAndGpu).contains(&CpuAndNeuralEngine));
    }

    #[test]
    fn units_that_refuse_give_way_and_are_noted() {
        let mut notes = Vec::new();
        let opened = first(ComputeUnits::All, &mut notes, |units| match units {
            ComputeUnits::CpuOnly => Ok(7),
            _ => Err(refusal("no plan")),
        });
        assert_eq!(opened, Some(7));
        assert_eq!(notes.len(), 3);
        assert_eq!(
            notes[0],
            "CPU, GPU and Neural Engine: Core ML could not load the model: no plan (com.apple.CoreML 0). Try less."
        );
        assert!(notes[1].starts_with("CPU and GPU: "), "{notes:?}");
        assert_eq!(notes[2], "Core ML runs it on CPU alone");
    }

    #[test]
    fn what_works_at_once_is_not_worth_a_note() {
        let mut notes = Vec::new();
        assert_eq!(first(ComputeUnits::All, &mut notes, Ok), Some(ComputeUnits::All));
        assert!(notes.is_empty());
    }

    #[test]
    fn nothing_works_where_every_unit_refuses() {
        let (mut notes, mut tried) = (Vec::new(), Vec::new());
        let opened: Option<()> = first(ComputeUnits::CpuAndNeuralEngine, &mut notes, |units| {
            tried.push(units);
            Err(refusal("no"))
        });
        assert_eq!((opened, notes.len()), (None, 2));
        assert_eq!(tried, to_try(ComputeUnits::CpuAndNeuralEngine));
    }

    #[test]
    fn a_caller_that_wants_no_more_ends_the_load_between_two_units() {
        let (mut notes, mut told, mut tried) = (Vec::new(), Vec::new(), 0);
        let ended = first_that_works(
            ComputeUnits::All,
            &mut notes,
            &mut |stage| {
                told.push(stage);
                if told.len() == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            },
            |_| {
                tried += 1;
                Err::<(), _>(refusal("no"))
            },
        );
        assert!(matches!(ended, Err(RuntimeError::Cancelled)), "{ended:?}");
        assert_eq!(told, [ComputeUnits::All, ComputeUnits::CpuAndGpu].map(LoadStage::Preparing));
        assert_eq!((tried, notes.len()), (1, 1));
    }
}
