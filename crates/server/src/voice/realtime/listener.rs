//! What comes from the microphone: kept, and cut into turns.

use std::time::Duration;

use sottovoce_voice::{
    FRAME, SAMPLE_RATE, VoiceActivity, VoiceError,
    conversation::{Activity, Change, Options, Overlap},
};

use super::{
    super::{PCM_RATE, sound::Converter},
    settings::{Eagerness, TurnDetection},
};

/// Sound that waits to be committed, at most.
const MOST_SECONDS: u32 = 300;
/// What was said so far is understood anew when so much has come to it, and a share of the whole: it takes as long as that is.
const GROWTH: Duration = Duration::from_millis(640);
const GROWTH_SHARE: usize = 8;

/// What was heard.
#[derive(Debug, PartialEq)]
pub enum Heard {
    /// Somebody has the word, since here, in milliseconds of the session's sound.
    Started(u64),
    /// They go on after a pause.
    WentOn,
    /// They said enough more for it to be understood anew.
    Grew,
    /// They pause.
    Paused,
    /// The turn ended here.
    Stopped(u64),
    /// There is a voice over an answer, or there is none any more: so the answer goes on.
    Overlap(Overlap),
    /// Something short was said over an answer: a remark, or the beginning of a turn ([`Listener::give_the_word`]).
    Remarked,
}

/// The sound of a session.
pub struct Listener {
    converter: Converter,
    activity: Box<dyn VoiceActivity>,
    /// Sound that is less than a frame.
    rest: Vec<f32>,
    /// Sound that is not committed, and how much came before it.
    buffer: Vec<f32>,
    before: usize,
    turns: Option<Turns>,
}

/// How turns are found, by the rules of a [`Machine`](sottovoce_voice::conversation::Machine) as far as clients have no others.
struct Turns {
    options: Options,
    activity: Activity,
    padding: usize,
    /// What is known of the turn in the present pause: how likely it is complete, and its words.
    complete: Option<f32>,
    words: Option<String>,
    /// Somebody speaks, or will go on to.
    open: bool,
    /// They began here, and do not have the word yet: it may be a click, or a remark on the answer that they hear.
    unsure: Option<u64>,
    /// Frames of speech in the turn.
    voiced: u32,
    /// Samples of the turn when it was given out last because it had grown.
    grown: usize,
    /// How the answer goes on that they speak over.
    overlap: Overlap,
}

impl Listener {
    /// A session in which nothing was heard. Turns are found as `detection` says, or by the client.
    pub fn new(activity: Box<dyn VoiceActivity>, detection: Option<&TurnDetection>) -> Self {
        Self {
            converter: Converter::new(PCM_RATE, SAMPLE_RATE),
            activity,
            rest: Vec::new(),
            buffer: Vec::new(),
            before: 0,
            turns: detection.map(Turns::new),
        }
    }

    /// Finds turns in another way from now on.
    pub fn set_detection(&mut self, detection: Option<&TurnDetection>) {
        self.turns = detection.map(Turns::new);
    }

    /// Takes samples at the interface's rate and gives what was heard in them, with the sound of the turn so far where it
    /// grew, pauses or stops. `over_answer`: an answer is being heard that a turn would end.
    ///
    /// # Errors
    /// What hears fails.
    pub fn push(
        &mut self,
        samples: &[f32],
        over_answer: bool,
        heard: &mut dyn FnMut(Heard, Vec<f32>),
    ) -> Result<(), VoiceError> {
        self.rest.append(&mut self.converter.push(samples));
        let rest = std::mem::take(&mut self.rest);
        let (frames, rest) = rest.as_chunks::<FRAME>();
        self.rest.extend_from_slice(rest);
        let mut events = Vec::new();
        for frame in frames {
            self.buffer.extend_from_slice(frame);
            let speech = self.activity.probability(frame)?;
            let Some(turns) = &mut self.turns else { continue };
            turns.hear(speech, self.before + self.buffer.len(), self.buffer.len(), over_answer, &mut events);
            // A turn that stopped is given out whole; silence is kept as far as the next turn may need it.
            if !turns.open && !matches!(events.last(), Some(Heard::Stopped(_))) {
                let surplus = self.buffer.len().saturating_sub(turns.padding);
                self.buffer.drain(..surplus);
                self.before += surplus;
            }
            for event in events.drain(..) {
                let audio = match event {
                    Heard::Stopped(_) => self.take(),
                    Heard::Grew | Heard::Paused | Heard::Remarked => self.buffer.clone(),
                    _ => Vec::new(),
                };
                heard(event, audio);
            }
        }
        Ok(())
    }

    /// Gives the word to somebody who said more than a remark over an answer; returns where they began, and their words.
    pub fn give_the_word(&mut self) -> Option<(u64, Vec<f32>)> {
        let turns = self.turns.as_mut()?;
        turns.overlap = Overlap::Full;
        Some((turns.unsure.take()?, self.buffer.clone()))
    }

    /// What was said over an answer was a remark.
    pub fn dismiss(&mut self) {
        if let Some(turns) = &mut self.turns {
            turns.dismiss();
        }
    }

    /// Takes what is known of the turn in the present pause: how likely it is complete, or its words. Ends the turn where it has
    /// been silent for long enough for that.
    pub fn learn(&mut self, complete: Option<f32>, words: Option<&str>) -> Option<(u64, Vec<f32>)> {
        let turns = self.turns.as_mut().filter(|turns| turns.open && turns.unsure.is_none())?;
        turns.complete = complete.or(turns.complete);
        turns.words = words.map(str::to_owned).or(turns.words.take());
        if turns.is_over() { self.stop() } else { None }
    }

    /// Ends the turn that is open.
    pub fn stop(&mut self) -> Option<(u64, Vec<f32>)> {
        let turns = self.turns.as_mut().filter(|turns| turns.open && turns.unsure.is_none())?;
        turns.open = false;
        let at = milliseconds(self.before + self.buffer.len());
        Some((at, self.take()))
    }

    /// Takes what is not committed.
    pub fn take(&mut self) -> Vec<f32> {
        self.before += self.buffer.len();
        if let Some(turns) = &mut self.turns {
            turns.dismiss();
            turns.activity.reset();
        }
        std::mem::take(&mut self.buffer)
    }

    /// Whether there is no room for as many samples at the interface's rate.
    pub fn is_full(&self, samples: usize) -> bool {
        let seconds = |samples: usize, rate: u32| samples as f64 / f64::from(rate);
        seconds(self.buffer.len(), SAMPLE_RATE) + seconds(samples, PCM_RATE) > f64::from(MOST_SECONDS)
    }
}

impl Turns {
    fn new(detection: &TurnDetection) -> Self {
        let machine = Options::default();
        let (speech, padding, longest_pause) = match *detection {
            TurnDetection::ServerVad { threshold, prefix_padding_ms, silence_duration_ms, .. } => {
                (threshold, Duration::from_millis(prefix_padding_ms), Duration::from_millis(silence_duration_ms))
            }
            TurnDetection::SemanticVad { eagerness, .. } => {
                let longest_pause = match eagerness {
                    Eagerness::High => Duration::from_secs(1),
                    Eagerness::Medium | Eagerness::Auto => machine.longest_pause,
                    Eagerness::Low => Duration::from_secs(4),
                };
                (machine.speech, machine.pre_roll, longest_pause)
            }
        };
        let still_speech = speech * machine.still_speech / machine.speech;
        let options = Options {
            speech,
            still_speech,
            pause: machine.pause.min(longest_pause),
            sentence_pause: longest_pause / 2,
            longest_pause,
            ..machine
        };
        Self {
            activity: Activity::new(speech, still_speech, options.onset, options.pause),
            // No client keeps more than the longest turn.
            padding: samples((padding + options.onset).min(options.longest_turn)),
            complete: None,
            words: None,
            options,
            open: false,
            unsure: None,
            voiced: 0,
            grown: 0,
            overlap: Overlap::Full,
        }
    }

    /// Takes the probability of speech of the frame that ends at sample `end`; the buffer has `kept` samples.
    fn hear(&mut self, speech: f32, end: usize, kept: usize, over_answer: bool, events: &mut Vec<Heard>) {
        let change = self.activity.push(speech);
        match change {
            Some(Change::Began) if self.open => {
                self.voiced += self.activity.run();
                // What was known is not what they meant.
                (self.complete, self.words) = (None, None);
                events.push(Heard::WentOn);
            }
            Some(Change::Began) => {
                (self.open, self.grown, self.voiced) = (true, 0, self.activity.run());
                self.unsure = Some(milliseconds(end - kept.min(self.padding)));
            }
            _ if self.activity.is_speaking() && self.activity.run() > 0 => self.voiced += 1,
            _ => {}
        }
        if over_answer {
            self.hear_over_answer(events);
        }
        let Some(began) = self.unsure else {
            return self.hear_turn(change, end, kept, events);
        };
        let paused = change == Some(Change::Paused);
        if self.options.is_click(self.voiced) {
            if paused {
                self.dismiss();
                self.set_overlap(Overlap::Full, events);
            }
        } else if over_answer {
            if paused {
                events.push(Heard::Remarked);
            }
        } else {
            self.unsure = None;
            events.push(Heard::Started(began));
        }
    }

    /// While an answer is heard: makes room for a voice over it, and lets it end the answer when it goes on.
    fn hear_over_answer(&mut self, events: &mut Vec<Heard>) {
        if self.open && self.unsure.is_none() {
            return;
        }
        match self.options.overlap(&self.activity, self.unsure.map(|_| self.voiced)) {
            None => {}
            Some(Overlap::Full) => self.set_overlap(Overlap::Full, events),
            Some(Overlap::Ended) => {
                self.overlap = Overlap::Full;
                events.extend(self.unsure.take().map(Heard::Started));
            }
            Some(more) => self.set_overlap(self.overlap.max(more), events),
        }
    }

    fn set_overlap(&mut self, overlap: Overlap, events: &mut Vec<Heard>) {
        if self.overlap != overlap {
            self.overlap = overlap;
            events.push(Heard::Overlap(overlap));
        }
    }

    /// What somebody does who has the word.
    fn hear_turn(&mut self, change: Option<Change>, end: usize, kept: usize, events: &mut Vec<Heard>) {
        if !self.open || change == Some(Change::Began) {
            return;
        }
        let growth = samples(GROWTH).max(kept / GROWTH_SHARE);
        if self.is_over() || kept >= samples(self.options.longest_turn) {
            self.open = false;
            events.push(Heard::Stopped(milliseconds(end)));
        } else if change == Some(Change::Paused) {
            events.push(Heard::Paused);
        } else if self.activity.run() > 0 && kept >= self.grown + growth {
            self.grown = kept;
            events.push(Heard::Grew);
        }
    }

    /// Whether the silence is long enough for what is known.
    fn is_over(&self) -> bool {
        let silence = self.activity.silence();
        !self.activity.is_speaking() && self.options.is_over(silence, self.complete, self.words.as_deref())
    }

    /// Nobody has the word, or wants it.
    fn dismiss(&mut self) {
        (self.open, self.unsure, self.voiced) = (false, None, 0);
        (self.complete, self.words) = (None, None);
    }
}

fn samples(time: Duration) -> usize {
    usize::try_from(time.as_millis()).unwrap_or(usize::MAX).saturating_mul(SAMPLE_RATE as usize / 1000)
}

fn milliseconds(samples: usize) -> u64 {
    samples as u64 * 1000 / u64::from(SAMPLE_RATE)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Takes loudness for speech.
    struct Loudness;

    impl VoiceActivity for Loudness {
        fn probability(&mut self, frame: &[f32; FRAME]) -> Result<f32, VoiceError> {
            Ok(if frame.iter().any(|sample| sample.abs() > 0.2) { 0.9 } else { 0.1 })
        }

        fn reset(&mut self) {}
    }

    /// What is heard, without the growth of turns, and the longest sound that was given out.
    fn hear(detection: serde_json::Value, sound: &[(usize, f32)]) -> (Vec<Heard>, usize) {
        let detection: TurnDetection = serde_json::from_value(detection).unwrap();
        let mut listener = Listener::new(Box::new(Loudness), Some(&detection));
        let (mut events, mut longest) = (Vec::new(), 0);
        for &(time, loudness) in sound {
            let samples = vec![loudness; time * PCM_RATE as usize / 1000];
            let note = &mut |event, audio: Vec<f32>| {
                longest = longest.max(audio.len());
                if event != Heard::Grew {
                    events.push(event);
                }
            };
            listener.push(&samples, false, note).unwrap();
        }
        (events, longest)
    }

    #[test]
    fn a_silence_ends_a_turn() {
        let detection = json!({ "type": "server_vad", "silence_duration_ms": 400 });
        let (events, longest) = hear(detection, &[(1000, 0.0), (1000, 0.5), (1000, 0.0)]);
        assert!(
            matches!(events[..], [Heard::Started(start), Heard::Paused, Heard::Stopped(end)]
            if (600..1000).contains(&start) && (2380..2600).contains(&end)),
            "{events:?}"
        );
        assert!(longest < 2 * SAMPLE_RATE as usize, "{longest}");
    }

    #[test]
    fn somebody_may_go_on() {
        let detection = json!({ "type": "semantic_vad" });
        let (events, _) = hear(detection, &[(640, 0.5), (320, 0.0), (640, 0.5), (2000, 0.0)]);
        assert!(
            matches!(events[..], [Heard::Started(0), Heard::Paused, Heard::WentOn, Heard::Paused, Heard::Stopped(_)]),
            "{events:?}"
        );
    }

    #[test]
    fn the_rules_of_the_machine_say_how_long_a_silence_ends_a_turn() {
        let turn = |complete, words, silence: usize| {
            let detection: TurnDetection = serde_json::from_value(json!({ "type": "semantic_vad" })).unwrap();
            let mut listener = Listener::new(Box::new(Loudness), Some(&detection));
            let mut stopped = false;
            let mut hear = |listener: &mut Listener, loudness, time: usize| {
                let samples = vec![loudness; time * PCM_RATE as usize / 1000];
                listener.push(&samples, false, &mut |event, _| stopped |= matches!(event, Heard::Stopped(_))).unwrap();
            };
            hear(&mut listener, 0.5, 1024);
            hear(&mut listener, 0.0, 320);
            let early = listener.learn(complete, None).is_some() || listener.learn(None, words).is_some();
            hear(&mut listener, 0.0, silence);
            (early, stopped)
        };
        assert_eq!(turn(Some(1.0), Some("What is it?"), 0), (true, false));
        assert_eq!(turn(Some(0.0), Some("What is it?"), 320), (false, false));
        assert_eq!(turn(Some(0.0), Some("What is it?"), 640), (false, true));
        assert_eq!(turn(Some(1.0), Some("What is"), 320), (false, false));
        assert_eq!(turn(Some(1.0), Some("What is"), 640), (false, true));
        assert_eq!(turn(Some(0.0), Some("What is"), 640), (false, false));
        assert_eq!(turn(None, Some("What is it?"), 1024), (false, false), "nobody has judged");
        assert_eq!(turn(None, None, 1344), (false, true));
    }

    /// What is heard in sound over an answer.
    fn hear_over_answer(sound: &[(usize, f32)]) -> (Vec<Heard>, Listener) {
        let detection: TurnDetection = serde_json::from_value(json!({ "type": "semantic_vad" })).unwrap();
        let mut listener = Listener::new(Box::new(Loudness), Some(&detection));
        let mut events = Vec::new();
        for &(time, loudness) in sound {
            let samples = vec![loudness; time * PCM_RATE as usize / 1000];
            listener.push(&samples, true, &mut |event, _| events.push(event)).unwrap();
        }
        (events, listener)
    }

    #[test]
    fn a_click_is_no_turn_and_costs_an_answer_a_moments_silence() {
        let click = [(1024, 0.0), (96, 0.5), (480, 0.0)];
        assert_eq!(hear(json!({ "type": "semantic_vad" }), &click).0, []);
        let (events, _) = hear_over_answer(&click);
        assert_eq!(events, [Overlap::Quiet, Overlap::Silent, Overlap::Full].map(Heard::Overlap));
    }

    #[test]
    fn something_short_over_an_answer_makes_it_silent_until_it_is_understood() {
        let silent = [Heard::Overlap(Overlap::Quiet), Heard::Overlap(Overlap::Silent), Heard::Remarked];
        let short = [(1024, 0.0), (320, 0.5), (1024, 0.0)];
        let (events, mut listener) = hear_over_answer(&short);
        assert_eq!(events, silent);
        listener.dismiss();
        assert!(listener.give_the_word().is_none() && listener.learn(Some(1.0), Some("Stop.")).is_none());
        let (_, mut listener) = hear_over_answer(&short);
        let (began, audio) = listener.give_the_word().unwrap();
        assert!((600..1024).contains(&began) && audio.len() > SAMPLE_RATE as usize, "{began} {}", audio.len());
        assert!(listener.learn(Some(1.0), Some("Stop.")).is_some(), "it is a turn like any other now");
    }

    #[test]
    fn whoever_goes_on_over_an_answer_has_the_word() {
        let (events, _) = hear_over_answer(&[(1024, 0.0), (1600, 0.5)]);
        let Some(place) = events.iter().position(|event| matches!(event, Heard::Started(600..1024))) else {
            panic!("{events:?}");
        };
        assert_eq!(events[..place], [Heard::Overlap(Overlap::Quiet), Heard::Overlap(Overlap::Silent)]);
        assert!(events[place + 1..].iter().all(|event| *event == Heard::Grew), "{events:?}");
    }

    #[test]
    fn a_turn_is_given_out_as_it_grows_the_less_often_the_longer_it_is() {
        let detection: TurnDetection = serde_json::from_value(json!({ "type": "semantic_vad" })).unwrap();
        let mut listener = Listener::new(Box::new(Loudness), Some(&detection));
        let mut lengths = Vec::new();
        let note = &mut |event, audio: Vec<f32>| {
            if event == Heard::Grew {
                lengths.push(audio.len() * 1000 / SAMPLE_RATE as usize);
            }
        };
        listener.push(&vec![0.5; 20 * PCM_RATE as usize], false, note).unwrap();
        // Silence is no growth.
        listener.push(&vec![0.0; PCM_RATE as usize], false, note).unwrap();
        assert!((640..700).contains(&lengths[0]), "{lengths:?}");
        for pair in lengths.windows(2) {
            let growth = 640.max(pair[1] / GROWTH_SHARE);
            assert!((growth - 1..growth + 40).contains(&(pair[1] - pair[0])), "{lengths:?}");
        }
        assert!((15..30).contains(&lengths.len()), "{lengths:?}");
    }

    #[test]
    fn silence_is_not_kept_and_endless_speech_is_cut() {
        let (events, longest) = hear(json!({ "type": "server_vad" }), &[(60_000, 0.0)]);
        assert_eq!((events.len(), longest), (0, 0));
        let (events, longest) = hear(json!({ "type": "server_vad" }), &[(40_000, 0.5)]);
        assert!(matches!(events[..], [Heard::Started(0), Heard::Stopped(_), Heard::Started(_)]), "{events:?}");
        assert!(longest <= 31 * SAMPLE_RATE as usize, "{longest}");
    }

    #[test]
    fn without_detection_all_is_kept_until_it_is_taken() {
        let mut listener = Listener::new(Box::new(Loudness), None);
        listener.push(&vec![0.5; 2 * PCM_RATE as usize], false, &mut |event, _| panic!("{event:?}")).unwrap();
        assert!(listener.is_full(299 * PCM_RATE as usize) && !listener.is_full(PCM_RATE as usize));
        assert!(listener.take().len() > 31_000 && listener.take().is_empty());
    }
}
