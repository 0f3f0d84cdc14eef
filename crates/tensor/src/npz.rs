//! NumPy's `.npz`: a zip of `.npy` arrays, read and written (feature `npz`).
//!
//! Numbers and booleans in little-endian C order, stored or deflated, which is what `numpy.savez` and
//! `numpy.savez_compressed` write. Files are untrusted: sizes are checked before they are believed.
//! The format is described in NumPy's documentation, `numpy.lib.format`.

use std::{
    fs::File,
    io::{self, BufReader, BufWriter, Read, Write},
    path::Path,
};

use indexmap::IndexMap;
use zip::{CompressionMethod, ZipArchive, ZipWriter, write::SimpleFileOptions};

use crate::{Bytes, DType, Tensor, TensorError, num_elements};

const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// NumPy pads headers to 64 bytes; anything beyond this is no header of a plain array.
const MAX_HEADER: usize = 64 << 10;
const MAX_ARRAYS: usize = 1 << 16;
/// Larger arrays are refused; no input or output of a model comes near.
const MAX_ARRAY_BYTES: usize = 4 << 30;

/// Element types that `.npy` can hold, with NumPy's names for them.
const DESCRIPTIONS: [(&str, DType); 12] = [
    ("<f2", DType::F16),
    ("<f4", DType::F32),
    ("<f8", DType::F64),
    ("|i1", DType::I8),
    ("<i2", DType::I16),
    ("<i4", DType::I32),
    ("<i8", DType::I64),
    ("|u1", DType::U8),
    ("<u2", DType::U16),
    ("<u4", DType::U32),
    ("<u8", DType::U64),
    ("|b1", DType::Bool),
];

/// The arrays of an `.npz` file by name, in the order of the file.
///
/// # Errors
/// [`TensorError::Npz`], with the name of the array, for anything that is not such a file: no zip, a damaged header or
/// checksum, fewer or more bytes than the shape asks for, big-endian, Fortran-order, complex or object arrays.
pub fn read(path: &Path) -> Result<IndexMap<String, Tensor>, TensorError> {
    let fail =
        |array: &str, reason: String| TensorError::Npz { path: path.to_owned(), array: array.to_owned(), reason };
    let whole = |reason: String| fail("", reason);
    let file = File::open(path).map_err(|error| whole(error.to_string()))?;
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|error| whole(error.to_string()))?;
    if archive.len() > MAX_ARRAYS {
        return Err(whole(format!("{} arrays, more than the {MAX_ARRAYS} that are allowed", archive.len())));
    }
    let mut arrays = IndexMap::with_capacity(archive.len());
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(|error| whole(error.to_string()))?;
        let entry_name = entry.name().map_err(|error| whole(error.to_string()))?.into_owned();
        let Some(name) = entry_name.strip_suffix(".npy") else {
            return Err(fail(&entry_name, "not a .npy array".into()));
        };
        let tensor = read_npy(&mut entry).map_err(|reason| fail(name, reason))?;
        if arrays.insert(name.to_owned(), tensor).is_some() {
            return Err(fail(name, "appears twice".into()));
        }
    }
    Ok(arrays)
}

/// Writes `arrays` as an uncompressed `.npz` file that `numpy.load` reads. The file appears whole or not at all.
///
/// # Errors
/// [`TensorError::Npz`] when the file cannot be written, or an array has a type that NumPy lacks (bf16, sub-byte).
pub fn write(path: &Path, arrays: &IndexMap<String, Tensor>) -> Result<(), TensorError> {
    let fail =
        |array: &str, reason: String| TensorError::Npz { path: path.to_owned(), array: array.to_owned(), reason };
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = std::path::PathBuf::from(part);
    let write_all = || {
        let file = File::create(&part).map_err(|error| fail("", error.to_string()))?;
        let mut archive = ZipWriter::new(BufWriter::new(file));
        for (name, tensor) in arrays {
            let header = npy_header(tensor).map_err(|reason| fail(name, reason))?;
            let options = SimpleFileOptions::default()
                .compression_method(CompressionMethod::Stored)
                .large_file(tensor.bytes().len() >= u32::MAX as usize - header.len());
            archive.start_file(format!("{name}.npy"), options).map_err(|error| fail(name, error.to_string()))?;
            let written = archive.write_all(&header).and_then(|()| archive.write_all(tensor.bytes()));
            written.map_err(|error| fail(name, error.to_string()))?;
        }
        let mut file = archive.finish().map_err(|error| fail("", error.to_string()))?;
        file.flush().and_then(|()| std::fs::rename(&part, path)).map_err(|error| fail("", error.to_string()))
    };
    let result = write_all();
    if result.is_err() {
        // Best effort: the first error is the one to report.
        let _ = std::fs::remove_file(&part);
    }
    result
}

fn npy_header(tensor: &Tensor) -> Result<Vec<u8>, String> {
    let Some((description, _)) = DESCRIPTIONS.iter().find(|(_, dtype)| *dtype == tensor.dtype()) else {
        return Err(format!("NumPy has no type for {}", tensor.dtype()));
    };
    let shape: String = tensor.shape().iter().map(|dim| format!("{dim}, ")).collect();
    let text = format!("{{'descr': '{description}', 'fortran_order': False, 'shape': ({}), }}", shape.trim_end());
    // Magic, version and length take 10 bytes; the text ends in a newline at a multiple of 64.
    let padded = (10 + text.len() + 1).next_multiple_of(64) - 10;
    let length = u16::try_from(padded).map_err(|_| "too many dimensions".to_owned())?;
    let mut header = MAGIC.to_vec();
    header.extend([1, 0]);
    header.extend(length.to_le_bytes());
    header.extend(format!("{text:<width$}\n", width = padded - 1).into_bytes());
    Ok(header)
}

fn read_npy(reader: &mut impl Read) -> Result<Tensor, String> {
    let (dtype, shape) = parse_header(&read_header(reader)?)?;
    let count = num_elements(&shape).and_then(|count| dtype.packed_len(count));
    let Some(expected) = count.filter(|&len| len <= MAX_ARRAY_BYTES) else {
        return Err(format!("shape {shape:?} of {dtype} takes more than {MAX_ARRAY_BYTES} bytes"));
    };
    // Grows with what is really there, whatever the shape claims.
    let mut data = Vec::new();
    reader.take(expected as u64 + 1).read_to_end(&mut data).map_err(|error| error.to_string())?;
    if data.len() != expected {
        let found = if data.len() > expected { "more".to_owned() } else { data.len().to_string() };
        return Err(format!("shape {shape:?} of {dtype} takes {expected} bytes, found {found}"));
    }
    if dtype == DType::Bool && data.iter().any(|&byte| byte > 1) {
        return Err("a boolean is neither 0 nor 1".into());
    }
    Tensor::new(dtype, shape, Bytes::copy_from(&data)).map_err(|error| error.to_string())
}

fn read_header(reader: &mut impl Read) -> Result<String, String> {
    let io = |error: io::Error| format!("truncated header: {error}");
    let mut start = [0u8; 8];
    reader.read_exact(&mut start).map_err(io)?;
    let length = match (start.strip_prefix(MAGIC), start[6]) {
        (None, _) => return Err("not a .npy array: wrong magic bytes".into()),
        (_, 1) => {
            let mut length = [0u8; 2];
            reader.read_exact(&mut length).map_err(io)?;
            usize::from(u16::from_le_bytes(length))
        }
        (_, 2 | 3) => {
            let mut length = [0u8; 4];
            reader.read_exact(&mut length).map_err(io)?;
            u32::from_le_bytes(length) as usize
        }
        (_, version) => return Err(format!("version {version} of the .npy format is not known (1 to 3 are)")),
    };
    if length > MAX_HEADER {
        return Err(format!("a header of {length} bytes, more than the {MAX_HEADER} that are allowed"));
    }
    let mut header = vec![0u8; length];
    reader.read_exact(&mut header).map_err(io)?;
    String::from_utf8(header).map_err(|_| "the header is not text".into())
}

/// Reads the Python dictionary of a header, `{'descr': '<f2', 'fortran_order': False, 'shape': (1, 9), }`.
fn parse_header(header: &str) -> Result<(DType, Vec<usize>), String> {
    let field = |key: &str| {
        let (_, rest) = header.split_once(&format!("'{key}':")).ok_or_else(|| format!("the header lacks '{key}'"))?;
        Ok::<_, String>(rest.trim_start())
    };
    let description = field("descr")?
        .strip_prefix('\'')
        .and_then(|rest| rest.split_once('\''))
        .map(|(description, _)| description)
        .ok_or("structured arrays are not supported")?;
    let Some((_, dtype)) = DESCRIPTIONS.iter().find(|(known, _)| *known == description) else {
        return Err(format!("element type '{description}' is not supported (little-endian numbers and booleans are)"));
    };
    let (shape, _) = field("shape")?
        .strip_prefix('(')
        .and_then(|rest| rest.split_once(')'))
        .ok_or("the header's shape is not a tuple")?;
    let dims: Result<Vec<usize>, _> =
        shape.split(',').map(str::trim).filter(|dim| !dim.is_empty()).map(str::parse).collect();
    let dims = dims.map_err(|_| format!("the header's shape ({shape}) is not a tuple of sizes"))?;
    let fortran = field("fortran_order")?;
    if fortran.starts_with("True") && dims.len() > 1 {
        return Err("Fortran order is not supported; save numpy.ascontiguousarray of it".into());
    }
    if !fortran.starts_with("True") && !fortran.starts_with("False") {
        return Err("the header's fortran_order is neither True nor False".into());
    }
    Ok((*dtype, dims))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn npy(header: &str, data: &[u8]) -> Vec<u8> {
        let mut file = MAGIC.to_vec();
        file.extend([1, 0]);
        file.extend((header.len() as u16).to_le_bytes());
        file.extend(header.as_bytes());
        file.extend(data);
        file
    }

    fn parse(mut file: &[u8]) -> Result<Tensor, String> {
        read_npy(&mut file)
    }

    #[test]
    fn every_type_survives_a_round_trip() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("all.npz");
        let values = [0.0f32, 1.0, 1.0, 0.0, 1.0, 1.0];
        let mut arrays: IndexMap<String, Tensor> = DESCRIPTIONS
            .iter()
            .map(|&(name, dtype)| (name[1..].to_owned(), Tensor::from_f32(dtype, [2, 3], &values).unwrap()))
            .collect();
        arrays.insert("scalar".into(), Tensor::scalar(7i32));
        arrays.insert("empty".into(), Tensor::zeros(DType::F16, [0, 4]).unwrap());
        write(&path, &arrays).unwrap();
        assert_eq!(read(&path).unwrap(), arrays);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "no partial file stays behind");
    }

    #[test]
    fn types_that_numpy_lacks_are_refused_and_leave_no_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.npz");
        let arrays = IndexMap::from([("w".to_owned(), Tensor::zeros(DType::U3, [4]).unwrap())]);
        let error = write(&path, &arrays).unwrap_err().to_string();
        assert!(error.contains("array w") && error.contains("uint3"), "{error}");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_header_as_numpy_writes_it() {
        let header = npy_header(&Tensor::zeros(DType::I32, [9]).unwrap()).unwrap();
        assert_eq!(header.len() % 64, 0);
        assert_eq!(&header[..8], b"\x93NUMPY\x01\x00");
        assert!(header[10..].starts_with(b"{'descr': '<i4', 'fortran_order': False, 'shape': (9,), }   "));
        assert!(header.ends_with(b" \n"));
    }

    #[test]
    fn malformed_arrays_are_refused() {
        let good = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";
        assert!(parse(&npy(good, &[0; 8])).is_ok());
        for (file, message) in [
            (b"\x93NUMP".to_vec(), "truncated header"),
            (b"\x93NUMPX\x01\x00\x00\x00".to_vec(), "magic"),
            (b"\x93NUMPY\x09\x00\x00\x00".to_vec(), "version 9"),
            (b"\x93NUMPY\x02\x00\xff\xff\xff\xff".to_vec(), "header of 4294967295 bytes"),
            (npy(good, &[0; 7]), "takes 8 bytes, found 7"),
            (npy(good, &[0; 9]), "found more"),
            (npy(&good.replace("<f4", ">f4"), &[0; 8]), "'>f4'"),
            (npy(&good.replace("<f4", "|O"), &[0; 8]), "'|O'"),
            (npy(&good.replace("'<f4'", "[('a', '<f4')]"), &[0; 8]), "structured"),
            (npy(&good.replace("descr", "desc"), &[0; 8]), "lacks 'descr'"),
            (npy(&good.replace("(2,)", "(-2,)"), &[0; 8]), "tuple of sizes"),
            (npy(&good.replace("(2,)", "2"), &[0; 8]), "not a tuple"),
            (npy(&good.replace("(2,)", "(1, 2)").replace("False", "True"), &[0; 8]), "Fortran"),
            (npy(&good.replace("False", "Maybe"), &[0; 8]), "fortran_order"),
            (npy(&good.replace("(2,)", "(4611686018427387904, 8)"), &[0; 8]), "takes more than"),
            (npy(&good.replace("(2,)", "(536870912,)"), &[0; 8]), "found 8"),
            (npy(&good.replace("<f4", "|b1"), &[0, 2]), "boolean"),
        ] {
            let error = parse(&file).unwrap_err();
            assert!(error.contains(message), "expected '{message}' in '{error}'");
        }
    }

    #[test]
    fn files_that_are_no_archive_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.npz");
        let arrays = IndexMap::from([("ids".to_owned(), Tensor::from_slice([2], &[1i32, 2]).unwrap())]);
        write(&path, &arrays).unwrap();
        let whole = std::fs::read(&path).unwrap();
        for len in 0..whole.len() {
            std::fs::write(&path, &whole[..len]).unwrap();
            assert!(read(&path).is_err(), "the first {len} bytes of an archive were accepted");
        }
        let data = whole.windows(8).position(|bytes| bytes == [1, 0, 0, 0, 2, 0, 0, 0]).unwrap();
        let mut damaged = whole.clone();
        damaged[data] = 9;
        std::fs::write(&path, &damaged).unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("array ids"), "the zip's checksum is checked");
    }

    proptest! {
        #[test]
        fn arbitrary_headers_never_panic(header in ".{0,120}", data in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = parse(&npy(&header, &data));
        }
    }
}
