//! The rules on written timelines, and what holds whatever happens.
//!
//! A timeline is a file in `timelines/`: lines of what happens, each followed by what the machine gave out, with the time in
//! milliseconds. `SOTTOVOCE_WRITE_TIMELINES=1 cargo test -p sottovoce-voice timelines` writes what it gives out now; look at
//! the difference.

mod invariants;
mod script;

use std::{fs, path::Path};

use script::Script;

#[test]
fn timelines_are_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/conversation/tests/timelines");
    let mut count = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let written = fs::read_to_string(&path).unwrap();
        let now = Script::replay(&written);
        if std::env::var_os("SOTTOVOCE_WRITE_TIMELINES").is_some() {
            fs::write(&path, &now).unwrap();
        } else {
            assert_eq!(written, now, "{}", path.display());
        }
        count += 1;
    }
    assert!(count > 20, "{count} timelines in {}", folder.display());
}
