//! A response in the making: text from the model, and sound of its clauses as they come.

use std::{
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::StreamExt;
use sottovoce_llm::{
    chat::Message,
    generate::{FinishReason, GenerateOptions},
    tools::{FunctionCall, Tool},
};
use sottovoce_voice::{Manner, conversation::NOT_UNDERSTOOD, speakable::Clause, speakable::Speakable};
use tokio::sync::mpsc::{self, Sender, UnboundedReceiver};
use uuid::Uuid;

use super::super::{SpeechParts, sound};
use crate::{
    ServerError,
    engine::{Backend, Chat, ChatEvent, ChatOptions, Event, Job},
};

/// What comes of it.
#[derive(Debug)]
pub enum Piece {
    /// Text.
    Text(String),
    /// There is no more text; sound of its end may follow.
    TextEnded,
    /// Sound of a clause, as samples at the interface's rate.
    Sound { clause: usize, samples: usize, bytes: Vec<u8> },
    /// The sound of a clause is whole.
    ClauseEnded(usize),
    /// It has ended.
    Finished { reason: FinishReason, calls: Vec<FunctionCall>, usage: Usage },
    /// It broke off.
    Failed(String),
}

/// Tokens that it took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    pub input: usize,
    pub cached: usize,
    pub output: usize,
}

impl Usage {
    /// As the history has it.
    pub fn kept(self, time: Duration) -> sottovoce_history::Usage {
        sottovoce_history::Usage {
            prompt_tokens: self.input as u32,
            cached_tokens: self.cached as u32,
            completion_tokens: self.output as u32,
            seconds: time.as_secs_f64(),
        }
    }
}

/// What is to be answered.
pub enum Question {
    Conversation {
        messages: Vec<Message>,
        tools: Vec<Tool>,
        options: ChatOptions,
        conversation: Uuid,
    },
    /// Nothing intelligible, which is said.
    Unintelligible,
}

/// Makes a response, with sound if there is a manner. `cancelled` ends it.
pub async fn make(
    question: Question,
    backend: Arc<Backend>,
    speech: Option<(Arc<SpeechParts>, Manner)>,
    pieces: Sender<Piece>,
    cancelled: Arc<AtomicBool>,
) {
    let (clauses, to_say) = mpsc::unbounded_channel();
    let saying = async {
        match speech {
            Some((parts, manner)) => say(&parts, manner, to_say, &pieces, cancelled).await,
            None => Ok(()),
        }
    };
    let mut speakable = Speakable::default();
    let thinking = async {
        let push = &mut |text: &str| {
            for clause in speakable.push(text) {
                // Nobody says them where there is no sound.
                let _ = clauses.send(clause);
            }
        };
        let result = think(question, &backend, &pieces, push).await;
        // Before the sound of the last clause, which has no other end than this.
        let _ = pieces.send(Piece::TextEnded).await;
        speakable.finish().into_iter().for_each(|clause| _ = clauses.send(clause));
        drop(clauses);
        result
    };
    let (thought, said) = tokio::join!(thinking, saying);
    let last = match (thought, said) {
        (Ok(last), Ok(())) => last,
        (Err(error), _) | (_, Err(error)) => Piece::Failed(error.to_string()),
    };
    // Nobody to tell is as good as told.
    let _ = pieces.send(last).await;
}

/// Hands out the text, and returns how it ended.
async fn think(
    question: Question,
    backend: &Backend,
    pieces: &Sender<Piece>,
    clauses: &mut (dyn FnMut(&str) + Send),
) -> Result<Piece, ServerError> {
    let (messages, tools, options, conversation) = match question {
        Question::Conversation { messages, tools, options, conversation } => (messages, tools, options, conversation),
        Question::Unintelligible => {
            clauses(NOT_UNDERSTOOD);
            let _ = pieces.send(Piece::Text(NOT_UNDERSTOOD.to_owned())).await;
            let reason = FinishReason::Complete;
            return Ok(Piece::Finished { reason, calls: Vec::new(), usage: Usage::default() });
        }
    };
    let mut tell = async |text: String| {
        clauses(&text);
        let _ = pieces.send(Piece::Text(text)).await;
    };
    if tools.is_empty() {
        let chat = Chat { conversation: Some(conversation), messages, options, ..Chat::default() };
        let mut events = backend.wait().await?.answer(chat).await?;
        while let Some(event) = events.next().await {
            match event? {
                ChatEvent::Reading(_) => {}
                ChatEvent::Text(text) => tell(text).await,
                ChatEvent::Finished { reason, usage } => {
                    let usage = usage.map_or_else(Usage::default, |usage| Usage {
                        input: usage.prompt_tokens,
                        cached: usage.cached_tokens,
                        output: usage.completion_tokens,
                    });
                    return Ok(Piece::Finished { reason, calls: Vec::new(), usage });
                }
            }
        }
        return Err(ServerError::work_failed("the answer has no end"));
    }
    let engine = backend.engine()?;
    let (prompt, toolbox) = engine.encode_chat(&messages, tools)?;
    let options = GenerateOptions {
        sampling: engine.chat_sampling(options),
        max_tokens: options.max_tokens,
        stop_tokens: engine.stop_tokens().to_vec(),
        ..GenerateOptions::default()
    };
    let mut answering = engine.begin(Job { prompt, options, answers: 1, toolbox }).await?;
    while let Some(event) = answering.next().await {
        match event {
            Event::Progress { text, .. } => tell(text).await,
            Event::Finished { reason, calls, stats, .. } => {
                let usage =
                    Usage { input: stats.prompt_tokens, cached: stats.reused_tokens, output: stats.generated_tokens };
                return Ok(Piece::Finished { reason, calls, usage });
            }
            Event::Failed(error) => return Err(error.into()),
        }
    }
    Err(ServerError::work_failed("the answer has no end"))
}

/// Says clauses, one after the other.
async fn say(
    parts: &SpeechParts,
    manner: Manner,
    mut clauses: UnboundedReceiver<Clause>,
    pieces: &Sender<Piece>,
    cancelled: Arc<AtomicBool>,
) -> Result<(), ServerError> {
    let mut clause = 0;
    while let Some(Clause { text, .. }) = clauses.recv().await {
        let (sender, cancelled) = (pieces.clone(), cancelled.clone());
        let send = move |samples: Vec<f32>| {
            let sound = Piece::Sound { clause, samples: samples.len(), bytes: sound::to_bytes(&samples) };
            if cancelled.load(Ordering::Relaxed) || sender.blocking_send(sound).is_err() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        parts.say(text, manner.clone(), send).await?;
        let _ = pieces.send(Piece::ClauseEnded(clause)).await;
        clause += 1;
    }
    Ok(())
}
