//! What clients ask, read from their events.

use serde_json::{Value, json};

use super::codec::{Event, refused};
use crate::{ServerError, voice::sound};

/// What a client says.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// What is there?
    Describe,
    /// Are you there?
    Ping {
        text: Value,
    },
    /// Sound follows: what is said in it?
    Transcribe,
    AudioStart(Format),
    AudioChunk(Format, Vec<f32>),
    AudioStop,
    /// Say this.
    Synthesize {
        text: String,
        voice: Option<String>,
    },
    /// Say what follows in pieces.
    SynthesizeStart {
        voice: Option<String>,
    },
    SynthesizeChunk {
        text: String,
    },
    SynthesizeStop,
    /// Answer this.
    Answer {
        text: String,
        context: Value,
    },
    /// Something that this server has no use for; the protocol wants that to be ignored.
    Other,
}

/// How sound travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// Samples a second.
    pub rate: u32,
    /// Bytes of a sample.
    width: u32,
    channels: u32,
}

/// Sample rates that are taken.
const RATES: std::ops::RangeInclusive<u32> = 8_000..=192_000;
const MOST_CHANNELS: u32 = 8;

impl Format {
    /// 16-bit integers, one channel.
    pub const fn mono(rate: u32) -> Self {
        Self { rate, width: 2, channels: 1 }
    }

    /// The same as the data of an event.
    pub fn data(self) -> Value {
        json!({ "rate": self.rate, "width": self.width, "channels": self.channels })
    }

    fn read(event: &Event) -> Result<Self, ServerError> {
        let number = |name: &str| {
            let value = event.data.get(name).unwrap_or(&Value::Null);
            let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
            number.ok_or_else(|| refused(format!("{} with a {name} that is a whole number", event.kind), value))
        };
        let format = Self { rate: number("rate")?, width: number("width")?, channels: number("channels")? };
        if !RATES.contains(&format.rate) {
            return Err(refused(format!("a rate of {} to {}", RATES.start(), RATES.end()), format.rate));
        }
        if format.width != 2 {
            return Err(refused("a width of 2, samples of 16 bits", format.width));
        }
        if !(1..=MOST_CHANNELS).contains(&format.channels) {
            return Err(refused(format!("1 to {MOST_CHANNELS} channels"), format.channels));
        }
        Ok(format)
    }

    /// The mean of all channels.
    fn samples(self, payload: &[u8]) -> Result<Vec<f32>, ServerError> {
        let channels = self.channels as usize;
        if !payload.len().is_multiple_of(2 * channels) {
            return Err(refused(format!("whole frames of {} bytes", 2 * channels), format!("{} bytes", payload.len())));
        }
        let samples = sound::from_bytes(payload);
        Ok(samples.chunks_exact(channels).map(|frame| frame.iter().sum::<f32>() / channels as f32).collect())
    }
}

impl Request {
    /// Reads an event.
    ///
    /// # Errors
    /// [`ServerError::Protocol`]: it says it is one of these and is not.
    pub fn read(event: &Event) -> Result<Self, ServerError> {
        Ok(match event.kind.as_str() {
            "describe" => Self::Describe,
            "ping" => Self::Ping { text: event.data.get("text").cloned().unwrap_or_default() },
            "transcribe" => {
                check_language(event)?;
                Self::Transcribe
            }
            "audio-start" => Self::AudioStart(Format::read(event)?),
            "audio-chunk" => {
                let format = Format::read(event)?;
                Self::AudioChunk(format, format.samples(&event.payload)?)
            }
            "audio-stop" => Self::AudioStop,
            "synthesize" => Self::Synthesize { text: text(event)?, voice: voice(event)? },
            "synthesize-start" => Self::SynthesizeStart { voice: voice(event)? },
            "synthesize-chunk" => Self::SynthesizeChunk { text: text(event)? },
            "synthesize-stop" => Self::SynthesizeStop,
            "transcript" => {
                Self::Answer { text: text(event)?, context: event.data.get("context").cloned().unwrap_or_default() }
            }
            _ => Self::Other,
        })
    }
}

fn text(event: &Event) -> Result<String, ServerError> {
    match event.data.get("text") {
        Some(Value::String(text)) => check_format(event).map(|()| text.clone()),
        other => Err(refused(format!("{} with a text", event.kind), other.unwrap_or(&Value::Null))),
    }
}

/// Texts are plain; marks of SSML would be read aloud.
fn check_format(event: &Event) -> Result<(), ServerError> {
    match event.data.get("text_format") {
        None | Some(Value::Null) => Ok(()),
        Some(format) if format == "text" => Ok(()),
        Some(other) => Err(refused("text_format \"text\"", other)),
    }
}

/// The voice that a client asks for by name; by language there is nothing to choose.
fn voice(event: &Event) -> Result<Option<String>, ServerError> {
    match event.data.get("voice").and_then(|voice| voice.get("name")) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(name)) => Ok(Some(name.clone())),
        Some(other) => Err(refused("a voice whose name is a text", other)),
    }
}

fn check_language(event: &Event) -> Result<(), ServerError> {
    match event.data.get("language") {
        None | Some(Value::Null) => Ok(()),
        Some(Value::String(language)) if language.split(['-', '_']).next() == Some("en") => Ok(()),
        Some(other) => Err(refused("the language \"en\", which is all that is understood", other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: &str, data: Value) -> Result<Request, String> {
        Request::read(&Event::new(kind, data)).map_err(|error| error.to_string())
    }

    #[test]
    fn what_clients_say_is_read() {
        assert_eq!(read("describe", json!({})), Ok(Request::Describe));
        assert_eq!(read("ping", json!({ "text": null })), Ok(Request::Ping { text: Value::Null }));
        assert_eq!(read("transcribe", json!({ "name": "any", "language": "en-GB" })), Ok(Request::Transcribe));
        let voice = json!({ "text": "Hello.", "voice": { "name": "heart", "speaker": null } });
        let wanted = Request::Synthesize { text: "Hello.".to_owned(), voice: Some("heart".to_owned()) };
        assert_eq!(read("synthesize", voice), Ok(wanted));
        let start = json!({ "voice": { "language": "en" } });
        assert_eq!(read("synthesize-start", start), Ok(Request::SynthesizeStart { voice: None }));
        assert_eq!(read("run-pipeline", json!({ "text": 7 })), Ok(Request::Other));
        let stereo = json!({ "rate": 44_100, "width": 2, "channels": 2, "timestamp": 0 });
        let chunk = Event::new("audio-chunk", stereo).with_payload(vec![0, 64, 0, 0, 0, 128, 0, 128]);
        let format = Format { rate: 44_100, width: 2, channels: 2 };
        assert_eq!(Request::read(&chunk).unwrap(), Request::AudioChunk(format, vec![0.25, -1.0]));
    }

    #[test]
    fn what_cannot_be_done_is_told() {
        let sound = |name: &str, value: Value| {
            let mut data = Format::mono(16_000).data();
            data[name] = value;
            data
        };
        for (kind, data, told) in [
            (
                "transcribe",
                json!({ "language": "de" }),
                "the language \"en\", which is all that is understood, found \"de\"",
            ),
            ("synthesize", json!({}), "synthesize with a text, found null"),
            ("synthesize", json!({ "text": 7 }), "synthesize with a text, found 7"),
            ("synthesize", json!({ "text": "<p/>", "text_format": "ssml" }), "text_format \"text\", found \"ssml\""),
            ("synthesize", json!({ "text": "", "voice": { "name": 7 } }), "a voice whose name is a text, found 7"),
            ("audio-start", json!({}), "audio-start with a rate that is a whole number, found null"),
            ("audio-start", sound("rate", json!(0)), "a rate of 8000 to 192000, found 0"),
            ("audio-start", sound("rate", json!(1e12)), "whole number, found 1000000000000"),
            ("audio-start", sound("width", json!(3)), "a width of 2, samples of 16 bits, found 3"),
            ("audio-start", sound("channels", json!(0)), "1 to 8 channels, found 0"),
        ] {
            let error = read(kind, data).unwrap_err();
            assert!(error.contains(told), "{kind}: {error}");
        }
        let cut = Event::new("audio-chunk", Format::mono(16_000).data()).with_payload(vec![0; 3]);
        assert!(Request::read(&cut).unwrap_err().to_string().contains("whole frames of 2 bytes, found 3 bytes"));
    }
}
