//! What the server says it has.

use serde_json::{Value, json};

use super::codec::Event;
use crate::{ServerError, http::Services};

/// The answer to `describe`. What is not loaded, or missing, is named as not installed.
pub fn info(services: &Services) -> Event {
    let parts = services.voice.parts();
    let hears = parts.is_ok();
    let hearing = artifact("moonshine-tiny-en", "Moonshine AI", "https://github.com/moonshine-ai/moonshine", hears);
    let voices: Vec<Value> = parts.iter().flat_map(|parts| &parts.voices).map(|name| voice(name)).collect();
    let chat = services.backend.chat();
    let answers = chat.is_ok();
    let name = chat.map_or_else(|_: ServerError| services.backend.name().to_owned(), |chat| chat.name().to_owned());
    let model = artifact(&name, "its makers", "", answers);

    let asr = with(program(hears), json!({ "models": [in_english(hearing)], "supports_transcript_streaming": true }));
    let tts = with(program(hears), json!({ "voices": voices, "supports_synthesize_streaming": true }));
    let handle = with(
        program(answers),
        json!({ "models": [in_english(model)], "supports_handled_streaming": true,
        "supports_home_control": false }),
    );
    Event::new(
        "info",
        json!({ "asr": [asr], "tts": [tts], "handle": [handle], "intent": [], "wake": [], "mic": [], "snd": [] }),
    )
}

fn program(installed: bool) -> Value {
    artifact("sottovoce", "sottovoce", env!("CARGO_PKG_REPOSITORY"), installed)
}

fn voice(name: &str) -> Value {
    in_english(artifact(name, "hibari", "https://huggingface.co/maureesewilliams/hibari", true))
}

/// The voice and its ears know English only, and Home Assistant offers what it has no language of to nobody.
fn in_english(artifact: Value) -> Value {
    with(artifact, json!({ "languages": ["en"] }))
}

fn artifact(name: &str, maker: &str, url: &str, installed: bool) -> Value {
    json!({ "name": name, "attribution": { "name": maker, "url": url }, "installed": installed, "description": name,
        "version": env!("CARGO_PKG_VERSION") })
}

fn with(mut object: Value, more: Value) -> Value {
    if let (Value::Object(object), Value::Object(more)) = (&mut object, more) {
        object.extend(more);
    }
    object
}
