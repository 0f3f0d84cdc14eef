//! `sottovoce listen` with real devices of a sound server: a loudspeaker whose sound is heard by the microphone, and a person who
//! is played into the room.

#![cfg(target_os = "linux")]

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    panic,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

use sottovoce_testkit::{catalogue_file, fixtures_dir, has_program, smollm2_gguf};

/// How long something may take that has to happen; nothing is asserted of it.
const PATIENCE: Duration = Duration::from_secs(90);
/// The configuration of ALSA that programs have without ours.
const ALSA: &str = "/usr/share/alsa/alsa.conf";

/// A sound server with a loudspeaker and a room; what the loudspeaker plays is heard in the room 60 ms later.
struct House {
    folder: tempfile::TempDir,
    server: Child,
}

impl House {
    fn open() -> Option<Self> {
        if !["pulseaudio", "pactl", "paplay", "parec"].into_iter().all(has_program) {
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("sound.socket");
        let modules = [
            format!("module-native-protocol-unix socket={} auth-anonymous=1", socket.display()),
            "module-null-sink sink_name=speaker rate=48000 channels=2".to_owned(),
            "module-null-sink sink_name=room rate=44100 channels=1".to_owned(),
            "module-loopback source=speaker.monitor sink=room latency_msec=60".to_owned(),
        ];
        let mut server = Command::new("pulseaudio");
        server.args(["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--log-level=error"]);
        server.args(modules.iter().flat_map(|module| ["-L", module]));
        for variable in ["HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "PULSE_RUNTIME_PATH", "PULSE_STATE_PATH"] {
            server.env(variable, folder.path());
        }
        let server = server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let device = |name: &str, sound: &str, description: &str| {
            format!(
                "pcm.{name} {{ type pulse server \"unix:{}\" device \"{sound}\" hint {{ show on description \"{description}\" }} }}\n",
                socket.display()
            )
        };
        let microphone = device("test_microphone", "room.monitor", "A microphone of the test");
        let loudspeaker = device("test_loudspeaker", "speaker", "A loudspeaker of the test");
        fs::write(folder.path().join("asound.conf"), microphone + &loudspeaker).unwrap();
        let house = Self { folder, server };
        let end = Instant::now() + PATIENCE;
        while !house.ask("pactl", &["info"]).status().unwrap().success() {
            assert!(Instant::now() < end, "the sound server does not answer");
            thread::sleep(Duration::from_millis(50));
        }
        Some(house)
    }

    /// A program that knows the server.
    fn ask(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null());
        command.env("PULSE_SERVER", format!("unix:{}", self.path("sound.socket").display()));
        command.env("ALSA_CONFIG_PATH", format!("{ALSA}:{}", self.path("asound.conf").display()));
        command.env("SOTTOVOCE_DATA", self.path("data"));
        command
    }

    fn sottovoce(&self, arguments: &[&str]) -> Command {
        self.ask(env!("CARGO_BIN_EXE_sottovoce"), arguments)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Says a recording in the room.
    fn say(&self, recording: &str) {
        let file = fixtures_dir().join("speech").join(recording);
        let status = self.ask("paplay", &["--device=room", file.to_str().unwrap()]).status().unwrap();
        assert!(status.success(), "{recording}");
    }
}

impl Drop for House {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Lines of a program, as they come.
fn lines(source: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(source).lines().map_while(Result::ok) {
            println!("{line}");
            let _ = sender.send(line);
        }
    });
    receiver
}

/// The next line, with what does not matter left out.
fn next(lines: &Receiver<String>, is_wanted: impl Fn(&str) -> bool) -> String {
    let end = Instant::now() + PATIENCE;
    loop {
        let line =
            lines.recv_timeout(end.saturating_duration_since(Instant::now())).expect("a line that is waited for");
        if is_wanted(&line) {
            return line;
        }
    }
}

fn model(folder: &Path) -> Option<String> {
    for (name, file) in
        [("smart-turn", "smart-turn-v3.2-cpu"), ("moonshine-tiny-en", "tokenizer"), ("hibari", "hibari")]
    {
        catalogue_file(name, file)?;
    }
    let (gguf, made) = (smollm2_gguf()?, folder.join("smollm2"));
    let arguments = ["convert", gguf.to_str()?, "--context", "512", "-o", made.to_str()?];
    assert!(Command::new(env!("CARGO_BIN_EXE_sottovoce")).args(arguments).status().unwrap().success());
    Some(made.to_str()?.to_owned())
}

/// A conversation under way, which ends with the test.
struct Listening {
    child: Child,
    notes: Receiver<String>,
    said: Receiver<String>,
}

impl Listening {
    /// Whatever is asked, the model gives [`ANSWER`].
    fn start(house: &House, model: &str) -> Self {
        let devices = ["--input", "test_microphone", "--output", "A loudspeaker of the test"];
        let pattern = ANSWER.join(" ").replace('.', "\\.");
        let answers = ["--model", model, "--session", "room", "--regex", &pattern];
        let mut command = house.sottovoce(&[&["listen"][..], &devices, &answers].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (notes, said) = (lines(child.stderr.take().unwrap()), lines(child.stdout.take().unwrap()));
        let beginning = "listening with 'A microphone of the test' and 'A loudspeaker of the test'";
        next(&notes, |note| note.starts_with(beginning));
        Self { child, notes, said }
    }

    /// A question is heard, with this word in it, and the answer goes on to its third clause. The assistant, who hears itself in
    /// the room, does not take that for another question.
    fn answers(&self, word: &str) {
        let question = next(&self.said, |_| true);
        assert!(question.starts_with("      you: ") && question.to_lowercase().contains(word), "{question}");
        assert_eq!(next(&self.said, |_| true), format!("assistant: {}", ANSWER[0]));
        for clause in &ANSWER[1..3] {
            assert_eq!(next(&self.said, |_| true), format!("           {clause}"));
        }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// About twenty seconds.
const ANSWER: [&str; 7] = [
    "Let me tell you about a city by the sea.",
    "It is large and old, and many people live there.",
    "In the morning the streets are full of bicycles.",
    "At noon everybody eats noodles in small restaurants.",
    "In the evening the lights are bright, and music comes from the windows.",
    "At night the trains stop, and the city is quiet.",
    "Then the sun comes up again over the water.",
];

#[test]
fn a_person_and_the_assistant_talk_in_a_room() {
    let folder = tempfile::tempdir().unwrap();
    let Some(model) = model(folder.path()) else { return };
    // Sound goes on while a machine does something else, and what is torn then nobody can understand. Three times in a row it
    // is the program's fault.
    let mut talks = (0..3).map(|_| panic::catch_unwind(|| talk(&model)));
    assert!(talks.any(|talk| talk.is_ok()), "none of three conversations went as it should");
}

fn talk(model: &str) {
    let Some(house) = House::open() else { return };
    let recording = house.path("loudspeaker");
    let sound = ["--raw", "--format=s16le", "--rate=16000", "--channels=1"];
    let monitor = [&["--device=speaker.monitor"][..], &sound, &[recording.to_str().unwrap()]].concat();
    let mut recorder = house.ask("parec", &monitor).spawn().unwrap();
    let mut listening = Listening::start(&house, model);
    house.say("question.wav");
    listening.answers("japan");
    // A person ends the answer, and is answered.
    house.say("go-forward.wav");
    assert_eq!(
        next(&listening.said, |line| !line.starts_with("           ") || line.ends_with(')')),
        "           (interrupted)"
    );
    listening.answers("meters");

    assert!(Command::new("kill").args(["-INT", &listening.child.id().to_string()]).status().unwrap().success());
    assert_eq!(listening.child.wait().unwrap().code(), Some(0));
    recorder.kill().unwrap();
    recorder.wait().unwrap();
    let recorded = fs::read(&recording).unwrap();
    let samples = recorded.as_chunks().0.iter().map(|bytes| i16::from_le_bytes(*bytes));
    let loud = samples.filter(|sample| sample.unsigned_abs() > 1_600).count();
    assert!(loud > 16_000, "{loud} loud samples came out of the loudspeaker");
    let kept = house.sottovoce(&["session", "show", "room"]).stdout(Stdio::piped()).output().unwrap();
    let kept = String::from_utf8(kept.stdout).unwrap();
    let has = |text: &str| kept.to_lowercase().contains(&text.to_lowercase());
    // Of the answers, what was heard.
    assert!(has("japan") && has("meters") && has(ANSWER[1]) && !has(ANSWER[6]), "{kept}");
}

#[test]
fn devices_that_go_away_are_named() {
    let Some(mut house) = House::open() else { return };
    let Some(model) = model(house.folder.path()) else { return };
    let mut listening = Listening::start(&house, &model);
    house.server.kill().unwrap();
    let error = next(&listening.notes, |note| note.starts_with("error: "));
    assert!(
        error.contains(" of the test' cannot be used: ") && error.contains(", or choose another with --"),
        "{error}"
    );
    assert_eq!(listening.child.wait().unwrap().code(), Some(1));
}

#[test]
fn devices_are_listed_and_those_that_are_not_there_are_named() {
    let Some(house) = House::open() else { return };
    let listed = house.sottovoce(&["listen", "--list-devices"]).stdout(Stdio::piped()).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    for device in ["alsa:test_microphone", "A microphone of the test", "alsa:test_loudspeaker"] {
        assert!(listed.contains(device), "{listed}");
    }
    let failed = house.sottovoce(&["listen", "--input", "telephone"]).stderr(Stdio::piped()).output().unwrap();
    let error = String::from_utf8(failed.stderr).unwrap();
    assert_eq!(failed.status.code(), Some(1));
    assert!(error.contains("there is no microphone 'telephone'; `sottovoce listen --list-devices` shows"), "{error}");
}
