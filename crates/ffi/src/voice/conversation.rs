//! Spoken conversations.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sottovoce_voice::{
    FRAME,
    conversation::{Driver, Mode, Options, Output, Parts, User},
};

use super::{
    SpeakingStyle, SpeechRecognizer, SpeechSynthesizer, TurnDetector, VoiceDetector, VoiceListener,
    parts::{AppRecognizer, AppSynthesizer, AppTurns, SilenceAlone},
    thinker::ConversationThinker,
};
use crate::{AnswerOptions, Conversation, SottovoceError, array::samples};

/// A silence that ends a turn where no model hears whether it is complete: longer than most pauses for breath.
const SILENCE_ALONE: Duration = Duration::from_millis(800);

/// What begins and ends a person's turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum VoiceMode {
    /// Speech begins a turn, and silence ends it.
    HandsFree,
    /// [`VoiceConversation::press`] begins it and [`VoiceConversation::release`] ends it.
    PushToTalk,
}

/// What a spoken conversation is made of.
#[derive(Clone, uniffi::Record)]
pub struct VoiceParts {
    /// Hears that somebody speaks.
    pub detector: Arc<VoiceDetector>,
    /// Hears that they have finished; without it 0.8 s of silence say so.
    #[uniffi(default = None)]
    pub turns: Option<Arc<TurnDetector>>,
    /// Hears what they said.
    pub recognizer: Arc<dyn SpeechRecognizer>,
    /// Says the answer.
    pub synthesizer: Arc<dyn SpeechSynthesizer>,
}

/// How a spoken conversation goes.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct VoiceOptions {
    /// What begins and ends a turn.
    pub mode: VoiceMode,
    /// How answers are made.
    pub answer: AnswerOptions,
    /// How they are said.
    pub style: SpeakingStyle,
    /// Only turns that begin with these words are answered, and those that follow an answer soon.
    #[uniffi(default = None)]
    pub wake_phrase: Option<String>,
}

/// A spoken conversation under way. The app brings sound from the microphone and plays what it is told to; when to speak, what
/// was heard and what is forgotten is decided here.
///
/// It lives until it is freed; [`stop`](Self::stop) ends it before.
#[derive(uniffi::Object)]
pub struct VoiceConversation {
    driver: Mutex<Option<Driver>>,
    /// Sound that is no whole frame yet.
    rest: Mutex<Vec<f32>>,
}

impl VoiceConversation {
    fn with(&self, act: impl FnOnce(&Driver)) {
        if let Some(driver) = &*lock(&self.driver) {
            act(driver);
        }
    }
}

#[uniffi::export]
impl VoiceConversation {
    /// Begins to talk in `conversation`.
    ///
    /// # Errors
    /// The detector's file is gone, an option is outside its range, or the style asks for what the voice has not.
    #[uniffi::constructor]
    pub fn start(
        conversation: Arc<Conversation>,
        parts: VoiceParts,
        options: VoiceOptions,
        listener: Arc<dyn VoiceListener>,
    ) -> Result<Arc<Self>, SottovoceError> {
        conversation.model.generate_options(&options.answer, None)?;
        let mut rules = Options {
            mode: match options.mode {
                VoiceMode::HandsFree => Mode::HandsFree,
                VoiceMode::PushToTalk => Mode::PushToTalk,
            },
            wake_phrase: options.wake_phrase,
            ..Options::default()
        };
        if parts.turns.is_none() {
            (rules.sentence_pause, rules.longest_pause) = (SILENCE_ALONE, SILENCE_ALONE);
        }
        let parts = Parts {
            activity: Box::new(parts.detector.stream()?),
            end_of_turn: match parts.turns {
                Some(turns) => Box::new(AppTurns(turns)),
                None => Box::new(SilenceAlone),
            },
            recognizer: Box::new(AppRecognizer(parts.recognizer)),
            thinker: Box::new(ConversationThinker::new(conversation, options.answer)),
            synthesizer: Box::new(AppSynthesizer::new(parts.synthesizer)),
            manner: options.style.into(),
        };
        parts.manner.check(&parts.synthesizer.voices())?;
        let driver = Driver::start(parts, rules, move |_, output| {
            // What a listener throws is nobody's to catch.
            let _ = match output {
                Output::Event(event) => listener.on_event(event.into()),
                Output::Playback(playback) => listener.on_playback(playback.into()),
                Output::Work(_) => Ok(()),
            };
        });
        Ok(Arc::new(Self { driver: Mutex::new(Some(driver)), rest: Mutex::default() }))
    }

    /// Hears the next sound of the microphone: mono, 32-bit floats at 16,000 a second, in the byte order of this machine; in
    /// pieces of any length.
    ///
    /// # Errors
    /// The bytes are not whole samples.
    pub fn hear(&self, sound: Vec<u8>) -> Result<(), SottovoceError> {
        let mut rest = lock(&self.rest);
        rest.extend(samples(&sound)?);
        let heard = {
            let (frames, left) = rest.as_chunks::<FRAME>();
            self.with(|driver| frames.iter().for_each(|frame| driver.hear(frame)));
            rest.len() - left.len()
        };
        rest.drain(..heard);
        Ok(())
    }

    /// So many samples of an answer have come out of the loudspeaker, counted from its beginning.
    pub fn played(&self, answer: u64, samples: u64) {
        self.with(|driver| driver.played(answer, samples));
    }

    /// Push to talk is held from now on. Ends what is being said.
    pub fn press(&self) {
        self.with(|driver| driver.user(User::Press));
    }

    /// Push to talk is let go: the turn is over.
    pub fn release(&self) {
        self.with(|driver| driver.user(User::Release));
    }

    /// Ends what is being said.
    pub fn interrupt(&self) {
        self.with(|driver| driver.user(User::Tap));
    }

    /// From now on nothing is heard or said, or all is as before.
    pub fn set_muted(&self, muted: bool) {
        self.with(|driver| driver.user(if muted { User::Mute } else { User::Unmute }));
    }

    /// Ends the conversation, and returns when its parts have let go.
    pub fn stop(&self) {
        let driver = lock(&self.driver).take();
        drop(driver);
    }
}

fn lock<T>(part: &Mutex<T>) -> MutexGuard<'_, T> {
    part.lock().unwrap_or_else(PoisonError::into_inner)
}
