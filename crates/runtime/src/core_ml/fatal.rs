//! Packages over which Core ML ends the whole process, by an exception of C++ or an assertion that no caller can catch. They are
//! not handed to it.

use sottovoce_mil::{
    Package,
    lint::{System, Target, Unit},
};

use crate::ComputeUnits;

/// The rules of the lint whose sources report the end of the process, and not an error.
const RULES: [&str; 3] =
    ["enumerated-beside-range", "fixed-beside-range-with-state", "scaled-palette-on-neural-engine"];

/// Why the package must not be given to Core ML with these units, if so.
pub fn reason(package: &Package, units: ComputeUnits) -> Option<String> {
    let units: &[Unit] = match units {
        ComputeUnits::All => &Unit::ALL,
        ComputeUnits::CpuOnly => &[Unit::Cpu],
        ComputeUnits::CpuAndGpu => &[Unit::Cpu, Unit::Gpu],
        ComputeUnits::CpuAndNeuralEngine => &[Unit::Cpu, Unit::NeuralEngine],
    };
    let mut findings = units.iter().flat_map(|&unit| package.check(Target { system: System::Ios18, unit }));
    let finding = findings.find(|finding| RULES.contains(&finding.rule.name))?;
    Some(format!(
        "Core ML would end this program over {} ({}: {}). {}: {}",
        finding.place, finding.rule.name, finding.found, finding.rule.source, finding.rule.fact
    ))
}

#[cfg(test)]
mod tests {
    use sottovoce_mil::lint::{Effect, rules};
    use sottovoce_testkit::{fixtures, fixtures_dir};

    use super::*;

    #[test]
    fn the_lint_has_these_rules() {
        for name in RULES {
            assert!(rules().any(|rule| rule.name == name && rule.effect == Effect::Refused), "{name}");
        }
    }

    #[test]
    fn only_what_is_reported_is_kept_from_core_ml() {
        for fixture in fixtures() {
            let package = Package::open(&fixture.package).unwrap();
            assert_eq!(reason(&package, ComputeUnits::All), None, "{}", fixture.name);
        }
        let mut kept = Vec::new();
        for entry in std::fs::read_dir(fixtures_dir().join("interfaces")).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "mlpackage") {
                kept.extend(reason(&Package::open(&path).unwrap(), ComputeUnits::CpuOnly));
            }
        }
        assert!(kept.len() == 1 && kept[0].contains("current_pos") && kept[0].contains("issues/2548"), "{kept:?}");
    }
}
