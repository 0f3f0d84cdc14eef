//! Speculation changes nothing but the time: tokens, text, log probabilities, reasons and what the session holds
//! afterwards are those of one call a token.

#[path = "../common/mod.rs"]
mod common;
mod fixtures;
mod scripted;
mod smollm2;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sottovoce_llm::LanguageModel;
use sottovoce_llm::generate::{GenerateOptions, Session, Stats};
use sottovoce_llm::speculate::Speculation;

/// Every way to speculate.
const SPECULATIONS: [Speculation; 4] =
    [Speculation::Auto, Speculation::Tokens(1), Speculation::Tokens(4), Speculation::Tokens(usize::MAX)];

/// What a caller sees of an answer, and what the session and its model hold afterwards. Numbers are spelled so that
/// they are equal only if all their bits are.
#[derive(Debug, PartialEq)]
struct Trace {
    chunks: Vec<String>,
    held: Vec<u32>,
    len: usize,
}

/// Steps to the end of an answer, cancelled before step `cancel_at`.
fn trace<M: LanguageModel>(
    session: &mut Session<M>,
    prompt: &[u32],
    options: &GenerateOptions,
    cancel_at: Option<usize>,
) -> (Trace, Stats) {
    let cancel = Arc::new(AtomicBool::new(false));
    let options = GenerateOptions { cancel: Some(Arc::clone(&cancel)), ..options.clone() };
    let mut chunks = Vec::new();
    let mut generation = session.generate(prompt, options).unwrap();
    loop {
        cancel.store(cancel_at == Some(chunks.len()), Ordering::Relaxed);
        match generation.step() {
            Ok(Some(chunk)) => chunks.push(format!("{chunk:?}")),
            Ok(None) => break,
            Err(error) => {
                chunks.push(error.to_string());
                break;
            }
        }
    }
    let stats = generation.stats();
    (Trace { chunks, held: session.held().to_vec(), len: session.model().len() }, stats)
}

/// Compares every way to speculate with none, over a first answer and a second one that begins with what the first
/// left. Returns how many guesses were computed and chosen.
fn assert_same<M: LanguageModel>(
    session: impl Fn() -> Session<M>,
    prompt: &[u32],
    options: &GenerateOptions,
    cancel_at: Option<usize>,
) -> (usize, usize) {
    let answers = |speculation| {
        let options = GenerateOptions { speculation, ..options.clone() };
        let mut session = session();
        let (first, stats) = trace(&mut session, prompt, &options, cancel_at);
        let again = [session.held(), &prompt[..1]].concat();
        let second = (again.len() <= session.model().context()).then(|| trace(&mut session, &again, &options, None).0);
        (first, second, stats)
    };
    let (first, second, stats) = answers(Speculation::Off);
    assert_eq!((stats.guessed_tokens, stats.accepted_tokens), (0, 0));
    let mut counts = (0, 0);
    for speculation in SPECULATIONS {
        let (found, found_second, stats) = answers(speculation);
        assert_eq!((&found, &found_second), (&first, &second), "{speculation:?}, {options:?}");
        counts.0 += stats.guessed_tokens;
        counts.1 += stats.accepted_tokens;
    }
    counts
}
