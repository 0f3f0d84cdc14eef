//! What the fuzz target of packed caches does with its input, as it is and with checksums that fit it, so that they do not
//! hide what is behind them. The tests of `sottovoce-runtime` run the same.

use sottovoce_kernels::{Activations, Epilogue, Kernels, Rows, RowsMut, Team};
use sottovoce_runtime::packed_cache::{self, Archive};
use sottovoce_tensor::Bytes;

/// The fingerprint that every input claims.
const FINGERPRINT: [u8; 32] = [7; 32];
/// Bytes that share a checksum.
const CHUNK: usize = 4 << 20;
/// Bytes behind the checksums.
const TRAILER: usize = 16;

/// Says whether the file is accepted once its checksums fit. One that is gives every matrix that it names, and every level can
/// multiply by it.
pub fn packed_cache(data: &[u8]) -> bool {
    let team = Team::new(1);
    let mut accepted = false;
    for data in [data.to_vec(), sealed(data.to_vec())] {
        let archive = Archive::parse(Bytes::copy_from(&data), &FINGERPRINT, &team);
        accepted = archive.is_ok();
        let Ok(archive) = archive else { continue };
        for key in archive.keys() {
            let matrix = archive.matrix(key).expect("an entry that was checked");
            let (rows, columns) = (matrix.rows(), matrix.columns());
            // Nothing bounds the other size then; the runtime compares both with the program's.
            if rows == 0 || columns == 0 {
                continue;
            }
            let (mut x, mut out) = (vec![1.0; columns], vec![0.0; rows]);
            for kernels in Kernels::all() {
                let input = Activations::Float(Rows::dense(&x, columns));
                kernels.linear(&matrix, input, 0..rows, RowsMut::dense(&mut out, rows), Epilogue::Set);
                kernels.dequantize_row(&matrix, rows - 1, &mut x);
            }
        }
    }
    accepted
}

/// The same bytes with the header of a packed cache, and with the checksums that they should have.
fn sealed(mut data: Vec<u8>) -> Vec<u8> {
    let header = packed_cache::header(&FINGERPRINT);
    let Some(checksums_end) = data.len().checked_sub(TRAILER) else { return data };
    let image = data[checksums_end..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
    let image = usize::try_from(image).unwrap_or(usize::MAX);
    let checksums = checksums_end.checked_sub(image.div_ceil(CHUNK).saturating_mul(4));
    let Some(mut at) = checksums.filter(|&at| image >= header.len() && at >= image) else { return data };
    data[..header.len()].copy_from_slice(&header);
    for start in (0..image).step_by(CHUNK) {
        let checksum = crc32fast::hash(&data[start..(start + CHUNK).min(image)]);
        data[at..at + 4].copy_from_slice(&checksum.to_le_bytes());
        at += 4;
    }
    let end = data.len() - 4;
    let checksum = crc32fast::hash(&data[image..end]);
    data[end..].copy_from_slice(&checksum.to_le_bytes());
    data
}
