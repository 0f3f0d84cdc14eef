//! Packed matrices as bytes: they can be placed, kept and found again.

mod common;

use common::Seeded;
use half::{bf16, f16};
use sottovoce_kernels::{
    BlockWeights, Codes, Floats, PACKED_VERSION, PackedLayout, PackedLinear, Packer, PaletteWeights, Team, WeightSource,
};
use sottovoce_tensor::Bytes;

/// Calls `visit` with a source of every form that is packed.
fn for_each_source(mut visit: impl FnMut(&WeightSource<'_>)) {
    let (rows, columns) = (35, 100);
    let mut seeded = Seeded::new(7);
    let values = seeded.many(rows * columns, Seeded::unit);
    let halves: Vec<_> = values.iter().map(|&value| f16::from_f32(value)).collect();
    let brains: Vec<_> = values.iter().map(|&value| bf16::from_f32(value)).collect();
    let bytes = seeded.many(rows * columns, |s| s.bits() as u8);
    let signed: Vec<_> = bytes.iter().map(|byte| byte.cast_signed()).collect();
    for data in [Floats::F16(&halves), Floats::Bf16(&brains), Floats::F32(&values)] {
        visit(&WeightSource::Float { rows, columns, data });
        for bits in [1, 2, 3, 4, 6, 8] {
            let indices = &bytes[..(rows * columns * bits).div_ceil(8)];
            let palettes = match data {
                Floats::F16(data) => Floats::F16(&data[..2 << bits]),
                Floats::Bf16(data) => Floats::Bf16(&data[..2 << bits]),
                Floats::F32(data) => Floats::F32(&data[..2 << bits]),
            };
            let bits = bits as u32;
            visit(&WeightSource::Palettes(PaletteWeights {
                rows,
                columns,
                bits,
                indices,
                palettes,
                rows_per_palette: 32,
            }));
        }
    }
    let nibbles = &bytes[..(rows * columns).div_ceil(2)];
    for codes in [Codes::I4(nibbles), Codes::U4(nibbles), Codes::I8(&signed), Codes::U8(&bytes)] {
        for block in [16, 32, 64, columns] {
            let groups = rows * columns.div_ceil(block);
            let floats = [Floats::F16(&halves[..groups]), Floats::F32(&values[..groups])];
            for scales in floats {
                for offsets in [None, Some(floats[0]), Some(floats[1])] {
                    visit(&WeightSource::Blocks(BlockWeights { rows, columns, codes, block, scales, offsets }));
                }
            }
        }
    }
}

fn pack(source: &WeightSource<'_>, held: u8) -> (PackedLayout, Bytes) {
    let packer = Packer::new(source).unwrap();
    let mut bytes = Bytes::zeroed(packer.layout().bytes());
    bytes.make_mut().fill(held);
    packer.pack(bytes.make_mut(), &Team::new(2));
    (*packer.layout(), bytes)
}

#[test]
fn packing_does_not_depend_on_what_the_memory_held() {
    for_each_source(|source| {
        let (layout, bytes) = pack(source, 0);
        assert!(bytes[..] == pack(source, 0xff).1[..], "{layout:?}");
    });
}

#[test]
fn a_layout_comes_back_from_its_record() {
    for_each_source(|source| {
        let (layout, bytes) = pack(source, 0);
        let record = layout.to_record();
        assert_eq!(PackedLayout::from_record(&record), Some(layout));
        for bit in 0..record.len() * 8 {
            let mut damaged = record;
            damaged[bit / 8] ^= 1 << (bit % 8);
            // Whatever the record says now, it is not taken for the old one, and lengths follow from it.
            let Some(other) = PackedLayout::from_record(&damaged) else { continue };
            assert_ne!(other, layout);
            assert_eq!(PackedLinear::from_packed(other, &bytes).is_ok(), other.bytes() == bytes.len());
        }
    });
}

#[test]
fn bytes_of_another_length_are_refused() {
    for_each_source(|source| {
        let (layout, bytes) = pack(source, 0);
        let shorter = bytes.slice(0, bytes.len() - 64).unwrap();
        let error = PackedLinear::from_packed(layout, &shorter).err().expect("too few bytes");
        assert!(error.to_string().contains("packed bytes"), "{error}");
    });
}

/// Packed bytes outlive the program that packed them. When this fails because the layout has changed on purpose, raise
/// [`PACKED_VERSION`] and note what the new version gives.
#[test]
fn the_layout_is_the_one_of_its_version() {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    for_each_source(|source| {
        let (layout, bytes) = pack(source, 0);
        for &byte in layout.to_record().iter().chain(&bytes[..]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        }
    });
    assert_eq!((PACKED_VERSION, hash), (2, 8_226_430_804_083_240_737));
}
