//! The person's turns: sound that becomes text.

use serde_json::json;
use sottovoce_voice::{
    SAMPLE_RATE,
    asr::{Segment, Transcriber},
};
use std::{ops::ControlFlow, time::Duration};

use super::{
    super::{PCM_RATE, sound::Converter},
    items::{Content, Item},
    listener::Heard,
    session::{Session, new_id},
};
use crate::ServerError;

/// A turn is complete from this probability on.
const COMPLETE: f32 = 0.5;
/// Sound that is longer is transcribed in parts.
const LONGEST_PART: Duration = Duration::from_secs(25);
/// Less is no turn.
const SHORTEST: Duration = Duration::from_millis(100);

/// What somebody is saying.
pub(super) struct Turn {
    item_id: String,
    /// The transcription of what was said up to the present pause.
    job: Option<u64>,
    understood: Option<Understood>,
    judging: bool,
    stopped: bool,
}

/// The words of sound, and how many seconds it has.
#[derive(Clone, Default)]
pub(super) struct Understood {
    text: String,
    seconds: f64,
}

/// What became of sound.
pub(super) enum Outcome {
    Transcribed { job: u64, item_id: String, result: Result<Understood, ServerError> },
    Judged { job: u64, complete: f32 },
}

impl Session {
    pub(super) fn append(&mut self, audio: &str) -> Result<(), String> {
        let samples = Self::decode(audio)?;
        if self.listener.is_full(samples.len()) {
            return Err("there are five minutes of sound that are not committed; commit or clear them".to_owned());
        }
        let mut heard = Vec::new();
        // A client may send minutes at once: other sessions go on meanwhile.
        let listener = &mut self.listener;
        tokio::task::block_in_place(|| listener.push(&samples, &mut |event, audio| heard.push((event, audio))))
            .map_err(|error| error.to_string())?;
        heard.into_iter().for_each(|(event, audio)| self.turn_went_on(event, audio));
        Ok(())
    }

    fn turn_went_on(&mut self, event: Heard, audio: Vec<f32>) {
        match event {
            Heard::Started(at) => self.turn_began(at),
            Heard::WentOn => {
                // What was guessed is not what they meant.
                self.drop_secret_response();
                if let Some(turn) = &mut self.turn {
                    (turn.job, turn.understood, turn.judging) = (None, None, false);
                }
            }
            Heard::Paused => self.guess(audio),
            Heard::Stopped(at) => self.turn_stopped(at, audio),
        }
    }

    fn turn_began(&mut self, at: u64) {
        if self.detection(|detection| detection.interrupts_response()) {
            self.end_response("turn_detected");
        }
        let item_id = new_id("item");
        self.tell("input_audio_buffer.speech_started", json!({ "audio_start_ms": at, "item_id": item_id }));
        self.turn = Some(Turn { item_id, job: None, understood: None, judging: false, stopped: false });
    }

    fn detection(&self, property: impl Fn(&super::settings::TurnDetection) -> bool) -> bool {
        self.settings.audio.input.turn_detection.as_ref().is_some_and(property)
    }

    /// In a pause: has the turn transcribed as if it were over, and asks the model of turns whether it is.
    fn guess(&mut self, audio: Vec<f32>) {
        let is_semantic = self.detection(|detection| detection.is_semantic());
        let Some(turn) = &mut self.turn else { return };
        let judges = is_semantic && !std::mem::replace(&mut turn.judging, is_semantic);
        let (transcribes, item_id) = (turn.job.is_none(), turn.item_id.clone());
        if transcribes {
            self.last_job += 1;
            turn.job = Some(self.last_job);
        }
        let Some(job) = turn.job else { return };
        if judges {
            self.judge(job, audio.clone());
        }
        if transcribes {
            self.transcribe(job, item_id, audio);
        }
    }

    fn turn_stopped(&mut self, at: u64, audio: Vec<f32>) {
        let Some(turn) = &mut self.turn else { return };
        turn.stopped = true;
        let (item_id, is_guessed) = (turn.item_id.clone(), turn.job.is_some());
        self.tell("input_audio_buffer.speech_stopped", json!({ "audio_end_ms": at, "item_id": item_id }));
        self.commit_item(&item_id);
        if is_guessed {
            self.conclude_turn();
        } else if let Some(turn) = &mut self.turn {
            self.last_job += 1;
            turn.job = Some(self.last_job);
            self.transcribe(self.last_job, item_id, audio);
        }
    }

    /// What the client commits by itself.
    pub(super) fn commit(&mut self) -> Result<(), String> {
        let audio = self.listener.take();
        if audio.len() < (SHORTEST.as_secs_f64() * f64::from(SAMPLE_RATE)) as usize {
            return Err(format!("a commit needs at least {} ms of sound", SHORTEST.as_millis()));
        }
        self.drop_turn();
        let item_id = new_id("item");
        self.commit_item(&item_id);
        self.last_job += 1;
        self.transcribe(self.last_job, item_id, audio);
        Ok(())
    }

    fn commit_item(&mut self, item_id: &str) {
        let event = json!({ "previous_item_id": self.items.before(item_id), "item_id": item_id });
        self.tell("input_audio_buffer.committed", event);
        let content = Content::User { text: None, spoken: true };
        if let Err(full) = self.add_item(Item { id: item_id.to_owned(), content, completed: true }, None) {
            self.fail(None, &full);
        }
    }

    /// Understands the sound of an item that a client made, at the interface's rate.
    pub(super) fn transcribe_item(&mut self, item_id: String, samples: &[f32]) {
        let mut converter = Converter::new(PCM_RATE, SAMPLE_RATE);
        let mut audio = converter.push(samples);
        audio.append(&mut converter.finish());
        self.last_job += 1;
        self.transcribe(self.last_job, item_id, audio);
    }

    fn transcribe(&self, job: u64, item_id: String, audio: Vec<f32>) {
        let (parts, results) = (self.parts.clone(), self.results.clone());
        tokio::spawn(async move {
            let activity = (parts.activity)();
            let seconds = audio.len() as f64 / f64::from(SAMPLE_RATE);
            let text = parts.recognizers.run(move |recognizer| {
                if audio.len() <= (LONGEST_PART.as_secs() * u64::from(SAMPLE_RATE)) as usize {
                    return recognizer.recognize(&audio);
                }
                let mut transcriber = Transcriber::new(activity?, recognizer);
                let segments = transcriber.transcribe(&audio, &mut |_, _| ControlFlow::Continue(()))?;
                let texts: Vec<String> = segments.into_iter().map(|Segment { text, .. }| text).collect();
                Ok(texts.join(" "))
            });
            let result = text.await.map(|text| Understood { text, seconds });
            // Nobody to tell is as good as told.
            let _ = results.send(Outcome::Transcribed { job, item_id, result }).await;
        });
    }

    fn judge(&self, job: u64, audio: Vec<f32>) {
        let (parts, results) = (self.parts.clone(), self.results.clone());
        tokio::spawn(async move {
            // Without an answer, silence decides.
            let judged = parts.ends_of_turns.run(move |end_of_turn| end_of_turn.probability(&audio)).await;
            let _ = results.send(Outcome::Judged { job, complete: judged.unwrap_or_default() }).await;
        });
    }

    /// Takes what became of sound.
    pub(super) fn heard(&mut self, result: Outcome) {
        match result {
            Outcome::Judged { job, complete } => {
                let Some(turn) = self.turn.as_mut().filter(|turn| turn.job == Some(job) && !turn.stopped) else {
                    return;
                };
                turn.judging = false;
                if complete >= COMPLETE
                    && let Some((at, audio)) = self.listener.stop()
                {
                    self.turn_stopped(at, audio);
                }
            }
            Outcome::Transcribed { job, item_id, result } => match &mut self.turn {
                Some(turn) if turn.item_id == item_id => {
                    if turn.job != Some(job) {
                        return;
                    }
                    turn.understood = Some(result.unwrap_or_default());
                    self.conclude_turn();
                }
                _ => self.understood(&item_id, result),
            },
        }
    }

    /// Answers what was said: in secret as long as the turn is not over.
    fn conclude_turn(&mut self) {
        let creates = self.detection(|detection| detection.creates_response());
        let Some((item_id, understood, stopped)) =
            self.turn.as_ref().and_then(|turn| Some((turn.item_id.clone(), turn.understood.clone()?, turn.stopped)))
        else {
            return;
        };
        if stopped {
            self.turn = None;
            self.understood(&item_id, Ok(understood.clone()));
            if creates {
                self.answer_turn(&understood.text);
            }
        } else if creates {
            self.answer_in_secret(&understood.text);
        }
    }

    /// The words of an item are there.
    fn understood(&mut self, item_id: &str, result: Result<Understood, ServerError>) {
        let told = self.settings.audio.input.transcription.is_some();
        let event = json!({ "item_id": item_id, "content_index": 0 });
        match result {
            Ok(Understood { text, seconds }) => {
                self.set_text(item_id, &text);
                if told {
                    let with = |name: &str, value: serde_json::Value| {
                        let mut event = event.clone();
                        event[name] = value;
                        event
                    };
                    const NAME: &str = "conversation.item.input_audio_transcription";
                    self.tell(&format!("{NAME}.delta"), with("delta", json!(text)));
                    let mut completed = with("transcript", json!(text));
                    completed["usage"] = json!({ "type": "duration", "seconds": seconds });
                    self.tell(&format!("{NAME}.completed"), completed);
                }
            }
            Err(error) => {
                self.set_text(item_id, "");
                let mut event = event;
                event["error"] = json!({ "type": "server_error", "message": error.to_string() });
                self.tell("conversation.item.input_audio_transcription.failed", event);
            }
        }
        self.answer_if_wanted();
    }

    fn set_text(&mut self, item_id: &str, words: &str) {
        if let Some(Content::User { text, .. }) = self.items.get_mut(item_id).map(|item| &mut item.content) {
            *text = Some(words.to_owned());
        }
    }

    /// Forgets what somebody was saying.
    pub(super) fn drop_turn(&mut self) {
        if self.turn.take().is_some() {
            self.drop_secret_response();
        }
    }
}
