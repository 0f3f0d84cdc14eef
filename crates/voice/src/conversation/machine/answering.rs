//! The assistant's turn: an answer that is thought, said and heard, or taken back.

use super::super::{Answer, Event, Latency, NOT_UNDERSTOOD, Outcome, Playback, Work};
use super::{Machine, Reply, Volume};

impl Reply {
    fn new(id: u64, thought: bool) -> Self {
        Self {
            id,
            thought,
            committed: false,
            answer: Answer::default(),
            spoken: 0,
            shown: 0,
            held: Vec::new(),
            sent: 0,
            played: 0,
        }
    }

    /// Whether something of it went to the loudspeaker.
    pub(super) fn is_audible(&self) -> bool {
        self.sent > 0
    }

    fn is_over(&self) -> bool {
        self.committed && self.answer.is_whole() && self.played >= self.sent
    }
}

impl Machine {
    /// Begins an answer in secret, unless the turn has one.
    pub(super) fn begin_answer(&mut self, question: String) {
        if self.reply.is_none() {
            self.last_answer += 1;
            self.reply = Some(Reply::new(self.last_answer, true));
            self.work(Work::Answer { answer: self.last_answer, question });
        }
    }

    /// Says that nothing was understood. It is no answer: the history does not know of it.
    pub(super) fn apologize(&mut self) {
        self.last_answer += 1;
        let mut reply = Reply::new(self.last_answer, false);
        reply.answer.push(NOT_UNDERSTOOD);
        reply.answer.end_text();
        self.reply = Some(reply);
        self.note_text();
        self.commit();
    }

    /// The turn is over: what was made in secret is told and heard.
    pub(super) fn commit(&mut self) {
        let Some(reply) = &mut self.reply else { return };
        reply.committed = true;
        let (text, held) = (reply.answer.text().to_owned(), std::mem::take(&mut reply.held));
        if !text.is_empty() {
            self.tell(Event::Text(text));
        }
        self.speak_clauses();
        for samples in held {
            self.play(samples);
        }
        self.finish_if_over();
    }

    pub(super) fn text_came(&mut self, answer: u64, text: &str) {
        let Some(reply) = self.reply_to(answer).filter(|reply| !reply.answer.text_has_ended()) else { return };
        reply.answer.push(text);
        if reply.committed {
            self.tell(Event::Text(text.to_owned()));
        }
        self.note_text();
        self.speak_clauses();
    }

    pub(super) fn text_ended(&mut self, answer: u64) {
        let Some(reply) = self.reply_to(answer).filter(|reply| !reply.answer.text_has_ended()) else { return };
        reply.answer.end_text();
        self.note_text();
        self.speak_clauses();
        self.finish_if_over();
    }

    /// Notes when the first text and the first clause came.
    fn note_text(&mut self) {
        let (Some(reply), Some(turn)) = (&self.reply, &mut self.turn) else { return };
        turn.times.first_text.get_or_insert(self.now);
        if reply.answer.clauses_from(0).len() > 0 {
            turn.times.first_clause.get_or_insert(self.now);
        }
    }

    /// Has clauses said as they come; in secret only the first, which is all that can make the answer begin sooner.
    fn speak_clauses(&mut self) {
        let Some(reply) = &mut self.reply else { return };
        let most = if reply.committed { usize::MAX } else { 1 - reply.spoken };
        let clauses = (reply.spoken..).zip(reply.answer.clauses_from(reply.spoken)).take(most);
        let works: Vec<Work> =
            clauses.map(|(clause, text)| Work::Speak { answer: reply.id, clause, text: text.to_owned() }).collect();
        reply.spoken += works.len();
        works.into_iter().for_each(|work| self.work(work));
    }

    pub(super) fn voice_came(&mut self, answer: u64, clause: usize, samples: Vec<f32>) {
        let Some(reply) = self.reply.as_mut().filter(|reply| reply.id == answer) else { return };
        if samples.is_empty() || clause >= reply.spoken {
            return;
        }
        reply.answer.add_samples(clause, samples.len());
        if let Some(turn) = &mut self.turn {
            turn.times.first_sound.get_or_insert(self.now);
        }
        if reply.committed {
            self.play(samples);
        } else {
            reply.held.push(samples);
        }
    }

    pub(super) fn voice_ended(&mut self, answer: u64, clause: usize) -> bool {
        let Some(reply) = self.reply_to(answer) else { return false };
        reply.answer.end_clause(clause);
        self.finish_if_over();
        true
    }

    fn play(&mut self, samples: Vec<f32>) {
        let Some(reply) = &mut self.reply else { return };
        let (answer, is_first) = (reply.id, reply.sent == 0);
        reply.sent += samples.len() as u64;
        if is_first && let Some(turn) = self.turn.take() {
            let times = turn.times;
            let since = |time| self.now.min(time).saturating_sub(times.last_speech);
            self.tell(Event::Latency(Latency {
                endpointing: since(times.ended),
                transcript: since(times.transcript),
                first_text: since(times.first_text.unwrap_or_default()),
                first_clause: since(times.first_clause.unwrap_or_default()),
                first_sound: since(times.first_sound.unwrap_or_default()),
                first_audio: since(self.now),
            }));
        }
        self.playback(Playback::Play { answer, samples });
    }

    pub(super) fn played(&mut self, answer: u64, samples: u64) {
        let Some(reply) = self.reply_to(answer) else { return };
        reply.played = reply.played.max(samples.min(reply.sent));
        let begun = reply.answer.begun(reply.played);
        let captions: Vec<String> =
            reply.answer.clauses_from(reply.shown).take(begun.saturating_sub(reply.shown)).map(str::to_owned).collect();
        reply.shown = reply.shown.max(begun);
        captions.into_iter().for_each(|caption| self.tell(Event::Caption(caption)));
        self.finish_if_over();
    }

    fn finish_if_over(&mut self) {
        if let Some(reply) = self.reply.take_if(|reply| reply.is_over()) {
            self.settle(&reply, Outcome::Whole);
        }
    }

    /// Ends an answer where it is: what was not heard was not said.
    pub(super) fn interrupt(&mut self) {
        let Some(reply) = self.reply.take() else { return };
        if reply.is_audible() {
            self.playback(Playback::Stop);
            self.volume = Volume::Full;
        }
        let outcome = match reply.answer.heard(reply.played) {
            0 => Outcome::Discarded,
            heard => Outcome::Cut(heard),
        };
        self.settle(&reply, outcome);
    }

    fn settle(&mut self, reply: &Reply, outcome: Outcome) {
        if reply.thought {
            self.work(Work::Settle { answer: reply.id, outcome });
            let heard = match outcome {
                Outcome::Whole => Some((reply.answer.text(), true)),
                Outcome::Cut(heard) => Some((&reply.answer.text()[..heard], false)),
                Outcome::Discarded => None,
            };
            if let Some((text, whole)) = heard {
                self.tell(Event::Answered { text: text.to_owned(), whole });
            }
        }
        if outcome != Outcome::Discarded {
            self.awake_until = Some(self.now + self.options.follow_up);
        }
        // A turn that was said over it is a turn like any other now, and one that it answered is done.
        match &mut self.turn {
            Some(turn) if turn.ended => self.turn = None,
            Some(turn) => turn.interrupting = false,
            None => {}
        }
        if outcome == Outcome::Whole {
            self.set_volume(Volume::Full);
        }
    }

    pub(super) fn answer_failed(&mut self, answer: u64) -> bool {
        let wanted = self.reply_to(answer).is_some();
        if wanted {
            self.interrupt();
        }
        wanted
    }

    fn reply_to(&mut self, answer: u64) -> Option<&mut Reply> {
        self.reply.as_mut().filter(|reply| reply.id == answer)
    }
}
