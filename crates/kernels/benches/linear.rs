//! Linear layers of 2048 × 2048 in every form of weights, for one row, a few and many; embedding lookup; packing.
//!
//! One row and a few take layers in turn, 64 MB of them, so that they read from memory as decoding does: compare their
//! rate with what `sottovoce bench --limits` says of reading, and the rate of many rows (operations) with the peaks there.

mod common;

use std::hint::black_box;

use common::{compute, criterion, floats, noise};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use half::{bf16, f16};
use sottovoce_kernels::{
    ActivationKind, Activations, BlockWeights, Codes, Compute, Floats, PackedLinear, PaletteWeights, Precision,
    QuantizedRows, Rows, RowsMut, Segment, WeightSource,
};

const SIZE: usize = 2048;
const ELEMENTS: usize = SIZE * SIZE;

/// Bytes of the layers that are taken in turn.
const TURN: usize = 64 << 20;

/// Constants that the forms are made from.
struct Constants {
    bytes: Vec<u8>,
    scales: Vec<f16>,
    offsets: Vec<f16>,
    singles: Vec<f32>,
    halves: Vec<f16>,
    brains: Vec<bf16>,
}

impl Constants {
    fn new() -> Self {
        let mut noise = noise(1);
        let singles = floats(ELEMENTS);
        Self {
            bytes: (0..ELEMENTS).map(|_| noise() as u8).collect(),
            scales: vec![f16::from_f32(0.01); ELEMENTS / 32],
            offsets: vec![f16::from_f32(7.5); ELEMENTS / 32],
            halves: singles.iter().map(|&x| f16::from_f32(x)).collect(),
            brains: singles.iter().map(|&x| bf16::from_f32(x)).collect(),
            singles,
        }
    }

    fn forms(&self) -> Vec<(String, WeightSource<'_>)> {
        let (rows, columns) = (SIZE, SIZE);
        let blocks = |codes, offsets| {
            let (scales, offsets) = (Floats::F16(&self.scales), Floats::F16(offsets));
            let offsets = (!offsets.is_empty()).then_some(offsets);
            WeightSource::Blocks(BlockWeights { rows, columns, codes, block: 32, scales, offsets })
        };
        let float = |data| WeightSource::Float { rows, columns, data };
        let mut forms = vec![
            ("int4".to_owned(), blocks(Codes::I4(&self.bytes[..ELEMENTS / 2]), &[])),
            ("int4 offsets".to_owned(), blocks(Codes::U4(&self.bytes[..ELEMENTS / 2]), &self.offsets)),
            ("int8".to_owned(), blocks(Codes::U8(&self.bytes), &[])),
            ("f16".to_owned(), float(Floats::F16(&self.halves))),
            ("bf16".to_owned(), float(Floats::Bf16(&self.brains))),
            ("f32".to_owned(), float(Floats::F32(&self.singles))),
        ];
        forms.extend([1, 2, 3, 4, 6, 8].map(|bits| {
            let source = PaletteWeights {
                rows,
                columns,
                bits,
                indices: &self.bytes[..ELEMENTS * bits as usize / 8],
                palettes: Floats::F16(&self.halves[..1 << bits]),
                rows_per_palette: SIZE,
            };
            (format!("palette{bits}"), WeightSource::Palettes(source))
        }));
        forms
    }
}

fn multiply(criterion: &mut Criterion, compute: &Compute, name: &str, layers: &[PackedLinear]) {
    let exact = layers[0].activation_kind() == ActivationKind::Quantized;
    let mut group = criterion.benchmark_group(format!("linear/{name}"));
    for rows in [1, 4, 512] {
        let count = if rows > 8 { 1 } else { layers.len() };
        group.throughput(if rows > 8 {
            Throughput::Elements((2 * rows * ELEMENTS) as u64)
        } else {
            Throughput::Bytes(layers[0].bytes() as u64)
        });
        let (x, mut out, mut turn) = (floats(rows * SIZE), vec![0.0; rows * SIZE], 0);
        let mut rounded = QuantizedRows::default();
        compute.kernels().quantize_rows(Rows::dense(&x, SIZE), Precision::for_rows(rows), &mut rounded);
        let mut run = |name: String, x: Activations<'_>| {
            group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
                bencher.iter(|| {
                    turn = (turn + 1) % count;
                    let segment = |_| Segment { weights: &layers[turn], bias: None, x, column: 0 };
                    compute.linear(1, segment, None, &mut RowsMut::dense(&mut out, SIZE));
                });
            });
        };
        let plain = Activations::Float(Rows::dense(&x, SIZE));
        if exact {
            run(format!("{rows} rows"), Activations::Quantized(&rounded));
            run(format!("{rows} rows exact"), plain);
        } else {
            run(format!("{rows} rows"), plain);
        }
    }
}

/// 512 rows, each of another feature.
fn look_up(criterion: &mut Criterion, compute: &Compute, name: &str, weights: &PackedLinear) {
    let mut out = vec![0.0; 512 * SIZE];
    let mut group = criterion.benchmark_group("lookup of 512 rows");
    group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
        bencher.iter(|| {
            compute.for_each_row(RowsMut::dense(&mut out, SIZE), |row, out| {
                compute.kernels().dequantize_row(weights, row * 997 % SIZE, out);
            });
        });
    });
}

fn linear(criterion: &mut Criterion) {
    let (compute, constants) = (compute(), Constants::new());
    for (name, source) in constants.forms() {
        let pack = || PackedLinear::pack(&source, compute.team()).expect("the lengths agree");
        let mut group = criterion.benchmark_group("pack");
        group.throughput(Throughput::Elements(ELEMENTS as u64));
        group.bench_function(BenchmarkId::from_parameter(&name), |bencher| bencher.iter(|| black_box(pack())));
        group.finish();
        let first = pack();
        look_up(criterion, &compute, &name, &first);
        let count = TURN.div_ceil(first.bytes());
        let layers: Vec<_> = std::iter::once(first).chain((1..count).map(|_| pack())).collect();
        multiply(criterion, &compute, &name, &layers);
    }
}

criterion_group!(name = benches; config = criterion(); targets = linear);
criterion_main!(benches);
