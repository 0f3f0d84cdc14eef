//! What the language loop needs from a model.

use std::ops::Range;

use sottovoce_tensor::Tensor;

use crate::LlmError;

/// Rows a prefill step feeds at once; it bounds the memory that activations take.
pub const PREFILL_CHUNK: usize = 512;

/// What tells the keys and values of one model from those of another.
pub type Identity = [u8; 32];

/// One causal language model over one key-value state.
///
/// The state holds a sequence of tokens; `forward` appends to it. A call that fails leaves the sequence as it was.
/// Ids are below [`vocab_size`](Self::vocab_size) and `len + ids.len()` is at most [`context`](Self::context);
/// anything else is an error.
pub trait LanguageModel {
    /// Number of logits in a row.
    fn vocab_size(&self) -> usize;

    /// The most tokens the state can hold.
    fn context(&self) -> usize;

    /// Tokens in the state.
    fn len(&self) -> usize;

    /// Whether the state holds no token.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The most rows one call accepts.
    fn max_rows(&self) -> usize {
        PREFILL_CHUNK
    }

    /// The most rows of one call whose logits, keys and values are bit for bit those of one call a row; 1 promises nothing.
    fn independent_rows(&self) -> usize {
        1
    }

    /// Appends `ids` (at least one) and returns the logits of the last row, `[vocab_size]`.
    fn forward(&mut self, ids: &[u32]) -> Result<&[f32], LlmError>;

    /// Appends `ids` (at least one) and shows the logits of every row to `visit`, in order.
    fn forward_all(&mut self, ids: &[u32], visit: &mut dyn FnMut(&[f32])) -> Result<(), LlmError>;

    /// Forgets all but the first `len` tokens; `len` at or beyond [`len`](Self::len) changes nothing.
    fn rewind(&mut self, len: usize);

    /// What keys and values of this model belong to; `None` where they cannot be copied out and put back.
    fn identity(&self) -> Option<Identity> {
        None
    }

    /// A copy of the keys and values of some tokens: the caches in the model's order, [layers, 1, heads, tokens, size]
    /// each. None for a model that computes them in every call.
    ///
    /// # Errors
    /// The model has no [`identity`](Self::identity), or holds fewer tokens.
    fn rows(&self, _tokens: Range<usize>) -> Result<Vec<Tensor>, LlmError> {
        Err(LlmError::NoSnapshot)
    }

    /// Appends `ids`, whose keys and values a model of the same identity gave behind the same tokens: the state is bit
    /// for bit what it was there.
    ///
    /// # Errors
    /// The keys and values do not fit, or as [`forward`](Self::forward). The state is unchanged then.
    fn append_rows(&mut self, _ids: &[u32], _rows: &[Tensor]) -> Result<(), LlmError> {
        Err(LlmError::NoSnapshot)
    }
}

impl<M: LanguageModel + ?Sized> LanguageModel for Box<M> {
    fn vocab_size(&self) -> usize {
        (**self).vocab_size()
    }

    fn context(&self) -> usize {
        (**self).context()
    }

    fn len(&self) -> usize {
        (**self).len()
    }

    fn max_rows(&self) -> usize {
        (**self).max_rows()
    }

    fn independent_rows(&self) -> usize {
        (**self).independent_rows()
    }

    fn forward(&mut self, ids: &[u32]) -> Result<&[f32], LlmError> {
        (**self).forward(ids)
    }

    fn forward_all(&mut self, ids: &[u32], visit: &mut dyn FnMut(&[f32])) -> Result<(), LlmError> {
        (**self).forward_all(ids, visit)
    }

    fn rewind(&mut self, len: usize) {
        (**self).rewind(len);
    }

    fn identity(&self) -> Option<Identity> {
        (**self).identity()
    }

    fn rows(&self, tokens: Range<usize>) -> Result<Vec<Tensor>, LlmError> {
        (**self).rows(tokens)
    }

    fn append_rows(&mut self, ids: &[u32], rows: &[Tensor]) -> Result<(), LlmError> {
        (**self).append_rows(ids, rows)
    }
}
