//! The bindings in the repository are those of this library.

#[path = "../examples/generate.rs"]
#[allow(dead_code, reason = "its main function is not called")]
mod generate;

use std::fs;

#[test]
fn kept_bindings_are_current() {
    let folder = tempfile::tempdir().unwrap();
    generate::generate_into(folder.path()).unwrap();
    for (name, kept) in generate::FILES {
        let (new, old) =
            (fs::read_to_string(folder.path().join(name)), fs::read_to_string(generate::repository().join(kept)));
        let advice = "cargo run -p sottovoce-ffi --example generate writes it anew";
        assert!(old.unwrap_or_default() == new.unwrap(), "{kept} is not what the library has; {advice}");
    }
}
