//! Linear layers: every level against the scalar one, the scalar one against sums in f64 of the source's own numbers.

mod common;

use common::{Seeded, levels, scalar};
use half::{bf16, f16};
use proptest::prelude::*;
use sottovoce_kernels::{
    ActivationKind, Activations, BlockWeights, Codes, Compute, Epilogue, FEW_ROWS, Floats, Gate, Kernels, PackedLinear,
    PaletteWeights, Precision, QuantizedRows, Rows, RowsMut, Segment, Team, WeightSource,
};

/// A weight matrix of every form, with what each weight means in f64.
struct Weights {
    name: String,
    rows: usize,
    columns: usize,
    packed: PackedLinear,
    values: Vec<f32>,
}

const SHAPES: [(usize, usize); 7] = [(1, 16), (16, 32), (17, 33), (40, 64), (31, 100), (64, 256), (5, 576)];

fn pack(source: WeightSource<'_>) -> PackedLinear {
    PackedLinear::pack(&source, &Team::new(2)).unwrap()
}

fn blocks(rows: usize, columns: usize, block: usize, bits: usize, offsets: bool, half: bool) -> Weights {
    let mut seeded = Seeded::new((rows * 1000 + columns + block + bits) as u64);
    let groups = columns.div_ceil(block);
    let scales = seeded.many(rows * groups, |s| f16::from_f32(0.01 + 0.01 * s.unit().abs()));
    let offset_values = seeded.many(rows * groups, |s| f16::from_f32(s.unit() * 9.0));
    let wide_scales: Vec<f32> = scales.iter().map(|s| s.to_f32() * 1.000_1).collect();
    let bytes = seeded.many((rows * columns * bits).div_ceil(8), |s| s.bits() as u8);
    let signed: Vec<i8> = bytes.iter().map(|b| b.cast_signed()).collect();
    let signed_codes = !offsets;
    let codes = match (bits, signed_codes) {
        (4, true) => Codes::I4(&bytes),
        (4, false) => Codes::U4(&bytes),
        (_, true) => Codes::I8(&signed),
        (_, false) => Codes::U8(&bytes),
    };
    let code = |at: usize| match (bits, signed_codes) {
        (4, signed) => {
            let nibble = i32::from((bytes[at / 2] >> (at % 2 * 4)) & 15);
            if signed && nibble >= 8 { nibble - 16 } else { nibble }
        }
        (_, true) => i32::from(signed[at]),
        (_, false) => i32::from(bytes[at]),
    };
    let values = (0..rows * columns).map(|at| {
        let group = at / columns * groups + at % columns / block;
        let offset = if offsets { offset_values[group].to_f32() } else { 0.0 };
        if half {
            f16::from_f32(scales[group].to_f32() * (code(at) as f32 - offset)).to_f32()
        } else {
            wide_scales[group] * (code(at) as f32 - offset)
        }
    });
    let packed = pack(WeightSource::Blocks(BlockWeights {
        rows,
        columns,
        codes,
        block,
        scales: if half { Floats::F16(&scales) } else { Floats::F32(&wide_scales) },
        offsets: offsets.then_some(Floats::F16(&offset_values)),
    }));
    let name = format!("{bits} bits, block {block}, offsets {offsets}, f16 scales {half}");
    Weights { name, rows, columns, packed, values: values.collect() }
}

fn floats(rows: usize, columns: usize) -> [Weights; 3] {
    let mut seeded = Seeded::new((rows + columns) as u64);
    let values = seeded.many(rows * columns, Seeded::unit);
    let halves: Vec<_> = values.iter().map(|&v| f16::from_f32(v)).collect();
    let brains: Vec<_> = values.iter().map(|&v| bf16::from_f32(v)).collect();
    let weights = |name: &str, data, values| {
        let packed = pack(WeightSource::Float { rows, columns, data });
        Weights { name: name.into(), rows, columns, packed, values }
    };
    [
        weights("f16", Floats::F16(&halves), halves.iter().map(|v| v.to_f32()).collect()),
        weights("bf16", Floats::Bf16(&brains), brains.iter().map(|v| v.to_f32()).collect()),
        weights("f32", Floats::F32(&values), values.clone()),
    ]
}

fn palettes(rows: usize, columns: usize, bits: u32, rows_per_palette: usize) -> Weights {
    let mut seeded = Seeded::new((rows + columns) as u64 + u64::from(bits));
    let table = seeded.many(rows.div_ceil(rows_per_palette) << bits, Seeded::unit);
    let halves: Vec<_> = table.iter().map(|&v| f16::from_f32(v)).collect();
    let brains: Vec<_> = table.iter().map(|&v| bf16::from_f32(v)).collect();
    // Each type of entries at some of the shapes.
    let table = match columns % 3 {
        0 => Floats::F32(&table),
        1 => Floats::F16(&halves),
        _ => Floats::Bf16(&brains),
    };
    let indices = seeded.many(rows * columns, |s| s.bits() as usize % (1 << bits));
    let mut bytes = vec![0u8; (rows * columns * bits as usize).div_ceil(8)];
    for (at, index) in indices.iter().enumerate() {
        for bit in 0..bits as usize {
            let to = at * bits as usize + bit;
            bytes[to / 8] |= (((index >> bit) & 1) << (to % 8)) as u8;
        }
    }
    let value = |at: usize| table.get(((at / columns / rows_per_palette) << bits) + indices[at]);
    let packed = pack(WeightSource::Palettes(PaletteWeights {
        rows,
        columns,
        bits,
        indices: &bytes,
        palettes: table,
        rows_per_palette,
    }));
    let name = format!("palette of {bits} bits, {rows_per_palette} rows each");
    Weights { name, rows, columns, packed, values: (0..rows * columns).map(value).collect() }
}

/// Every form of weights at every shape that it allows.
fn table() -> Vec<Weights> {
    let mut table = Vec::new();
    for (rows, columns) in SHAPES {
        for bits in [4, 8] {
            for block in [16, 32, 48, 64, 128, columns] {
                for offsets in [false, true] {
                    if block <= columns {
                        table.push(blocks(rows, columns, block, bits, offsets, true));
                    }
                }
            }
            table.push(blocks(rows, columns, 32, bits, true, false));
        }
        table.extend(floats(rows, columns));
        for bits in [1, 2, 3, 4, 6, 8] {
            // One palette, one for each panel, and one that ends within a panel.
            for rows_per_palette in [rows, 16, 24] {
                table.push(palettes(rows, columns, bits, rows_per_palette));
            }
        }
    }
    table
}

/// A weight matrix of any shape and form.
fn any_weights(seed: u64) -> Weights {
    let mut seeded = Seeded::new(seed);
    let mut below = |bound: usize| seeded.bits() as usize % bound;
    let (rows, columns) = (1 + below(70), 1 + below(700));
    match below(3) {
        0 => {
            let block = [16, 32, 48, 64, 128, columns][below(6)].min(columns);
            let block = if block.is_multiple_of(16) { block } else { columns };
            blocks(rows, columns, block, [4, 8][below(2)], below(2) == 1, below(2) == 1)
        }
        1 => floats(rows, columns).into_iter().nth(below(3)).unwrap(),
        _ => palettes(rows, columns, [1, 2, 3, 4, 6, 8][below(6)], [16, 24, 32, rows][below(4)]),
    }
}

fn run(kernels: Kernels, weights: &PackedLinear, x: Activations<'_>) -> Vec<f32> {
    let mut out = vec![f32::NAN; x.rows() * weights.rows()];
    let view = RowsMut::dense(&mut out, weights.rows());
    kernels.linear(weights, x, 0..weights.rows(), view, Epilogue::Set);
    out
}

fn quantized(kernels: Kernels, x: Rows<'_>, precision: Precision) -> QuantizedRows {
    let mut out = QuantizedRows::default();
    kernels.quantize_rows(x, precision, &mut out);
    out
}

/// Checks `got` against sums in f64. A sum of n products in f32, each rounded once, is off by at most n · 2⁻²⁴ · Σ|wᵢxᵢ|
/// to first order, whatever the order; twice that leaves room for the second. `slack` is for weights that were rounded.
fn check(weights: &Weights, x: &dyn Fn(usize, usize) -> f32, got: &[f32], rows: usize, slack: f64, what: &str) {
    for m in 0..rows {
        for n in 0..weights.rows {
            let terms =
                (0..weights.columns).map(|k| f64::from(weights.values[n * weights.columns + k]) * f64::from(x(m, k)));
            let (sum, magnitude) = terms.fold((0.0, 0.0), |(sum, all), term| (sum + term, all + term.abs()));
            let bound = magnitude * ((weights.columns + 2) as f64 * 2f64.powi(-23) + slack) + 1e-30;
            let error = (f64::from(got[m * weights.rows + n]) - sum).abs();
            assert!(
                error <= bound,
                "{what}: {}, {}×{}, row {m} of {rows}, feature {n}: off by {error:e}, allowed {bound:e}",
                weights.name,
                weights.rows,
                weights.columns
            );
        }
    }
}

#[test]
fn the_exact_path_multiplies_the_weights_that_the_package_means() {
    for weights in table() {
        for rows in [1, 2, 3, 9, 17] {
            let mut seeded = Seeded::new(rows as u64);
            let x = seeded.many(rows * weights.columns, Seeded::activation);
            let view = Rows::dense(&x, weights.columns);
            for kernels in Kernels::all() {
                let got = run(kernels, &weights.packed, Activations::Float(view));
                let what = format!("{} exact", kernels.isa());
                check(&weights, &|m, k| x[m * weights.columns + k], &got, rows, 0.0, &what);
            }
        }
    }
}

#[test]
fn more_rows_and_inputs_than_a_block_of_the_caches_make_no_difference() {
    let (rows, columns, batch) = (40, 600, 253);
    let x = Seeded::new(4).many(batch * columns, Seeded::activation);
    let view = Rows::dense(&x, columns);
    let forms =
        [blocks(rows, columns, 32, 4, true, true), palettes(rows, columns, 6, 16), palettes(rows, columns, 1, 32)];
    for weights in forms.into_iter().chain(floats(rows, columns)) {
        for kernels in levels() {
            let got = run(kernels, &weights.packed, Activations::Float(view));
            check(&weights, &|m, k| x[m * columns + k], &got, batch, 0.0, &format!("{} blocked", kernels.isa()));
            // Features in parts, as workers take them.
            for features in [0..16, 16..rows] {
                let mut part = vec![0.0; batch * features.len()];
                let out = RowsMut::dense(&mut part, features.len());
                kernels.linear(&weights.packed, Activations::Float(view), features.clone(), out, Epilogue::Set);
                for (part, all) in part.chunks(features.len()).zip(got.chunks(rows)) {
                    assert_eq!(part, &all[features.clone()], "{} {}", kernels.isa(), weights.name);
                }
            }
        }
    }
}

#[test]
fn packed_weights_take_the_memory_that_their_bits_imply() {
    for (bits, stored) in [(1, 1), (2, 2), (3, 4), (4, 4), (6, 8), (8, 8)] {
        // A palette of f32, at least 16 entries of it, for all features or for each panel.
        let palette = 4 << bits.max(4);
        assert_eq!(palettes(48, 64, bits, 48).packed.bytes(), 48 * 64 * stored / 8 + palette, "{bits} bits");
        assert_eq!(palettes(48, 64, bits, 16).packed.bytes(), 48 * 64 * stored / 8 + 3 * palette, "{bits} bits");
        // Palettes that end within a panel: floats, here f16.
        assert_eq!(palettes(48, 64, bits, 24).packed.bytes(), 48 * 64 * 2, "{bits} bits");
    }
}

#[test]
fn the_fast_path_multiplies_the_rounded_activations() {
    // The fast path leaves out the rounding of each weight to f16 that the package means: half an ulp of w, 2⁻¹¹, and with
    // offsets no more, since scale · (code − offset) is rounded once.
    let slack = 2f64.powi(-11);
    for weights in table().iter().filter(|w| w.packed.activation_kind() == ActivationKind::Quantized) {
        for rows in [1, 3, 8, 9, 13, 17, 64] {
            let mut seeded = Seeded::new(rows as u64);
            let x = seeded.many(rows * weights.columns, Seeded::activation);
            let view = Rows::dense(&x, weights.columns);
            for kernels in Kernels::all() {
                let rounded = quantized(kernels, view, Precision::for_rows(rows));
                let got = run(kernels, &weights.packed, Activations::Quantized(&rounded));
                let what = format!("{} fast", kernels.isa());
                check(weights, &|m, k| rounded.value(m, k), &got, rows, slack, &what);
            }
        }
    }
}

#[test]
fn every_level_rounds_activations_alike() {
    for columns in [1, 15, 16, 31, 32, 33, 100, 576] {
        for precision in [Precision::Eight, Precision::Sixteen] {
            let mut x = Seeded::new(columns as u64).many(columns * 13, Seeded::activation);
            x[..columns.min(40)].fill(0.0);
            let view = Rows::dense(&x, columns);
            let expected = quantized(scalar(), view, precision);
            for kernels in levels() {
                let got = quantized(kernels, view, precision);
                for (row, column) in (0..13).flat_map(|row| (0..columns).map(move |column| (row, column))) {
                    assert_eq!(got.value(row, column), expected.value(row, column), "{} {row} {column}", kernels.isa());
                }
            }
        }
    }
}

#[test]
fn rounding_is_as_fine_as_promised() {
    let x = Seeded::new(5).many(20 * 96, Seeded::activation);
    for (precision, steps) in [(Precision::Eight, 127.0), (Precision::Sixteen, 32_512.0)] {
        let rounded = quantized(scalar(), Rows::dense(&x, 96), precision);
        for (at, &value) in x.iter().enumerate() {
            let block = &x[at / 32 * 32..at / 32 * 32 + 32];
            let step = block.iter().fold(0.0f32, |max, x| max.max(x.abs())) / steps;
            let error = (rounded.value(at / 96, at % 96) - value).abs();
            assert!(error <= step * 0.501, "{error} against a step of {step}");
        }
    }
}

#[test]
fn each_of_a_few_rows_is_bit_for_bit_what_it_is_alone() {
    for weights in table() {
        let x = Seeded::new(3).many(FEW_ROWS * weights.columns, Seeded::activation);
        for kernels in Kernels::all() {
            let fast = |rows: Rows<'_>| match weights.packed.activation_kind() {
                ActivationKind::Float => run(kernels, &weights.packed, Activations::Float(rows)),
                ActivationKind::Quantized => {
                    let rounded = quantized(kernels, rows, Precision::Sixteen);
                    run(kernels, &weights.packed, Activations::Quantized(&rounded))
                }
            };
            let exact = |rows: Rows<'_>| run(kernels, &weights.packed, Activations::Float(rows));
            for path in [&fast as &dyn Fn(Rows<'_>) -> Vec<f32>, &exact] {
                let alone: Vec<_> =
                    x.chunks(weights.columns).flat_map(|x| path(Rows::dense(x, weights.columns))).collect();
                for rows in 1..=FEW_ROWS {
                    let together = path(Rows::dense(&x[..rows * weights.columns], weights.columns));
                    let alone = &alone[..rows * weights.rows];
                    let same = together.iter().zip(alone).all(|(a, b)| a.to_bits() == b.to_bits());
                    assert!(same, "{}, {}, {rows} rows", kernels.isa(), weights.name);
                }
            }
        }
    }
}

#[test]
fn any_number_of_threads_and_any_split_gives_the_same() {
    let weights = [blocks(1000, 256, 32, 4, false, true), blocks(40, 256, 32, 8, true, true)];
    let bias = Seeded::new(1).many(40, Seeded::unit);
    for rows in [1, 5, 40] {
        let x = Seeded::new(8).many(rows * 256, Seeded::activation);
        let residual = Seeded::new(9).many(rows * 1048, Seeded::activation);
        for kernels in Kernels::all() {
            let rounded = quantized(kernels, Rows::dense(&x, 256), Precision::for_rows(rows));
            let alone = weights.each_ref().map(|w| run(kernels, &w.packed, Activations::Quantized(&rounded)));
            for threads in 1..=4 {
                let compute = Compute::new(kernels, threads);
                let mut again = QuantizedRows::default();
                let row = |row: usize, out: &mut [f32]| out.copy_from_slice(&x[row * 256..][..256]);
                compute.quantize_rows(rows, 256, Precision::for_rows(rows), row, &mut again);
                // Two layers side by side, columns between and after them that are nobody's.
                let segment = |index: usize| Segment {
                    weights: &weights[index].packed,
                    bias: (index == 1).then_some(&bias),
                    x: Activations::Quantized(&again),
                    column: index * 1004,
                };
                for residual in [None, Some(Rows::dense(&residual, 1048))] {
                    let mut out = vec![7.0; rows * 1048];
                    compute.linear(2, segment, residual, &mut RowsMut::dense(&mut out, 1048));
                    for (at, &value) in out.iter().enumerate() {
                        let (row, column) = (at / 1048, at % 1048);
                        let added = residual.map(|residual| residual.row(row)[column]);
                        let expected = match column {
                            0..1000 => added.map_or(0.0, |added| added) + alone[0][row * 1000 + column],
                            1004..1044 => {
                                let bias = bias[column - 1004];
                                added.map_or(bias, |added| added + bias) + alone[1][row * 40 + column - 1004]
                            }
                            _ => 7.0,
                        };
                        assert_eq!(value, expected, "{} with {threads} threads, {row} {column}", kernels.isa());
                    }
                }
            }
        }
    }
}

#[test]
fn a_gated_unit_is_its_halves_joined() {
    let (features, inputs) = (1000, 96);
    let halves = [blocks(features, inputs, 32, 4, false, true), blocks(features, inputs, 32, 8, true, true)];
    let bias = Seeded::new(1).many(features, Seeded::unit);
    for rows in [1, 7, 70] {
        let x = Seeded::new(rows as u64).many(rows * inputs, Seeded::activation);
        for kernels in Kernels::all() {
            let rounded = quantized(kernels, Rows::dense(&x, inputs), Precision::for_rows(rows));
            let x = [Activations::Quantized(&rounded), Activations::Float(Rows::dense(&x, inputs))];
            let [mut gates, values] = [0, 1].map(|half| run(kernels, &halves[half].packed, x[half]));
            gates.iter_mut().enumerate().for_each(|(at, gate)| *gate += bias[at % features]);
            let mut expected = vec![0.0; rows * features];
            kernels.gate(Gate::Silu, &gates, &values, &mut expected);
            for threads in [1, 3] {
                let segment = |half: usize| Segment {
                    weights: &halves[half].packed,
                    bias: (half == 0).then_some(&bias),
                    x: x[half],
                    column: 0,
                };
                let mut out = vec![f32::NAN; rows * features];
                let view = &mut RowsMut::dense(&mut out, features);
                Compute::new(kernels, threads).gated(Gate::Silu, [segment(0), segment(1)], &mut Vec::new(), view);
                let same = out.iter().zip(&expected).all(|(a, b)| a.to_bits() == b.to_bits());
                assert!(same, "{}, {rows} rows, {threads} threads", kernels.isa());
            }
        }
    }
}

#[test]
fn a_part_of_the_features_goes_to_its_columns_and_adds() {
    let weights = blocks(50, 96, 32, 8, true, true);
    let x = Seeded::new(8).many(2 * 96, Seeded::activation);
    for kernels in Kernels::all() {
        for activations in [Activations::Float(Rows::dense(&x, 96))] {
            let all = run(kernels, &weights.packed, activations);
            let mut out = vec![1.0; 2 * 64];
            let mut view = RowsMut::new(&mut out, 2, 50, 64);
            kernels.linear(&weights.packed, activations, 16..41, view.columns_range(16..41), Epilogue::Add);
            for (at, &value) in out.iter().enumerate() {
                let (row, column) = (at / 64, at % 64);
                let expected = if (16..41).contains(&column) { 1.0 + all[row * 50 + column] } else { 1.0 };
                assert_eq!(value, expected, "{} {row} {column}", kernels.isa());
            }
        }
    }
}

#[test]
fn rows_are_dequantised_as_the_package_means_them() {
    for weights in table() {
        let mut out = vec![0.0; weights.columns];
        for (row, expected) in weights.values.chunks(weights.columns).enumerate() {
            for kernels in Kernels::all() {
                out.fill(f32::NAN);
                kernels.dequantize_row(&weights.packed, row, &mut out);
                assert_eq!(out, expected, "{} {}, row {row}", kernels.isa(), weights.name);
            }
        }
    }
}

#[test]
fn inconsistent_sources_are_refused_with_the_numbers() {
    let scales = [f16::ONE; 8];
    let good = BlockWeights {
        rows: 4,
        columns: 64,
        codes: Codes::I4(&[0; 128]),
        block: 32,
        scales: Floats::F16(&scales),
        offsets: None,
    };
    assert!(PackedLinear::pack(&WeightSource::Blocks(good), &Team::new(1)).is_ok());
    fn message(source: WeightSource<'_>) -> String {
        PackedLinear::pack(&source, &Team::new(1)).err().unwrap().to_string()
    }
    let blocks = |change: &dyn Fn(&mut BlockWeights<'_>)| {
        let mut blocks = good;
        change(&mut blocks);
        message(WeightSource::Blocks(blocks))
    };
    assert!(blocks(&|b| b.codes = Codes::I4(&[0; 127])).contains("127 elements, expected 128"));
    assert!(blocks(&|b| b.codes = Codes::U8(&[0; 255])).contains("255 elements, expected 256"));
    assert!(blocks(&|b| b.scales = Floats::F16(&[])).contains("scales has 0"));
    assert!(blocks(&|b| b.offsets = Some(Floats::F32(&[0.0; 9]))).contains("offsets has 9"));
    assert!(blocks(&|b| b.block = 0).contains("block of 0"));
    assert!(blocks(&|b| b.block = 24).contains("block of 24"));
    assert!(blocks(&|b| b.rows = usize::MAX).contains("that many elements"));
    let palette = |bits, indices: &[u8], palettes: &[f32], rows_per_palette| {
        let palettes = Floats::F32(palettes);
        message(WeightSource::Palettes(PaletteWeights {
            rows: 4,
            columns: 6,
            bits,
            indices,
            palettes,
            rows_per_palette,
        }))
    };
    assert!(palette(5, &[], &[], 4).contains("palette of 5 bits"));
    assert!(palette(3, &[0; 8], &[0.0; 8], 4).contains("8 elements, expected 9"));
    assert!(palette(3, &[0; 9], &[0.0; 8], 2).contains("8 elements, expected 16"));
    assert!(palette(3, &[0; 9], &[0.0; 8], 0).contains("no rows"));
    let float = WeightSource::Float { rows: 2, columns: 3, data: Floats::F32(&[0.0; 5]) };
    assert!(message(float).contains("5 elements, expected 6"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// On every level: the sums are right within their bound, each of a few rows is what it is alone, and the lookup gives
    /// the weights.
    #[test]
    fn any_matrix_is_multiplied_alike(seed: u64, batch in 1usize..30) {
        let weights = any_weights(seed);
        let (rows, columns) = (weights.rows, weights.columns);
        let x = Seeded::new(seed ^ 1).many(batch * columns, Seeded::activation);
        let view = Rows::dense(&x, columns);
        for kernels in Kernels::all() {
            let name = format!("{} seed {seed}", kernels.isa());
            let got = run(kernels, &weights.packed, Activations::Float(view));
            check(&weights, &|m, k| x[m * columns + k], &got, batch, 0.0, &name);
            let alone = run(kernels, &weights.packed, Activations::Float(Rows::dense(&x[..columns], columns)));
            if batch <= FEW_ROWS {
                prop_assert_eq!(&got[..rows], &alone[..], "{} alone", &name);
            }
            let mut out = vec![f32::NAN; columns];
            for (row, expected) in weights.values.chunks(columns).enumerate() {
                kernels.dequantize_row(&weights.packed, row, &mut out);
                prop_assert_eq!(&out[..], expected, "{} lookup of {}", &name, row);
            }
        }
    }
}
