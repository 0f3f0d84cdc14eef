//! The threads, with parts that are as small as can be. The real ones are tested where the models are at hand, in `cli`.

use std::{
    ops::ControlFlow,
    sync::mpsc::{self, Receiver, Sender},
    time::Duration,
};

use super::super::{Event, Mode, Options, Outcome, Output, Playback, Thinker, ThinkingFailed, User, Work};
use super::{Driver, Parts};
use crate::{EndOfTurn, FRAME, Manner, Recognizer, Synthesizer, VoiceActivity, VoiceError};

/// Takes loudness for speech, and length for words.
struct Simple;

impl VoiceActivity for Simple {
    fn probability(&mut self, frame: &[f32; FRAME]) -> Result<f32, VoiceError> {
        Ok(frame[0])
    }

    fn reset(&mut self) {}
}

impl EndOfTurn for Simple {
    fn probability(&mut self, _turn: &[f32]) -> Result<f32, VoiceError> {
        Ok(1.0)
    }
}

impl Recognizer for Simple {
    fn recognize(&mut self, audio: &[f32]) -> Result<String, VoiceError> {
        Ok(format!("{} samples", audio.len()))
    }
}

impl Synthesizer for Simple {
    fn sample_rate(&self) -> u32 {
        24_000
    }

    fn voices(&self) -> Vec<&str> {
        vec!["simple"]
    }

    fn synthesize(
        &mut self,
        text: &str,
        _manner: &Manner,
        sink: &mut dyn FnMut(&[f32]) -> ControlFlow<()>,
    ) -> Result<(), VoiceError> {
        let _ = sink(&vec![0.5; text.len()]);
        Ok(())
    }
}

/// Repeats the question, and never comes to an end if it is asked to.
struct Echo {
    endless: bool,
    settled: Sender<(String, Outcome)>,
    last: String,
}

impl Thinker for Echo {
    fn answer(&mut self, question: &str, sink: &mut dyn FnMut(&str) -> ControlFlow<()>) -> Result<(), ThinkingFailed> {
        self.last = question.to_owned();
        let mut text = sink(&format!("You said {question}."));
        while self.endless && text.is_continue() {
            // What follows makes the clause before it whole.
            text = sink(" And");
        }
        Ok(())
    }

    fn settle(&mut self, outcome: Outcome) -> Result<(), ThinkingFailed> {
        Ok(self.settled.send((self.last.clone(), outcome))?)
    }
}

fn start(endless: bool) -> (Driver, Receiver<Output>, Receiver<(String, Outcome)>) {
    let (settled, outcomes) = mpsc::channel();
    let (reports, outputs) = mpsc::channel();
    let parts = Parts {
        activity: Box::new(Simple),
        end_of_turn: Box::new(Simple),
        recognizer: Box::new(Simple),
        thinker: Box::new(Echo { endless, settled, last: String::new() }),
        synthesizer: Box::new(Simple),
        manner: Manner::default(),
    };
    let options = Options { mode: Mode::PushToTalk, ..Options::default() };
    let driver = Driver::start(parts, options, move |_: Duration, output| _ = reports.send(output));
    driver.user(User::Press);
    (0..20).for_each(|_| driver.hear(&[0.9; FRAME]));
    driver.user(User::Release);
    (driver, outputs, outcomes)
}

#[test]
fn a_question_is_answered_and_settled_when_it_has_been_heard() {
    let (driver, outputs, outcomes) = start(false);
    let mut played = 0;
    let answered = outputs.iter().find_map(|output| match output {
        Output::Playback(Playback::Play { answer, samples }) => {
            played += samples.len() as u64;
            driver.played(answer, played);
            None
        }
        Output::Event(Event::Answered { text, whole }) => Some((text, whole)),
        _ => None,
    });
    assert_eq!(answered, Some(("You said 10240 samples.".to_owned(), true)));
    assert_eq!(outcomes.recv(), Ok(("10240 samples".to_owned(), Outcome::Whole)));
}

#[test]
fn an_endless_answer_ends_with_a_tap_and_with_the_conversation() {
    let (driver, outputs, outcomes) = start(true);
    let plays = |output: &Output| matches!(output, Output::Playback(Playback::Play { .. }));
    assert!(outputs.iter().any(|output| plays(&output)));
    driver.user(User::Tap);
    assert_eq!(outcomes.recv(), Ok(("10240 samples".to_owned(), Outcome::Discarded)));
    driver.user(User::Press);
    (0..20).for_each(|_| driver.hear(&[0.9; FRAME]));
    driver.user(User::Release);
    assert!(outputs.iter().any(|output| matches!(output, Output::Work(Work::Answer { answer: 2, .. }))));
    drop(driver);
    // Nobody can settle anything any more: the thinker is gone.
    assert_eq!(outcomes.iter().count(), 0);
}
