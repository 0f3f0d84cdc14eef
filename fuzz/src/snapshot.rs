//! What the fuzz target of states on disk does with its input, as it is and with a checksum of the head that fits it, so
//! that it does not hide what is behind it. The tests of `sottovoce-llm` run the same.

use sottovoce_llm::snapshot;
use sottovoce_tensor::Bytes;

/// Bytes of the header, of a record of a cache, and of the checksum of the head.
const HEADER: usize = 64;
const CACHE: usize = 24;
const CHECKSUM: usize = 4;

/// A file that is accepted has keys and values of as many tokens as it names.
pub fn snapshot(data: &[u8]) {
    for data in [data.to_vec(), sealed(data.to_vec())] {
        let Ok(contents) = snapshot::parse(&Bytes::copy_from(&data)) else { continue };
        assert!(contents.text.len() <= data.len());
        let Some(snapshot) = contents.snapshot else { continue };
        for rows in &snapshot.rows {
            assert_eq!(rows.shape()[3], snapshot.tokens.len());
            assert_eq!(rows.to_f32_vec().len(), rows.len());
        }
    }
}

/// The same bytes with the checksum that their head should have.
pub fn sealed(mut data: Vec<u8>) -> Vec<u8> {
    let number = |at: usize| {
        data.get(at..at + 4).map_or(0, |bytes| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    };
    let [text, tokens, caches] = [12, 16, 20].map(|at| number(at) as usize);
    let end = HEADER + text + 4 * tokens + CACHE * caches;
    if end + CHECKSUM <= data.len() {
        let checksum = crc32fast::hash(&data[..end]);
        data[end..end + CHECKSUM].copy_from_slice(&checksum.to_le_bytes());
    }
    data
}
