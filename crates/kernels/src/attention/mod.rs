//! Scaled dot-product attention over a half-precision cache.

mod rounded;

use half::f16;

use crate::{
    FEW_ROWS, Isa, Kernels, Precision, Rows, RowsMut, Team, compute::ELEMENTS_WORTH_SHARING, kernels::dispatch,
    team::Parts,
};

pub use rounded::RoundedCache;
pub(crate) use rounded::{RoundedChunk, RoundedChunkMut, RoundedHead, VALUE_LIMIT, key_limit, key_pairs};

/// Keys and values of the positions to attend to, each [kv_heads, positions, head_dim] with strides: a slice of a state.
#[derive(Debug, Clone, Copy)]
pub struct Cache<'a> {
    /// Keys, from the first position of the first head on.
    pub keys: &'a [f16],
    /// Values, laid out as the keys.
    pub values: &'a [f16],
    /// Heads of the cache; query heads are shared out evenly, head h reads cache head h · kv_heads ∕ heads.
    pub kv_heads: usize,
    /// Elements of a head.
    pub head_dim: usize,
    /// Positions to attend to.
    pub len: usize,
    /// Elements from one head to the next.
    pub head_stride: usize,
    /// Elements from one position to the next.
    pub position_stride: usize,
}

impl Cache<'_> {
    fn check(&self) {
        let needed = (self.kv_heads.max(1) - 1) * self.head_stride
            + (self.len.max(1) - 1) * self.position_stride
            + if self.len > 0 { self.head_dim } else { 0 };
        assert!(needed <= self.keys.len() && needed <= self.values.len(), "the cache ends before its last position");
    }
}

/// A mask that is added to the scaled (and capped) scores: [rows, positions], −∞ where a row may not look.
#[derive(Debug, Clone, Copy)]
pub struct Mask<'a> {
    /// Row-major elements.
    pub data: &'a [f16],
    /// Elements from one row to the next.
    pub stride: usize,
}

/// The numbers of an attention.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AttentionOptions {
    /// Factor of the scores, usually 1 ∕ √head_dim.
    pub scale: f32,
    /// c · tanh(score ∕ c) in place of the scaled score.
    pub soft_cap: Option<f32>,
    /// Compute everything in f32; otherwise many rows are multiplied in integers of 12 to 16 bits.
    pub exact: bool,
}

/// One attention.
#[derive(Debug, Clone, Copy)]
pub struct Attention<'a> {
    /// \[rows, heads · head_dim\]
    pub queries: Rows<'a>,
    /// What they attend to.
    pub cache: Cache<'a>,
    /// A row for each of them.
    pub mask: Option<Mask<'a>>,
    /// Its numbers.
    pub options: AttentionOptions,
}

impl Attention<'_> {
    pub(crate) fn heads(&self) -> usize {
        self.queries.columns() / self.cache.head_dim
    }

    /// Query heads that share a head of the cache.
    pub(crate) fn group(&self) -> usize {
        self.queries.columns().checked_div(self.cache.kv_heads * self.cache.head_dim).unwrap_or(0)
    }

    /// Parts of the positions that a few rows attend to one by one.
    fn chunks(&self) -> usize {
        self.cache.len.div_ceil(CHUNK)
    }

    /// Floats of the partial results of a few rows for one head of the cache and one chunk.
    fn partials(&self) -> usize {
        self.queries.rows() * self.group() * partial_len(self.cache.head_dim)
    }

    fn check(&self) {
        let Self { queries, cache, mask, .. } = self;
        cache.check();
        assert!(self.group() > 0 && cache.head_dim > 0, "no heads");
        assert_eq!(self.group() * cache.kv_heads * cache.head_dim, queries.columns(), "query heads per cache head");
        if let Some(mask) = mask {
            let needed = queries.rows().saturating_sub(1) * mask.stride + cache.len;
            assert!(mask.stride >= cache.len && needed <= mask.data.len(), "the mask ends before its last row");
        }
    }
}

/// Memory for partial results, reused from call to call.
#[derive(Debug, Clone, Default)]
pub struct AttentionScratch {
    floats: Vec<f32>,
    integers: Vec<i32>,
}

impl AttentionScratch {
    /// Room for one row of `heads` query heads over a context of `positions`, so that decoding does not allocate.
    pub fn with_capacity(heads: usize, head_dim: usize, positions: usize) -> Self {
        let mut scratch = Self::default();
        take(&mut scratch.floats, heads * positions.div_ceil(CHUNK) * partial_len(head_dim));
        scratch
    }
}

/// `len` elements that begin with a cache line: vectors that lie across two take twice as long to read.
fn take<T: Clone + Default>(memory: &mut Vec<T>, len: usize) -> &mut [T] {
    const LINE: usize = 64;
    memory.resize(memory.len().max(len + LINE / size_of::<T>()), T::default());
    let start = memory.as_ptr().align_offset(LINE);
    &mut memory[start..start + len]
}

/// Positions that one unit of work of a few rows attends to. A constant, so that sums never depend on the threads.
pub(crate) const CHUNK: usize = 64;

/// Positions that a tile of many rows scores before it goes on to the values.
pub(crate) const TILE_CHUNK: usize = 128;

/// Multiplications below which attention is not worth sharing out (about a microsecond of one core).
const WORTH_SHARING: usize = 30_000;

/// Floats of a partial result: the weighted sum of values, the largest score and the sum of weights.
pub(crate) fn partial_len(head_dim: usize) -> usize {
    head_dim + 2
}

impl Kernels {
    /// softmax(scale · q · kᵀ + mask) · v for every row and head, shaped as the queries, into `out`. A row whose every score
    /// is −∞ gives NaN. `rounded` is of the same cache, or empty; what it holds changes no result.
    ///
    /// Work is shared out over `team` in units that depend on nothing but the shapes, so that results are bit for bit the
    /// same for any number of threads, and for each row of a batch of up to [`crate::FEW_ROWS`] what it would be alone.
    ///
    /// # Panics
    /// When the shapes disagree.
    pub fn attention(
        self,
        team: &Team,
        attention: Attention<'_>,
        scratch: &mut AttentionScratch,
        rounded: &mut RoundedCache,
        mut out: RowsMut<'_>,
    ) {
        let rows = attention.queries.rows();
        if rows == 0 {
            return;
        }
        if rows <= FEW_ROWS || self.is_plain(&attention) {
            return self.attention_of_few(team, 1, |_| (attention, 0), scratch, &mut out);
        }
        attention.check();
        assert_eq!((out.rows(), out.columns()), (rows, attention.queries.columns()), "shape of the output");
        if attention.options.exact {
            self.attend_many(team, &attention, scratch, &out);
        } else {
            self.attend_rounded(team, &attention, scratch, rounded, &out);
        }
    }

    /// Whether an attention has no fast form.
    fn is_plain(self, attention: &Attention<'_>) -> bool {
        self.isa() == Isa::Scalar || !attention.cache.head_dim.is_multiple_of(16)
    }

    /// [`Kernels::attention`] for `count` callers of a few rows each, as one job: `call` gives the attention of each, by
    /// number, and the row of `out` where its rows begin. Each gets bit for bit what it would get alone.
    ///
    /// # Panics
    /// When the shapes disagree.
    pub fn attention_of_few<'a>(
        self,
        team: &Team,
        count: usize,
        call: impl Fn(usize) -> (Attention<'a>, usize) + Sync,
        scratch: &mut AttentionScratch,
        out: &mut RowsMut<'_>,
    ) {
        let (mut units, mut floats, mut heads, mut work) = (0, 0, 0, 0);
        for (attention, first) in (0..count).map(&call) {
            attention.check();
            let Attention { queries, cache, .. } = attention;
            assert!(queries.rows() <= FEW_ROWS || self.is_plain(&attention), "{} rows are not few", queries.rows());
            assert!(first + queries.rows() <= out.rows() && queries.columns() == out.columns(), "shape of the output");
            if self.is_plain(&attention) {
                for head in 0..attention.heads() {
                    let columns = head * cache.head_dim..(head + 1) * cache.head_dim;
                    // SAFETY: `out` is borrowed, and used here only.
                    let mut out = unsafe { out.share(first..first + queries.rows(), columns) };
                    crate::arch::scalar::attention::head(&attention, head, &mut out);
                }
                continue;
            }
            units += cache.kv_heads * attention.chunks();
            floats += cache.kv_heads * attention.chunks() * attention.partials();
            heads += attention.heads();
            work += queries.rows() * queries.columns() * cache.len;
        }
        let share = work >= WORTH_SHARING;
        let memory = take(&mut scratch.floats, floats);
        let out = &*out;
        // Calls lie one after the other in units, heads and memory.
        let find = |mut number: usize, of: fn(&Attention<'_>) -> usize| {
            let mut floats = 0;
            for (attention, first) in (0..count).map(&call).filter(|(attention, _)| !self.is_plain(attention)) {
                if number < of(&attention) {
                    return (attention, first, number, floats);
                }
                number -= of(&attention);
                floats += attention.cache.kv_heads * attention.chunks() * attention.partials();
            }
            unreachable!("numbers are counted from the same calls")
        };
        let parts = Parts::new(memory, 1);
        let score = |unit: usize| {
            let (attention, _, unit, floats) = find(unit, |attention| attention.cache.kv_heads * attention.chunks());
            let (chunks, size) = (attention.chunks(), attention.partials());
            // SAFETY: no two units have memory in common, and no two workers a unit.
            let partials = unsafe { parts.range(floats + unit * size..floats + (unit + 1) * size) };
            dispatch!(simd self, attention::few(&attention, unit / chunks, unit % chunks * CHUNK, partials));
        };
        if share {
            team.for_each(units, |_, unit| score(unit))
        } else {
            (0..units).for_each(score)
        }
        let partials = &*memory;
        let join = |head: usize| {
            let (attention, first, head, floats) = find(head, |attention| attention.heads());
            let (head_dim, group, size) = (attention.cache.head_dim, attention.group(), attention.partials());
            for row in 0..attention.queries.rows() {
                let columns = head * head_dim..(head + 1) * head_dim;
                // SAFETY: no two workers have a head in common.
                let mut out = unsafe { out.share(first + row..first + row + 1, columns) };
                let at =
                    head / group * attention.chunks() * size + (row * group + head % group) * partial_len(head_dim);
                let partials = &partials[floats + at..];
                dispatch!(simd self, attention::join(partials, size, attention.chunks(), out.row(0)));
            }
        };
        if share && floats >= ELEMENTS_WORTH_SHARING {
            team.for_each_range(heads, |_, heads| heads.for_each(join));
        } else {
            (0..heads).for_each(join);
        }
    }

    /// Keys are turned so that a vector holds 16 positions; then each unit of work is a tile of rows of one head.
    fn attend_many(self, team: &Team, attention: &Attention<'_>, scratch: &mut AttentionScratch, out: &RowsMut<'_>) {
        let Attention { queries, cache, .. } = *attention;
        let tile = self.tile(Precision::Eight, queries.rows());
        let (heads, tiles) = (attention.heads(), queries.rows().div_ceil(tile));
        let keys_len = cache.len.div_ceil(16) * 16 * cache.head_dim;
        let work_len = tile * (2 * cache.head_dim + TILE_CHUNK);
        let (keys, work) = take(&mut scratch.floats, cache.kv_heads * keys_len + team.threads() * work_len)
            .split_at_mut(cache.kv_heads * keys_len);
        let block = 16 * cache.head_dim;
        let blocks_per_head = cache.len.div_ceil(16);
        team.for_each_chunk(keys, block, |at, out| {
            dispatch!(simd self, attention::turn_keys(&cache, at / blocks_per_head, at % blocks_per_head * 16, out));
        });
        let (keys, work) = (&*keys, Parts::new(work, work_len));
        // Later tiles see more positions: begun first, they leave small units for the end.
        team.for_each(heads * tiles, |worker, unit| {
            // SAFETY: a worker has one unit at a time, and nobody else its part.
            let work = unsafe { work.part(worker) };
            let (head, first) = (unit % heads, (tiles - 1 - unit / heads) * tile);
            let columns = head * cache.head_dim..(head + 1) * cache.head_dim;
            // SAFETY: every tile of a head is one unit.
            let mut out = unsafe { out.share(first..(first + tile).min(queries.rows()), columns) };
            let keys = &keys[head * cache.kv_heads / heads * keys_len..][..keys_len];
            dispatch!(simd self, attention::tile(attention, head, first, keys, work, &mut out));
        });
    }
}
