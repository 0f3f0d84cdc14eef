//! The small steps between linear layers, at the sizes of SmolLM2, and what sharing them out costs.

mod common;

use std::hint::black_box;

use common::{compute, criterion, floats};
use criterion::{Criterion, criterion_group, criterion_main};
use sottovoce_kernels::{Gate, Precision, QuantizedRows, RotaryPairs, Rows};

fn steps(criterion: &mut Criterion) {
    let compute = compute();
    let (kernels, team) = (compute.kernels(), compute.team());
    let (x, mut out) = (floats(49_152), vec![0.0; 1536]);
    let mut group = criterion.benchmark_group("steps");
    group.bench_function("fork and join", |bencher| bencher.iter(|| team.for_each(team.threads(), |_, _| ())));
    group.bench_function("RMSNorm of 576", |bencher| {
        bencher.iter(|| kernels.rms_norm(&x[..576], &x[576..1152], 1e-5, &mut out[..576]));
    });
    group.bench_function("SiLU gate of 1536", |bencher| {
        bencher.iter(|| kernels.gate(Gate::Silu, &x[..1536], &x[1536..3072], &mut out));
    });
    group.bench_function("rotary of 12 heads of 64", |bencher| {
        bencher.iter(|| kernels.rotary(&mut out[..768], 64, &x[..32], &x[32..64], RotaryPairs::Halves));
    });
    let (mut rounded, row) = (QuantizedRows::default(), Rows::dense(&x[..1536], 1536));
    group.bench_function("rounding 1536 to 16 bits", |bencher| {
        bencher.iter(|| kernels.quantize_rows(row, Precision::Sixteen, &mut rounded));
    });
    group.bench_function("argmax of 49152", |bencher| bencher.iter(|| black_box(kernels.argmax(&x))));
    let mut top = Vec::new();
    group.bench_function("40 largest of 49152", |bencher| bencher.iter(|| kernels.top_k(&x, 40, &mut top)));
}

criterion_group!(name = benches; config = criterion(); targets = steps);
criterion_main!(benches);
