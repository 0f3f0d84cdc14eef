//! What the lint says of the packages in the fixtures. `SOTTOVOCE_UPDATE=1 cargo test -p sottovoce-mil --test lint` writes the
//! golden file anew.

use std::{fs, path::Path};

use indexmap::IndexMap;
use sottovoce_mil::{
    Package,
    lint::{Severity, Target},
};

/// Every package of a folder, in order.
fn packages(folder: &str) -> Vec<(String, Package)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(folder);
    let entries = fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|ending| ending == "mlpackage")).collect();
    paths.sort();
    let named = |path: std::path::PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        (format!("{folder}/{name}"), Package::open(&path).unwrap())
    };
    paths.into_iter().map(named).collect()
}

/// A line for each rule that a package breaks: how often, and the first place.
fn text(name: &str, package: &Package) -> String {
    let mut text = format!("{name}\n");
    for target in ["ios18-cpu", "ios18-gpu", "ios18-ane"] {
        let findings = package.check(target.parse::<Target>().unwrap());
        let mut rules: IndexMap<_, Vec<_>> = IndexMap::new();
        for finding in &findings {
            rules.entry(finding.rule.name).or_default().push(finding);
        }
        text += &format!("  {target}{}\n", if rules.is_empty() { ": nothing" } else { "" });
        for (rule, findings) in rules {
            let first = findings[0];
            let severity = match first.rule.effect.severity() {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            text += &format!("    {severity} {rule} x{}: {}: {}\n", findings.len(), first.place, first.found);
        }
    }
    text
}

#[test]
fn packages_of_the_fixtures() {
    let folders = ["coremltools", "interfaces", "programs"];
    let made: String = folders.into_iter().flat_map(packages).map(|(name, package)| text(&name, &package)).collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lint.txt");
    if std::env::var_os("SOTTOVOCE_UPDATE").is_some() {
        fs::write(&path, &made).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), made);
}
