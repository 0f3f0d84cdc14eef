//! Wyoming, with real models. `tools/check_wyoming.py` does the same with the protocol's official package.

use std::{
    io::{Read, Write},
    net::TcpStream,
    process::{Command, Stdio},
};

use serde_json::{Value, json};
use sottovoce_server::voice::wyoming::codec::{Decoder, Event};
use sottovoce_testkit::fixtures_dir;
use sottovoce_voice::{
    SAMPLE_RATE,
    audio::{read_wav, to_pcm16},
};

use super::{
    server::{Server, model},
    voice::start,
};

struct Client {
    stream: TcpStream,
    decoder: Decoder,
}

impl Client {
    fn connect(server: &Server) -> Self {
        Self { stream: TcpStream::connect(server.wyoming()).unwrap(), decoder: Decoder::default() }
    }

    fn send(&mut self, event: &Event) {
        self.stream.write_all(&event.encode()).unwrap();
    }

    fn say(&mut self, kind: &str, data: Value) {
        self.send(&Event::new(kind, data));
    }

    /// Sends 16-bit sound of this rate and number of channels.
    fn play(&mut self, samples: &[f32], rate: u32, channels: usize) {
        let format = json!({ "rate": rate, "width": 2, "channels": channels });
        self.say("audio-start", format.clone());
        for piece in samples.chunks(1024) {
            let frames = piece.iter().flat_map(|&sample| [to_pcm16(sample); 8].into_iter().take(channels));
            let bytes = frames.flat_map(i16::to_le_bytes).collect();
            self.send(&Event::new("audio-chunk", format.clone()).with_payload(bytes));
        }
        self.say("audio-stop", json!({}));
    }

    /// The events up to one of this kind.
    fn until(&mut self, kind: &str) -> Vec<Event> {
        let (mut events, mut piece) = (Vec::<Event>::new(), [0; 4096]);
        loop {
            if let Some(event) = self.decoder.next_event().unwrap() {
                assert!(kind == "error" || event.kind != "error", "{event:?}");
                events.push(event);
                if events[events.len() - 1].kind == kind {
                    return events;
                }
            } else {
                let count = self.stream.read(&mut piece).unwrap();
                assert_ne!(count, 0, "closed after {events:?}");
                self.decoder.push(&piece[..count]);
            }
        }
    }
}

fn text(event: &Event) -> &str {
    event.data["text"].as_str().unwrap()
}

/// The texts of all events of a kind, together.
fn joined(events: &[Event], kind: &str) -> String {
    events.iter().filter(|event| event.kind == kind).map(text).collect()
}

/// The sound in the events.
fn sound(events: &[Event]) -> Vec<f32> {
    let bytes = events.iter().filter(|event| event.kind == "audio-chunk").flat_map(|event| &event.payload);
    let bytes: Vec<u8> = bytes.copied().collect();
    bytes.as_chunks::<2>().0.iter().map(|&sample| f32::from(i16::from_le_bytes(sample)) / 32_768.0).collect()
}

#[test]
fn home_assistant_hears_speaks_and_converses() {
    let Some(server) = start(&["--wyoming", "127.0.0.1:0"]) else { return };
    let mut client = Client::connect(&server);
    client.say("describe", json!({}));
    let info = client.until("info").remove(0).data;
    for (kind, part) in [("asr", "models"), ("tts", "voices"), ("handle", "models")] {
        let program = &info[kind][0];
        assert_eq!((&program["installed"], &program[part][0]["languages"]), (&json!(true), &json!(["en"])), "{info:?}");
    }

    // One connection may ask for one thing after the other.
    let question = read_wav(&fixtures_dir().join("speech/question.wav"), SAMPLE_RATE).unwrap().samples;
    for channels in [1, 2] {
        client.say("transcribe", json!({ "language": "en" }));
        client.play(&question, SAMPLE_RATE, channels);
        let heard = client.until("transcript-stop");
        let whole = text(&heard[heard.len() - 2]);
        assert!(whole.to_lowercase().contains("capital of japan"), "{heard:?}");
        assert_eq!(joined(&heard, "transcript-chunk"), whole);
    }

    client.say("synthesize", json!({ "text": "The **capital** of Japan is Tokyo.", "voice": { "name": "heart" } }));
    let whole = sound(&client.until("audio-stop"));
    client.say("synthesize-start", json!({}));
    for piece in ["The **capi", "tal** of Japan is To", "kyo."] {
        client.say("synthesize-chunk", json!({ "text": piece }));
    }
    client.say("synthesize", json!({ "text": "The **capital** of Japan is Tokyo." }));
    client.say("synthesize-stop", json!({}));
    let pieces = client.until("synthesize-stopped");
    assert_eq!(sound(&pieces).len(), whole.len(), "said once, whichever way it is asked for");
    client.play(&whole, 24_000, 1);
    let heard = client.until("transcript");
    assert!(text(&heard[heard.len() - 1]).to_lowercase().contains("capital of japan is tokyo"), "{heard:?}");
    client.say("synthesize", json!({ "text": "🙂 ***" }));
    assert!(sound(&client.until("audio-stop")).is_empty(), "symbols have no sound, which is no error");

    let context = json!({ "conversation_id": "kitchen" });
    client.say("transcript", json!({ "text": "What is the capital of Japan?", "context": context }));
    let answered = client.until("handled-stop");
    let whole = &answered[answered.len() - 2];
    assert_eq!((whole.kind.as_str(), &whole.data["context"]), ("handled", &context));
    assert!(text(whole).contains(char::is_alphanumeric), "{answered:?}");
    assert_eq!(joined(&answered, "handled-chunk"), text(whole));

    client.say("synthesize", json!({ "text": "Hello.", "voice": { "name": "nobody" } }));
    let error = client.until("error").remove(0);
    assert!(text(&error).contains("there is no voice 'nobody'"), "{error:?}");
}

#[test]
fn a_server_without_a_voice_answers_and_says_what_is_missing() {
    let Some(model) = model() else { return };
    let server = Server::start(model, &["--wyoming", "127.0.0.1:0"]);
    let mut client = Client::connect(&server);
    client.say("transcript", json!({ "text": "What is the capital of Japan?" }));
    let answered = client.until("handled");
    assert!(text(&answered[answered.len() - 1]).contains(char::is_alphanumeric), "{answered:?}");
    client.say("synthesize", json!({ "text": "Hello." }));
    assert!(text(&client.until("error")[1]).contains("this server has no voice"));
}

#[test]
fn an_address_that_others_reach_needs_a_flag() {
    let refused = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_sottovoce"))
            .arg("serve")
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(!output.status.success(), "{arguments:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let told = refused(&["--wyoming", "0.0.0.0:10300"]);
    assert!(told.contains("0.0.0.0:10300 can be reached from other machines, and Wyoming has no password"), "{told}");
    let told = refused(&["--wyoming-open-to-all"]);
    assert!(told.contains("--wyoming <HOST:PORT>"), "{told}");
}
