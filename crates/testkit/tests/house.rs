//! The rules of CONTRIBUTING.md and ARCHITECTURE.md that a program can check.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The crates in the order of the table in ARCHITECTURE.md: each may depend only on those before it.
const LAYERS: [&str; 13] = [
    "tensor", "mil", "graph", "kernels", "runtime", "convert", "llm", "hub", "history", "voice", "ffi", "server", "cli",
];

const LONGEST_FILE: usize = 600;
/// What the registry takes of a crate, in bytes before compression.
const LARGEST_CRATE: u64 = 10 << 20;

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

/// The crates that `cargo install` fetches: the command's, and those that it is built from.
fn published() -> Vec<(String, PathBuf, toml::Table)> {
    let mut names = vec!["cli".to_owned()];
    let mut crates = Vec::new();
    while let Some(name) = names.get(crates.len()).cloned() {
        let manifest = manifest(&name);
        let dependencies =
            manifest.get("dependencies").and_then(toml::Value::as_table).into_iter().flat_map(toml::Table::keys);
        for dependency in dependencies.filter_map(|name| name.strip_prefix("sottovoce-")) {
            if !names.iter().any(|known| known == dependency) {
                names.push(dependency.to_owned());
            }
        }
        crates.push((name.clone(), root().join("crates").join(name), manifest));
    }
    crates
}

#[test]
fn crates_have_what_a_registry_asks_for() {
    for (name, _, manifest) in published() {
        let package = manifest["package"].as_table().expect("a table");
        for key in ["description", "license", "repository", "readme", "rust-version", "keywords", "categories"] {
            assert!(package.contains_key(key), "crates/{name} has no {key}");
        }
        let texts = |key: &str| package[key].as_array().expect("a list").len();
        assert!((1..=5).contains(&texts("keywords")), "keywords of crates/{name}");
        assert!((1..=5).contains(&texts("categories")), "categories of crates/{name}");
    }
    let workspace: toml::Table = read(&root().join("Cargo.toml")).parse().expect("a manifest");
    let testkit = &workspace["workspace"]["dependencies"]["sottovoce-testkit"];
    assert!(
        testkit.get("version").is_none(),
        "the testkit is not published, so that no version of it can be asked for"
    );
}

#[test]
fn crates_are_built_from_their_own_folders() {
    for (name, path, _) in published() {
        let mut files = Vec::new();
        rust_files(&path.join("src"), &mut files);
        for file in files {
            for line in read(&file).lines().filter(|line| line.contains("include_")) {
                assert!(
                    !line.contains("../../"),
                    "{} takes a file from outside of crates/{name}: {line}",
                    file.display()
                );
            }
        }
    }
}

#[test]
fn crates_are_small_enough_for_a_registry() {
    let git = |arguments: &[&str]| {
        let output = std::process::Command::new("git").args(arguments).current_dir(root()).output().expect("git runs");
        String::from_utf8(output.stdout).expect("names in UTF-8")
    };
    for (name, _, _) in published() {
        let files = git(&["ls-files", "-z", &format!("crates/{name}")]);
        let sizes = files.split_terminator('\0').filter_map(|file| fs::metadata(root().join(file)).ok());
        let size: u64 = sizes.map(|metadata| metadata.len()).sum();
        assert!(size > 0 && size < LARGEST_CRATE, "crates/{name} has {size} bytes");
    }
}
