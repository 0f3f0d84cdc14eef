//! `/v1/audio/speech`

use std::{ops::ControlFlow, sync::Arc};

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use futures_util::stream;
use serde::Deserialize;
use sottovoce_voice::{Manner, speakable::clauses};
use tokio::sync::mpsc::{self, Sender};
use utoipa::ToSchema;

use super::{PCM_RATE, SpeechParts, Voice, sound};
use crate::{
    ServerError,
    http::{Failure, Json},
};

/// Most characters of a text, as OpenAI has it.
const MOST_CHARACTERS: usize = 4096;
/// Pieces of sound that wait for a client who reads slowly.
const PIECES: usize = 16;

/// What a client sends.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct SpeechRequest {
    /// At most 4096 characters.
    #[serde(default)]
    input: String,
    voice: Option<VoiceName>,
    /// `wav`, which it is otherwise, or `pcm`.
    response_format: Option<String>,
    /// From 0.5 to 2.
    speed: Option<f32>,
    #[serde(rename = "model")]
    _model: Option<String>,
    /// `audio`.
    stream_format: Option<String>,
}

/// A voice is named by itself or by an object.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
enum VoiceName {
    Name(String),
    Object { id: String },
}

/// No more members.
#[derive(Debug, Deserialize)]
pub struct Nothing {}

/// Says a text aloud; the sound is sent while it is made.
#[utoipa::path(post, path = "/v1/audio/speech", tag = "OpenAI", operation_id = "create_speech", request_body = SpeechRequest,
    responses((status = 200, description = "The sound: one channel, 16 bits, 24,000 samples a second",
        content((String = "audio/wav"), (String = "audio/pcm"))), Failure))]
pub async fn create(
    State(voice): State<Arc<Voice>>,
    Json(request, _): Json<SpeechRequest, Nothing>,
) -> Result<Response, Failure> {
    let parts = voice.parts()?;
    let (kind, head) = request.format()?;
    let characters = request.input.chars().count();
    if characters > MOST_CHARACTERS {
        return Err(Failure::invalid("input", format!("{characters} characters, at most {MOST_CHARACTERS}")));
    }
    let name = request.voice.as_ref().map(|voice| match voice {
        VoiceName::Name(name) | VoiceName::Object { id: name } => name.as_str(),
    });
    let manner = parts.manner(name, request.speed.unwrap_or(1.0)).map_err(ServerError::from)?;
    let (sender, mut receiver) = mpsc::channel(PIECES);
    if !head.is_empty() {
        // There is room for one.
        let _ = sender.try_send(Ok(Bytes::from(head)));
    }
    tokio::spawn(async move {
        if let Err(error) = say(&parts, &request.input, manner, sender.clone()).await {
            // The status has been sent: a body that breaks off is all that is left to tell.
            let _ = sender.send(Err(std::io::Error::other(error))).await;
        }
    });
    let pieces = stream::poll_fn(move |context| receiver.poll_recv(context));
    Ok(([(header::CONTENT_TYPE, kind)], Body::from_stream(pieces)).into_response())
}

impl SpeechRequest {
    /// The type of the sound, and what comes before its samples.
    fn format(&self) -> Result<(&'static str, Vec<u8>), Failure> {
        if let Some(other) = self.stream_format.as_deref().filter(|&format| format != "audio") {
            return Err(Failure::invalid("stream_format", format!("stream_format is {other:?}, expected audio")));
        }
        match self.response_format.as_deref() {
            None | Some("wav") => Ok(("audio/wav", endless_wav_header())),
            Some("pcm") => Ok(("audio/pcm", Vec::new())),
            Some(other) => {
                let message =
                    format!("response_format is {other:?}, expected wav or pcm; sound is not compressed here");
                Err(Failure::invalid("response_format", message))
            }
        }
    }
}

async fn say(
    parts: &SpeechParts,
    text: &str,
    manner: Manner,
    sender: Sender<Result<Bytes, std::io::Error>>,
) -> Result<(), ServerError> {
    for clause in clauses(text) {
        if sender.is_closed() {
            break;
        }
        let sender = sender.clone();
        let send = move |samples: Vec<f32>| match sender.blocking_send(Ok(Bytes::from(sound::to_bytes(&samples)))) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        };
        parts.say(clause.text, manner.clone(), send).await?;
    }
    Ok(())
}

/// The header of a WAV file whose length nobody knows yet: the largest there can be, as other programs write it.
fn endless_wav_header() -> Vec<u8> {
    let mut header = Vec::with_capacity(44);
    header.extend_from_slice(b"RIFF\xff\xff\xff\xffWAVEfmt ");
    header.extend_from_slice(&16_u32.to_le_bytes());
    // PCM, mono.
    header.extend_from_slice(&[1, 0, 1, 0]);
    header.extend_from_slice(&PCM_RATE.to_le_bytes());
    header.extend_from_slice(&(2 * PCM_RATE).to_le_bytes());
    // Bytes of a sample, bits of it.
    header.extend_from_slice(&[2, 0, 16, 0]);
    header.extend_from_slice(b"data\xff\xff\xff\xff");
    header
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use sottovoce_voice::audio::decode_wav;

    use super::*;

    #[test]
    fn a_stream_of_unknown_length_is_a_wav_file() {
        let mut file = endless_wav_header();
        file.extend(sound::to_bytes(&[0.0, 0.5, -0.5]));
        let audio = decode_wav(&file[..], Path::new("stream"), PCM_RATE).unwrap();
        assert_eq!((audio.sample_rate, audio.samples.len()), (PCM_RATE, 3));
        assert!((audio.samples[1] - 0.5).abs() < 1e-4 && (audio.samples[2] + 0.5).abs() < 1e-4);
    }

    #[test]
    fn what_sound_cannot_be_is_said() {
        let request = |format: &str| SpeechRequest { response_format: Some(format.to_owned()), ..Default::default() };
        assert_eq!(request("pcm").format().unwrap().0, "audio/pcm");
        let refused = request("mp3").format().unwrap_err();
        let body = serde_json::json!(refused.body());
        assert!(body["error"]["message"].as_str().unwrap().contains("expected wav or pcm"), "{body}");
    }
}
