//! A web server on loopback that answers with what a test tells it, and remembers what it was asked.

use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// A request: its first line and headers.
pub type Request = Vec<String>;

pub struct Server {
    pub url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Answers every request with the bytes that `answer` gives (status line, headers and body), then hangs up. `answer`
    /// gets the number of the request, from 0, and the request.
    pub fn start(mut answer: impl FnMut(usize, &Request) -> Vec<u8> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        thread::spawn(move || {
            for (index, stream) in listener.incoming().enumerate() {
                let mut stream = stream.unwrap();
                let request = read_request(&stream);
                let bytes = answer(index, &request);
                seen.lock().unwrap().push(request);
                // The client may hang up early; that is its right.
                let _ = stream.write_all(&bytes);
            }
        });
        Self { url, requests }
    }

    /// First lines and `Range` headers of the requests so far.
    pub fn requests(&self) -> Vec<String> {
        let describe = |request: &Request| {
            let range = request.iter().find(|line| line.to_ascii_lowercase().starts_with("range:"));
            format!("{} {}", request[0], range.map_or("", String::as_str)).trim_end().to_owned()
        };
        self.requests.lock().unwrap().iter().map(describe).collect()
    }
}

fn read_request(stream: &TcpStream) -> Request {
    let lines = BufReader::new(stream).lines().map(Result::unwrap);
    lines.take_while(|line| !line.is_empty()).collect()
}

/// An answer with a body and its true length.
pub fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    truncated(status, headers, body, body.len())
}

/// An answer that announces the length of `body`, and ends after `sent` bytes of it.
pub fn truncated(status: &str, headers: &str, body: &[u8], sent: usize) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n", body.len());
    [head.as_bytes(), &body[..sent]].concat()
}
