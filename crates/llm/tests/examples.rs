//! The example that needs no download runs on packages of every kind; `.ci/run` runs the others.

#[path = "../examples/check_package.rs"]
#[allow(dead_code, reason = "its `main` is the program's")]
mod check_package;

use sottovoce_testkit::fixtures_dir;

#[test]
fn packages_are_checked() {
    for name in
        ["coremltools/llama-int4", "coremltools/llama-kvio", "coremltools/llama-baseline", "interfaces/onetoken"]
    {
        check_package::run(&fixtures_dir().join(format!("{name}.mlpackage"))).unwrap();
    }
}
