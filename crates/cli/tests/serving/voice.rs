//! Files of speech and spoken conversations, with real models.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    thread,
    time::Duration,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use sottovoce_testkit::{catalogue_file, fixtures_dir};
use sottovoce_voice::{
    SAMPLE_RATE,
    audio::{Resampler, decode_wav, read_wav, to_pcm16},
};
use tokio_tungstenite::tungstenite::{
    self, Message, WebSocket,
    client::IntoClientRequest,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
    stream::MaybeTlsStream,
};

use super::server::{Server, model};

/// Samples a second in OpenAI's interface.
const PCM_RATE: u32 = 24_000;

/// A server whose voice is loaded. `None` when a model cannot be had.
pub fn start(arguments: &[&str]) -> Option<Server> {
    for (name, file) in [
        ("onnx-runtime", "libonnxruntime"),
        ("silero-vad", "silero_vad_16k_sequence"),
        ("smart-turn", "smart-turn-v3.2-cpu"),
        ("moonshine-tiny-en", "tokenizer"),
        ("hibari", "hibari"),
    ] {
        catalogue_file(name, file)?;
    }
    let server = Server::start_with_voice(model()?, &[&["--parallel", "2"][..], arguments].concat());
    let said = json!({ "input": "" }).to_string();
    while [429, 503].contains(&speech(&server, &said).0) {
        // Whoever asks without a rest is turned away.
        thread::sleep(Duration::from_millis(20));
    }
    Some(server)
}

/// Status and body of `/v1/audio/speech`.
fn speech(server: &Server, body: &str) -> (u16, Vec<u8>) {
    let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
    let url = format!("http://{}/v1/audio/speech", server.address());
    let response = agent.post(url).header("Authorization", "Bearer secret").send(body).unwrap();
    let status = response.status().as_u16();
    let mut bytes = Vec::new();
    response.into_body().into_reader().read_to_end(&mut bytes).unwrap();
    (status, bytes)
}

/// What `/v1/audio/transcriptions` makes of a file.
fn transcribe(server: &Server, file: &[u8], format: &str) -> (u16, String) {
    let mut body = Vec::new();
    for (head, content) in [
        ("name=\"model\"", &b"default"[..]),
        ("name=\"response_format\"", format.as_bytes()),
        ("name=\"file\"; filename=\"question.wav\"", file),
    ] {
        body.extend_from_slice(format!("--cut\r\nContent-Disposition: form-data; {head}\r\n\r\n").as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--cut--\r\n");
    let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
    let request = agent.post(format!("http://{}/v1/audio/transcriptions", server.address()));
    let response = request.header("Content-Type", "multipart/form-data; boundary=cut").send(&body[..]).unwrap();
    (response.status().as_u16(), response.into_body().read_to_string().unwrap())
}

#[test]
fn what_is_said_aloud_is_understood() {
    let Some(server) = start(&[]) else { return };
    let said = json!({ "model": "default", "input": "The **capital** of Japan is Tokyo.", "voice": "alloy" });
    let (status, wav) = speech(&server, &said.to_string());
    assert_eq!(status, 200);
    let (status, text) = transcribe(&server, &wav, "text");
    assert_eq!(status, 200, "{text}");
    assert!(text.to_lowercase().contains("capital of japan is tokyo"), "{text}");

    let pcm = json!({ "input": "Good morning.", "response_format": "pcm", "speed": 2 });
    let (_, fast) = speech(&server, &pcm.to_string());
    let (_, slow) = speech(&server, &json!({ "input": "Good morning.", "response_format": "pcm" }).to_string());
    assert!(fast.len() < slow.len() && !fast.is_empty(), "{} and {} bytes", fast.len(), slow.len());

    let question = fs::read(fixtures_dir().join("speech/question.wav")).unwrap();
    let (_, verbose) = transcribe(&server, &question, "verbose_json");
    let verbose: Value = serde_json::from_str(&verbose).unwrap();
    assert!(verbose["text"].as_str().unwrap().to_lowercase().contains("capital of japan"), "{verbose}");
    assert!(verbose["segments"][0]["end"].as_f64().unwrap() <= verbose["duration"].as_f64().unwrap() + 0.1);
    assert!(transcribe(&server, &question, "srt").1.starts_with("1\n00:00:0"));
    assert!(transcribe(&server, &question, "vtt").1.starts_with("WEBVTT\n\n1\n00:00:0"));
}

#[test]
fn what_cannot_be_heard_or_said_is_an_error() {
    let Some(server) = start(&[]) else { return };
    let (status, body) = transcribe(&server, b"no sound at all", "json");
    assert_eq!(status, 400, "{body}");
    assert!(body.contains("\"param\":\"file\""), "{body}");
    assert_eq!(transcribe(&server, b"", "mp3").0, 400);
    for (wrong, param) in [
        (json!({ "input": "Hello.", "voice": "nobody" }), "voice"),
        (json!({ "input": "Hello.", "speed": 9 }), "speed"),
        (json!({ "input": "Hello.", "response_format": "mp3" }), "response_format"),
        (json!({ "input": "word ".repeat(1000) }), "input"),
    ] {
        let (status, body) = speech(&server, &wrong.to_string());
        let error: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!((status, &error["error"]["param"]), (400, &json!(param)), "{error}");
    }
    // Symbols have no sound, which is no error.
    let (status, wav) = speech(&server, &json!({ "input": "🙂 ***" }).to_string());
    assert_eq!((status, decode_wav(&wav[..], Path::new("wav"), PCM_RATE).unwrap().samples.len()), (200, 0));
}

/// A client of `/v1/realtime`.
struct Client(WebSocket<MaybeTlsStream<TcpStream>>);

impl Client {
    fn connect(server: &Server) -> Self {
        let (socket, _) = tungstenite::connect(format!("ws://{}/v1/realtime?model=default", server.address())).unwrap();
        let mut client = Self(socket);
        assert_eq!(client.next()["type"], "session.created");
        client
    }

    /// Connects when there is a place; those of clients that are gone become free when the server notices.
    fn connect_when_free(server: &Server) -> Self {
        loop {
            match tungstenite::connect(format!("ws://{}/v1/realtime", server.address())) {
                Err(tungstenite::Error::Http(response)) if [429, 503].contains(&response.status().as_u16()) => {
                    thread::sleep(Duration::from_millis(20));
                }
                connected => return Self(connected.unwrap().0),
            }
        }
    }

    fn send(&mut self, event: &Value) {
        self.0.send(Message::text(event.to_string())).unwrap();
    }

    fn next(&mut self) -> Value {
        loop {
            if let Message::Text(text) = self.0.read().unwrap() {
                return serde_json::from_str(&text).unwrap();
            }
        }
    }

    /// The events up to one of this type.
    fn until(&mut self, kind: &str) -> Vec<Value> {
        let mut events = Vec::new();
        while events.last().is_none_or(|event: &Value| event["type"] != kind) {
            events.push(self.next());
            assert_ne!(events[events.len() - 1]["type"], "error", "{events:?}");
        }
        events
    }

    /// Says something, in pieces of a tenth of a second, faster than anybody could.
    fn say(&mut self, samples: &[f32]) {
        for piece in samples.chunks(PCM_RATE as usize / 10) {
            let bytes: Vec<u8> = piece.iter().flat_map(|&sample| to_pcm16(sample).to_le_bytes()).collect();
            self.send(&json!({ "type": "input_audio_buffer.append", "audio": BASE64_STANDARD.encode(bytes) }));
        }
    }
}

fn of<'a>(events: &'a [Value], kind: &str) -> Vec<&'a Value> {
    events.iter().filter(|event| event["type"] == kind).collect()
}

/// All pieces of a kind, together.
fn joined(events: &[Value], kind: &str) -> String {
    of(events, kind).iter().map(|event| event["delta"].as_str().unwrap()).collect()
}

/// The recorded question, with silence around it.
fn question() -> Vec<f32> {
    let recording = read_wav(&fixtures_dir().join("speech/question.wav"), SAMPLE_RATE).unwrap();
    let silence = vec![0.0; 2 * PCM_RATE as usize];
    let mut samples = vec![0.0; PCM_RATE as usize / 2];
    let mut resampler = Resampler::new(SAMPLE_RATE, PCM_RATE);
    resampler.push(&recording.samples, &mut samples);
    resampler.finish(&mut samples);
    samples.extend(silence);
    samples
}

#[test]
fn a_spoken_question_is_answered_and_the_answer_cut_where_it_was_heard() {
    let Some(server) = start(&[]) else { return };
    let mut client = Client::connect(&server);
    client.send(&json!({ "type": "session.update", "session": { "type": "realtime", "max_output_tokens": 40,
        "instructions": "You are a helpful AI assistant named SmolLM, trained by Hugging Face" } }));
    assert_eq!(client.until("session.updated")[0]["session"]["max_output_tokens"], 40);
    client.say(&question());
    let events = client.until("response.done");
    let kinds: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    let mut rest = kinds.iter();
    for expected in [
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.created",
        "conversation.item.input_audio_transcription.completed",
        "response.created",
        "response.output_item.added",
        "response.output_audio_transcript.delta",
        "response.output_audio.delta",
        "response.output_audio.done",
        "response.output_audio_transcript.done",
        "response.done",
    ] {
        assert!(rest.any(|kind| *kind == expected), "{expected} in its place in {kinds:?}");
    }
    let heard = &of(&events, "conversation.item.input_audio_transcription.completed")[0]["transcript"];
    assert!(heard.as_str().unwrap().to_lowercase().contains("capital of japan"), "{heard}");
    let answer = joined(&events, "response.output_audio_transcript.delta");
    let done = &events[events.len() - 1]["response"];
    assert_eq!(done["output"][0]["content"][0]["transcript"], json!(answer));
    assert!(done["usage"]["output_tokens"].as_u64().unwrap() > 0, "{done}");
    let sound: usize = of(&events, "response.output_audio.delta")
        .iter()
        .map(|event| BASE64_STANDARD.decode(event["delta"].as_str().unwrap()).unwrap().len() / 2)
        .sum();
    assert!(sound > PCM_RATE as usize / 2, "{sound} samples of {answer:?}");

    let id = done["output"][0]["id"].as_str().unwrap();
    let half = sound * 1000 / PCM_RATE as usize / 2;
    let truncate =
        json!({ "type": "conversation.item.truncate", "item_id": id, "content_index": 0, "audio_end_ms": half });
    client.send(&truncate);
    assert_eq!(client.until("conversation.item.truncated")[0]["audio_end_ms"], half);
    client.send(&json!({ "type": "conversation.item.retrieve", "item_id": id }));
    let events = client.until("conversation.item.retrieved");
    let kept = events[events.len() - 1]["item"]["content"][0]["transcript"].as_str().unwrap();
    assert!(answer.starts_with(kept) && !kept.is_empty() && kept.len() < answer.len(), "{kept:?} of {answer:?}");
}

#[test]
fn a_client_may_commit_and_ask_by_itself() {
    let Some(server) = start(&[]) else { return };
    let mut client = Client::connect(&server);
    let manual = json!({ "output_modalities": ["text"], "max_output_tokens": 24, "audio": { "input": { "turn_detection": null } } });
    client.send(&json!({ "type": "session.update", "session": manual }));
    client.until("session.updated");
    client.say(&question());
    client.send(&json!({ "type": "input_audio_buffer.commit" }));
    // The response waits until the question is understood.
    client.send(&json!({ "type": "response.create" }));
    let events = client.until("response.done");
    assert!(of(&events, "input_audio_buffer.speech_started").is_empty());
    assert!(of(&events, "response.output_audio.delta").is_empty());
    assert!(!joined(&events, "response.output_text.delta").is_empty());

    let content = json!([{ "type": "input_text", "text": "What is the capital of France?" }]);
    let item = json!({ "type": "message", "role": "user", "content": content });
    client.send(&json!({ "type": "conversation.item.create", "item": item }));
    let tool = json!({ "type": "function", "name": "weather", "parameters": { "type": "object", "properties": {} } });
    client.send(&json!({ "type": "response.create", "response": { "tools": [tool], "conversation": "none" } }));
    let done = client.until("response.done").pop().unwrap();
    assert!(["completed", "incomplete"].contains(&done["response"]["status"].as_str().unwrap()), "{done}");
    assert_eq!(done["response"]["conversation_id"], Value::Null);

    client.send(&json!({ "type": "response.create", "response": { "max_output_tokens": 400 } }));
    client.until("response.created");
    client.send(&json!({ "type": "response.cancel" }));
    let done = client.until("response.done").pop().unwrap();
    let status = &done["response"]["status_details"];
    assert_eq!((&status["type"], &status["reason"]), (&json!("cancelled"), &json!("client_cancelled")), "{done}");
}

#[test]
fn silence_and_nonsense_have_their_answers() {
    let Some(server) = start(&[]) else { return };
    let mut client = Client::connect(&server);
    for (sent, told) in [
        ("{", "not JSON"),
        ("{}", "type"),
        (r#"{"type":"response.think","event_id":"mine"}"#, "response.think"),
        (r#"{"type":"input_audio_buffer.append","audio":"?"}"#, "Base64"),
        (r#"{"type":"input_audio_buffer.append","audio":"AAAA"}"#, "within a sample"),
        (r#"{"type":"input_audio_buffer.commit"}"#, "at least 100 ms"),
        (r#"{"type":"conversation.item.truncate","item_id":"x","content_index":0,"audio_end_ms":1}"#, "no item"),
        (r#"{"type":"response.cancel"}"#, "no such response"),
        (r#"{"type":"session.update","session":{"audio":{"output":{"voice":"nobody"}}}}"#, "nobody"),
    ] {
        client.0.send(Message::text(sent)).unwrap();
        let error = client.next();
        assert_eq!(error["type"], "error", "{sent}: {error}");
        assert!(error["error"]["message"].as_str().unwrap().contains(told), "{sent}: {error}");
        assert_eq!(error["error"]["event_id"] == "mine", sent.contains("mine"));
    }
    client.say(&vec![0.0; 10 * PCM_RATE as usize]);
    client.send(&json!({ "type": "input_audio_buffer.clear" }));
    assert_eq!(client.next()["type"], "input_audio_buffer.cleared", "ten seconds of silence are no turn");
    // Larger than a session takes: the server closes.
    let large = json!({ "type": "input_audio_buffer.append", "audio": "A".repeat(3 << 20) });
    let _ = client.0.send(Message::text(large.to_string()));
    while client.0.read().is_ok() {}
    let refused = tungstenite::connect(format!("ws://{}/v1/realtime?model=gpt-realtime", server.address()));
    assert!(matches!(refused, Err(tungstenite::Error::Http(response)) if response.status() == 404));
}

/// What a client is in the middle of when it is gone.
#[derive(Clone, Copy, Debug)]
enum Gone {
    /// A frame, of which the header came and a part of what it announces.
    Frame,
    /// An event in several frames, of which the first came.
    Event,
    /// A turn: sound that was appended and not committed.
    Turn,
    /// An answer that it is hearing.
    Answer,
}

#[test]
fn a_client_that_is_gone_in_the_middle_leaves_its_place_to_others() {
    let Some(server) = start(&[]) else { return };
    let append = br#"{"type":"input_audio_buffer.append","audio":"AAAA"#;
    // There are sixteen places.
    for round in 0..5 {
        for gone in [Gone::Frame, Gone::Event, Gone::Turn, Gone::Answer] {
            let mut client = Client::connect_when_free(&server);
            match gone {
                Gone::Frame => {
                    // Text, whole, masked with zeros, of 100 bytes.
                    let header = [0x81, 0x80 | 100, 0, 0, 0, 0];
                    let MaybeTlsStream::Plain(stream) = client.0.get_mut() else { panic!("no TLS") };
                    stream.write_all(&[&header[..], append].concat()).unwrap();
                }
                Gone::Event => {
                    let frame = Frame::message(&append[..], OpCode::Data(Data::Text), false);
                    client.0.send(Message::Frame(frame)).unwrap();
                }
                Gone::Turn => client.say(&question()[..PCM_RATE as usize]),
                Gone::Answer if round > 0 => continue,
                Gone::Answer => {
                    client.say(&question());
                    client.until("response.output_audio.delta");
                }
            }
        }
    }
    let mut client = Client::connect_when_free(&server);
    client.say(&question());
    client.until("response.output_audio.delta");
}

#[test]
fn a_browser_sends_the_token_as_a_protocol() {
    let Some(server) = start(&["--token", "secret"]) else { return };
    let connect = |protocols: Option<&str>| {
        let mut request = format!("ws://{}/v1/realtime", server.address()).into_client_request().unwrap();
        if let Some(protocols) = protocols {
            request.headers_mut().insert("Sec-WebSocket-Protocol", protocols.parse().unwrap());
        }
        tungstenite::connect(request)
    };
    let (_, response) = connect(Some("realtime, openai-insecure-api-key.secret")).unwrap();
    assert_eq!(response.headers()["sec-websocket-protocol"], "realtime");
    for wrong in [None, Some("realtime"), Some("realtime, openai-insecure-api-key.other")] {
        let refused = connect(wrong);
        assert!(matches!(refused, Err(tungstenite::Error::Http(response)) if response.status() == 401), "{wrong:?}");
    }
}
