//! Files out of Python wheels and npm tarballs, with the real `pip` and `npm`, without a network.
//!
//! `pip` and `npm` are pointed elsewhere through their environment, so each test runs its second half in a child process:
//! the same test again, with that environment.

use std::{
    fs,
    io::Write,
    ops::ControlFlow,
    path::Path,
    process::{Command, Output},
};

use crate::server::{Server, answer};
use sottovoce_hub::{Cache, Catalogue, Hub, HubError};
use zip::{ZipWriter, write::SimpleFileOptions};

const CONTENTS: &[u8] = b"the quick brown fox jumps over the lazy dog";
const SHA256: &str = "05c6e08f1d9fdafa03147fcb8f82f124c76d2f70e3d989dc8aadb5e7d7450bec";
/// Set for the child process.
const FOLDER: &str = "SOTTOVOCE_TEST_FOLDER";

fn pull(cache: &Path, source: &str) -> Result<Vec<std::path::PathBuf>, HubError> {
    let file = |name: &str, member: &str| {
        let size = CONTENTS.len();
        format!(
            "[[model.file]]\nname = '{name}'\nsize = {size}\nsha256 = '{SHA256}'\n[[model.file.source]]\n{source}\n\
             member = '{member}'\n"
        )
    };
    let text = format!(
        "[[model]]\nname = 'fox'\ntitle = 'A fox'\nlicence = 'MIT'\nhome = 'none'\n{}{}",
        file("first", "package/fox.bin"),
        file("second", "package/copy.bin")
    );
    let hub = Hub::new(Catalogue::parse(&text).unwrap(), Cache::at(cache));
    hub.pull("fox", &mut |_| ControlFlow::Continue(()))
}

/// Pulls two files of one package; checks them, and that a wrong version and a missing member are clear errors.
fn check_source(folder: &Path, source: &str, tool: &str) {
    let paths = pull(&folder.join("cache"), source).unwrap();
    assert_eq!(paths.len(), 2);
    for path in paths {
        assert_eq!(fs::read(path).unwrap(), CONTENTS);
    }
    let left: Vec<_> = fs::read_dir(folder.join("cache/staging")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
    let missing = pull(&folder.join("other"), &source.replace("1.0.0", "9.9.9")).unwrap_err().to_string();
    assert!(missing.contains(tool) && missing.contains("9.9.9"), "{missing}");
}

fn this_test_again(test: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]).env(FOLDER, folder);
    command
}

fn assert_success(output: Output) {
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("1 passed"), "the child ran no test: {text}");
}

#[test]
fn a_wheel_through_pip() {
    let source = "kind = 'wheel'\npackage = 'sottovoce-fox'\nversion = '1.0.0'";
    if let Some(folder) = std::env::var_os(FOLDER) {
        return check_source(folder.as_ref(), source, "pip");
    }
    let folder = tempfile::tempdir().unwrap();
    let wheels = folder.path().join("wheels");
    fs::create_dir(&wheels).unwrap();
    let wheel = fs::File::create(wheels.join("sottovoce_fox-1.0.0-py3-none-any.whl")).unwrap();
    let mut zip = ZipWriter::new(wheel);
    for (name, contents) in [
        ("package/fox.bin", CONTENTS),
        ("package/copy.bin", CONTENTS),
        ("sottovoce_fox-1.0.0.dist-info/METADATA", b"Metadata-Version: 2.1\nName: sottovoce-fox\nVersion: 1.0.0\n"),
        (
            "sottovoce_fox-1.0.0.dist-info/WHEEL",
            b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        ),
        ("sottovoce_fox-1.0.0.dist-info/RECORD", b""),
    ] {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(contents).unwrap();
    }
    zip.finish().unwrap();
    let mut child = this_test_again("packages::a_wheel_through_pip", folder.path());
    assert_success(child.env("PIP_NO_INDEX", "1").env("PIP_FIND_LINKS", &wheels).output().unwrap());
}

#[test]
fn a_tarball_through_npm() {
    let source = "kind = 'npm'\npackage = '@sottovoce/fox'\nversion = '1.0.0'";
    if let Some(folder) = std::env::var_os(FOLDER) {
        return check_source(folder.as_ref(), source, "npm");
    }
    let folder = tempfile::tempdir().unwrap();
    let tarball = tarball();
    let server = Server::start(move |_, request| {
        let host = request.iter().find_map(|line| line.strip_prefix("host: ").or(line.strip_prefix("Host: "))).unwrap();
        if request[0].contains(".tgz") {
            return answer("200 OK", "", &tarball);
        }
        let description = format!(
            r#"{{"name": "@sottovoce/fox", "dist-tags": {{"latest": "1.0.0"}}, "versions": {{"1.0.0": {{
                "name": "@sottovoce/fox", "version": "1.0.0", "dist": {{"tarball": "http://{host}/fox-1.0.0.tgz"}}}}}}}}"#
        );
        answer("200 OK", "Content-Type: application/json\r\n", description.as_bytes())
    });
    let mut child = this_test_again("packages::a_tarball_through_npm", folder.path());
    child.env("npm_config_registry", &server.url).env("npm_config_cache", folder.path().join("npm"));
    child.env("npm_config_noproxy", "127.0.0.1").env("npm_config_fetch_retries", "0");
    assert_success(child.output().unwrap());
}

fn tarball() -> Vec<u8> {
    let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    let package = br#"{"name": "@sottovoce/fox", "version": "1.0.0"}"#;
    for (name, contents) in
        [("package/package.json", &package[..]), ("package/fox.bin", CONTENTS), ("package/copy.bin", CONTENTS)]
    {
        let mut header = tar::Header::new_gnu();
        header.set_size(contents.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        tar.append_data(&mut header, name, contents).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}
