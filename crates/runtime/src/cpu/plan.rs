//! The flat list of steps that the cpu back end runs, over buffers of f32 rows.
//!
//! Activations of a language model are matrices of one row per token. A value of the graph that is such a matrix, or a view
//! of one by heads, is a column range of a buffer here; reshapes and transposes between those forms cost nothing.

use sottovoce_graph::ir::{Dim, NodeId, ValueId};
use sottovoce_kernels::AttentionOptions;

use crate::mask::Mask;

/// A buffer of f32 rows in the arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BufferId(pub usize);

/// A tensor computed by a generic step, or an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WeightId(pub usize);

/// A table of cosines and sines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TableId(pub usize);

/// Columns of a buffer: `width` elements of every row from `offset` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Columns {
    /// Buffer.
    pub buffer: BufferId,
    /// First column.
    pub offset: usize,
    /// Number of columns.
    pub width: usize,
}

/// A cache, by position in [`Plan::caches`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CacheId(pub usize);

/// One layer of a cache, [groups, positions, size] in f16.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CacheLayer {
    /// The cache.
    pub cache: CacheId,
    /// Layer: index of the outermost dimension.
    pub layer: usize,
}

/// Keys or values of earlier positions and of this call, f16 [layers, 1, groups, positions, size].
#[derive(Clone, Debug, PartialEq)]
pub struct Cache {
    /// Where it lives.
    pub storage: Storage,
    /// Positions in use after the call; those of the call itself are the last. Unknown until something is appended.
    pub length: Option<Dim>,
}

/// Where a cache lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// In the state of the same number, which outlives the call.
    State,
    /// In an output of the call that begins with the positions of this input.
    Grown(ValueId),
    /// In memory of one layer that the next layer uses again: a model without a cache computes all keys in every call.
    Scratch(Heads),
}

/// Heads of a row: `count` times `size` columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Heads {
    /// Number of heads.
    pub count: usize,
    /// Elements of a head.
    pub size: usize,
}

/// Activation of a gated linear unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Activation {
    /// x · sigmoid(x)
    Silu,
    /// x · Φ(x)
    Gelu,
    /// x · Φ(x), tanh approximation
    GeluTanh,
}

/// Where the input rows of a step come from. Norms and gates are computed by the step that consumes them.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// Rows as they are.
    Rows(Columns),
    /// RMSNorm of rows.
    RmsNorm {
        /// Rows.
        x: Columns,
        /// Weight of the norm.
        weight: WeightId,
        /// Added to the mean of squares.
        epsilon: f32,
    },
    /// activation(gate) · up.
    Gate {
        /// Rows that go through the activation.
        gate: Columns,
        /// Rows that are gated.
        up: Columns,
        /// Activation.
        activation: Activation,
    },
}

/// One weight matrix of a linear step.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    /// Weights [out, in].
    pub weight: WeightId,
    /// Bias [out].
    pub bias: Option<WeightId>,
    /// First output column in the step's buffer.
    pub offset: usize,
    /// Output features.
    pub width: usize,
}

/// What a linear step does with its products before it writes them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Epilogue {
    /// Nothing.
    Write,
    /// Adds rows as wide as the output: a residual connection.
    Add(Columns),
    /// activation(first segment) · second segment.
    Gate(Activation),
    /// cap · tanh(factor · product).
    SoftCap {
        /// Factor before tanh.
        factor: f32,
        /// Bound of the result.
        cap: f32,
    },
}

/// Where rotated or copied heads go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Rows of a buffer.
    Rows(Columns),
    /// The last q positions in use of a cache layer.
    Cache(CacheLayer),
}

/// Norm of every head by itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeadNorm {
    /// Weight of the norm, as long as a head.
    pub weight: WeightId,
    /// Added to the mean of squares.
    pub epsilon: f32,
}

/// What a heads step does with some columns of each row.
#[derive(Clone, Debug, PartialEq)]
pub struct HeadItem {
    /// Input.
    pub source: Columns,
    /// Heads of the input.
    pub heads: Heads,
    /// Norm before the rotation, if any.
    pub norm: Option<HeadNorm>,
    /// Rotation, if any.
    pub rotate: Option<TableId>,
    /// Output.
    pub target: Target,
}

/// Attention over a cache.
#[derive(Clone, Debug, PartialEq)]
pub struct Attention {
    /// Queries.
    pub query: Columns,
    /// Heads of the queries.
    pub heads: Heads,
    /// Keys.
    pub key: CacheLayer,
    /// Values.
    pub value: CacheLayer,
    /// Mask, by position in [`Plan::masks`].
    pub mask: Option<usize>,
    /// Factor of the scores, and their soft cap.
    pub options: AttentionOptions,
    /// Output, laid out as the queries.
    pub out: Columns,
}

/// One step. All workers take a share of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Rows of an embedding table by token id.
    Embed {
        /// Ids, an integer input by position.
        ids: ValueId,
        /// Table [vocabulary, width].
        table: WeightId,
        /// Factor (Gemma's √width), 1 otherwise.
        scale: f32,
        /// Output.
        out: Columns,
    },
    /// Linear layers over the same input, side by side.
    Linear {
        /// Input.
        source: Source,
        /// Weights.
        segments: Vec<Segment>,
        /// Output: as wide as all segments, or as one of the two that a gate joins.
        out: Columns,
        /// What becomes of the products.
        epilogue: Epilogue,
    },
    /// A norm or gate whose result is not (only) the input of linear steps.
    Apply {
        /// What to compute.
        source: Source,
        /// Output.
        out: Columns,
    },
    /// Norms of heads, rotary embedding and cache appends, row by row.
    Heads(Vec<HeadItem>),
    /// Copies the earlier positions of layers of grown caches from the inputs that hold them.
    Carry(Vec<CacheLayer>),
    /// Attention over a cache.
    Attention(Attention),
    /// Rows plus rows, a norm or a gate.
    Add {
        /// Rows.
        x: Columns,
        /// What is added.
        y: Source,
        /// Output.
        out: Columns,
    },
    /// Rows times a constant.
    Scale {
        /// Rows.
        x: Columns,
        /// Factor.
        factor: f32,
        /// Output.
        out: Columns,
    },
    /// Makes a tensor of rows, for generic steps and outputs.
    ToTensor {
        /// Rows.
        x: Columns,
        /// How the tensor lies over the rows.
        layout: Layout,
        /// The value.
        value: ValueId,
    },
    /// Makes rows of a tensor that a generic step computed.
    ToRows {
        /// The value.
        value: ValueId,
        /// Output.
        out: Columns,
    },
    /// Makes a tensor of sizes that the shapes of the inputs give.
    Sizes {
        /// The value, an integer tensor whose elements are known symbolically.
        value: ValueId,
    },
    /// An operation without a fast kernel here, evaluated by its reference implementation.
    Generic {
        /// The node.
        node: NodeId,
    },
}

/// How a tensor lies over rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// [.., q, width]: the rows themselves.
    Rows,
    /// [1, q, heads, size]: the same memory.
    SplitHeads(Heads),
    /// [1, heads, q, size]: a transpose.
    HeadsFirst(Heads),
}

impl Layout {
    /// The heads that it sees in a row.
    pub fn heads(self) -> Option<Heads> {
        match self {
            Self::Rows => None,
            Self::SplitHeads(heads) | Self::HeadsFirst(heads) => Some(heads),
        }
    }
}

/// A table of rotary angles, computed once per call.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Positions: an integer vector.
    pub positions: Positions,
    /// Inverse frequencies, one for each pair of elements that turns.
    pub inverse_frequencies: ValueId,
    /// Factor of cosines and sines.
    pub amplitude: f32,
}

/// Positions of the rows of a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Positions {
    /// Consecutive from this one.
    From(Dim),
    /// Elements of an integer tensor.
    Tensor(ValueId),
}

/// What leaves as an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outlet {
    /// The tensor of a value.
    Tensor(ValueId),
    /// A whole cache.
    Cache(CacheId),
}

/// A weight that steps refer to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weight {
    /// Its value in the graph: a constant or the result of a `constexpr` operation.
    pub value: ValueId,
    /// What it is used as.
    pub role: Role,
}

/// How a weight is used, which decides its layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Matrix of a linear layer, or embedding table, or both.
    Matrix,
    /// Vector of a norm.
    Vector,
    /// Bias of a linear layer; left out when it is zero, as it is in most packages.
    Bias,
}

/// The steps of one function, in order.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Steps.
    pub steps: Vec<Step>,
    /// Width of each buffer, in columns.
    pub widths: Vec<usize>,
    /// Weights.
    pub weights: Vec<Weight>,
    /// Rotary tables.
    pub tables: Vec<Table>,
    /// Caches: first the states, by position in the graph.
    pub caches: Vec<Cache>,
    /// Masks of attention.
    pub masks: Vec<Mask>,
    /// Number of rows of every buffer.
    pub rows: Dim,
    /// Outputs by position in the graph.
    pub outputs: Vec<Outlet>,
}

impl Plan {
    /// Length of the states after the call, where they are appended to.
    pub fn state_length(&self) -> Option<&Dim> {
        self.caches.iter().filter(|cache| cache.storage == Storage::State).find_map(|cache| cache.length.as_ref())
    }

    /// Whether reference implementations compute a part, which promise nothing about rows of other calls.
    pub fn has_generic_steps(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Generic { .. }))
    }

    /// Values whose tensors leave as outputs.
    pub fn output_tensors(&self) -> impl Iterator<Item = ValueId> {
        self.outputs.iter().filter_map(|outlet| match outlet {
            Outlet::Tensor(value) => Some(*value),
            Outlet::Cache(_) => None,
        })
    }
}
