use std::{fs, path::PathBuf};

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::program::{Value, ValueData};

fn writer() -> (TempDir, PathBuf, BlobWriter) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weight.bin");
    let writer = BlobWriter::new(fs::File::create(&path).unwrap(), &path);
    (folder, path, writer)
}

fn offset(value: &Value) -> u64 {
    match value.data {
        ValueData::Blob { offset, .. } => offset,
        _ => panic!("not a blob"),
    }
}

fn dtype() -> impl Strategy<Value = DType> {
    prop::sample::select(TYPES.map(|entry| entry.1).to_vec())
}

proptest! {
    #[test]
    fn blobs_come_back_bit_for_bit(
        blobs in prop::collection::vec((dtype(), prop::collection::vec(0usize..6, 0..4), any::<u8>(), 1usize..9), 0..8),
    ) {
        let (_folder, path, mut writer) = writer();
        let mut written = Vec::new();
        for (dtype, shape, seed, piece) in &blobs {
            let len = dtype.packed_len(shape.iter().product()).unwrap();
            let data: Vec<u8> = (0..len).map(|index| (index as u8).wrapping_mul(31) ^ seed).collect();
            let mut sink = writer.begin("file", *dtype, shape).unwrap();
            data.chunks(*piece).for_each(|chunk| sink.write(chunk).unwrap());
            written.push((sink.finish().unwrap(), data));
        }
        writer.finish().unwrap();

        let file = BlobFile::open(&path).unwrap().unwrap();
        let offsets: Vec<u64> = written.iter().map(|(value, _)| offset(value)).collect();
        file.check_disjoint(&offsets).unwrap();
        for ((dtype, shape, ..), (value, data)) in blobs.iter().zip(&written) {
            let tensor = file.tensor(offset(value), *dtype, shape).unwrap();
            prop_assert_eq!(&tensor.bytes()[..], &data[..]);
            prop_assert!(tensor.is_empty() || (tensor.bytes().as_ptr() as usize).is_multiple_of(64));
        }
        prop_assert_eq!(fs::metadata(&path).unwrap().len() % ALIGNMENT, 0);
    }
}

#[test]
fn a_dropped_blob_leaves_nothing() {
    let (_folder, path, mut writer) = writer();
    let first = writer.begin("file", DType::U8, &[3]).unwrap();
    drop(first);
    let mut second = writer.begin("file", DType::U8, &[2]).unwrap();
    second.write(&[1, 2]).unwrap();
    let second = second.finish().unwrap();
    let mut third = writer.begin("file", DType::U8, &[1000]).unwrap();
    third.write(&[9; 999]).unwrap();
    assert!(third.write(&[9; 2]).unwrap_err().to_string().contains("expected 1000 bytes, was given 1001"));
    drop(third);
    assert_eq!(writer.count(), 1);
    writer.finish().unwrap();
    let data = fs::read(&path).unwrap();
    assert_eq!((data.len(), u32::from_le_bytes(data[..4].try_into().unwrap())), (192, 1));
    let file = BlobFile::open(&path).unwrap().unwrap();
    assert_eq!(file.tensor(offset(&second), DType::U8, &[2]).unwrap().to_i64_vec(), [1, 2]);
}

#[test]
fn blobs_are_complete_and_of_a_type_that_files_hold() {
    let (_folder, _path, mut writer) = writer();
    let mut sink = writer.begin("file", DType::F16, &[4]).unwrap();
    sink.write(&[0; 7]).unwrap();
    assert!(sink.finish().unwrap_err().to_string().contains("expected 8 bytes, was given 7"));
    assert!(writer.begin("file", DType::Bool, &[4]).unwrap_err().to_string().contains("cannot hold bool"));
    assert!(writer.begin("file", DType::F32, &[usize::MAX, 8]).unwrap_err().to_string().contains("too large"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let path = PathBuf::from("/dev/full");
    let mut writer = BlobWriter::new(fs::File::options().write(true).open(&path).unwrap(), &path);
    let mut sink = writer.begin("file", DType::U8, &[4 << 20]).unwrap();
    let error = (0..4).find_map(|_| sink.write(&[1; 1 << 20]).err()).expect("the device is full");
    assert!(error.to_string().starts_with("cannot write /dev/full: No space left"), "{error}");
}

/// A file with one u3 blob of five elements: two bytes, one bit unused.
fn file(change: impl FnOnce(&mut Vec<u8>)) -> (TempDir, Result<Option<BlobFile>, crate::MilError>) {
    let (folder, path, mut writer) = writer();
    let mut sink = writer.begin("file", DType::U3, &[5]).unwrap();
    sink.write(&[0x88, 0x46]).unwrap();
    sink.finish().unwrap();
    writer.finish().unwrap();
    let mut data = fs::read(&path).unwrap();
    change(&mut data);
    fs::write(&path, data).unwrap();
    let file = BlobFile::open(&path);
    (folder, file)
}

fn refused(change: impl FnOnce(&mut Vec<u8>)) -> String {
    let (_folder, file) = file(change);
    match file {
        Ok(file) => file.unwrap().tensor(64, DType::U3, &[5]).unwrap_err().to_string(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn reserved_fields_may_hold_garbage() {
    let (_folder, file) = file(|data| {
        data[8..64].fill(0xaa);
        data[96..128].fill(0xbb);
    });
    let tensor = file.unwrap().unwrap().tensor(64, DType::U3, &[5]).unwrap();
    assert_eq!(tensor.to_i64_vec(), [0, 1, 2, 3, 4]);
}

#[test]
fn damaged_files_are_refused() {
    assert!(refused(|data| data.truncate(63)).contains("header: the file has 63 bytes"));
    assert!(refused(Vec::clear).contains("header: the file has 0 bytes"));
    assert!(refused(|data| data[4] = 3).contains("expected blob storage of version 2, found 3"));
    assert!(refused(|data| data.truncate(127)).contains("blob at 64: lies outside the file, which has 127 bytes"));
    assert!(refused(|data| data[64] = 0).contains("expected the magic number 0xdeadbeef, found 0xdeadbe00"));
    assert!(refused(|data| data[68] = 1).contains("expected uint3, found fp16"));
    assert!(refused(|data| data[68] = 99).contains("expected uint3, found type 99"));
    assert!(refused(|data| data[72] = 3).contains("expected 2 bytes for uint3[5], found 3"));
    assert!(refused(|data| data[88] = 2).contains("expected 1 unused bits for uint3[5], found 2"));
    assert!(refused(|data| data[80] = 129).contains("its data at 129 is not aligned to 64 bytes"));
    assert!(refused(|data| data.truncate(129)).contains("2 bytes at 128 lie outside the file, which has 129 bytes"));
    assert!(refused(|data| data[80..88].fill(0xff)).contains("lie outside the file"), "the end overflows");
    assert!(refused(|data| data[72..80].fill(0xff)).contains("lie outside the file"), "the size overflows");
}

#[test]
fn offsets_are_of_blobs() {
    let (_folder, file) = file(|_| ());
    let file = file.unwrap().unwrap();
    for (offset, reason) in [
        (0, "expected a multiple of 64 after the header"),
        (65, "expected a multiple of 64"),
        (128, "expected the magic number"),
        (192, "lies outside the file"),
        (u64::MAX, "lies outside the file"),
    ] {
        let message = file.tensor(offset, DType::U3, &[5]).unwrap_err().to_string();
        assert!(message.contains(reason), "{message}");
    }
    let message = file.tensor(64, DType::U3, &[usize::MAX, usize::MAX]).unwrap_err().to_string();
    assert!(message.contains("too large"), "{message}");
}

#[test]
fn blobs_share_no_bytes() {
    let (_folder, path, mut writer) = writer();
    for _ in 0..2 {
        let mut sink = writer.begin("file", DType::U8, &[100]).unwrap();
        sink.write(&[7; 100]).unwrap();
        sink.finish().unwrap();
    }
    writer.finish().unwrap();
    let sound = fs::read(&path).unwrap();
    BlobFile::open(&path).unwrap().unwrap().check_disjoint(&[64, 256]).unwrap();
    for (data_offset, other) in [(0u64, 0), (128, 64), (192, 64), (256, 256)] {
        let mut data = sound.clone();
        data[256 + 16..256 + 24].copy_from_slice(&data_offset.to_le_bytes());
        fs::write(&path, data).unwrap();
        let message = BlobFile::open(&path).unwrap().unwrap().check_disjoint(&[64, 256]).unwrap_err().to_string();
        assert!(message.contains("shares bytes") && message.contains(&format!("the blob at {other}")), "{message}");
    }
}
