//! What the fuzz target of exported conversations does with its input. The tests of `sottovoce-history` run the same.

use sottovoce_history::{JsonExport, markdown, parse_export};

/// Says whether the export is accepted. One that is can be written again to the same, and shown to people.
pub fn history_export(data: &[u8]) -> bool {
    let Ok(transcripts) = parse_export(data) else { return false };
    let mut export = JsonExport::new(Vec::new()).expect("room in memory");
    for transcript in &transcripts {
        markdown(transcript);
        export.add(transcript).expect("room in memory");
    }
    let written = export.finish().expect("room in memory");
    assert_eq!(parse_export(&written).expect("what was written"), transcripts);
    true
}
