//! What can be told of the inputs of a weight without running the model.

use crate::{ConvertError, checkpoint::Checkpoint, weights::dequantise};

/// Rows of the embedding that are looked at.
const ROWS: usize = 4096;

/// Estimates of the mean squares of inputs, from norms and the embedding.
#[derive(Default)]
pub(crate) struct ExpectedInputs {
    /// Mean square of each element of the embedding's rows, each row scaled to a mean square of 1. Read when it is first
    /// needed.
    embedding: Option<Vec<f32>>,
}

impl ExpectedInputs {
    /// Mean squares of the inputs of the weight `name`, up to a factor, where there is an estimate.
    ///
    /// The inputs of queries, keys and values are a normalised residual stream times the factors of a norm. What is large in
    /// the stream is large in the embedding, with which it begins. For other weights such estimates make matters worse: the
    /// inputs of feed-forward networks are not as uneven, and those of output projections have no norm before them.
    pub(crate) fn squares(&mut self, checkpoint: &Checkpoint, name: &str) -> Result<Option<Vec<f32>>, ConvertError> {
        let attention = name.rsplit_once(".self_attn.");
        let Some((layer, "q_proj" | "k_proj" | "v_proj")) = attention else { return Ok(None) };
        let factors = checkpoint.norm_factors(&format!("{layer}.input_layernorm.weight"))?;
        let embedding = match &mut self.embedding {
            Some(embedding) => embedding,
            unread => unread.insert(embedding_squares(checkpoint)?),
        };
        let squares: Vec<f32> =
            factors.iter().zip(embedding).map(|(factor, square)| factor * factor * *square).collect();
        // An input that is expected to be zero still counts a little.
        let floor = 1e-3 * squares.iter().sum::<f32>() / squares.len() as f32;
        Ok((floor > 0.0 && floor.is_finite()).then(|| squares.into_iter().map(|square| square.max(floor)).collect()))
    }
}

fn embedding_squares(checkpoint: &Checkpoint) -> Result<Vec<f32>, ConvertError> {
    let table = checkpoint.tensor("model.embed_tokens.weight")?;
    let mut sums = vec![0.0; table.row_len()];
    let (mut stored, mut row) = (Vec::new(), Vec::new());
    for index in (0..table.rows()).step_by(table.rows().div_ceil(ROWS).max(1)) {
        table.read_rows(index..index + 1, &mut stored)?;
        dequantise(table.format, &stored, &mut row);
        let mean = row.iter().map(|x| x * x).sum::<f32>() / row.len() as f32;
        if mean > 0.0 {
            sums.iter_mut().zip(&row).for_each(|(sum, x)| *sum += x * x / mean);
        }
    }
    Ok(sums)
}
