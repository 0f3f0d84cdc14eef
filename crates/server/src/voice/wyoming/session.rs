//! A connection: what is asked on it, one thing after the other.

use std::{ops::ControlFlow, sync::Arc, time::Instant};

use futures_util::StreamExt;
use serde_json::{Value, json};
use sottovoce_llm::chat::Message;
use sottovoce_voice::{
    Manner, SAMPLE_RATE,
    asr::Transcriber,
    conversation::NOT_UNDERSTOOD,
    speakable::{Clause, Speakable},
};
use tokio::sync::mpsc;

use super::{
    codec::{Event, refused},
    connection::{Connection, Ending},
    conversations::Conversations,
    info::info,
    request::{Format, Request},
};
use crate::{
    ServerError,
    engine::{Chat, ChatEvent, ChatOptions},
    http::Services,
    voice::{PCM_RATE, sound::Converter, sound::to_bytes},
};

/// Samples of what somebody says at most: five minutes.
const MOST_SAMPLES: usize = 5 * 60 * SAMPLE_RATE as usize;
/// Bytes of a text that is said or answered at most.
const MOST_TEXT: usize = 32 << 10;
/// Bytes of a conversation's name at most.
const MOST_NAME: usize = 256;
/// Pieces of sound or text that wait to be sent.
const PIECES: usize = 16;

/// What a client is in the middle of.
pub struct Session {
    services: Services,
    conversations: Arc<Conversations>,
    hearing: Option<Hearing>,
    speaking: Option<Speaking>,
}

/// Sound that is coming in.
struct Hearing {
    format: Format,
    converter: Converter,
    samples: Vec<f32>,
}

/// A text that is coming in pieces and said as they come.
struct Speaking {
    manner: Manner,
    speakable: Speakable,
    bytes: usize,
}

impl Session {
    pub fn new(services: Services, conversations: Arc<Conversations>) -> Self {
        Self { services, conversations, hearing: None, speaking: None }
    }

    /// Does what a client asks.
    pub async fn answer(&mut self, connection: &mut Connection, request: Request) -> Result<(), Ending> {
        match request {
            Request::Describe => connection.send(&info(&self.services)).await?,
            Request::Ping { text } => connection.send(&Event::new("pong", json!({ "text": text }))).await?,
            Request::Transcribe => self.hearing = None,
            Request::AudioStart(format) => self.hearing = Some(Hearing::new(format)),
            Request::AudioChunk(format, samples) => {
                self.hearing.get_or_insert_with(|| Hearing::new(format)).push(format, &samples)?;
            }
            Request::AudioStop => {
                let hearing = self.hearing.take().ok_or_else(|| refused("audio-start before audio-stop", "none"))?;
                self.transcribe(connection, hearing.finish()).await?;
            }
            Request::SynthesizeStart { voice } => {
                self.speaking = Some(self.speaking(voice)?);
                connection.send(&Event::new("audio-start", Format::mono(PCM_RATE).data())).await?;
            }
            Request::SynthesizeChunk { text } => {
                let mut speaking = self.take_speaking("synthesize-chunk")?;
                let clauses = speaking.push(&text)?;
                self.say(connection, &speaking.manner, clauses).await?;
                self.speaking = Some(speaking);
            }
            // The whole of what comes in pieces, for servers that do not know those.
            Request::Synthesize { .. } if self.speaking.is_some() => {}
            Request::Synthesize { text, voice } => {
                let mut speaking = self.speaking(voice)?;
                let mut clauses = speaking.push(&text)?;
                clauses.extend(speaking.speakable.finish());
                connection.send(&Event::new("audio-start", Format::mono(PCM_RATE).data())).await?;
                self.say(connection, &speaking.manner, clauses).await?;
                connection.send(&Event::new("audio-stop", json!({}))).await?;
            }
            Request::SynthesizeStop => {
                let mut speaking = self.take_speaking("synthesize-stop")?;
                let clauses = speaking.speakable.finish();
                self.say(connection, &speaking.manner, clauses).await?;
                connection.send(&Event::new("audio-stop", json!({}))).await?;
                connection.send(&Event::new("synthesize-stopped", json!({}))).await?;
            }
            Request::Answer { text, context } => self.think(connection, text, context).await?,
            Request::Other => {}
        }
        Ok(())
    }

    /// The text that is coming in pieces, of which `kind` is a part.
    fn take_speaking(&mut self, kind: &str) -> Result<Speaking, ServerError> {
        self.speaking.take().ok_or_else(|| refused(format!("synthesize-start before {kind}"), "none"))
    }

    /// Tells what is said in a recording, part by part and whole.
    async fn transcribe(&self, connection: &mut Connection, samples: Vec<f32>) -> Result<(), Ending> {
        let parts = self.services.voice.parts()?;
        let activity = (parts.activity)().map_err(ServerError::from)?;
        let (sender, mut pieces) = mpsc::channel::<String>(PIECES);
        let transcribing = parts.recognizers.run(move |recognizer| {
            let mut transcriber = Transcriber::new(activity, recognizer);
            transcriber.transcribe(&samples, &mut |_, segment| {
                let gone = match segment {
                    Some(segment) => sender.blocking_send(segment.text.clone()).is_err(),
                    None => sender.is_closed(),
                };
                if gone { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })
        });
        let client = &mut *connection;
        // It has the other end of the channel, so that nobody waits for a client that has left.
        let telling = async move {
            client.send(&Event::new("transcript-start", json!({ "language": "en" }))).await?;
            let mut text = String::new();
            while let Some(segment) = pieces.recv().await {
                let piece = if text.is_empty() { segment } else { format!(" {segment}") };
                text.push_str(&piece);
                client.send(&Event::new("transcript-chunk", json!({ "text": piece }))).await?;
            }
            Ok::<_, Ending>(text)
        };
        let (transcribed, told) = tokio::join!(transcribing, telling);
        let text = told?;
        transcribed?;
        connection.send(&Event::new("transcript", json!({ "text": text, "language": "en" }))).await?;
        connection.send(&Event::new("transcript-stop", json!({}))).await
    }

    fn speaking(&self, voice: Option<String>) -> Result<Speaking, ServerError> {
        let manner = self.services.voice.parts()?.manner(voice.as_deref(), 1.0)?;
        Ok(Speaking { manner, speakable: Speakable::default(), bytes: 0 })
    }

    /// Says clauses, one after the other.
    async fn say(&self, connection: &mut Connection, manner: &Manner, clauses: Vec<Clause>) -> Result<(), Ending> {
        let parts = self.services.voice.parts()?;
        for clause in clauses {
            let (sender, mut pieces) = mpsc::channel(PIECES);
            let saying = parts.say(clause.text, manner.clone(), move |samples| match sender.blocking_send(samples) {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            });
            let client = &mut *connection;
            // It has the other end of the channel, so that nobody makes sound for a client that has left.
            let sending = async move {
                while let Some(samples) = pieces.recv().await {
                    let chunk = Event::new("audio-chunk", Format::mono(PCM_RATE).data());
                    client.send(&chunk.with_payload(to_bytes(&samples))).await?;
                }
                Ok::<_, Ending>(())
            };
            let (said, sent) = tokio::join!(saying, sending);
            sent?;
            said?;
        }
        Ok(())
    }

    /// Answers a text, as a part of the conversation that its context names.
    async fn think(&self, connection: &mut Connection, text: String, context: Value) -> Result<(), Ending> {
        let about = |text: &str| json!({ "text": text, "context": context });
        if !text.chars().any(char::is_alphanumeric) {
            return connection.send(&Event::new("not-handled", about(NOT_UNDERSTOOD))).await;
        }
        if text.len() > MOST_TEXT {
            return Err(refused(format!("a text of at most {MOST_TEXT} bytes"), format!("{} bytes", text.len())).into());
        }
        let name = context.get("conversation_id").and_then(Value::as_str).unwrap_or_default().to_owned();
        if name.len() > MOST_NAME {
            return Err(refused(format!("a conversation_id of at most {MOST_NAME} bytes"), name).into());
        }
        let chat = self.services.backend.chat()?;
        let settings = self.services.assistant.settings().await;
        let settings = settings.map_err(|failure| ServerError::work_failed(failure.message()))?;
        let mut kept = self.conversations.take(&name, Instant::now());
        kept.messages.push(Message::user(text));
        let messages = [&[Message::system(settings.system_prompt.clone())], &kept.messages[..]].concat();
        let options = ChatOptions { keep_state: false, ..settings.chat_options() };
        let conversation = (!name.is_empty()).then_some(kept.id);
        let mut events = chat.answer(Chat { conversation, messages, options, ..Chat::default() }).await?;
        connection.send(&Event::new("handled-start", json!({ "context": context }))).await?;
        let mut answer = String::new();
        while let Some(event) = events.next().await {
            match event? {
                ChatEvent::Reading(_) => {}
                ChatEvent::Text(text) => {
                    connection.send(&Event::new("handled-chunk", json!({ "text": text }))).await?;
                    answer.push_str(&text);
                }
                ChatEvent::Finished { .. } => break,
            }
        }
        kept.messages.push(Message::assistant(answer.clone()));
        if !name.is_empty() {
            for forgotten in self.conversations.put(name, kept, Instant::now()) {
                chat.forget(forgotten).await;
            }
        }
        connection.send(&Event::new("handled", about(&answer))).await?;
        connection.send(&Event::new("handled-stop", json!({}))).await
    }
}

impl Hearing {
    fn new(format: Format) -> Self {
        Self { format, converter: Converter::new(format.rate, SAMPLE_RATE), samples: Vec::new() }
    }

    fn push(&mut self, format: Format, samples: &[f32]) -> Result<(), ServerError> {
        if format != self.format {
            return Err(refused(format!("sound as it began, {}", self.format.data()), format.data()));
        }
        self.samples.extend(self.converter.push(samples));
        if self.samples.len() > MOST_SAMPLES {
            return Err(refused("at most five minutes of sound", "more"));
        }
        Ok(())
    }

    fn finish(mut self) -> Vec<f32> {
        self.samples.extend(self.converter.finish());
        self.samples
    }
}

impl Speaking {
    /// The clauses that a piece of the text completes.
    fn push(&mut self, text: &str) -> Result<Vec<Clause>, ServerError> {
        self.bytes += text.len();
        if self.bytes > MOST_TEXT {
            return Err(refused(format!("a text of at most {MOST_TEXT} bytes"), "more"));
        }
        Ok(self.speakable.push(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sound_that_does_not_end_or_changes_is_refused() {
        let mut hearing = Hearing::new(Format::mono(SAMPLE_RATE));
        let second = vec![0.0; SAMPLE_RATE as usize];
        for _ in 0..5 * 60 {
            hearing.push(Format::mono(SAMPLE_RATE), &second).unwrap();
        }
        let error = hearing.push(Format::mono(SAMPLE_RATE), &second).unwrap_err().to_string();
        assert!(error.contains("at most five minutes of sound"), "{error}");
        let error = Hearing::new(Format::mono(8_000)).push(Format::mono(44_100), &second).unwrap_err().to_string();
        assert!(error.contains("sound as it began"), "{error}");
    }

    #[test]
    fn a_text_that_does_not_end_is_refused() {
        let mut speaking = Speaking { manner: Manner::default(), speakable: Speakable::default(), bytes: 0 };
        let clauses = speaking.push("Good morning. And good").unwrap();
        assert_eq!(clauses[0].text, "Good morning.");
        assert!(speaking.push(&"word ".repeat(MOST_TEXT / 5)).is_err());
    }
}
