use half::f16;
use indexmap::IndexMap;
use sottovoce_tensor::{DType, Tensor};

use crate::{Fixture, Interface, Logits, Random};

/// Mask value of positions that may not be seen: large enough that softmax gives them 0 in f32, finite in f16.
pub const MASKED: f32 = -1e4;

/// Shape of one position of the caches of `llama-kvio`: (layers, batch, heads, time, width).
const KVIO_CACHE: [usize; 5] = [2, 1, 2, 1, 16];

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

/// f16 [1,1,q,kv]: 0 where row `i` may look, columns up to kv − q + i, and `masked` elsewhere.
///
/// # Panics
/// When kv < q.
pub fn causal_mask(q: usize, kv: usize, masked: f32) -> Tensor {
    assert!(kv >= q, "{q} new positions in a window of {kv}");
    let masked = f16::from_f32(masked);
    let values: Vec<f16> = (0..q)
        .flat_map(|row| (0..kv).map(move |column| if column > kv - q + row { masked } else { f16::ZERO }))
        .collect();
    Tensor::from_slice([1, 1, q, kv], &values).expect("a mask of that shape")
}

/// One call of a stateful prompt.
#[derive(Clone, Debug)]
pub struct Turn {
    /// `inputIds` and `causalMask`.
    pub inputs: Inputs,
    /// Positions that earlier calls have written.
    pub past: usize,
    /// Positions that this call adds.
    pub count: usize,
}

/// The calls that feed `ids` from position 0 in pieces, with masks that say where each piece stands.
pub fn turns(ids: &[i32], split: Split) -> Vec<Turn> {
    let mut past = 0;
    let turn = |count: usize| {
        let inputs = ids_and_mask(&ids[past..past + count], past + count);
        past += count;
        Turn { inputs, past: past - count, count }
    };
    split.sizes(ids.len()).into_iter().map(turn).collect()
}

fn ids_and_mask(ids: &[i32], kv: usize) -> Inputs {
    Inputs::from([
        ("inputIds".to_owned(), Tensor::from_slice([1, ids.len()], ids).expect("ids")),
        ("causalMask".to_owned(), causal_mask(ids.len(), kv, MASKED)),
    ])
}

/// Feeds the prompt of `fixture` to `predict`, cut by `split`, and gathers the logits of the positions that the fixture
/// has answers for. `predict` owns the state; caches that are inputs are carried over here.
///
/// # Panics
/// When `predict` gives no `logits` or caches, or of another shape than [1,q,V].
pub fn drive(fixture: &Fixture, split: Split, mut predict: impl FnMut(&Inputs) -> Outputs) -> Logits {
    let width = fixture.logits.width;
    let mut values = Vec::with_capacity(fixture.ids.len() * width);
    let mut caches = None;
    for turn in turns(&fixture.ids, split) {
        let end = turn.past + turn.count;
        let inputs = match fixture.interface {
            Interface::Stateful => turn.inputs.clone(),
            Interface::Baseline => ids_and_mask(&fixture.ids[..end], end),
            Interface::CacheAsInput => with_caches(&turn, caches.take()),
        };
        let rows = inputs["inputIds"].len();
        let mut outputs = predict(&inputs);
        let logits = outputs.swap_remove("logits").expect("an output `logits`");
        assert_eq!(logits.shape(), [1, rows, width], "{}: shape of `logits`", fixture.name);
        // A package without a cache answers for the whole prompt again; only the new rows are kept.
        values.extend_from_slice(&logits.to_f32_vec()[(rows - turn.count) * width..]);
        if fixture.interface == Interface::CacheAsInput {
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
fn with_caches(turn: &Turn, caches: Option<[Tensor; 2]>) -> Inputs {
    let [keys, values] = caches.unwrap_or_else(|| {
        let empty = Tensor::zeros(DType::F16, KVIO_CACHE).expect("a small cache");
        [empty.clone(), empty]
    });
    let kv = turn.past + turn.count + 1;
    let mut mask = causal_mask(turn.count, kv, MASKED);
    for row in mask.as_mut_slice::<f16>().expect("an f16 mask").chunks_exact_mut(kv) {
        row[0] = f16::from_f32(MASKED);
    }
    let mut inputs = turn.inputs.clone();
    inputs.insert("causalMask".into(), mask);
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
    }

    #[test]
    fn turns_state_their_position_by_the_mask() {
        for turn in turns(&[5, 6, 7, 8, 9], Split::Uneven { seed: 1 }) {
            assert_eq!(turn.inputs["causalMask"].shape(), [1, 1, turn.count, turn.past + turn.count]);
            assert_eq!(turn.inputs["inputIds"].to_i64_vec()[0], 5 + turn.past as i64);
        }
    }
}
