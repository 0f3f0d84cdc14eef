//! The person's turn: where it begins, what it says, when it ends.

use super::super::{Change, Event, Overlap, Playback, Work, options::samples, phrases};
use super::{Guess, Machine, Reply, Times, Turn, Volume};
use crate::FRAME;

/// What a turn turned out to be.
enum Meaning {
    /// A question, or anything else to answer.
    Question(String),
    /// The wake phrase alone: a question will follow.
    Call,
    /// Nothing intelligible, said to the assistant.
    Nothing,
    /// Something that was not said to the assistant.
    Others,
}

impl Machine {
    pub(super) fn hear(&mut self, frame: &[f32; FRAME], speech: f32) {
        if self.muted {
            return;
        }
        self.tell(Event::Level((frame.iter().map(|sample| sample * sample).sum::<f32>() / FRAME as f32).sqrt()));
        let change = self.activity.push(speech);
        self.remember(frame);
        let (now, is_speech) = (self.now, self.activity.is_speaking() && self.activity.run() > 0);
        // While a part is transcribed, or after a turn, audio is not kept without end.
        if let Some(turn) = self.turn.as_mut().filter(|turn| turn.audio.len() < samples(self.options.longest_turn)) {
            turn.audio.extend_from_slice(frame);
            if is_speech && !turn.ended {
                (turn.voiced, turn.times.last_speech) = (turn.voiced + 1, now);
            }
        }
        match change {
            Some(Change::Began) if self.listens() => self.speech_began(),
            Some(Change::Paused) if self.listens() => self.speech_paused(),
            _ => {}
        }
        self.watch_interruption();
        self.transcribe_so_far();
        self.end_turn_if_over();
    }

    fn speech_began(&mut self) {
        match &mut self.turn {
            // They go on: what was guessed is not what they meant.
            Some(turn) => {
                (turn.ended, turn.guess) = (false, None);
                turn.voiced = turn.voiced.max(self.activity.run());
                turn.times = Times { last_speech: self.now, ..Times::default() };
                if !turn.interrupting {
                    self.interrupt();
                }
            }
            None => self.begin_turn(),
        }
        self.tell(Event::SpeechStarted);
    }

    /// Begins a turn with the last of what was heard. An answer that is being said goes on for now.
    pub(super) fn begin_turn(&mut self) {
        let addressed = self.pressed
            || self.options.wake_phrase.is_none()
            || self.reply.is_some()
            || self.awake_until.is_some_and(|until| self.now <= until);
        self.turn = Some(Turn {
            audio: self.recent.iter().copied().collect(),
            voiced: if self.activity.is_speaking() { self.activity.run() } else { 0 },
            interrupting: self.reply.is_some(),
            addressed,
            earlier: String::new(),
            part: None,
            partial: None,
            transcribed: 0,
            guess: None,
            ended: false,
            times: Times { last_speech: self.now, ..Times::default() },
        });
    }

    fn speech_paused(&mut self) {
        self.tell(Event::SpeechStopped);
        let Some(turn) = self.turn.as_ref().filter(|turn| !turn.ended) else { return };
        if self.pressed || !self.options.is_click(turn.voiced) {
            self.guess(!self.pressed);
        } else {
            self.drop_noise();
        }
    }

    /// What was taken for a turn was nothing: an answer that it disturbed goes on.
    fn drop_noise(&mut self) {
        self.turn = None;
        self.set_volume(Volume::Full);
    }

    /// Makes a guess of what was said, as if it were all.
    fn guess(&mut self, needs_judging: bool) {
        let Some(turn) = &mut self.turn else { return };
        self.last_job += 1;
        let job = self.last_job;
        turn.guess = Some(Guess { job, ..Guess::default() });
        let audio = turn.audio.clone();
        if needs_judging {
            self.work(Work::Judge { job, audio: audio.clone() });
        }
        self.work(Work::Transcribe { job, audio });
    }

    /// While somebody speaks over an answer: makes it quieter at once, silent when it is more than a click, and ends it when
    /// they go on. A noise or a remark costs a moment's silence, a person whom nobody talks over any more is worth it.
    fn watch_interruption(&mut self) {
        if !self.listens() || !self.reply.as_ref().is_some_and(Reply::is_audible) {
            return;
        }
        match self.options.overlap(&self.activity, self.turn.as_ref().map(|turn| turn.voiced)) {
            None => {}
            Some(Overlap::Full) => self.set_volume(Volume::Full),
            Some(Overlap::Quiet) => self.set_volume(self.volume.max(Volume::Ducked)),
            Some(Overlap::Silent) => self.set_volume(self.volume.max(Volume::Paused)),
            Some(Overlap::Ended) => self.interrupt(),
        }
    }

    pub(super) fn set_volume(&mut self, volume: Volume) {
        if self.volume != volume {
            self.volume = volume;
            self.playback(match volume {
                Volume::Full => Playback::Resume,
                Volume::Ducked => Playback::Duck,
                Volume::Paused => Playback::Pause,
            });
        }
    }

    /// Has unfinished speech transcribed, so that it can be shown, and what is too long for a recogniser in parts.
    fn transcribe_so_far(&mut self) {
        let (enough, longest) = (samples(self.options.partial), samples(self.options.longest_turn));
        let unfinished = |turn: &&mut Turn| turn.guess.is_none() && !turn.interrupting && !turn.ended;
        let Some(turn) = self.turn.as_mut().filter(unfinished) else { return };
        let job = self.last_job + 1;
        let audio = if turn.part.is_none() && turn.audio.len() >= longest {
            (turn.part, turn.partial, turn.transcribed) = (Some(job), None, 0);
            std::mem::take(&mut turn.audio)
        } else if turn.partial.is_none()
            && self.activity.run() > 0
            // A long turn takes longer to transcribe: less often, so that its end does not wait.
            && turn.audio.len() >= turn.transcribed + enough.max(turn.audio.len() / 4)
        {
            (turn.partial, turn.transcribed) = (Some(job), turn.audio.len());
            turn.audio.clone()
        } else {
            return;
        };
        self.last_job = job;
        self.work(Work::Transcribe { job, audio });
    }

    fn end_turn_if_over(&mut self) {
        let (silence, pressed) = (self.activity.silence(), self.pressed);
        let Some(turn) = self.turn.as_ref().filter(|turn| !turn.ended && !turn.interrupting && !pressed) else {
            return;
        };
        let Some(Guess { text, complete, .. }) = &turn.guess else { return };
        if self.options.is_over(silence, *complete, text.as_deref()) {
            self.end_turn();
        }
    }

    /// The button was let go.
    pub(super) fn end_pressed_turn(&mut self) {
        let now = self.now;
        let Some(turn) = &mut self.turn else { return };
        // What a pause was guessed to mean may be answered in secret already.
        if turn.guess.is_none() {
            if turn.voiced == 0 {
                turn.guess = Some(Guess { text: Some(String::new()), ..Guess::default() });
                turn.times.last_speech = now;
            } else {
                self.guess(false);
            }
        }
        self.end_turn();
    }

    fn end_turn(&mut self) {
        let now = self.now;
        let Some(turn) = &mut self.turn else { return };
        (turn.ended, turn.times.ended) = (true, now);
        self.recent.clear();
        self.conclude();
    }

    pub(super) fn judged(&mut self, job: u64, complete: f32) -> bool {
        let guess = self.turn.as_mut().and_then(|turn| turn.guess.as_mut()).filter(|guess| guess.job == job);
        let Some(guess) = guess else { return false };
        guess.complete = Some(complete);
        self.end_turn_if_over();
        true
    }

    pub(super) fn transcribed(&mut self, job: u64, text: String) {
        let now = self.now;
        let Some(turn) = &mut self.turn else { return };
        if turn.partial == Some(job) {
            turn.partial = None;
            let said = join(&turn.earlier, &text);
            if turn.guess.is_none() && phrases::is_intelligible(&said) {
                self.tell(Event::Partial(said));
            }
            return;
        }
        if turn.part == Some(job) {
            (turn.part, turn.earlier) = (None, join(&turn.earlier, &text));
            self.conclude();
            return;
        }
        let Some(guess) = turn.guess.as_mut().filter(|guess| guess.job == job && guess.text.is_none()) else { return };
        let is_remark = phrases::is_remark(&text);
        (guess.text, turn.times.transcript) = (Some(text), now);
        if turn.interrupting {
            if is_remark {
                self.drop_noise();
                return;
            }
            self.interrupt();
        }
        self.conclude();
        self.end_turn_if_over();
    }

    pub(super) fn transcription_failed(&mut self, job: u64) -> bool {
        let Some(turn) = &mut self.turn else { return false };
        if turn.partial == Some(job) {
            turn.partial = None;
            return true;
        }
        let wanted = turn.part == Some(job) || turn.guess.as_ref().is_some_and(|guess| guess.job == job);
        if wanted {
            self.drop_noise();
        }
        wanted
    }

    /// Answers what was said, in secret as long as the turn is not over; once it is, says so.
    fn conclude(&mut self) {
        let Some(turn) = self.turn.as_ref().filter(|turn| turn.part.is_none()) else { return };
        let Some(text) = turn.guess.as_ref().and_then(|guess| guess.text.as_deref()) else { return };
        match (self.meaning(&join(&turn.earlier, text), turn.addressed), turn.ended) {
            (Meaning::Question(question), false) => self.begin_answer(question),
            (Meaning::Question(question), true) => {
                self.tell(Event::Final(question.clone()));
                self.begin_answer(question);
                self.commit();
            }
            (Meaning::Nothing, true) => self.apologize(),
            (Meaning::Call, true) => {
                self.awake_until = Some(self.now + self.options.follow_up);
                self.turn = None;
            }
            (Meaning::Others, true) => self.turn = None,
            (_, false) => {}
        }
    }

    fn meaning(&self, text: &str, addressed: bool) -> Meaning {
        let called = self.options.wake_phrase.as_ref().and_then(|phrase| phrases::after_wake_phrase(text, phrase));
        match called {
            Some(rest) if phrases::is_intelligible(&rest) => Meaning::Question(rest),
            Some(_) => Meaning::Call,
            None if !addressed => Meaning::Others,
            None if phrases::is_intelligible(text) => Meaning::Question(text.to_owned()),
            None => Meaning::Nothing,
        }
    }

    /// Forgets a turn whose answer is not heard yet; one that somebody is speaking stays.
    pub(super) fn drop_ended_turn(&mut self) {
        if self.turn.as_ref().is_some_and(|turn| turn.ended) {
            self.turn = None;
            self.interrupt();
        }
    }
}

/// Two parts of what was said.
fn join(earlier: &str, later: &str) -> String {
    format!("{} {}", earlier.trim(), later.trim()).trim().to_owned()
}
