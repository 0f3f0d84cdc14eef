//! A server process on a port of its own, and requests to it.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
    thread::{self, JoinHandle},
    time::Duration,
};

use serde_json::{Value, json};
use sottovoce_testkit::smollm2_gguf;

/// SmolLM2 as a package with a context of 512. `None` when the model cannot be had.
pub fn model() -> Option<&'static Path> {
    static MADE: OnceLock<Option<PathBuf>> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let gguf = smollm2_gguf()?;
        // A static is never dropped, so a temporary folder would outlive the tests; this one the next run writes over.
        let made = Path::new(env!("CARGO_TARGET_TMPDIR")).join("serving/smollm2");
        let arguments = ["convert", gguf.to_str().unwrap(), "--context", "512", "-o", made.to_str().unwrap()];
        let output = Command::new(env!("CARGO_BIN_EXE_sottovoce")).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Some(made)
    });
    made.as_deref()
}

/// A server that ends with the test.
pub struct Server {
    process: Child,
    /// Where it keeps what is its own.
    data: Option<tempfile::TempDir>,
    url: String,
    /// Where it speaks Wyoming.
    wyoming: Option<String>,
    agent: ureq::Agent,
    /// What it says on stderr after that.
    told: Option<JoinHandle<Vec<String>>>,
}

/// A response.
pub struct Reply {
    pub status: u16,
    pub retry_after: Option<String>,
    pub body: Value,
}

impl Server {
    /// Starts `sottovoce serve` with `arguments` and without a voice, and waits until its model is ready.
    pub fn start(model: &Path, arguments: &[&str]) -> Self {
        Self::start_with_voice(model, &[arguments, &["--no-voice"]].concat())
    }

    /// The same, with a folder for what it keeps.
    pub fn start_in(model: &Path, data: &Path, arguments: &[&str]) -> Self {
        Self::run(data, &[&[model.to_str().unwrap()], arguments, &["--no-voice"]].concat())
    }

    /// The same, with a voice.
    pub fn start_with_voice(model: &Path, arguments: &[&str]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut server = Self::run(data.path(), &[&[model.to_str().unwrap()], arguments].concat());
        server.data = Some(data);
        server
    }

    /// The same, whichever model it is.
    pub fn run(data: &Path, arguments: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_sottovoce"))
            .args(["serve", "--port", "0", "--data-dir", data.to_str().unwrap()])
            .args(arguments)
            // glibc gives each thread memory of its own and keeps what was freed there, which tests of leaks would see.
            .env("MALLOC_ARENA_MAX", "2")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let (mut url, mut wyoming) = (None, None);
        for line in lines.by_ref().map(Result::unwrap) {
            if let Some((_, rest)) = line.split_once("the page is http://") {
                url = rest.split_once('/').map(|(address, _)| format!("http://{address}"));
            }
            if let Some((_, address)) = line.split_once(" is tcp://") {
                wyoming = Some(address.to_owned());
            }
            if line.starts_with("serving ") {
                break;
            }
        }
        // The rest of what it says must not fill the pipe.
        let told = thread::spawn(move || lines.map_while(Result::ok).collect());
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
        let url = url.expect("the server says where it listens");
        Self { process, data: None, url, wyoming, agent, told: Some(told) }
    }

    /// Ends it without a chance to do anything, as `kill -9` does.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// A request of any kind; without a body for `null`.
    pub fn call(&self, method: &str, path: &str, body: &Value) -> Reply {
        let request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.url));
        reply(match body {
            Value::Null => self.agent.run(request.body(()).unwrap()).unwrap(),
            body => self.agent.run(request.body(body.to_string()).unwrap()).unwrap(),
        })
    }

    /// Events as they come.
    pub fn open_events(&self, path: &str) -> impl BufRead + use<> {
        let response = self.agent.get(format!("{}{path}", self.url)).call().unwrap();
        assert_eq!(response.status(), 200);
        BufReader::new(response.into_body().into_reader())
    }

    pub fn get(&self, path: &str) -> Reply {
        reply(self.agent.get(format!("{}{path}", self.url)).call().unwrap())
    }

    pub fn post(&self, path: &str, body: &Value) -> Reply {
        reply(self.agent.post(format!("{}{path}", self.url)).send(body.to_string()).unwrap())
    }

    pub fn delete(&self, path: &str) -> Reply {
        reply(self.agent.delete(format!("{}{path}", self.url)).call().unwrap())
    }

    /// Sends a body as it is, with headers.
    pub fn post_raw(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        reply(self.request(path, headers).send(body).unwrap())
    }

    fn request(&self, path: &str, headers: &[(&str, &str)]) -> ureq::RequestBuilder<ureq::typestate::WithBody> {
        let request = self.agent.post(format!("{}{path}", self.url));
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
    }

    /// Where it listens.
    pub fn address(&self) -> &str {
        self.url.strip_prefix("http://").unwrap()
    }

    /// Where it speaks Wyoming, if it was asked to.
    pub fn wyoming(&self) -> &str {
        self.wyoming.as_deref().expect("the server says where it speaks Wyoming")
    }

    /// The head of the response to a request for `path`, which is sent as it is, in small letters but for the first line.
    pub fn head(&self, path: &str) -> String {
        let address = self.address();
        let mut stream = TcpStream::connect(address).unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let lines = BufReader::new(stream).lines().map(Result::unwrap).take_while(|line| !line.is_empty());
        lines.enumerate().map(|(at, line)| if at == 0 { line } else { line.to_lowercase() } + "\n").collect()
    }

    /// Ends it, and returns what it said on stderr since it listened.
    pub fn end(mut self) -> String {
        self.process.kill().unwrap();
        self.told.take().unwrap().join().unwrap().join("\n")
    }

    /// The status of a request that announces a body of so many bytes and sends none of it.
    pub fn announce(&self, path: &str, bytes: usize) -> u16 {
        let address = self.address();
        let mut stream = TcpStream::connect(address).unwrap();
        let head = format!("POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: {bytes}\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).unwrap();
        line.split(' ').nth(1).unwrap_or_else(|| panic!("no status: {line}")).parse().unwrap()
    }

    /// Bytes of memory that it holds, once nothing is under way.
    pub fn settled_memory(&self) -> u64 {
        while self.get("/health").body["running"] != 0 {
            // Whoever asks without a rest is turned away.
            thread::sleep(Duration::from_millis(20));
        }
        let mut system = sysinfo::System::new().unwrap();
        let pid = sysinfo::Pid::from_u32(self.process.id());
        system.refresh_processes(sysinfo::ProcessesToUpdate::Some(&[pid]), true);
        system.process(pid).expect("the server runs").memory()
    }

    /// Asks it to end.
    #[cfg(unix)]
    pub fn terminate(&self) {
        assert!(Command::new("kill").arg(self.process.id().to_string()).status().unwrap().success());
    }

    /// Its exit status, once it has ended.
    pub fn wait(&mut self) -> Option<i32> {
        self.process.wait().unwrap().code()
    }

    /// One answer to a question.
    pub fn chat(&self, question: &str, more: Value) -> Reply {
        self.post("/v1/chat/completions", &chat(question, more))
    }

    /// The pieces of a streamed answer, without the final mark, which has to be there.
    pub fn stream(&self, path: &str, body: &Value) -> Vec<Value> {
        let lines: Vec<String> = self.open_stream(path, &[], body).lines().map(Result::unwrap).collect();
        let mut data: Vec<&str> = lines.iter().filter_map(|line| line.strip_prefix("data: ")).collect();
        assert_eq!(data.pop(), Some("[DONE]"));
        data.into_iter().map(|piece| serde_json::from_str(piece).unwrap()).collect()
    }

    /// The events of a stream, with their names.
    pub fn events(&self, path: &str, body: &Value) -> Vec<(String, Value)> {
        let lines: Vec<String> = self.open_stream(path, &[], body).lines().map(Result::unwrap).collect();
        let values = |field: &'static str| lines.iter().filter_map(move |line| line.strip_prefix(field));
        let data = values("data: ").map(|data| serde_json::from_str(data).unwrap());
        values("event: ").map(str::to_owned).zip(data).collect()
    }

    /// A streamed answer as it comes.
    pub fn open_stream(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> impl BufRead + use<> {
        let response = self.request(path, headers).send(body.to_string()).unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        BufReader::new(response.into_body().into_reader())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// A request for one greedy answer, with `more` members.
pub fn chat(question: &str, more: Value) -> Value {
    let mut body = json!({
        "model": "default",
        "messages": [{ "role": "user", "content": question }],
        "temperature": 0,
        "max_tokens": 24,
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    body
}

fn reply(response: ureq::http::Response<ureq::Body>) -> Reply {
    let status = response.status().as_u16();
    let retry_after = response.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
    let mut text = String::new();
    response.into_body().into_reader().read_to_string(&mut text).unwrap();
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Reply { status, retry_after, body }
}
