//! GGUF files: dequantised weights against gguf-py, and files that break the format.

use std::path::{Path, PathBuf};

use sottovoce_convert::{
    ConvertError,
    gguf::{Gguf, MetadataValue},
    weights::WeightFormat,
};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/checkpoints").join(name)
}

#[test]
fn every_format_dequantises_as_gguf_py_does() {
    let file = Gguf::open(&fixture("quantised-rows.gguf")).unwrap();
    for format in WeightFormat::ALL {
        let tensor = &file.tensors[&format.to_string()];
        assert_eq!((tensor.format, tensor.shape.as_slice()), (format, [2, 512].as_slice()));
        let expected = file.tensors[&format!("{format}.expected")].to_f32_vec().unwrap();
        // Both multiply and add in f32 in the same order, so every bit agrees (−0 and 0 are told apart by neither).
        assert_eq!(tensor.to_f32_vec().unwrap(), expected, "{format}");
        let mut second_row = Vec::new();
        tensor.read_rows(1..2, &mut second_row).unwrap();
        assert_eq!(second_row.len() * 2, tensor.stored_bytes(), "{format}");
    }
}

/// Writes GGUF headers field by field, right or wrong.
#[derive(Clone, Default)]
struct Writer(Vec<u8>);

impl Writer {
    fn header(version: u32, tensors: u64, metadata: u64) -> Self {
        Self(b"GGUF".to_vec()).u32(version).u64(tensors).u64(metadata)
    }

    fn u32(mut self, value: u32) -> Self {
        self.0.extend(value.to_le_bytes());
        self
    }

    fn u64(mut self, value: u64) -> Self {
        self.0.extend(value.to_le_bytes());
        self
    }

    fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }

    fn string(self, text: &str) -> Self {
        self.u64(text.len() as u64).bytes(text.as_bytes())
    }

    fn tensor(self, name: &str, dims: &[u64], ty: u32, offset: u64) -> Self {
        let start = self.string(name).u32(dims.len() as u32);
        dims.iter().fold(start, |writer, &dim| writer.u64(dim)).u32(ty).u64(offset)
    }

    /// Pads to the default alignment and adds tensor data.
    fn data(mut self, len: usize) -> Self {
        self.0.resize(self.0.len().next_multiple_of(32) + len, 0);
        self
    }

    fn open(&self) -> Result<Gguf, ConvertError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.gguf");
        std::fs::write(&path, &self.0).unwrap();
        Gguf::open(&path)
    }

    /// Opens the file, which must fail with a message that contains `part`.
    #[track_caller]
    fn refused(&self, part: &str) {
        let message = self.open().unwrap_err().to_string();
        assert!(message.contains(part), "{message:?} does not mention {part:?}");
        assert!(message.contains("test.gguf"), "{message:?} does not name the file");
    }
}

#[test]
fn metadata_of_every_type_is_read() {
    let file = Writer::header(3, 1, 15);
    let file = file.string("u8").u32(0).bytes(&[200]).string("i8").u32(1).bytes(&[200]);
    let file = file.string("u16").u32(2).bytes(&[1, 2]).string("i16").u32(3).bytes(&[0, 0x80]);
    let file = file.string("u32").u32(4).u32(u32::MAX).string("i32").u32(5).u32(u32::MAX);
    let file = file.string("f32").u32(6).u32(1.5f32.to_bits()).string("bool").u32(7).bytes(&[1]);
    let file = file.string("text").u32(8).string("héllo").string("u64").u32(10).u64(u64::MAX);
    let file = file.string("i64").u32(11).u64(u64::MAX).string("f64").u32(12).u64(2.5f64.to_bits());
    let file = file.string("texts").u32(9).u32(8).u64(2).string("a").string("");
    let file = file.string("ints").u32(9).u32(5).u64(2).u32(7).u32(u32::MAX);
    let file = file.string("floats").u32(9).u32(6).u64(1).u32(0.5f32.to_bits());
    let file = file.tensor("t", &[4, 2], 0, 0).data(32).open().unwrap();

    let metadata = &file.metadata;
    assert_eq!(metadata.get_u32("u8"), Some(200));
    assert_eq!(metadata.get("i8"), Some(&MetadataValue::Signed(-56)));
    assert_eq!(metadata.get_u32("u16"), Some(0x201));
    assert_eq!(metadata.get("i16"), Some(&MetadataValue::Signed(-0x8000)));
    assert_eq!((metadata.get_u32("u32"), metadata.get_u32("i32")), (Some(u32::MAX), None));
    assert_eq!((metadata.get_f32("f32"), metadata.get_f32("f64")), (Some(1.5), Some(2.5)));
    assert_eq!((metadata.get_bool("bool"), metadata.get_str("text")), (Some(true), Some("héllo")));
    assert_eq!((metadata.get_usize("u64"), metadata.get_u32("u64")), (Some(usize::MAX), None));
    assert_eq!(metadata.get_strings("texts").unwrap(), ["a", ""]);
    assert_eq!(metadata.get_integers("ints").unwrap(), [7, -1]);
    assert_eq!(metadata.get_floats("floats").unwrap(), [0.5]);
    assert_eq!((metadata.get_str("u8"), metadata.get_str("absent")), (None, None));
    assert_eq!(file.tensors["t"].shape, [2, 4], "dimensions are listed innermost first");
}

#[test]
fn foreign_files_are_refused() {
    Writer(b"PK\x03\x04 and more".to_vec()).refused("not with \"GGUF\"");
    Writer(b"GG".to_vec()).refused("ends inside its header");
    Writer::default().refused("ends inside its header");
    Writer::header(1, 0, 0).refused("version 1");
    // Big-endian files have the version's bytes the other way round.
    Writer::header(3u32.swap_bytes(), 0, 0).refused("version 50331648");
}

#[test]
fn counts_that_the_file_cannot_hold_are_refused() {
    Writer::header(3, u64::MAX, 0).refused("tensors do not fit");
    Writer::header(3, 0, u64::MAX / 2).refused("metadata entries do not fit");
    Writer::header(3, 0, 1).u64(u64::MAX).u64(0).refused("a string of 18446744073709551615 bytes");
    Writer::header(3, 0, 1).string("a").u32(9).u32(10).u64(1 << 61).refused("array elements do not fit");
    Writer::header(3, 0, 1).string("a").u32(9).u32(9).u64(1).u64(0).refused("arrays of arrays");
}

#[test]
fn broken_metadata_is_refused() {
    Writer::header(3, 0, 1).string("a").u32(13).u64(0).refused("metadata a: unknown metadata type 13");
    Writer::header(3, 0, 1).string("a").u32(9).u32(99).u64(0).refused("unknown metadata type 99");
    Writer::header(3, 0, 1).string("a").u32(7).bytes(&[2]).refused("2 at byte");
    Writer::header(3, 0, 1).u64(4).bytes(&[0xff, 0xfe, 0, 0]).u32(0).u64(0).refused("not UTF-8");
    let twice = Writer::header(3, 0, 2).string("a").u32(4).u32(1).string("a").u32(4).u32(2);
    twice.refused("metadata a is listed twice");
    for alignment in [0, 4, 48, 1 << 30] {
        let file = Writer::header(3, 0, 1).string("general.alignment").u32(4).u32(alignment);
        file.refused("general.alignment");
    }
}

#[test]
fn impossible_tensors_are_refused() {
    let list = |dims: &[u64], ty, offset| Writer::header(3, 1, 0).tensor("t", dims, ty, offset).data(64);
    assert!(list(&[16], 0, 0).open().is_ok());
    list(&[17], 0, 0).refused("tensor t: shape [17] in F32");
    list(&[16], 0, 32).refused("ends outside the file");
    list(&[16], 0, 8).refused("offset 8 is not aligned");
    list(&[16], 0, !31).refused("tensor t");
    list(&[0, 4], 0, 0).refused("impossible dimensions");
    list(&[1 << 40, 1 << 40], 0, 0).refused("ends outside the file");
    list(&[u64::MAX, 2], 0, 0).refused("tensor t");
    list(&[], 0, 0).refused("0 dimensions");
    list(&[1; 5], 0, 0).refused("5 dimensions");
    list(&[33], 2, 0).refused("no whole number of Q4_0 blocks");
    list(&[16], 4, 0).refused("tensor t has type number 4; supported are F32");
    let twice = Writer::header(3, 2, 0).tensor("t", &[4], 0, 0).tensor("t", &[4], 0, 32).data(64);
    twice.refused("tensor t is listed twice");
}

/// Cutting a real file anywhere in its header is an error; cutting its data is one as well, found when the file is opened.
#[test]
fn truncated_files_are_refused() {
    let whole = std::fs::read(fixture("llama-mixed.gguf")).unwrap();
    for len in (0..whole.len()).step_by(997).chain([whole.len() - 32]) {
        let cut = Writer(whole[..len].to_vec());
        assert!(cut.open().is_err(), "{len} bytes of {}", whole.len());
    }
}

proptest::proptest! {
    /// Any byte of a header may be anything: opening fails or succeeds, it does not panic or run out of memory.
    #[test]
    fn damaged_headers_are_survived(at in 0usize..2400, value: u8) {
        let mut bytes = std::fs::read(fixture("llama-mixed.gguf")).unwrap();
        bytes[at] = value;
        if let Ok(file) = Writer(bytes).open() {
            for tensor in file.tensors.values() {
                proptest::prop_assert!(tensor.to_f32_vec().is_ok());
            }
        }
    }
}
