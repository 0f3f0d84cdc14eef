//! Attention of 9 query heads of 64 on 3 heads of keys and values, with a causal mask.

mod common;

use common::{compute, criterion, floats};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use half::f16;
use sottovoce_kernels::{Attention, AttentionOptions, AttentionScratch, Cache, Mask, RoundedCache, Rows, RowsMut};

const HEADS: usize = 9;
const KV_HEADS: usize = 3;
const HEAD_DIM: usize = 64;

fn attention(criterion: &mut Criterion) {
    let compute = compute();
    let mut group = criterion.benchmark_group("attention");
    for (rows, positions) in [(1, 128), (1, 1024), (1, 4096), (4, 1024), (28, 128), (28, 600), (512, 512)] {
        let cache: Vec<f16> = floats(KV_HEADS * positions * HEAD_DIM).into_iter().map(f16::from_f32).collect();
        let cache = Cache {
            keys: &cache,
            values: &cache,
            kv_heads: KV_HEADS,
            head_dim: HEAD_DIM,
            len: positions,
            head_stride: positions * HEAD_DIM,
            position_stride: HEAD_DIM,
        };
        let past = positions - rows;
        let mask: Vec<f16> = (0..rows * positions)
            .map(|at| if at % positions > past + at / positions { f16::NEG_INFINITY } else { f16::ZERO })
            .collect();
        let options = AttentionOptions { scale: 0.125, soft_cap: None, exact: false };
        let (mut scratch, mut rounded) = (AttentionScratch::default(), RoundedCache::default());
        let mut out = vec![0.0; rows * HEADS * HEAD_DIM];
        let queries = floats(rows * HEADS * HEAD_DIM);
        let seen: usize = (0..rows).map(|row| past + row + 1).sum();
        group.throughput(Throughput::Elements((seen * HEADS * HEAD_DIM * 4) as u64));
        group.bench_function(BenchmarkId::new(format!("{rows} rows"), positions), |bencher| {
            bencher.iter(|| {
                let out = RowsMut::dense(&mut out, HEADS * HEAD_DIM);
                let (queries, mask) =
                    (Rows::dense(&queries, HEADS * HEAD_DIM), Mask { data: &mask, stride: positions });
                let attention = Attention { queries, cache, mask: Some(mask), options };
                rounded.truncate(past);
                compute.kernels().attention(compute.team(), attention, &mut scratch, &mut rounded, out);
            });
        });
    }
}

criterion_group!(name = benches; config = criterion(); targets = attention);
criterion_main!(benches);
