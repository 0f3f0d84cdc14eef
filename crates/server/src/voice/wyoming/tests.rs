//! The socket, with a voice that is still being loaded. What is heard and said is tested where the models are at hand, in `cli`.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream as Client,
    time::Duration,
};

use serde_json::{Value, json};
use sottovoce_history::{Location, Purpose};
use tokio::runtime::Runtime;

use super::*;
use crate::{Assistant, engine::Backend, voice::Voice};
use codec::{Decoder, Event};

/// A server that nothing stops before the test ends.
struct Running {
    // Last things first: what runs in it uses the folder.
    _runtime: Runtime,
    address: SocketAddr,
    _folder: tempfile::TempDir,
}

fn start(silence: Duration) -> Running {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let location = Location::File(folder.path().join("history.sqlite"));
    let history = runtime.block_on(sottovoce_history::open(&location, Purpose::Serve)).unwrap();
    let backend = Arc::new(Backend::loading("a model"));
    let assistant = Arc::new(Assistant::new(history, backend.clone()));
    let services = Services { backend, assistant, voice: Arc::new(Voice::loading()) };
    let options = WyomingOptions { address: "127.0.0.1:0".parse().unwrap(), open_to_all: false };
    let Wyoming { listener, services } = runtime.block_on(Wyoming::bind(services, options)).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(async move {
        let conversations = Arc::new(Conversations::default());
        let session = |stream| serve(stream, Session::new(services.clone(), conversations.clone()), silence);
        accept(&listener, session, future::pending()).await;
    });
    Running { _runtime: runtime, address, _folder: folder }
}

impl Running {
    fn connect(&self) -> Client {
        let client = Client::connect(self.address).unwrap();
        // For a failing test to end; no test needs so long.
        client.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        client
    }
}

/// The next event; `None` when the server has closed the connection.
fn next(client: &mut Client) -> Option<Event> {
    let mut decoder = Decoder::default();
    loop {
        let mut byte = [0];
        match client.read(&mut byte) {
            Ok(0) => return None,
            Ok(_) => decoder.push(&byte),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return None,
            Err(error) => panic!("{error}"),
        }
        if let Some(event) = decoder.next_event().unwrap() {
            return Some(event);
        }
    }
}

fn ask(client: &mut Client, kind: &str, data: Value) -> Event {
    client.write_all(&Event::new(kind, data).encode()).unwrap();
    next(client).expect("an answer")
}

#[test]
fn only_addresses_of_this_machine_need_no_permission() {
    let check =
        |address: &str, open_to_all| WyomingOptions { address: address.parse().unwrap(), open_to_all }.check().is_ok();
    assert!(check("127.0.0.1:10300", false) && check("[::1]:10300", false));
    assert!(!check("0.0.0.0:10300", false) && !check("192.168.1.2:10300", false) && !check("[::]:10300", false));
    assert!(check("0.0.0.0:10300", true));
}

#[test]
fn it_says_what_it_has_and_is_not_ready() {
    let running = start(SILENCE);
    let mut client = running.connect();
    assert_eq!(ask(&mut client, "ping", json!({ "text": "hello" })), Event::new("pong", json!({ "text": "hello" })));
    let info = ask(&mut client, "describe", json!({}));
    assert_eq!(info.kind, "info");
    for kind in ["asr", "tts", "handle"] {
        let program = &info.data[kind][0];
        assert_eq!((&program["name"], &program["installed"]), (&json!("sottovoce"), &json!(false)), "{kind}");
    }
    for (kind, data, told) in [
        ("synthesize", json!({ "text": "Hello." }), "the voice is still being loaded"),
        ("synthesize-start", json!({}), "the voice is still being loaded"),
        ("transcript", json!({ "text": "Hello?" }), "a model is still being loaded"),
    ] {
        let mut client = running.connect();
        let error = ask(&mut client, kind, data);
        assert_eq!((error.kind.as_str(), &error.data["code"]), ("error", &json!("not-ready")));
        assert!(error.data["text"].as_str().unwrap().contains(told), "{error:?}");
        assert_eq!(next(&mut client), None, "closed after an error");
    }
    let nothing = ask(&mut running.connect(), "transcript", json!({ "text": " ... " }));
    assert_eq!(
        (nothing.kind.as_str(), &nothing.data["text"]),
        ("not-handled", &json!("I'm sorry, I didn't catch that."))
    );
}

#[test]
fn what_is_unknown_is_ignored_and_what_is_wrong_is_told() {
    let running = start(SILENCE);
    let mut client = running.connect();
    client.write_all(&Event::new("select-program", json!({ "name": "sottovoce" })).encode()).unwrap();
    assert_eq!(ask(&mut client, "ping", json!({})).kind, "pong");
    for (bytes, told) in [
        (&b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"[..], "a line that is an object in JSON"),
        (&Event::new("audio-stop", json!({})).encode(), "expected audio-start before audio-stop"),
        (&Event::new("synthesize-chunk", json!({ "text": "" })).encode(), "expected synthesize-start before"),
        (&Event::new("synthesize-stop", json!({})).encode(), "expected synthesize-start before"),
        (&Event::new("transcribe", json!({ "language": "fr" })).encode(), "the language \"en\""),
        (&Event::new("transcript", json!({ "text": "word ".repeat(8_000) })).encode(), "a text of at most 32768 bytes"),
    ] {
        let mut client = running.connect();
        client.write_all(bytes).unwrap();
        let error = next(&mut client).expect("an error");
        assert_eq!((error.kind.as_str(), &error.data["code"]), ("error", &json!("bad-request")));
        assert!(error.data["text"].as_str().unwrap().contains(told), "{error:?}");
        assert_eq!(next(&mut client), None, "closed after an error");
    }
}

#[test]
fn a_client_that_says_nothing_is_not_waited_for() {
    let running = start(Duration::from_millis(100));
    assert_eq!(next(&mut running.connect()), None);
    let mut slow = running.connect();
    slow.write_all(b"{\"type\": ").unwrap();
    assert_eq!(next(&mut slow), None);
}

#[test]
fn there_is_an_end_to_connections_and_a_client_that_leaves_makes_room() {
    let running = start(SILENCE);
    let mut clients: Vec<Client> = (0..MOST_CONNECTIONS).map(|_| running.connect()).collect();
    for client in &mut clients {
        assert_eq!(ask(client, "ping", json!({})).kind, "pong");
    }
    assert_eq!(next(&mut running.connect()), None);
    clients.pop();
    // The place becomes free once the server has seen that its client left.
    let ping = Event::new("ping", json!({})).encode();
    let mut one_more = running.connect();
    while one_more.write_all(&ping).is_err() || next(&mut one_more).is_none() {
        one_more = running.connect();
    }
}
