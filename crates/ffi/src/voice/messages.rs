//! What a spoken conversation tells the app.

use sottovoce_voice::conversation::{self as machine, Event};

use crate::array::sample_bytes;

/// Who has the word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum VoiceState {
    /// The person.
    Listening,
    /// Nobody yet: an answer is being made.
    Thinking,
    /// The assistant.
    Speaking,
}

/// What is worth showing.
#[derive(Clone, Debug, PartialEq, uniffi::Enum)]
pub enum VoiceEvent {
    /// Somebody else has the word.
    State {
        /// Who.
        state: VoiceState,
    },
    /// How loud the microphone is, within [0, 1].
    Level {
        /// The root of the mean square.
        level: f32,
    },
    /// Somebody speaks.
    SpeechStarted,
    /// They pause.
    SpeechStopped,
    /// What they said so far.
    Partial {
        /// The words.
        text: String,
    },
    /// What they said: the question that is answered. If they go on before anything of the answer is heard, another follows
    /// that has all of it.
    Question {
        /// The words.
        text: String,
    },
    /// Text came to the answer.
    Text {
        /// What came to it.
        text: String,
    },
    /// These words are being said now.
    Caption {
        /// The words.
        text: String,
    },
    /// An answer is over. In the conversation is what was heard of it.
    Answered {
        /// That.
        text: String,
        /// Whether it was heard to the end.
        whole: bool,
    },
    /// How long the answer that begins now was waited for.
    Wait {
        /// From the end of the person's speech to the first sound.
        seconds: f64,
    },
    /// Something failed. The conversation goes on without it.
    Failed {
        /// What.
        reason: String,
    },
}

/// What the loudspeaker has to do.
#[derive(Clone, Debug, PartialEq, uniffi::Enum)]
pub enum Playback {
    /// Play this after what is there.
    Play {
        /// The answer that it belongs to.
        answer: u64,
        /// 32-bit floats at the synthesiser's rate, in the byte order of this machine.
        sound: Vec<u8>,
    },
    /// Go on quietly.
    Duck,
    /// Be silent and keep what is there.
    Pause,
    /// Go on as before, at full volume.
    Resume,
    /// Be silent and forget what is there. What comes next is played at full volume.
    Stop,
}

/// Is told of a spoken conversation, in order, on a thread of the conversation. What it throws is ignored: nobody waits for it.
#[uniffi::export(with_foreign)]
pub trait VoiceListener: Send + Sync {
    /// Something is worth showing.
    ///
    /// # Errors
    /// See above.
    fn on_event(&self, event: VoiceEvent) -> Result<(), crate::SottovoceError>;

    /// The loudspeaker has to do something. What has come out of it is for
    /// [`VoiceConversation::played`](crate::VoiceConversation::played).
    ///
    /// # Errors
    /// See above.
    fn on_playback(&self, playback: Playback) -> Result<(), crate::SottovoceError>;
}

impl From<Event> for VoiceEvent {
    fn from(event: Event) -> Self {
        match event {
            Event::State(state) => Self::State {
                state: match state {
                    machine::State::Listening => VoiceState::Listening,
                    machine::State::Thinking => VoiceState::Thinking,
                    machine::State::Speaking => VoiceState::Speaking,
                },
            },
            Event::Level(level) => Self::Level { level },
            Event::SpeechStarted => Self::SpeechStarted,
            Event::SpeechStopped => Self::SpeechStopped,
            Event::Partial(text) => Self::Partial { text },
            Event::Final(text) => Self::Question { text },
            Event::Text(text) => Self::Text { text },
            Event::Caption(text) => Self::Caption { text },
            Event::Answered { text, whole } => Self::Answered { text, whole },
            Event::Latency(latency) => Self::Wait { seconds: latency.first_audio.as_secs_f64() },
            Event::Failed(reason) => Self::Failed { reason },
        }
    }
}

impl From<machine::Playback> for Playback {
    fn from(playback: machine::Playback) -> Self {
        match playback {
            machine::Playback::Play { answer, samples } => Self::Play { answer, sound: sample_bytes(&samples) },
            machine::Playback::Duck => Self::Duck,
            machine::Playback::Pause => Self::Pause,
            machine::Playback::Resume => Self::Resume,
            machine::Playback::Stop => Self::Stop,
        }
    }
}
