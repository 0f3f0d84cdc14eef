//! `/v1/audio/transcriptions`

use std::{fmt::Write, path::Path, sync::Arc, time::Duration};

use axum::{
    Json,
    extract::{Multipart, State, multipart::MultipartError},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use sottovoce_voice::{
    Audio, SAMPLE_RATE,
    asr::{Segment, Transcriber},
    audio::decode_wav,
};
use utoipa::ToSchema;

use super::Voice;
use crate::{ServerError, http::Failure};

/// What a client sends.
#[derive(Default, ToSchema)]
struct Form {
    /// A WAV file.
    #[schema(value_type = String, format = Binary)]
    file: Option<axum::body::Bytes>,
    /// `json`, which it is otherwise, `text`, `verbose_json`, `srt` or `vtt`.
    #[schema(rename = "response_format")]
    format: Option<String>,
}

/// Says what is said in a WAV file, in English.
#[utoipa::path(post, path = "/v1/audio/transcriptions", tag = "OpenAI", operation_id = "create_transcription",
    request_body(content = Form, content_type = "multipart/form-data"),
    responses((status = 200, description = "The words",
        content((Transcription = "application/json"), (String = "text/plain"), (String = "application/x-subrip"),
            (String = "text/vtt"))), Failure))]
pub async fn create(State(voice): State<Arc<Voice>>, multipart: Multipart) -> Result<Response, Failure> {
    let form = tokio::time::timeout(MOST_TIME, Form::read(multipart)).await;
    let form = form.map_err(|_| Failure::new(StatusCode::REQUEST_TIMEOUT, "the file did not come to an end"))??;
    let file = form.file.ok_or_else(|| Failure::invalid("file", "there is no file; send a WAV file"))?;
    let format = Format::named(form.format.as_deref())?;
    let parts = voice.parts()?;
    let activity = (parts.activity)().map_err(ServerError::from)?;
    let transcribed = parts.recognizers.run(move |recognizer| {
        let audio = decode_wav(&file[..], Path::new("file"), SAMPLE_RATE)?;
        let segments = Transcriber::new(activity, recognizer)
            .transcribe(&audio.samples, &mut |_, _| std::ops::ControlFlow::Continue(()))?;
        Ok((audio, segments))
    });
    let (audio, segments) = transcribed.await?;
    Ok(format.write(&audio, &segments))
}

/// How long a file may take to arrive.
const MOST_TIME: Duration = Duration::from_secs(60);

impl Form {
    async fn read(mut multipart: Multipart) -> Result<Self, Failure> {
        let refused = |error: MultipartError| Failure::new(error.status(), error.body_text());
        let mut form = Self::default();
        while let Some(field) = multipart.next_field().await.map_err(refused)? {
            let name = field.name().unwrap_or_default().to_owned();
            match name.as_str() {
                "file" => form.file = Some(field.bytes().await.map_err(refused)?),
                "response_format" => form.format = Some(field.text().await.map_err(refused)?),
                "language" => {
                    let language = field.text().await.map_err(refused)?;
                    if language != "en" {
                        return Err(Failure::invalid(
                            "language",
                            format!("{language:?} is not understood, only \"en\""),
                        ));
                    }
                }
                // What recognises is deterministic, and always says where its segments are.
                "model" | "temperature" | "prompt" | "timestamp_granularities[]" => {}
                "stream" if field.text().await.map_err(refused)? == "false" => {}
                other => return Err(Failure::invalid(other, "this is not supported; leave it out")),
            }
        }
        Ok(form)
    }
}

/// How the words are told.
#[derive(Clone, Copy)]
enum Format {
    Json,
    Text,
    Verbose,
    SubRip,
    WebVtt,
}

impl Format {
    fn named(name: Option<&str>) -> Result<Self, Failure> {
        Ok(match name {
            None | Some("json") => Self::Json,
            Some("text") => Self::Text,
            Some("verbose_json") => Self::Verbose,
            Some("srt") => Self::SubRip,
            Some("vtt") => Self::WebVtt,
            Some(other) => {
                let message = format!("response_format is {other:?}, expected json, text, verbose_json, srt or vtt");
                return Err(Failure::invalid("response_format", message));
            }
        })
    }

    fn write(self, audio: &Audio, segments: &[Segment]) -> Response {
        let texts: Vec<&str> = segments.iter().map(|segment| segment.text.as_str()).collect();
        let text = texts.join(" ");
        let plain = |kind: &'static str, text: String| ([(header::CONTENT_TYPE, kind)], text).into_response();
        match self {
            Self::Json => Json(Transcription { text, ..Transcription::default() }).into_response(),
            Self::Text => plain("text/plain; charset=utf-8", text + "\n"),
            Self::Verbose => {
                let transcription = Transcription {
                    text,
                    task: Some("transcribe"),
                    language: Some("english"),
                    duration: Some(audio.duration().as_secs_f64()),
                    segments: Some(segments.iter().enumerate().map(TimedText::from).collect()),
                };
                Json(transcription).into_response()
            }
            Self::SubRip => plain("application/x-subrip", subtitles(segments, ",", "")),
            Self::WebVtt => plain("text/vtt", subtitles(segments, ".", "WEBVTT\n\n")),
        }
    }
}

/// What was said; as `json`, the text alone.
#[derive(Default, Serialize, ToSchema)]
struct Transcription {
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'static str>,
    /// In seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    duration: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    segments: Option<Vec<TimedText>>,
}

/// Words, and from when to when they are said, in seconds.
#[derive(Serialize, ToSchema)]
struct TimedText {
    id: usize,
    start: f64,
    end: f64,
    text: String,
}

impl From<(usize, &Segment)> for TimedText {
    fn from((id, Segment { start, end, text }): (usize, &Segment)) -> Self {
        Self { id, start: start.as_secs_f64(), end: end.as_secs_f64(), text: text.clone() }
    }
}

/// Numbered segments with their times, as SubRip and WebVTT both have them.
fn subtitles(segments: &[Segment], point: &str, head: &str) -> String {
    let time = |time: Duration| {
        let (seconds, milliseconds) = (time.as_secs(), time.subsec_millis());
        format!("{:02}:{:02}:{:02}{point}{milliseconds:03}", seconds / 3600, seconds / 60 % 60, seconds % 60)
    };
    let mut text = head.to_owned();
    for (number, segment) in segments.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = write!(text, "{}\n{} --> {}\n{}\n\n", number + 1, time(segment.start), time(segment.end), segment.text);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subtitles_have_numbers_and_times() {
        let segment = |start, end, text: &str| Segment {
            start: Duration::from_millis(start),
            end: Duration::from_millis(end),
            text: text.to_owned(),
        };
        let segments = [segment(320, 2_016, "Hello."), segment(3_661_004, 3_662_500, "Goodbye.")];
        assert_eq!(
            subtitles(&segments, ",", ""),
            "1\n00:00:00,320 --> 00:00:02,016\nHello.\n\n2\n01:01:01,004 --> 01:01:02,500\nGoodbye.\n\n"
        );
        assert!(subtitles(&segments, ".", "WEBVTT\n\n").starts_with("WEBVTT\n\n1\n00:00:00.320 --> "));
        assert_eq!(subtitles(&[], ",", ""), "");
    }
}
