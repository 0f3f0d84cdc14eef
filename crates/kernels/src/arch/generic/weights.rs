//! Panels of every encoding, read as f32.

use super::integer::{AHEAD, Panel};
use crate::{
    ACTIVATION_BLOCK, PANEL, PackedLinear,
    arch::simd::Simd,
    linear::{CodeBits, Encoding, FloatKind, Grouping, PaletteKind, block_bytes, float_inputs},
};

/// The weights of a panel.
pub(super) trait Weights<S: Simd>: Copy {
    /// Inputs that come from the same bytes: a multiple of 4.
    const STEP: usize;

    /// For the 16 features, inputs `k` + 4 · `part` to + 3. `k` is a multiple of `STEP`, `part` less than `STEP` ∕ 4.
    ///
    /// # Safety
    /// As [`Simd`]; the panel must have an input among those.
    unsafe fn four(self, k: usize, part: usize) -> [S::F; 4];
}

/// Asks for the cache lines that will be read after those at `from`.
///
/// # Safety
/// As [`Simd`].
#[inline(always)]
unsafe fn ask_for<S: Simd>(from: *const u8, lines: usize) {
    for line in 0..lines {
        S::prefetch(from.wrapping_add(AHEAD + line * 64));
    }
}

/// f32.
#[derive(Clone, Copy)]
pub(super) struct Single(*const f32);

impl<S: Simd> Weights<S> for Single {
    const STEP: usize = 4;

    #[inline(always)]
    unsafe fn four(self, k: usize, _: usize) -> [S::F; 4] {
        let at = self.0.add(k * PANEL);
        ask_for::<S>(at.cast(), 4);
        [S::load(at), S::load(at.add(PANEL)), S::load(at.add(2 * PANEL)), S::load(at.add(3 * PANEL))]
    }
}

/// f16, or bf16 if `BRAIN`.
#[derive(Clone, Copy)]
pub(super) struct Half<const BRAIN: bool>(*const u16);

impl<S: Simd, const BRAIN: bool> Weights<S> for Half<BRAIN> {
    const STEP: usize = 4;

    #[inline(always)]
    unsafe fn four(self, k: usize, _: usize) -> [S::F; 4] {
        let at = self.0.add(k * PANEL);
        ask_for::<S>(at.cast(), 2);
        if BRAIN {
            [
                S::load_bf16(at),
                S::load_bf16(at.add(PANEL)),
                S::load_bf16(at.add(2 * PANEL)),
                S::load_bf16(at.add(3 * PANEL)),
            ]
        } else {
            [
                S::load_f16(at),
                S::load_f16(at.add(PANEL)),
                S::load_f16(at.add(2 * PANEL)),
                S::load_f16(at.add(3 * PANEL)),
            ]
        }
    }
}

/// Indices of `WIDTH` bits into a palette of `ENTRIES`.
#[derive(Clone, Copy)]
pub(super) struct Indices<S: Simd, const WIDTH: usize, const ENTRIES: usize> {
    codes: *const u8,
    palette: S::Table,
}

impl<S: Simd, const WIDTH: usize, const ENTRIES: usize> Weights<S> for Indices<S, WIDTH, ENTRIES> {
    const STEP: usize = 32 / WIDTH;

    #[inline(always)]
    unsafe fn four(self, k: usize, part: usize) -> [S::F; 4] {
        let at = self.codes.add(k * PANEL * WIDTH / 8);
        if part == 0 {
            ask_for::<S>(at, 1);
        }
        let bytes = S::load_int(at.cast());
        S::look_up::<ENTRIES>(&self.palette, S::shift_right(bytes, (part * WIDTH) as i32))
    }
}

/// Integers of `BITS` bits with scales.
#[derive(Clone, Copy)]
pub(super) struct Integers<const BITS: usize> {
    panel: Panel,
    /// ⌈2⁶⁴ ∕ the groups of 4 inputs that share a scale⌉: dividing takes as long as the rest.
    inverse: u64,
    /// Whether each weight is rounded to f16.
    rounded: bool,
}

impl<S: Simd, const BITS: usize> Weights<S> for Integers<BITS> {
    const STEP: usize = 32 / BITS;

    #[inline(always)]
    unsafe fn four(self, k: usize, part: usize) -> [S::F; 4] {
        let Self { panel, inverse, rounded } = self;
        // Exact, since neither factor of the error, the dividend and the divisor, reaches 2³².
        let group = (((k / 4 + part) as u128 * u128::from(inverse)) >> 64) as usize;
        let scale = panel.scales.group::<S>(group);
        let offset = match panel.offsets {
            Some(table) => table.group::<S>(group),
            None => S::splat(panel.offset as f32),
        };
        let bytes = S::shift_right(S::load_int(panel.codes.add(k * PANEL * BITS / 8).cast()), (part * BITS) as i32);
        let mask = S::splat_int((1 << BITS) - 1);
        let weight = |code: S::I| {
            let weight = S::mul(scale, S::sub(S::to_float(S::and_int(code, mask)), offset));
            if rounded { S::round_to_half(weight) } else { weight }
        };
        [
            weight(bytes),
            weight(S::shift_right(bytes, 8)),
            weight(S::shift_right(bytes, 16)),
            weight(S::shift_right(bytes, 24)),
        ]
    }
}

/// What is done with a panel, whatever its encoding.
pub(super) trait Task<S: Simd> {
    type Output;

    /// # Safety
    /// As [`Simd`]; what the task reads must belong to the panel.
    unsafe fn run<W: Weights<S>>(self, panel: W) -> Self::Output;
}

/// Runs `task` on panel `panel` of packed weights.
///
/// # Safety
/// As [`Task::run`]; there must be such a panel.
#[inline(always)]
pub(super) unsafe fn with_panel<S: Simd, T: Task<S>>(packed: &PackedLinear, panel: usize, task: T) -> T::Output {
    match packed.encoding {
        Encoding::Float(kind) => {
            let start = panel * float_inputs(packed.columns()) * PANEL;
            match kind {
                FloatKind::F16 => task.run(Half::<false>(packed.codes.as_slice()[start..].as_ptr())),
                FloatKind::Bf16 => task.run(Half::<true>(packed.codes.as_slice()[start..].as_ptr())),
                FloatKind::F32 => task.run(Single(packed.codes.as_slice()[start..].as_ptr())),
            }
        }
        Encoding::Palette { kind, .. } => {
            let start = panel * packed.blocks() * block_bytes(kind.width());
            let codes = packed.codes.as_slice()[start..].as_ptr();
            let palette = packed.palette(panel).as_ptr();
            match kind {
                PaletteKind::One => task.run(Indices::<S, 1, 16> { codes, palette: S::table::<16>(palette) }),
                PaletteKind::Two => task.run(Indices::<S, 2, 16> { codes, palette: S::table::<16>(palette) }),
                PaletteKind::Four => task.run(Indices::<S, 4, 16> { codes, palette: S::table::<16>(palette) }),
                PaletteKind::Six => task.run(Indices::<S, 8, 64> { codes, palette: S::table::<64>(palette) }),
                PaletteKind::Eight => task.run(Indices::<S, 8, 256> { codes, palette: S::table::<256>(palette) }),
            }
        }
        Encoding::Integer { bits, grouping, .. } => {
            let share = match grouping {
                Grouping::Half => ACTIVATION_BLOCK / 8,
                Grouping::Blocks(each) => each * ACTIVATION_BLOCK / 4,
            };
            let (panel, rounded, inverse) = (Panel::of(packed, panel), packed.rounded, u64::MAX / share as u64 + 1);
            match bits {
                CodeBits::Four => task.run(Integers::<4> { panel, inverse, rounded }),
                CodeBits::Eight => task.run(Integers::<8> { panel, inverse, rounded }),
            }
        }
    }
}
