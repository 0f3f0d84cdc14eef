/// The instructions of one level, on vectors of 16 lanes whatever the registers' width: kernels are written once over it.
///
/// # Safety
/// Every function may only run on a CPU with the features of the level, inlined into a function compiled for them.
/// Functions that take pointers read or write 16 elements there unless they say otherwise; no alignment is needed.
#[allow(clippy::missing_safety_doc)]
pub(crate) trait Simd: Copy + 'static {
    /// 16 lanes of f32.
    type F: Copy;
    /// 16 lanes of i32.
    type I: Copy;
    /// A table of floats in registers, as far as there are enough.
    type Table: Copy;

    /// Rows that a many-row kernel holds in registers at a time.
    const TILE: usize;
    /// Rows that the many-row kernel of floats holds in registers at a time, 6 or 12.
    const FLOAT_ROWS: usize;
    /// Panels that it takes at a time, 1 or 2.
    const FLOAT_PANELS: usize;
    /// What the level's dot products subtract from 8-bit codes.
    const BIAS_8: i32;

    /// Asks for the cache line at `from`, which need not be readable, to come to the second cache: the first one can wait
    /// for fewer lines at a time than it takes to keep memory busy.
    unsafe fn prefetch(from: *const u8);
    /// The same to the first cache, for what arithmetic comes to soon.
    unsafe fn prefetch_near(from: *const u8);

    unsafe fn splat(x: f32) -> Self::F;
    unsafe fn load(from: *const f32) -> Self::F;
    unsafe fn load_f16(from: *const u16) -> Self::F;
    unsafe fn load_bf16(from: *const u16) -> Self::F;
    unsafe fn store(to: *mut f32, x: Self::F);
    unsafe fn store_f16(to: *mut u16, x: Self::F);
    unsafe fn add(a: Self::F, b: Self::F) -> Self::F;
    unsafe fn sub(a: Self::F, b: Self::F) -> Self::F;
    unsafe fn mul(a: Self::F, b: Self::F) -> Self::F;
    unsafe fn div(a: Self::F, b: Self::F) -> Self::F;
    /// a · b + c
    unsafe fn fma(a: Self::F, b: Self::F, c: Self::F) -> Self::F;
    unsafe fn max(a: Self::F, b: Self::F) -> Self::F;
    unsafe fn min(a: Self::F, b: Self::F) -> Self::F;
    unsafe fn abs(x: Self::F) -> Self::F;
    /// |magnitude| with the sign of `sign`.
    unsafe fn copy_sign(magnitude: Self::F, sign: Self::F) -> Self::F;
    /// To the nearest integer, ties to even.
    unsafe fn round(x: Self::F) -> Self::F;
    /// x · 2ⁿ for a whole n from −126 to 127.
    unsafe fn scale_by_power(x: Self::F, n: Self::F) -> Self::F;
    /// x in two parts: n as [`Simd::scale_by_power`] takes it, and what is left, from 0 to 1. Below −126 scaling with n may give
    /// 0, and does so for −∞.
    #[inline(always)]
    unsafe fn split_power(x: Self::F) -> (Self::F, Self::F) {
        // From −127 on the exponent's bits are 0.
        let x = Self::max(Self::splat(-126.5), x);
        let whole = Self::round(Self::sub(x, Self::splat(0.5)));
        (whole, Self::sub(x, whole))
    }
    /// `x` where `a` ≥ `b`, else 0.
    unsafe fn keep_if_not_less(x: Self::F, a: Self::F, b: Self::F) -> Self::F;
    /// The sum of all lanes, in an order of the level's own.
    unsafe fn sum(x: Self::F) -> f32;
    unsafe fn largest(x: Self::F) -> f32;
    /// What [`Simd::join_quads`] takes: the lanes of each of four vectors added, as far as is cheap.
    unsafe fn sum_quad(x: [Self::F; 4]) -> Self::F;
    /// Lane i is the sum of the lanes of vector i % 4 of quad i ∕ 4.
    unsafe fn join_quads(quads: [Self::F; 4]) -> Self::F;

    unsafe fn splat_int(x: i32) -> Self::I;
    unsafe fn load_int(from: *const i32) -> Self::I;
    /// 16 bytes.
    unsafe fn load_bytes(from: *const u8) -> Self::I;
    /// x >> `bits`, unsigned.
    unsafe fn shift_right(x: Self::I, bits: i32) -> Self::I;
    unsafe fn and_int(a: Self::I, b: Self::I) -> Self::I;
    unsafe fn or_int(a: Self::I, b: Self::I) -> Self::I;
    /// The table of the `ENTRIES` (16, 64 or 256) floats at `from`, to be used while they are there.
    unsafe fn table<const ENTRIES: usize>(from: *const f32) -> Self::Table;
    /// Lane i of vector j is the entry at byte j of lane i, counted modulo `ENTRIES`, of a table of that many.
    unsafe fn look_up<const ENTRIES: usize>(table: &Self::Table, bytes: Self::I) -> [Self::F; 4];
    unsafe fn to_float(x: Self::I) -> Self::F;
    /// To the nearest f16 and back.
    unsafe fn round_to_half(x: Self::F) -> Self::F;
    /// Rounds to the nearest integer.
    unsafe fn to_int(x: Self::F) -> Self::I;
    /// Low bytes of the lanes.
    unsafe fn store_bytes(to: *mut i8, x: Self::I);
    unsafe fn store_int(to: *mut i32, x: Self::I);
    /// Lane i of vector j becomes lane j of vector i.
    #[inline(always)]
    unsafe fn transpose(x: [Self::I; 16]) -> [Self::I; 16] {
        let mut lanes = [[0; 16]; 16];
        for (lanes, x) in lanes.iter_mut().zip(x) {
            Self::store_int(lanes.as_mut_ptr(), x);
        }
        let mut columns = x;
        for (lane, column) in columns.iter_mut().enumerate() {
            *column = Self::load_int(lanes.map(|lanes| lanes[lane]).as_ptr());
        }
        columns
    }
    /// The low 16 bits of `low`, and of `high` above them.
    unsafe fn pair_up(low: Self::I, high: Self::I) -> Self::I;
    /// sum + Σ of the products of the two 16-bit integers of each lane.
    unsafe fn dot_pairs(sum: Self::I, a: Self::I, b: Self::I) -> Self::I;
    /// (x + 128) >> 8 and what is left of x, from −128 to 127.
    unsafe fn split_bytes(x: Self::I) -> (Self::I, Self::I);
    unsafe fn sum_int(x: Self::I) -> i32;
    /// sum + Σ of the products of 4 bytes for each lane, or of as many as the level's instruction takes; those of `a` are
    /// unsigned unless the level has a [`Self::BIAS_8`].
    unsafe fn dot_bytes(sum: Self::I, a: Self::I, b: Self::I) -> Self::I;
    /// `x`, of which the compiler forgets what it knew: arithmetic with it stays where it stands.
    unsafe fn opaque(x: Self::I) -> Self::I;

    /// For each of `M` rows: start + Σ code · x over `GROUPS` groups of 4 inputs, lane i for feature i of a panel.
    /// `BITS` is 4 or 8, `codes` is laid out as [`crate::PackedLinear`] says (8-bit codes count less [`Self::BIAS_8`]), and
    /// `x` is `high`, or 256 · `high` + `low` if `WIDE`, of which 4 · `GROUPS` are read.
    unsafe fn dot<const M: usize, const BITS: usize, const WIDE: bool, const GROUPS: usize>(
        codes: *const u8,
        high: [*const i8; M],
        low: [*const i8; M],
        start: [Self::I; M],
    ) -> [Self::I; M];
}
