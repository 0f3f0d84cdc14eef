//! Sessions with parts that do as they are told.

use std::{ops::ControlFlow, sync::Arc, time::Duration};

use async_trait::async_trait;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use sottovoce_history::{
    History, Location, Message, MessageState, NewConversation, NewMessage, Purpose, Role, Transcript,
};
use sottovoce_llm::generate::FinishReason;
use sottovoce_voice::{
    EndOfTurn, FRAME, Manner, Recognizer, SAMPLE_RATE, Synthesizer, VoiceActivity, VoiceError, audio::to_pcm16,
};
use tempfile::TempDir;
use tokio::time::Instant;

use super::{
    super::{Pool, SpeechParts},
    PCM_RATE,
    session::Session,
};
use crate::{
    Assistant, ServerError,
    engine::{Backend, Chat, ChatEvent, ChatEvents, ChatModel, Occupancy},
};

/// What everybody says, a word in [`WORD`] milliseconds of loud sound.
const SAID: &str = "what is the capital of japan and of france and of spain";
const WORD: usize = 300;
/// What is answered.
const ANSWERED: [&str; 2] = ["The capital of Japan is Tokyo. ", "France has Paris."];
/// How long a test waits for what has to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// Takes loudness for speech.
struct Loudness;

impl VoiceActivity for Loudness {
    fn probability(&mut self, frame: &[f32; FRAME]) -> Result<f32, VoiceError> {
        Ok(if frame.iter().any(|sample| sample.abs() > 0.2) { 0.9 } else { 0.1 })
    }

    fn reset(&mut self) {}
}

/// Takes the length of loud sound for words, and what is very loud for a remark.
struct Counting;

impl Recognizer for Counting {
    fn recognize(&mut self, audio: &[f32]) -> Result<String, VoiceError> {
        if audio.iter().any(|sample| *sample > 0.8) {
            return Ok("Uh-huh.".to_owned());
        }
        let loud = audio.iter().filter(|sample| sample.abs() > 0.2).count() * 1000 / SAMPLE_RATE as usize;
        Ok(SAID.split(' ').take(loud / WORD).collect::<Vec<_>>().join(" "))
    }
}

/// Takes every pause for the end.
struct Decided;

impl EndOfTurn for Decided {
    fn probability(&mut self, _: &[f32]) -> Result<f32, VoiceError> {
        Ok(1.0)
    }
}

/// Says everything in ten milliseconds a letter.
struct Tone;

impl Synthesizer for Tone {
    fn sample_rate(&self) -> u32 {
        PCM_RATE
    }

    fn voices(&self) -> Vec<&str> {
        vec!["tone"]
    }

    fn synthesize(
        &mut self,
        text: &str,
        _: &Manner,
        sink: &mut dyn FnMut(&[f32]) -> ControlFlow<()>,
    ) -> Result<(), VoiceError> {
        let _ = sink(&vec![0.5; text.len() * PCM_RATE as usize / 100]);
        Ok(())
    }
}

/// Always says the same.
struct Parrot;

#[async_trait]
impl ChatModel for Parrot {
    fn name(&self) -> &str {
        "parrot"
    }

    fn context(&self) -> Option<usize> {
        None
    }

    fn occupancy(&self) -> Occupancy {
        Occupancy::default()
    }

    async fn answer(&self, _: Chat) -> Result<ChatEvents, ServerError> {
        let end = ChatEvent::Finished { reason: FinishReason::Complete, usage: None };
        let texts = ANSWERED.map(|text| ChatEvent::Text(text.to_owned()));
        Ok(stream::iter(texts.into_iter().chain([end]).map(Ok)).boxed())
    }
}

/// A session and what it told.
struct Stage {
    session: Session,
    history: Arc<dyn History>,
    told: Vec<Value>,
    _folder: TempDir,
}

impl Stage {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = Location::File(folder.path().join("history.sqlite"));
        let history = sottovoce_history::open(&place, Purpose::Serve).await.unwrap();
        let backend = Arc::new(Backend::loading("parrot"));
        backend.set_remote(Arc::new(Parrot));
        let parts = SpeechParts {
            activity: Arc::new(|| Ok(Box::new(Loudness))),
            ends_of_turns: Pool::new(2, Box::new(Decided), Arc::new(|| Ok(Box::new(Decided)))),
            recognizers: Pool::new(2, Box::new(Counting), Arc::new(|| Ok(Box::new(Counting)))),
            synthesizers: Pool::new(2, Box::new(Tone), Arc::new(|| Ok(Box::new(Tone)))),
            voices: vec!["tone".to_owned()],
        };
        let assistant = Arc::new(Assistant::new(history.clone(), backend.clone()));
        let session = Session::new(backend, assistant, Arc::new(parts), Box::new(Loudness));
        let mut stage = Self { session, history, told: Vec::new(), _folder: folder };
        stage.listen();
        assert_eq!(stage.told[0]["type"], "session.created");
        stage
    }

    fn listen(&mut self) {
        let events = self.session.take_events();
        assert!(events.iter().all(|event| event["type"] != "error"), "{events:?}");
        self.told.extend(events);
    }

    async fn send(&mut self, event: Value) {
        self.session.client_said(&event.to_string()).await;
        self.listen();
    }

    /// What is wrong with an event.
    async fn refused(&mut self, event: Value) -> String {
        self.session.client_said(&event.to_string()).await;
        let events = self.session.take_events();
        assert_eq!((events.len(), &events[0]["type"]), (1, &json!("error")), "{events:?}");
        events[0]["error"]["message"].as_str().unwrap().to_owned()
    }

    async fn set(&mut self, session: Value) {
        self.send(json!({ "type": "session.update", "session": session })).await;
    }

    /// The only conversation in the history, once all that was said is in it.
    async fn kept(&mut self) -> Transcript {
        self.set(json!({ "sottovoce": null })).await;
        self.transcript().await
    }

    async fn transcript(&self) -> Transcript {
        let ids = self.history.ids().await.unwrap();
        assert_eq!(ids.len(), 1);
        self.history.transcript(ids[0]).await.unwrap()
    }

    /// Asks in writing, and waits for the answer.
    async fn ask(&mut self, text: &str) {
        let content = json!([{ "type": "input_text", "text": text }]);
        let item = json!({ "type": "message", "role": "user", "content": content });
        self.send(json!({ "type": "conversation.item.create", "item": item })).await;
        self.send(json!({ "type": "response.create" })).await;
        self.until("response.done").await;
    }

    /// The microphone hears so many milliseconds of a loudness.
    async fn hear(&mut self, loudness: f32, milliseconds: usize) {
        let sample = to_pcm16(loudness).to_le_bytes();
        let bytes = sample.repeat(milliseconds * PCM_RATE as usize / 1000);
        self.send(json!({ "type": "input_audio_buffer.append", "audio": BASE64_STANDARD.encode(bytes) })).await;
    }

    async fn go_on(&mut self) {
        tokio::time::timeout(PATIENCE, self.session.go_on()).await.expect("something comes");
        self.listen();
    }

    async fn until(&mut self, kind: &str) {
        while self.of(kind).is_empty() {
            self.go_on().await;
        }
    }

    fn of(&self, kind: &str) -> Vec<&Value> {
        self.told.iter().filter(|event| event["type"] == kind).collect()
    }

    /// All pieces of a kind, together.
    fn joined(&self, kind: &str) -> String {
        self.of(kind).iter().map(|event| event["delta"].as_str().unwrap()).collect()
    }
}

const DELTA: &str = "conversation.item.input_audio_transcription.delta";
const COMPLETED: &str = "conversation.item.input_audio_transcription.completed";

#[tokio::test(flavor = "multi_thread")]
async fn words_are_told_while_they_are_spoken() {
    let mut stage = Stage::new().await;
    for _ in 0..4 {
        stage.hear(0.5, 700).await;
        stage.go_on().await;
    }
    let early = stage.joined(DELTA);
    assert!(early.len() > "what is".len() && SAID.starts_with(&early), "{early:?}");
    assert!(stage.of("input_audio_buffer.speech_stopped").is_empty());
    let started = stage.of("input_audio_buffer.speech_started")[0]["item_id"].clone();
    stage.hear(0.0, 800).await;
    stage.until(COMPLETED).await;
    let whole = stage.of(COMPLETED)[0]["transcript"].as_str().unwrap();
    assert_eq!((whole, &stage.of(COMPLETED)[0]["item_id"]), ("what is the capital of japan and of france", &started));
    assert_eq!(stage.joined(DELTA), whole, "pieces add up to the whole");
    assert!(stage.of(DELTA).iter().all(|event| event["item_id"] == started));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_want_words_is_told_none() {
    let mut stage = Stage::new().await;
    stage.set(json!({ "audio": { "input": { "transcription": null } } })).await;
    stage.hear(0.5, 2000).await;
    stage.hear(0.0, 800).await;
    stage.until("response.done").await;
    assert!(stage.of(DELTA).is_empty() && stage.of(COMPLETED).is_empty(), "{:?}", stage.told);
    assert_eq!(stage.joined("response.output_audio_transcript.delta"), ANSWERED.concat());
}

/// Who said what, and how it ended.
fn said(messages: &[Message]) -> Vec<(Role, &str, MessageState)> {
    messages.iter().map(|message| (message.role, message.text.as_str(), message.state)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_is_kept_and_an_answer_as_far_as_it_was_heard() {
    let mut stage = Stage::new().await;
    stage.set(json!({ "sottovoce": {}, "instructions": "Be brief." })).await;
    stage.hear(0.5, 2000).await;
    stage.hear(0.0, 800).await;
    stage.until("response.done").await;
    let item_id = stage.of("response.output_item.added")[0]["item"]["id"].clone();
    // The tone has 10 ms for a letter.
    let truncate =
        json!({ "type": "conversation.item.truncate", "item_id": item_id, "content_index": 0, "audio_end_ms": 180 });
    stage.send(truncate).await;
    let Transcript { conversation, messages } = stage.kept().await;
    let expected = [
        (Role::User, "what is the capital of japan", MessageState::Complete),
        (Role::Assistant, "The capital of", MessageState::Stopped),
    ];
    assert_eq!(said(&messages), expected);
    assert_eq!((messages[1].parent, messages[1].model.as_deref()), (Some(messages[0].id), Some("parrot")));
    let named = (conversation.title.as_str(), conversation.system_prompt.as_deref());
    assert_eq!(named, ("what is the capital of japan", Some("Be brief.")));
    let told: Vec<&Value> = stage.of("session.updated").iter().map(|event| &event["session"]["sottovoce"]).collect();
    assert_eq!(told[0], &json!({ "conversation": null, "message": null }));
    assert!(told.contains(&&json!({ "conversation": conversation.id, "message": messages[1].id })), "{told:?}");
    assert_eq!(told[told.len() - 1], &Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_nothing_came_over_was_heard_to_its_end() {
    let mut stage = Stage::new().await;
    stage.set(json!({ "sottovoce": {} })).await;
    stage.ask("What is the capital of Japan?").await;
    let messages = stage.kept().await.messages;
    let answer = ANSWERED.concat();
    let expected = [
        (Role::User, "What is the capital of Japan?", MessageState::Complete),
        (Role::Assistant, &*answer, MessageState::Complete),
    ];
    assert_eq!(said(&messages), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_gone_has_lost_nothing() {
    let mut stage = Stage::new().await;
    stage.set(json!({ "sottovoce": {} })).await;
    stage.hear(0.5, 2000).await;
    stage.hear(0.0, 800).await;
    stage.until("response.done").await;
    // Longer than a remark on the answer, should that still be heard.
    stage.hear(0.5, 1000).await;
    stage.session.leave().await;
    let Transcript { messages, .. } = stage.transcript().await;
    let questions: Vec<&str> =
        messages.iter().filter(|message| message.role == Role::User).map(|message| message.text.as_str()).collect();
    assert_eq!(questions, ["what is the capital of japan", "what is the"]);
    assert!(messages.iter().all(|message| message.state != MessageState::Streaming), "{messages:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_goes_on_from_what_was_said_in_it() {
    let mut stage = Stage::new().await;
    let conversation = stage.history.create(NewConversation::default()).await.unwrap().id;
    let mut parent = None;
    for (role, text) in [(Role::User, "My name is Ada."), (Role::Assistant, "Hello, Ada.")] {
        let (text, state) = (text.to_owned(), MessageState::Complete);
        let new = NewMessage { conversation, parent, role, text, state, model: None };
        parent = Some(stage.history.append(new).await.unwrap().id);
    }
    let update = |place: Value| json!({ "type": "session.update", "session": { "sottovoce": place } });
    let nobody = stage.refused(update(json!({ "conversation": parent }))).await;
    assert!(nobody.contains("there is no conversation"), "{nobody}");
    let nothing = stage.refused(update(json!({ "conversation": conversation, "message": conversation }))).await;
    assert!(nothing.contains("there is no message"), "{nothing}");
    stage
        .set(json!({ "output_modalities": ["text"], "sottovoce": { "conversation": conversation, "message": parent } }))
        .await;
    let again = stage.refused(update(json!({ "message": null }))).await;
    assert!(again.contains("chosen once"), "{again}");
    let items = stage.of("conversation.item.created");
    let texts: Vec<&Value> = items.iter().map(|event| &event["item"]["content"][0]["text"]).collect();
    assert_eq!(texts, ["My name is Ada.", "Hello, Ada."]);

    stage.ask("Who am I?").await;
    let messages = stage.kept().await.messages;
    let answer = ANSWERED.concat();
    let expected =
        [(Role::User, "Who am I?", MessageState::Complete), (Role::Assistant, &*answer, MessageState::Complete)];
    assert_eq!((said(&messages[2..]), messages[2].parent), (expected.to_vec(), parent));
    // From now on, nothing is.
    stage.told.clear();
    stage.ask("And now?").await;
    assert_eq!(stage.transcript().await.messages.len(), 4);
}

/// An answer that is being heard for an hour, to a client that knows how to be quiet.
async fn speaking() -> Stage {
    let mut stage = Stage::new().await;
    stage.set(json!({ "sottovoce": {} })).await;
    stage.ask("What is the capital of Japan?").await;
    let item_id = stage.of("response.output_item.added")[0]["item"]["id"].as_str().unwrap().to_owned();
    stage.session.loudspeaker.send(&item_id, 3600 * PCM_RATE as usize, Instant::now());
    stage.told.clear();
    stage
}

fn volumes(stage: &Stage) -> Vec<&str> {
    stage.of("sottovoce.playback").iter().map(|event| event["volume"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_remark_over_an_answer_lets_it_go_on() {
    let mut stage = speaking().await;
    stage.hear(0.0, 320).await;
    stage.hear(0.9, 320).await;
    stage.hear(0.0, 320).await;
    assert_eq!(volumes(&stage), ["quiet", "silent"]);
    stage.go_on().await;
    assert_eq!(volumes(&stage), ["quiet", "silent", "full"]);
    stage.hear(0.0, 2000).await;
    assert!(stage.of("input_audio_buffer.speech_started").is_empty(), "{:?}", stage.told);
    assert!(stage.session.loudspeaker.is_playing(Instant::now()));
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_a_remark_takes_the_word() {
    for (said, transcript) in [(350, "what"), (1000, "what is the")] {
        let mut stage = speaking().await;
        stage.hear(0.0, 320).await;
        stage.hear(0.5, said).await;
        stage.hear(0.0, 800).await;
        stage.until(COMPLETED).await;
        assert_eq!(stage.of(COMPLETED)[0]["transcript"], transcript);
        assert_eq!(volumes(&stage), ["quiet", "silent"], "whoever is told to stop needs not be told to go on");
        stage.until("response.done").await;
        let messages = stage.kept().await.messages;
        assert!(messages.iter().any(|message| message.text == transcript), "{messages:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_not_to_be_interrupted_is_not() {
    let mut stage = speaking().await;
    let detection = json!({ "type": "semantic_vad", "interrupt_response": false });
    stage.set(json!({ "audio": { "input": { "turn_detection": detection } } })).await;
    stage.told.clear();
    stage.hear(0.5, 1000).await;
    assert_eq!((stage.of("input_audio_buffer.speech_started").len(), volumes(&stage).len()), (1, 0));
    assert!(stage.session.loudspeaker.is_playing(Instant::now()));
}
