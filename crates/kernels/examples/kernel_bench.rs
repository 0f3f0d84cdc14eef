//! Speed of the kernels beside the limits of this machine: `cargo run --release -p sottovoce-kernels --example kernel_bench
//! [THREADS]`. Every figure is the median of repeated runs; `SOTTOVOCE_ISA` chooses the level.

use std::time::Instant;

use half::f16;
use sottovoce_kernels::{
    Activations, AttentionOptions, AttentionScratch, BlockWeights, Cache, Codes, Compute, Epilogue, Floats, Gate,
    Kernels, PackedLinear, Precision, QuantizedRows, Rows, RowsMut, Team, WeightSource,
};

/// Runs of which the median is taken.
const RUNS: usize = 101;

/// Median seconds of one call of `work`, which is called often enough for the clock; the best run if `BEST` is set in the
/// environment, for machines that are busy with other things.
fn seconds(mut work: impl FnMut()) -> f64 {
    let start = Instant::now();
    work();
    let calls = (0.003 / start.elapsed().as_secs_f64().max(1e-9)).clamp(1.0, 1e5) as usize;
    let mut times: Vec<f64> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            (0..calls).for_each(|_| work());
            start.elapsed().as_secs_f64() / calls as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[if std::env::var_os("BEST").is_some() { 0 } else { RUNS / 2 }]
}

/// Numbers without order, for weights and activations.
fn noise(seed: usize) -> impl FnMut() -> u32 {
    let mut state = seed as u64 * 2 + 1;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u32
    }
}

fn activations(count: usize) -> Vec<f32> {
    let mut noise = noise(count);
    (0..count).map(|_| noise() as f32 / f32::from(u16::MAX) / 16_384.0 - 1.0).collect()
}

fn weights(rows: usize, columns: usize, bits: usize, offsets: bool, team: &Team) -> PackedLinear {
    let mut noise = noise(rows + columns);
    let bytes: Vec<u8> = (0..rows * columns * bits / 8).map(|_| noise() as u8).collect();
    let scales = vec![f16::from_f32(0.01); rows * columns / 32];
    let offset_values = vec![f16::from_f32(7.5); if offsets { scales.len() } else { 0 }];
    let source = BlockWeights {
        rows,
        columns,
        codes: if bits == 4 { Codes::U4(&bytes) } else { Codes::U8(&bytes) },
        block: 32,
        scales: Floats::F16(&scales),
        offsets: offsets.then_some(Floats::F16(&offset_values)),
    };
    PackedLinear::pack(&WeightSource::Blocks(source), team).expect("the lengths agree")
}

/// One call of a set of layers, as decoding and prefill make them.
fn layers(compute: &Compute, layers: &[PackedLinear], rows: usize) -> f64 {
    let columns = layers[0].columns();
    let x = activations(rows * columns);
    let mut rounded = QuantizedRows::default();
    compute.quantize_rows(Rows::dense(&x, columns), Precision::for_rows(rows), &mut rounded);
    let mut out = vec![0.0; rows * layers[0].rows()];
    seconds(|| {
        for layer in layers {
            let out = RowsMut::dense(&mut out, layer.rows());
            compute.linear(layer, Activations::Quantized(&rounded), out, Epilogue::Set);
        }
    })
}

fn linear(compute: &Compute) {
    println!("\nlinear layers                     rows   µs/layer     GB/s    Gop/s");
    let shapes = [(960, 576), (576, 576), (3072, 576), (576, 1536), (49_152, 576), (16_384, 2048)];
    for (bits, offsets) in [(4, false), (4, true), (8, false)] {
        for (rows, columns) in shapes {
            // Enough layers that one row reads from memory (or the last cache) and not from a core's own cache.
            let count = (64_000_000 * 2 / bits / (rows * columns)).clamp(1, 30);
            let set: Vec<_> = (0..count).map(|_| weights(rows, columns, bits, offsets, compute.team())).collect();
            for m in [1, 4, 512] {
                if m * rows * columns > 9_000_000_000 {
                    continue;
                }
                let set = if m > 8 { &set[..1] } else { &set[..] };
                let time = layers(compute, set, m) / set.len() as f64;
                let name =
                    format!("int{bits}{} {rows}×{columns} ×{}", if offsets { " offsets" } else { "" }, set.len());
                let operations = (2 * m * rows * columns) as f64;
                println!(
                    "{name:32} {m:5} {:10.1} {:8.1} {:8.1}",
                    time * 1e6,
                    set[0].bytes() as f64 / time / 1e9,
                    operations / time / 1e9
                );
            }
        }
    }
}

fn float(compute: &Compute) {
    println!("\nf16 layers                        rows   µs/layer     GB/s   Gflop/s");
    let (rows, columns) = (3072, 576);
    let mut noise = noise(1);
    let data: Vec<f16> = (0..rows * columns).map(|_| f16::from_f32(noise() as f32 * 1e-9)).collect();
    let source = WeightSource::Float { rows, columns, data: Floats::F16(&data) };
    let set: Vec<_> =
        (0..16).map(|_| PackedLinear::pack(&source, compute.team()).expect("the lengths agree")).collect();
    for m in [1, 4, 512] {
        let x = activations(m * columns);
        let mut out = vec![0.0; m * rows];
        let set = if m > 8 { &set[..1] } else { &set[..] };
        let time = seconds(|| {
            for layer in set {
                let x = Activations::Float(Rows::dense(&x, columns));
                compute.linear(layer, x, RowsMut::dense(&mut out, rows), Epilogue::Set);
            }
        }) / set.len() as f64;
        let (bytes, operations) = (set[0].bytes() as f64, (2 * m * rows * columns) as f64);
        println!("{:32} {m:5} {:10.1} {:8.1} {:8.1}", "", time * 1e6, bytes / time / 1e9, operations / time / 1e9);
    }
}

fn attention(compute: &Compute) {
    println!("\nattention, 9 heads on 3, head of 64   rows positions        µs     GB/s   Gflop/s");
    for (rows, positions) in [(1, 128), (1, 1024), (1, 4096), (4, 1024), (512, 512)] {
        let cache: Vec<f16> = activations(3 * positions * 64).into_iter().map(f16::from_f32).collect();
        let queries = activations(rows * 576);
        let past = positions - rows;
        let mask: Vec<f16> = (0..rows * positions)
            .map(|at| if at % positions > past + at / positions { f16::NEG_INFINITY } else { f16::ZERO })
            .collect();
        let cache = Cache {
            keys: &cache,
            values: &cache,
            kv_heads: 3,
            head_dim: 64,
            len: positions,
            head_stride: positions * 64,
            position_stride: 64,
        };
        let mask = sottovoce_kernels::Mask { data: &mask, stride: positions };
        let options = AttentionOptions { scale: 0.125, soft_cap: None };
        let (mut scratch, mut out) = (AttentionScratch::default(), vec![0.0; rows * 576]);
        let time = seconds(|| {
            let out = RowsMut::dense(&mut out, 576);
            let queries = Rows::dense(&queries, 576);
            compute.kernels().attention(compute.team(), queries, cache, Some(mask), options, &mut scratch, out);
        });
        let bytes = (2 * 3 * positions * 64 * 2) as f64;
        let seen: usize = (0..rows).map(|row| past + row + 1).sum();
        let operations = (seen * 9 * 64 * 4) as f64;
        println!(
            "{:36} {rows:5} {positions:9} {:9.1} {:8.1} {:8.1}",
            "",
            time * 1e6,
            bytes / time / 1e9,
            operations / time / 1e9
        );
    }
}

fn small(compute: &Compute) {
    let kernels = compute.kernels();
    println!("\nsmall steps, one row                     µs");
    let x = activations(49_152);
    let mut out = vec![0.0; 49_152];
    let print = |name: &str, time: f64| println!("{name:38} {:.3}", time * 1e6);
    print("empty fork and join", seconds(|| compute.team().run(|_| ())));
    print("barrier", seconds(|| compute.team().run(|worker| (0..100).for_each(|_| worker.barrier()))) / 100.0);
    print("RMSNorm of 576", seconds(|| kernels.rms_norm(&x[..576], &x[576..1152], 1e-5, &mut out[..576])));
    print("SiLU gate of 1536", seconds(|| kernels.gate(Gate::Silu, &x[..1536], &x[..1536], &mut out[..1536])));
    let mut rounded = QuantizedRows::default();
    let row = Rows::dense(&x[..1536], 1536);
    print("16-bit rounding of 1536", seconds(|| kernels.quantize_rows(row, Precision::Sixteen, &mut rounded)));
    let cos = &x[..32];
    let heads = &mut out[..768];
    print(
        "rotary of 12 heads of 64",
        seconds(|| kernels.rotary(heads, 64, cos, cos, sottovoce_kernels::RotaryPairs::Halves)),
    );
    print("argmax of 49152", seconds(|| _ = std::hint::black_box(kernels.argmax(&x))));
    let mut top = Vec::new();
    print("40 largest of 49152", seconds(|| kernels.top_k(&x, 40, &mut top)));
}

/// Packing at load: the source bytes of a 49152×576 matrix per second.
fn packing(compute: &Compute) {
    println!("\npacking                             GB/s of source");
    let mut noise = noise(1);
    let (rows, columns) = (49_152, 576);
    let bytes: Vec<u8> = (0..rows * columns).map(|_| noise() as u8).collect();
    let scales = vec![f16::ONE; rows * columns / 32];
    for bits in [4, 8] {
        let codes = &bytes[..rows * columns * bits / 8];
        let source = WeightSource::Blocks(BlockWeights {
            rows,
            columns,
            codes: if bits == 4 { Codes::U4(codes) } else { Codes::U8(codes) },
            block: 32,
            scales: Floats::F16(&scales),
            offsets: None,
        });
        let time = seconds(|| _ = std::hint::black_box(PackedLinear::pack(&source, compute.team())));
        println!("int{bits:<29} {:8.2}", (codes.len() + scales.len() * 2) as f64 / time / 1e9);
    }
    let data: &[f16] = &vec![f16::ONE; rows * columns / 4];
    let source = WeightSource::Float { rows: rows / 4, columns, data: Floats::F16(data) };
    let time = seconds(|| _ = std::hint::black_box(PackedLinear::pack(&source, compute.team())));
    println!("{:32} {:8.2}", "f16", (data.len() * 2) as f64 / time / 1e9);
}

/// Reads a buffer with every worker: the bandwidth that decoding is bound by.
fn bandwidth(compute: &Compute) {
    println!("\nreading                             GB/s");
    for mebibytes in [1, 16, 64, 256] {
        let buffer = vec![1.0f32; (mebibytes << 20) / 4];
        let time = seconds(|| {
            compute.team().run(|worker| {
                for part in buffer[worker.share(buffer.len(), 4096)].chunks(4096) {
                    // Short sums of one chain each, so that memory is what limits.
                    std::hint::black_box(compute.kernels().largest(part));
                }
            });
        });
        println!("{:28} MiB {:8.1}", mebibytes, (mebibytes << 20) as f64 / time / 1e9);
    }
}

fn main() {
    let threads = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or_else(Team::default_threads);
    let kernels = Kernels::detect().unwrap_or_else(|error| {
        eprintln!("{error}");
        std::process::exit(1);
    });
    let compute = Compute::new(kernels, threads);
    println!("level {}, {} threads", kernels.isa(), compute.team().threads());
    bandwidth(&compute);
    small(&compute);
    packing(&compute);
    linear(&compute);
    float(&compute);
    attention(&compute);
}
