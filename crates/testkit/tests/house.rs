//! The rules of CONTRIBUTING.md and ARCHITECTURE.md that a program can check.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The crates in the order of the table in ARCHITECTURE.md: each may depend only on those before it.
const LAYERS: [&str; 12] =
    ["tensor", "mil", "graph", "kernels", "runtime", "convert", "llm", "hub", "history", "voice", "server", "cli"];

const LONGEST_FILE: usize = 600;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn folder(path: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("a folder entry").path()).collect();
    paths.sort();
    paths
}

fn rust_files(path: &Path, found: &mut Vec<PathBuf>) {
    for path in folder(path) {
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn manifest(name: &str) -> toml::Table {
    let path = root().join("crates").join(name).join("Cargo.toml");
    read(&path).parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn crates_depend_only_on_earlier_ones() {
    for path in folder(&root().join("crates")) {
        let name = path.file_name().and_then(|name| name.to_str()).expect("a crate folder");
        if name == "testkit" {
            continue;
        }
        let row = LAYERS.iter().position(|&layer| layer == name);
        let row = row.unwrap_or_else(|| panic!("crates/{name} is missing in the table of ARCHITECTURE.md and here"));
        let manifest = manifest(name);
        let dependencies = manifest.get("dependencies").and_then(toml::Value::as_table);
        for dependency in dependencies.into_iter().flat_map(toml::Table::keys) {
            let Some(dependency) = dependency.strip_prefix("sottovoce-") else { continue };
            assert!(LAYERS[..row].contains(&dependency), "{name} may not depend on {dependency}");
        }
    }
}

#[test]
fn anyhow_stays_in_the_command_line() {
    for name in LAYERS.iter().filter(|&&name| name != "cli" && root().join("crates").join(name).exists()) {
        let manifest = manifest(name);
        for table in ["dependencies", "dev-dependencies"] {
            let found = manifest.get(table).and_then(|table| table.get("anyhow"));
            assert!(found.is_none(), "crates/{name} depends on anyhow");
        }
    }
}

#[test]
fn unsafe_code_is_allowed_in_two_crates() {
    for path in folder(&root().join("crates")) {
        let name = path.file_name().and_then(|name| name.to_str()).expect("a crate folder");
        let manifest = manifest(name);
        let lints = manifest.get("lints").unwrap_or_else(|| panic!("crates/{name} sets no lints"));
        let inherits = lints.get("workspace").and_then(toml::Value::as_bool) == Some(true);
        assert_eq!(inherits, !["tensor", "kernels"].contains(&name), "lints of crates/{name}");
    }
}

#[test]
fn unsafe_code_elsewhere_is_what_core_ml_needs() {
    let mut files = Vec::new();
    rust_files(&root().join("crates"), &mut files);
    let allowed: Vec<_> =
        files.into_iter().filter(|file| read(file).contains(concat!("allow(unsafe", "_code)"))).collect();
    let core_ml = root().join("crates/runtime/src/core_ml");
    assert!(allowed.iter().all(|file| file.starts_with(&core_ml)), "{allowed:?}");
    assert!(!allowed.is_empty());
}

#[test]
fn files_stay_short() {
    let mut files = Vec::new();
    rust_files(&root().join("crates"), &mut files);
    for file in files {
        let lines = read(&file).lines().count();
        assert!(lines <= LONGEST_FILE, "{} has {lines} lines, more than {LONGEST_FILE}", file.display());
    }
}

#[test]
fn links_between_documents_lead_somewhere() {
    for document in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "fixtures/README.md"] {
        let path = root().join(document);
        let text = read(&path);
        for target in text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next()) {
            if target.is_empty() || target.starts_with("http") {
                continue;
            }
            let linked = path.parent().expect("a folder").join(target);
            assert!(linked.exists(), "{document} links to {target}, which is not there");
        }
    }
}

/// Last cell of a table's row: files, each followed by the tests in it, all in backticks.
#[test]
fn lines_of_the_threat_model_name_tests() {
    let document = read(&root().join("docs/security.md"));
    let rows = document
        .lines()
        .filter(|line| line.starts_with('|') && !line.starts_with("| threat") && !line.starts_with("|-"));
    let mut count = 0;
    for row in rows {
        let cell = row.trim_end_matches('|').rsplit('|').next().unwrap_or_default();
        let mut file: Option<(String, String)> = None;
        let mut tests = 0;
        for name in cell.split('`').skip(1).step_by(2) {
            if name.contains('/') {
                file = Some((name.to_owned(), read(&root().join(name))));
                continue;
            }
            let (path, text) = file.as_ref().unwrap_or_else(|| panic!("no file before {name} in: {row}"));
            // Rust's tests are functions; those of the page have their names in quotes.
            let there = text.contains(&format!("fn {name}(")) || text.contains(&format!("'{name}'"));
            assert!(there, "{path} has no test {name}");
            tests += 1;
        }
        assert_ne!(tests, 0, "no test in: {row}");
        count += 1;
    }
    assert!(count > 20, "only {count} lines were found");
}
