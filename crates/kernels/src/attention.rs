//! Scaled dot-product attention over a half-precision cache.

use half::f16;

use crate::{Kernels, Rows, RowsMut};

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
}

/// One attention, as the kernels take it.
#[derive(Clone, Copy)]
pub(crate) struct Attention<'a> {
    pub queries: Rows<'a>,
    pub cache: Cache<'a>,
    pub mask: Option<Mask<'a>>,
    pub options: AttentionOptions,
}

impl Attention<'_> {
    pub fn heads(&self) -> usize {
        self.queries.columns() / self.cache.head_dim
    }
}

/// Memory for partial results, reused from call to call.
#[derive(Debug, Clone, Default)]
pub struct AttentionScratch {
    pub(crate) partials: Vec<f32>,
}

impl Kernels {
    /// softmax(scale · q · kᵀ + mask) · v for every row and head: `queries` and `out` are [rows, heads · head_dim]. A row
    /// whose every score is −∞ gives NaN.
    ///
    /// Work is shared out over `team` in units that depend on nothing but the shapes, so that results are bit for bit the
    /// same for any number of threads, and for each row of a batch of up to [`crate::FEW_ROWS`] what it would be alone.
    ///
    /// # Panics
    /// When the shapes disagree.
    #[allow(clippy::too_many_arguments)]
    pub fn attention(
        self,
        team: &crate::Team,
        queries: Rows<'_>,
        cache: Cache<'_>,
        mask: Option<Mask<'_>>,
        options: AttentionOptions,
        scratch: &mut AttentionScratch,
        out: RowsMut<'_>,
    ) {
        cache.check();
        let group = queries.columns().checked_div(cache.kv_heads * cache.head_dim).unwrap_or(0);
        assert_eq!(group * cache.kv_heads * cache.head_dim, queries.columns(), "query heads per cache head");
        assert_eq!((out.rows(), out.columns()), (queries.rows(), queries.columns()), "shape of the output");
        if let Some(mask) = mask {
            let needed = queries.rows().max(1).saturating_sub(1) * mask.stride + cache.len;
            assert!(mask.stride >= cache.len && needed <= mask.data.len(), "the mask ends before its last row");
        }
        let attention = Attention { queries, cache, mask, options };
        scratch.partials.clear();
        team.run(|worker| {
            for head in worker.share(attention.heads(), 1) {
                // SAFETY: no two workers have a head in common.
                let mut out =
                    unsafe { out.share(0..queries.rows(), head * cache.head_dim..(head + 1) * cache.head_dim) };
                crate::arch::scalar::attention::head(&attention, head, &mut out);
            }
        });
    }
}
