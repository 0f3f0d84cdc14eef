//! What holds whatever happens, in any order.

use std::time::Duration;

use proptest::{collection::vec, prelude::*};

use super::super::{Event, Mode, NOT_UNDERSTOOD, Options, Outcome, Output, Playback, State, User, Work};
use super::script::{FRAME_MS, Failing, Line, Script};

fn lines() -> impl Strategy<Value = Vec<Line>> {
    let sound = (1_usize..40, prop_oneof![Just(0.05_f32), Just(0.4), Just(0.9)]);
    let words = prop_oneof![
        Just(""),
        Just("uh-huh"),
        Just("..."),
        Just("What is it?"),
        Just("Hey computer"),
        Just("Hey computer, what is it?")
    ];
    let text = prop_oneof![
        Just("It is. "),
        Just("Well, "),
        Just("`code` and **bold** ünïcödé "),
        Just("🙂"),
        Just("A sentence with more words. "),
        Just("\n\n")
    ];
    let user =
        prop_oneof![Just(User::Press), Just(User::Release), Just(User::Tap), Just(User::Mute), Just(User::Unmute)];
    let failing =
        prop_oneof![Just(Failing::Transcribe), Just(Failing::Judge), Just(Failing::Answer), Just(Failing::Speak)];
    let line = prop_oneof![
        8 => sound.prop_map(|(frames, speech)| Line::Sound(frames * FRAME_MS, speech)),
        6 => words.clone().prop_map(|text| Line::Heard(text.to_owned())),
        1 => words.prop_map(|text| Line::HeardLate(text.to_owned())),
        3 => prop_oneof![Just(0.1_f32), Just(0.9)].prop_map(Line::Judged),
        6 => text.prop_map(|text| Line::Text(text.to_owned())),
        2 => Just(Line::TextEnded),
        6 => (0_usize..900, any::<bool>()).prop_map(|(time, whole)| Line::Voice(time, whole)),
        6 => (0_usize..3000).prop_map(Line::Played),
        1 => failing.prop_map(Line::Fail),
        2 => user.prop_map(Line::User),
    ];
    vec(line, 1..120)
}

fn options() -> impl Strategy<Value = Options> {
    let mode = prop_oneof![Just(Mode::HandsFree), Just(Mode::PushToTalk)];
    let wake = prop_oneof![3 => Just(None), 1 => Just(Some("hey computer".to_owned()))];
    let longest = prop_oneof![Just(Duration::from_secs(2)), Just(Duration::from_secs(30))];
    (mode, wake, longest).prop_map(|(mode, wake_phrase, longest_turn)| Options {
        mode,
        wake_phrase,
        longest_turn,
        ..Options::default()
    })
}

/// What the outputs so far mean.
#[derive(Default)]
struct Witness {
    /// The answer that is not settled, and its text.
    answering: Option<(u64, String)>,
    text_ended: bool,
    last_answer: u64,
    muted: bool,
    state: State,
    /// Text of the answer that was told.
    told: String,
}

impl Witness {
    fn before(&mut self, line: &Line) {
        match line {
            Line::User(User::Mute) => self.muted = true,
            Line::User(User::Unmute) => self.muted = false,
            Line::Text(text) => {
                if let Some((_, all)) = self.answering.as_mut().filter(|_| !self.text_ended) {
                    all.push_str(text);
                }
            }
            Line::TextEnded => self.text_ended = true,
            _ => {}
        }
    }

    fn see(&mut self, output: &Output) {
        match output {
            Output::Work(Work::Answer { answer, question }) => {
                assert!(self.answering.is_none(), "two answers at once");
                assert!(*answer > self.last_answer && question.chars().any(char::is_alphanumeric));
                self.answering = Some((*answer, String::new()));
                (self.last_answer, self.text_ended) = (*answer, false);
                self.told.clear();
            }
            Output::Work(Work::Settle { answer, outcome }) => {
                let (id, text) = self.answering.take().expect("an answer is settled once");
                assert_eq!(*answer, id);
                if let Outcome::Cut(bytes) = outcome {
                    assert!(*bytes > 0 && text.is_char_boundary(*bytes), "{bytes} bytes of {text:?}");
                }
            }
            Output::Work(_) if self.muted => panic!("{output:?} while muted"),
            Output::Playback(Playback::Play { .. }) => {
                assert!(!self.muted, "speaks while muted");
                assert_eq!(self.state, State::Speaking, "speaks without having the word");
            }
            Output::Event(Event::State(state)) => {
                assert_ne!(*state, self.state);
                self.state = *state;
            }
            Output::Event(Event::Text(text)) => self.told.push_str(text),
            Output::Event(Event::Answered { text, whole }) => {
                assert!(self.told.starts_with(text), "{text:?} is no beginning of {:?}", self.told);
                assert!(!whole || *text == self.told);
            }
            Output::Event(Event::Final(_)) => self.told.clear(),
            _ => {}
        }
        if self.told == NOT_UNDERSTOOD {
            self.told.clear();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    /// There is one answer at a time, and each is settled; nothing is said while nobody may speak, and what the history
    /// holds was generated.
    #[test]
    fn whatever_happens(options in options(), lines in lines()) {
        let mut script = Script::new(options);
        let mut witness = Witness::default();
        for line in lines.iter().chain([&Line::User(User::Mute)]) {
            witness.before(line);
            script.run(line).iter().for_each(|(_, output)| witness.see(output));
        }
        prop_assert!(witness.answering.is_none(), "an answer was neither kept nor taken back");
        prop_assert_eq!(script.machine.state(), State::Listening);
    }
}
