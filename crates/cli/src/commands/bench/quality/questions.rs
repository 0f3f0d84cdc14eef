//! Questions that are answered greedily, by exact and by fast arithmetic.

use serde::Serialize;
use sottovoce_llm::{
    LanguageModel,
    chat::Message,
    evaluate::{Choice, greedy},
    load::ModelFolder,
};

/// One a line. On SmolLM2-135M-Instruct with the weights of its Q4_1 file, the margin is clear at every step of each.
const QUESTIONS: &str = include_str!("questions.txt");
/// Tokens of an answer.
const STEPS: usize = 8;
/// From this margin on a choice is clear: fast arithmetic must make the same.
const CLEAR_MARGIN: f32 = 0.5;

/// What became of a question.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answered {
    /// The question.
    pub question: &'static str,
    /// What exact arithmetic answers.
    pub answer: String,
    /// The smallest margin of its choices.
    pub least_margin: f32,
    /// True when every choice was clear.
    pub clear: bool,
    /// True when fast arithmetic gives the same tokens.
    pub same: bool,
}

/// Has both models answer every question. A model without a chat template answers none.
///
/// # Errors
/// A model fails.
pub fn answer<M: LanguageModel>(folder: &ModelFolder, exact: &mut M, fast: &mut M) -> anyhow::Result<Vec<Answered>> {
    let Some(template) = &folder.template else { return Ok(Vec::new()) };
    let mut answers = Vec::new();
    for question in QUESTIONS.lines() {
        let prompt = template.encode(&[Message::user(question)], &folder.special, &folder.tokenizer)?;
        let ask = |model: &mut M| greedy(model, &prompt, STEPS, &folder.special.stop);
        let ids = |answer: &[Choice]| answer.iter().map(|choice| choice.id).collect::<Vec<u32>>();
        let (exact, fast) = (ask(exact)?, ask(fast)?);
        let least_margin = exact.iter().map(|choice| choice.margin).fold(f32::INFINITY, f32::min);
        answers.push(Answered {
            question,
            answer: folder.tokenizer.decode(&ids(&exact)),
            least_margin,
            clear: least_margin >= CLEAR_MARGIN,
            same: ids(&exact) == ids(&fast),
        });
    }
    Ok(answers)
}
