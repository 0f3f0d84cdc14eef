//! Ctrl-C.

#![cfg(unix)]

use std::{
    io::Read,
    net::TcpListener,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

#[test]
fn an_interrupted_download_exits_with_130() {
    let cache = tempfile::tempdir().unwrap();
    // A server that takes the request and never answers.
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_sottovoce"))
        .arg("pull")
        .env("SOTTOVOCE_CACHE", cache.path())
        .env("HF_ENDPOINT", format!("http://{}", server.local_addr().unwrap()))
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (mut connection, _) = server.accept().unwrap();
    let read = connection.read(&mut [0; 1]).unwrap();
    assert_eq!(read, 1, "the request is under way");
    let status = loop {
        let id = child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        thread::sleep(Duration::from_millis(50));
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
    };
    assert_eq!(status.code(), Some(130));
    assert!(!cache.path().join("models").exists());
}
