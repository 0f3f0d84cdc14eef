//! The person's turns: sound that becomes text.

use serde_json::json;
use sottovoce_voice::{
    SAMPLE_RATE,
    asr::{Segment, StablePrefix, Transcriber},
    conversation::{Overlap, is_remark},
};
use std::{ops::ControlFlow, time::Duration};
use tokio::time::Instant;

use super::{
    super::{PCM_RATE, sound::Converter},
    items::{Content, Item},
    listener::Heard,
    session::{Session, new_id},
};
use crate::{ServerError, assistant::Place, http::Failure};

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
    stopped: bool,
    /// What was said so far is being transcribed, to be shown.
    partial: bool,
    /// What was shown of it.
    shown: StablePrefix,
}

/// The words of sound, and how many seconds it has.
#[derive(Clone, Default)]
pub(super) struct Understood {
    text: String,
    seconds: f64,
}

/// What became of sound, or of what is kept.
pub(super) enum Outcome {
    Transcribed { job: u64, item_id: String, result: Result<Understood, ServerError> },
    Partial { item_id: String, text: String },
    Remark { job: u64, text: String },
    Judged { job: u64, complete: f32 },
    Kept(Result<Place, Failure>),
}

impl Session {
    pub(super) fn append(&mut self, audio: &str) -> Result<(), String> {
        let samples = Self::decode(audio)?;
        if self.listener.is_full(samples.len()) {
            return Err("there are five minutes of sound that are not committed; commit or clear them".to_owned());
        }
        let over_answer =
            self.detection(|detection| detection.interrupts_response()) && self.loudspeaker.is_playing(Instant::now());
        let mut heard = Vec::new();
        // A client may send minutes at once: other sessions go on meanwhile.
        let listener = &mut self.listener;
        tokio::task::block_in_place(|| {
            listener.push(&samples, over_answer, &mut |event, audio| heard.push((event, audio)))
        })
        .map_err(|error| error.to_string())?;
        heard.into_iter().for_each(|(event, audio)| self.turn_went_on(event, audio));
        Ok(())
    }

    fn turn_went_on(&mut self, event: Heard, audio: Vec<f32>) {
        match event {
            Heard::Started(at) => self.turn_began(at),
            Heard::WentOn => {
                self.remark = None;
                // What was guessed is not what they meant.
                self.drop_secret_response();
                if let Some(turn) = &mut self.turn {
                    (turn.job, turn.understood) = (None, None);
                }
            }
            Heard::Grew => self.transcribe_so_far(audio),
            Heard::Paused => self.guess(audio),
            Heard::Stopped(at) => self.turn_stopped(at, audio),
            Heard::Overlap(overlap) => self.set_overlap(overlap),
            Heard::Remarked => self.understand_remark(audio),
        }
    }

    fn turn_began(&mut self, at: u64) {
        if self.detection(|detection| detection.interrupts_response()) {
            self.end_response("turn_detected");
            // Clients play no more from here on, and what comes next as usual.
            self.cut_short();
            self.remark = None;
        }
        let item_id = new_id("item");
        self.tell("input_audio_buffer.speech_started", json!({ "audio_start_ms": at, "item_id": item_id }));
        self.turn = Some(Turn {
            item_id,
            job: None,
            understood: None,
            stopped: false,
            partial: false,
            shown: StablePrefix::default(),
        });
    }

    /// How an answer goes on that somebody speaks over. OpenAI's interface has no event for it, which a client that knows none
    /// but those need not be told.
    fn set_overlap(&mut self, overlap: Overlap) {
        self.loudspeaker.pause(overlap == Overlap::Silent, Instant::now());
        if self.settings.sottovoce.is_some() {
            let volume = match overlap {
                Overlap::Full => "full",
                Overlap::Quiet => "quiet",
                Overlap::Silent | Overlap::Ended => "silent",
            };
            self.tell("sottovoce.playback", json!({ "volume": volume }));
        }
    }

    /// Something short was said over an answer, which is over if it is more than a remark.
    fn understand_remark(&mut self, audio: Vec<f32>) {
        self.last_job += 1;
        let job = self.last_job;
        self.remark = Some(job);
        let (parts, results) = (self.parts.clone(), self.results.clone());
        tokio::spawn(async move {
            // What nobody understands ends no answer.
            let text = parts.recognizers.run(move |recognizer| recognizer.recognize(&audio)).await;
            let _ = results.send(Outcome::Remark { job, text: text.unwrap_or_default() });
        });
    }

    fn remark_understood(&mut self, text: &str) {
        if is_remark(text) {
            self.listener.dismiss();
            self.set_overlap(Overlap::Full);
        } else if let Some((began, audio)) = self.listener.give_the_word() {
            self.turn_began(began);
            self.guess(audio);
        }
    }

    fn detection(&self, property: impl Fn(&super::settings::TurnDetection) -> bool) -> bool {
        self.settings.audio.input.turn_detection.as_ref().is_some_and(property)
    }

    /// Has unfinished speech transcribed, so that it can be shown while it is spoken; left out where there is no time for it.
    fn transcribe_so_far(&mut self, audio: Vec<f32>) {
        let Some(turn) = self.turn.as_mut().filter(|turn| !turn.partial) else { return };
        if self.settings.audio.input.transcription.is_none() {
            return;
        }
        let Some(text) = self.parts.recognizers.run_spare(move |recognizer| recognizer.recognize(&audio)) else {
            return;
        };
        turn.partial = true;
        let (item_id, results) = (turn.item_id.clone(), self.results.clone());
        tokio::spawn(async move {
            // What fails here is tried again when the turn is over.
            let text = text.await.unwrap_or_default();
            let _ = results.send(Outcome::Partial { item_id, text });
        });
    }

    /// Tells the words of an unfinished turn that will stay.
    fn show(&mut self, hypothesis: &str) {
        let Some(turn) = &mut self.turn else { return };
        let (certain, item_id) = (turn.shown.update(hypothesis), turn.item_id.clone());
        self.tell_words(&item_id, &certain);
    }

    fn tell_words(&mut self, item_id: &str, words: &str) {
        if self.settings.audio.input.transcription.is_some() && !words.is_empty() {
            let event = json!({ "item_id": item_id, "content_index": 0, "delta": words });
            self.tell("conversation.item.input_audio_transcription.delta", event);
        }
    }

    /// In a pause: has the turn transcribed as if it were over, and asks the model of turns whether it is.
    fn guess(&mut self, audio: Vec<f32>) {
        let judges = self.detection(|detection| detection.is_semantic());
        let Some(turn) = &mut self.turn else { return };
        self.last_job += 1;
        let (job, item_id) = (self.last_job, turn.item_id.clone());
        turn.job = Some(job);
        if judges {
            self.judge(job, audio.clone());
        }
        self.transcribe(job, item_id, audio);
    }

    /// Something is known of the turn in its pause, which may be its end.
    fn learn(&mut self, complete: Option<f32>, words: Option<&str>) {
        if let Some((at, audio)) = self.listener.learn(complete, words) {
            self.turn_stopped(at, audio);
        }
    }

    pub(super) fn turn_stopped(&mut self, at: u64, audio: Vec<f32>) {
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
            let _ = results.send(Outcome::Transcribed { job, item_id, result });
        });
    }

    fn judge(&self, job: u64, audio: Vec<f32>) {
        let (parts, results) = (self.parts.clone(), self.results.clone());
        tokio::spawn(async move {
            // Without an answer, silence decides.
            let judged = parts.ends_of_turns.run(move |end_of_turn| end_of_turn.probability(&audio)).await;
            let _ = results.send(Outcome::Judged { job, complete: judged.unwrap_or_default() });
        });
    }

    /// Takes what became of something.
    pub(super) fn heard(&mut self, result: Outcome) {
        match result {
            Outcome::Judged { job, complete } => {
                if self.turn.as_ref().is_some_and(|turn| turn.job == Some(job) && !turn.stopped) {
                    self.learn(Some(complete), None);
                }
            }
            Outcome::Kept(place) => self.kept(place),
            Outcome::Remark { job, text } => {
                if self.remark.take_if(|remark| *remark == job).is_some() {
                    self.remark_understood(&text);
                }
            }
            Outcome::Partial { item_id, text } => {
                let Some(turn) = self.turn.as_mut().filter(|turn| turn.item_id == item_id) else { return };
                turn.partial = false;
                self.show(&text);
            }
            Outcome::Transcribed { job, item_id, result } => match &mut self.turn {
                Some(turn) if turn.item_id == item_id => {
                    if turn.job != Some(job) {
                        return;
                    }
                    let understood = result.unwrap_or_default();
                    let (words, stopped) = (understood.text.clone(), turn.stopped);
                    turn.understood = Some(understood);
                    self.conclude_turn();
                    if !stopped {
                        self.learn(None, Some(&words));
                    }
                }
                _ => self.understood(&item_id, result, StablePrefix::default()),
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
            let shown = self.turn.take().map(|turn| turn.shown).unwrap_or_default();
            self.understood(&item_id, Ok(understood.clone()), shown);
            if creates {
                self.answer_turn(&understood.text);
            }
        } else {
            self.show(&understood.text);
            if creates {
                self.answer_in_secret(&understood.text);
            }
        }
    }

    /// The words of an item are there, of which some have been shown.
    fn understood(&mut self, item_id: &str, result: Result<Understood, ServerError>, mut shown: StablePrefix) {
        let told = self.settings.audio.input.transcription.is_some();
        let event = json!({ "item_id": item_id, "content_index": 0 });
        match result {
            Ok(Understood { text, seconds }) => {
                self.set_text(item_id, &text);
                self.keep_question(&text);
                self.tell_words(item_id, &shown.finish(&text));
                if told {
                    let mut event = event;
                    event["transcript"] = json!(text);
                    event["usage"] = json!({ "type": "duration", "seconds": seconds });
                    self.tell("conversation.item.input_audio_transcription.completed", event);
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
        if self.loudspeaker.is_playing(Instant::now()) {
            self.set_overlap(Overlap::Full);
        }
        self.remark = None;
        if self.turn.take().is_some() {
            self.drop_secret_response();
        }
    }
}
