use std::ops::Range;

use indexmap::IndexMap;
use sottovoce_tensor::{Tensor, npz};

use crate::fixtures_dir;

/// Greedy tokens that the reference holds for each question.
const ANSWER: usize = 8;

/// What transformers computes in f32 for SmolLM2-135M-Instruct over four windows of text and twelve short questions. The
/// arrays are described in `fixtures/README.md`.
#[derive(Clone, Debug)]
pub struct SmolLm2Reference {
    /// Four windows of 512 ids.
    pub windows: Vec<Vec<i32>>,
    /// The likeliest next token at each position of each window.
    pub top1: Vec<Vec<usize>>,
    /// Logit of the likeliest token minus the runner-up's.
    pub margin: Vec<Vec<f32>>,
    /// ln p of the token that follows; one value fewer than positions.
    pub next_log_probability: Vec<Vec<f32>>,
    /// (window, position) and all logits there.
    pub full_rows: Vec<((usize, usize), Vec<f32>)>,
    /// Short questions with the beginning of the greedy answer.
    pub questions: Vec<Question>,
}

/// A question by the chat template, and the beginning of the greedy answer.
#[derive(Clone, Debug)]
pub struct Question {
    /// The whole prompt.
    pub prompt: Vec<i32>,
    /// The first greedy tokens.
    pub answer: Vec<usize>,
    /// The margin of each.
    pub margin: Vec<f32>,
}

impl SmolLm2Reference {
    /// Reads `fixtures/smollm2/NAME.npz`: `reference` for our f16 package, `reference-apple-f16` and
    /// `reference-apple-int4` for those of Apple's converter.
    ///
    /// # Panics
    /// When the file is missing or damaged.
    pub fn load(name: &str) -> Self {
        let path = fixtures_dir().join("smollm2").join(format!("{name}.npz"));
        let arrays = npz::read(&path).unwrap_or_else(|error| panic!("{error}"));
        let rows = ids(&arrays["logit_rows"]);
        let logits = rows_of(&arrays["logits"], Tensor::to_f32_vec);
        Self {
            windows: rows_of(&arrays["ids"], ids),
            top1: rows_of(&arrays["top1"], indices),
            margin: rows_of(&arrays["margin"], Tensor::to_f32_vec),
            next_log_probability: rows_of(&arrays["next_log_probability"], Tensor::to_f32_vec),
            full_rows: rows.chunks_exact(2).map(|row| (row[0] as usize, row[1] as usize)).zip(logits).collect(),
            questions: questions(&arrays),
        }
    }

    /// Perplexity of the windows: e to the mean of −ln p.
    pub fn perplexity(&self) -> f64 {
        let all = || self.next_log_probability.iter().flatten();
        (-all().map(|&value| f64::from(value)).sum::<f64>() / all().count() as f64).exp()
    }
}

fn questions(arrays: &IndexMap<String, Tensor>) -> Vec<Question> {
    let all = ids(&arrays["question_ids"]);
    let mut start = 0;
    let spans: Vec<Range<usize>> = indices(&arrays["question_lengths"])
        .into_iter()
        .map(|length| {
            start += length;
            start - length..start
        })
        .collect();
    let answers = indices(&arrays["answer_ids"]);
    let margins = arrays["answer_margin"].to_f32_vec();
    let rows = answers.chunks_exact(ANSWER).zip(margins.chunks_exact(ANSWER));
    spans
        .into_iter()
        .zip(rows)
        .map(|(span, (answer, margin))| Question {
            prompt: all[span].to_vec(),
            answer: answer.to_vec(),
            margin: margin.to_vec(),
        })
        .collect()
}

fn rows_of<T: Clone>(tensor: &Tensor, read: impl Fn(&Tensor) -> Vec<T>) -> Vec<Vec<T>> {
    read(tensor).chunks_exact(tensor.shape()[1]).map(<[T]>::to_vec).collect()
}

fn ids(tensor: &Tensor) -> Vec<i32> {
    tensor.as_slice().expect("an i32 array").to_vec()
}

fn indices(tensor: &Tensor) -> Vec<usize> {
    ids(tensor).into_iter().map(|value| value as usize).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_is_whole() {
        let reference = SmolLm2Reference::load("reference");
        assert_eq!(reference.windows.iter().map(Vec::len).collect::<Vec<_>>(), [512; 4]);
        assert_eq!(reference.next_log_probability.iter().map(Vec::len).collect::<Vec<_>>(), [511; 4]);
        assert_eq!(reference.questions.len(), 12);
        assert!(reference.questions.iter().all(|question| question.answer.len() == ANSWER));
        // What tools/make_smollm2_reference.py printed when it wrote the file.
        assert!((reference.perplexity() - 17.7222).abs() < 1e-3, "{}", reference.perplexity());
    }

    #[test]
    fn full_rows_agree_with_the_likeliest_tokens() {
        let reference = SmolLm2Reference::load("reference");
        for ((window, position), logits) in &reference.full_rows {
            let best = (0..logits.len()).fold(0, |best, i| if logits[i] > logits[best] { i } else { best });
            if reference.margin[*window][*position] > 0.05 {
                assert_eq!(best, reference.top1[*window][*position]);
            }
        }
    }
}
