use half::f16;
use indexmap::IndexMap;
use sottovoce_tensor::{DType, Tensor};

use crate::{Fixture, Interface, Logits, MaskInput, Random};

/// Mask value of positions that may not be seen: large enough that softmax gives them 0 in f32, finite in f16.
pub const MASKED: f32 = -1e4;

/// Inputs of one call by name.
pub type Inputs = IndexMap<String, Tensor>;

/// Outputs of one call by name.
pub type Outputs = IndexMap<String, Tensor>;

/// How a prompt is cut into calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// One call.
    Whole,
    /// One call per token.
    TokenByToken,
    /// Calls of random size, one token to a quarter of the prompt.
    Uneven {
        /// Seed of the sizes.
        seed: u64,
    },
}

impl Split {
    /// Sizes of the calls for a prompt of `count` tokens; they add up to `count`.
    pub fn sizes(self, count: usize) -> Vec<usize> {
        match self {
            Self::Whole => vec![count],
            Self::TokenByToken => vec![1; count],
            Self::Uneven { seed } => {
                let mut random = Random::new(seed);
                let (mut sizes, mut left) = (Vec::new(), count);
                while left > 0 {
                    let size = (1 + random.below(count.div_ceil(4).max(2))).min(left);
                    sizes.push(size);
                    left -= size;
                }
                sizes
            }
        }
    }
}

/// f16 `[1,1,q,kv]`: 0 where row `i` may look, columns up to kv − q + i, and `masked` elsewhere.
///
/// # Panics
/// When kv < q.
pub fn causal_mask(q: usize, kv: usize, masked: f32) -> Tensor {
    sliding_mask(q, kv, kv, masked)
}

/// A causal mask whose rows see `window` positions, the last of them their own.
///
/// # Panics
/// When kv < q.
pub fn sliding_mask(q: usize, kv: usize, window: usize, masked: f32) -> Tensor {
    assert!(kv >= q, "{q} new positions among {kv}");
    let masked = f16::from_f32(masked);
    let visible = |row: usize, column: usize| {
        let position = kv - q + row;
        column <= position && position < column + window
    };
    let value = |at: usize| if visible(at / kv, at % kv) { f16::ZERO } else { masked };
    let values: Vec<f16> = (0..q * kv).map(value).collect();
    Tensor::from_slice([1, 1, q, kv], &values).expect("a mask of that shape")
}

/// One call of a stateful prompt.
#[derive(Clone, Debug)]
pub struct Turn {
    /// `inputIds` and the masks.
    pub inputs: Inputs,
    /// Positions that earlier calls have written.
    pub past: usize,
    /// Positions that this call adds.
    pub count: usize,
}

/// The calls that feed `ids` from position 0 in pieces, with a `causalMask` that says where each piece stands.
pub fn turns(ids: &[i32], split: Split) -> Vec<Turn> {
    masked_turns(ids, split, &[MaskInput::CAUSAL])
}

/// [`turns`] with the given masks.
pub fn masked_turns(ids: &[i32], split: Split, masks: &[MaskInput]) -> Vec<Turn> {
    let mut past = 0;
    let turn = |count: usize| {
        let inputs = ids_and_masks(&ids[past..past + count], past + count, masks);
        past += count;
        Turn { inputs, past: past - count, count }
    };
    split.sizes(ids.len()).into_iter().map(turn).collect()
}

fn ids_and_masks(ids: &[i32], kv: usize, masks: &[MaskInput]) -> Inputs {
    let mask =
        |mask: &MaskInput| (mask.name.to_owned(), sliding_mask(ids.len(), kv, mask.window.unwrap_or(kv), MASKED));
    let ids = ("inputIds".to_owned(), Tensor::from_slice([1, ids.len()], ids).expect("ids"));
    std::iter::once(ids).chain(masks.iter().map(mask)).collect()
}

/// Feeds the prompt of `fixture` to `predict`, cut by `split`, and gathers the logits of the positions that the fixture
/// has answers for. `predict` owns the state; caches that are inputs are carried over here.
///
/// # Panics
/// When `predict` gives no `logits` or caches, or of another shape than `[1,q,V]`.
pub fn drive(fixture: &Fixture, split: Split, mut predict: impl FnMut(&Inputs) -> Outputs) -> Logits {
    let width = fixture.logits.width;
    let mut values = Vec::with_capacity(fixture.ids.len() * width);
    let mut caches = None;
    for turn in masked_turns(&fixture.ids, split, &fixture.masks) {
        let end = turn.past + turn.count;
        let inputs = match fixture.interface {
            Interface::Stateful => turn.inputs.clone(),
            Interface::Baseline => ids_and_masks(&fixture.ids[..end], end, &fixture.masks),
            Interface::CacheAsInput { one } => {
                let empty = || [(); 2].map(|()| Tensor::zeros(DType::F16, one).expect("a small cache"));
                with_caches(&turn, &fixture.masks, caches.take().unwrap_or_else(empty))
            }
        };
        let rows = inputs["inputIds"].len();
        let mut outputs = predict(&inputs);
        let logits = outputs.swap_remove("logits").expect("an output `logits`");
        assert_eq!(logits.shape(), [1, rows, width], "{}: shape of `logits`", fixture.name);
        // A package without a cache answers for the whole prompt again; only the new rows are kept.
        values.extend_from_slice(&logits.to_f32_vec()[(rows - turn.count) * width..]);
        if let Interface::CacheAsInput { .. } = fixture.interface {
            // Exact modes give f32; the interface takes f16.
            let mut take = |name: &str| {
                let cache = outputs.swap_remove(name).unwrap_or_else(|| panic!("no output `{name}`"));
                Tensor::from_f32(DType::F16, cache.shape(), &cache.to_f32_vec()).expect("a cache in f16")
            };
            caches = Some([take("newKeyCache"), take("newValueCache")]);
        }
    }
    Logits { values, width }.tail(fixture.logits.rows())
}

/// The caches need at least one past position, so the first is a dummy that every mask hides.
fn with_caches(turn: &Turn, masks: &[MaskInput], [keys, values]: [Tensor; 2]) -> Inputs {
    let kv = turn.past + turn.count + 1;
    let mut inputs = turn.inputs.clone();
    for MaskInput { name, window } in masks {
        let mut mask = sliding_mask(turn.count, kv, window.unwrap_or(kv), MASKED);
        for row in mask.as_mut_slice::<f16>().expect("an f16 mask").chunks_exact_mut(kv) {
            row[0] = f16::from_f32(MASKED);
        }
        inputs.insert((*name).to_owned(), mask);
    }
    inputs.insert("keyCache".into(), keys);
    inputs.insert("valueCache".into(), values);
    inputs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_cover_the_prompt() {
        for count in [1, 2, 9, 1200] {
            for split in [Split::Whole, Split::TokenByToken, Split::Uneven { seed: 3 }] {
                let sizes = split.sizes(count);
                assert_eq!(sizes.iter().sum::<usize>(), count, "{split:?}");
                assert!(sizes.iter().all(|&size| size > 0), "{split:?}");
            }
        }
    }

    #[test]
    fn masks_hide_the_future() {
        let (m, o) = (MASKED, 0.0);
        assert_eq!(causal_mask(2, 4, MASKED).to_f32_vec(), [o, o, o, m, o, o, o, o]);
        assert_eq!(causal_mask(1, 3, MASKED).to_f32_vec(), [o, o, o]);
        assert_eq!(sliding_mask(2, 4, 2, MASKED).to_f32_vec(), [m, o, o, m, m, m, o, o]);
    }

    #[test]
    fn turns_state_their_position_by_the_mask() {
        for turn in turns(&[5, 6, 7, 8, 9], Split::Uneven { seed: 1 }) {
            assert_eq!(turn.inputs["causalMask"].shape(), [1, 1, turn.count, turn.past + turn.count]);
            assert_eq!(turn.inputs["inputIds"].to_i64_vec()[0], 5 + turn.past as i64);
        }
    }
}
