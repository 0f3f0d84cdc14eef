//! What the converter writes follows the rules of Apple's runtimes.

use std::{collections::BTreeSet, ops::ControlFlow, path::Path};

use sottovoce_convert::{Checkpoint, ConvertOptions, Quantize, Variant, convert};
use sottovoce_mil::{
    Package,
    lint::{Effect, Finding, Severity, Target},
};
use sottovoce_testkit::CHECKPOINTS;

const VARIANTS: [Variant; 3] = [Variant::Stateful, Variant::KvIo, Variant::Baseline];
const FORMS: [Quantize; 5] = [Quantize::Keep, Quantize::F16, Quantize::Int8, Quantize::Int4, Quantize::Int4Plain];

fn converted(source: &Path, options: &ConvertOptions) -> Package {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("model.mlpackage");
    convert(&Checkpoint::open(source).unwrap(), &target, options, &mut |_| ControlFlow::Continue(())).unwrap();
    Package::open(&target).unwrap()
}

fn check(package: &Package, target: &str) -> Vec<Finding> {
    package.check(target.parse::<Target>().unwrap())
}

#[test]
fn packages_run_on_the_cpu_and_the_gpu_and_lose_nothing() {
    for checkpoint in CHECKPOINTS {
        for source in checkpoint.sources() {
            for variant in VARIANTS {
                for quantize in FORMS {
                    let options = ConvertOptions {
                        quantize,
                        variant,
                        context: Some(checkpoint.context),
                        ..ConvertOptions::default()
                    };
                    let package = converted(&source, &options);
                    for target in ["ios18-cpu", "ios18-gpu", "ios26-gpu"] {
                        let findings = check(&package, target);
                        let harmful = findings.iter().find(|finding| {
                            finding.rule.effect.severity() == Severity::Error
                                || finding.rule.effect == Effect::LosesAccuracy
                        });
                        assert!(harmful.is_none(), "{source:?} {options:?} {target}: {harmful:?}");
                    }
                }
            }
        }
    }
}

/// Nothing is refused but states whose rows are too short, as those of this checkpoint are with their heads of 16.
#[test]
fn what_the_neural_engine_does_not_take_is_known() {
    let rules = |variant| {
        let options =
            ConvertOptions { quantize: Quantize::Int4, variant, context: Some(64), ..ConvertOptions::default() };
        let package = converted(&CHECKPOINTS[0].sources()[0], &options);
        check(&package, "ios18-ane").into_iter().map(|finding| finding.rule.name).collect::<BTreeSet<_>>()
    };
    let everywhere = BTreeSet::from([
        "range-on-neural-engine",
        "rank-5-on-neural-engine",
        "float32-on-neural-engine",
        "lookup-on-neural-engine",
        "sine-on-neural-engine",
        "blocks-on-neural-engine",
    ]);
    assert_eq!(rules(Variant::Baseline), everywhere);
    let with_short_rows = &everywhere | &BTreeSet::from(["row-not-of-64-bytes"]);
    assert_eq!(rules(Variant::KvIo), with_short_rows);
    let states = BTreeSet::from(["state-row-not-of-32", "state-written-at-computed-place"]);
    assert_eq!(rules(Variant::Stateful), &with_short_rows | &states);
}
