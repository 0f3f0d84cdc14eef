//! Greedy answers, with how clear each choice was.

use crate::sampling::likeliest_with_margin;
use crate::{LanguageModel, LlmError};

/// A token that a greedy answer chose.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice {
    /// The token.
    pub id: u32,
    /// Its logit minus that of the runner-up.
    pub margin: f32,
}

/// The first tokens after `prompt` from an empty state, at most `count`; a token of `stop` is the last one.
///
/// # Errors
/// An empty prompt, or one that does not fit the context; a failing model.
pub fn greedy<M: LanguageModel>(
    model: &mut M,
    prompt: &[u32],
    count: usize,
    stop: &[u32],
) -> Result<Vec<Choice>, LlmError> {
    if prompt.is_empty() {
        return Err(LlmError::EmptyPrompt);
    }
    model.rewind(0);
    let mut choice = Choice { id: 0, margin: 0.0 };
    for rows in prompt.chunks(model.max_rows()) {
        (choice.id, choice.margin) = likeliest_with_margin(model.forward(rows)?)?;
    }
    let mut answer = vec![choice];
    while answer.len() < count && !stop.contains(&choice.id) {
        (choice.id, choice.margin) = likeliest_with_margin(model.forward(&[choice.id])?)?;
        answer.push(choice);
    }
    Ok(answer)
}
