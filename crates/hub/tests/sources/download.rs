//! Downloads over HTTP: resumed, interrupted, wrong, refused.

use std::{fs, ops::ControlFlow, path::Path};

use crate::server::{Server, answer, truncated};
use sottovoce_hub::{Cache, Catalogue, Event, Hub, HubError};

const CONTENTS: &[u8] = b"the quick brown fox jumps over the lazy dog";
/// SHA-256 of `CONTENTS`, from `sha256sum`.
const SHA256: &str = "05c6e08f1d9fdafa03147fcb8f82f124c76d2f70e3d989dc8aadb5e7d7450bec";
const PATH: &str = "GET /owner/fox/resolve/main/fox.bin HTTP/1.1";

/// A hub whose one model has the given number of sources, all on the server.
fn hub(cache: &Path, server: &Server, sources: usize) -> Hub {
    let source = "[[model.file.source]]\nkind = 'hugging-face'\nrepository = 'owner/fox'\nrevision = 'main'\n\
                  path = 'fox.bin'\n";
    let text = format!(
        "[[model]]\nname = 'fox'\ntitle = 'A fox'\nlicence = 'MIT'\nhome = 'none'\n[[model.file]]\nname = 'fox.bin'\n\
         size = {}\nsha256 = '{SHA256}'\n{}",
        CONTENTS.len(),
        source.repeat(sources)
    );
    Hub::new(Catalogue::parse(&text).unwrap(), Cache::at(cache)).with_endpoint(&server.url)
}

fn quietly(_: Event<'_>) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn files_of_fox(cache: &Path) -> Vec<String> {
    let entries = fs::read_dir(cache.join("downloads/fox")).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_file_is_fetched_once_and_then_needs_no_network() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(|_, _| answer("200 OK", "", CONTENTS));
    let hub = hub(cache.path(), &server, 1);
    let mut received = 0;
    let paths = hub
        .pull("fox", &mut |event| {
            if let Event::Received { bytes, of } = event {
                assert_eq!(of, CONTENTS.len() as u64);
                received = bytes;
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(received, CONTENTS.len() as u64);
    assert_eq!(fs::read(&paths[0]).unwrap(), CONTENTS);
    let mut cached = false;
    let again = hub.pull("fox", &mut |event| {
        cached |= matches!(event, Event::Ready { cached: true, .. });
        ControlFlow::Continue(())
    });
    assert_eq!(again.unwrap(), paths);
    assert!(cached);
    assert_eq!(server.requests(), [PATH]);
    assert_eq!(files_of_fox(cache.path()), ["fox.bin"]);
}

#[test]
fn a_damaged_file_in_the_cache_is_fetched_again() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(|_, _| answer("200 OK", "", CONTENTS));
    let hub = hub(cache.path(), &server, 1);
    let path = &hub.pull("fox", &mut quietly).unwrap()[0];
    fs::write(path, b"the quick brown cat jumps over the lazy dog").unwrap();
    assert_eq!(&hub.pull("fox", &mut quietly).unwrap()[0], path);
    assert_eq!(fs::read(path).unwrap(), CONTENTS);
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_broken_connection_is_continued_where_it_ended() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(|index, _| match index {
        0 => truncated("200 OK", "", CONTENTS, 10),
        1 => truncated("206 Partial Content", "Content-Range: bytes 10-42/43\r\n", &CONTENTS[10..], 5),
        _ => answer("206 Partial Content", "Content-Range: bytes 15-42/43\r\n", &CONTENTS[15..]),
    });
    let path = &hub(cache.path(), &server, 1).pull("fox", &mut quietly).unwrap()[0];
    assert_eq!(fs::read(path).unwrap(), CONTENTS);
    assert_eq!(
        server.requests().iter().map(|line| line.to_ascii_lowercase()).collect::<Vec<_>>(),
        [PATH.to_owned(), format!("{PATH} range: bytes=10-"), format!("{PATH} range: bytes=15-")]
            .map(|line| line.to_ascii_lowercase())
    );
}

#[test]
fn a_dead_connection_keeps_what_arrived_for_the_next_call() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(|index, _| match index {
        0 => truncated("200 OK", "", CONTENTS, 10),
        1 => truncated("206 Partial Content", "Content-Range: bytes 10-42/43\r\n", &CONTENTS[10..], 0),
        _ => answer("206 Partial Content", "Content-Range: bytes 10-42/43\r\n", &CONTENTS[10..]),
    });
    let hub = hub(cache.path(), &server, 1);
    let error = hub.pull("fox", &mut quietly).unwrap_err().to_string();
    assert!(error.contains("ended after 10 of 43 bytes"), "{error}");
    assert_eq!(files_of_fox(cache.path()), ["fox.bin.part"]);
    let path = &hub.pull("fox", &mut quietly).unwrap()[0];
    assert_eq!(fs::read(path).unwrap(), CONTENTS);
    assert_eq!(files_of_fox(cache.path()), ["fox.bin"]);
}

#[test]
fn a_server_without_ranges_sends_everything_again() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(|index, _| match index {
        0 => truncated("200 OK", "", CONTENTS, 10),
        _ => answer("200 OK", "", CONTENTS),
    });
    let path = &hub(cache.path(), &server, 1).pull("fox", &mut quietly).unwrap()[0];
    assert_eq!(fs::read(path).unwrap(), CONTENTS);
}

#[test]
fn an_old_part_of_another_file_is_thrown_away() {
    let cache = tempfile::tempdir().unwrap();
    fs::create_dir_all(cache.path().join("downloads/fox")).unwrap();
    fs::write(cache.path().join("downloads/fox/fox.bin.part"), b"a stranger").unwrap();
    let server = Server::start(|index, _| match index {
        0 => answer("206 Partial Content", "Content-Range: bytes 10-42/43\r\n", &CONTENTS[10..]),
        _ => answer("200 OK", "", CONTENTS),
    });
    let path = &hub(cache.path(), &server, 1).pull("fox", &mut quietly).unwrap()[0];
    assert_eq!(fs::read(path).unwrap(), CONTENTS);
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn wrong_answers_fall_through_to_the_next_source_and_are_told() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(|index, _| match index {
        0 => answer("404 Not Found", "", b"no such file"),
        1 => answer("200 OK", "", b"<html>please log in</html>"),
        2 => answer("200 OK", "", &CONTENTS.to_ascii_uppercase()),
        3 => answer("500 Internal Server Error", "", b""),
        _ => answer("200 OK", "", CONTENTS),
    });
    let mut failures = Vec::new();
    let paths = hub(cache.path(), &server, 5).pull("fox", &mut |event| {
        if let Event::Failed { error, .. } = event {
            failures.push(error.to_string());
        }
        ControlFlow::Continue(())
    });
    assert_eq!(fs::read(&paths.unwrap()[0]).unwrap(), CONTENTS);
    assert_eq!(failures.len(), 4);
    for (failure, words) in failures.iter().zip(["404", "has 26 bytes, expected 43", "has SHA-256", "500"]) {
        assert!(failure.contains(words), "expected '{words}' in '{failure}'");
    }
    assert_eq!(files_of_fox(cache.path()), ["fox.bin"]);
}

#[test]
fn when_every_source_fails_all_reasons_are_given_and_nothing_stays() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(|_, _| answer("200 OK", "", &CONTENTS.to_ascii_uppercase()));
    let error = hub(cache.path(), &server, 2).pull("fox", &mut quietly).unwrap_err();
    assert!(matches!(&error, HubError::NoSource { attempts, .. } if attempts.len() == 2));
    assert!(error.to_string().contains("Hugging Face owner/fox: fox.bin has SHA-256"), "{error}");
    assert!(files_of_fox(cache.path()).is_empty());
}

#[test]
fn an_answer_without_a_length_is_cut_off_at_the_size_of_the_catalogue() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(|_, _| {
        [b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", b"x".repeat(1 << 20).as_slice()].concat()
    });
    let error = hub(cache.path(), &server, 1).pull("fox", &mut quietly).unwrap_err().to_string();
    assert!(error.contains("expected 43"), "{error}");
    assert!(files_of_fox(cache.path()).is_empty());
}

#[test]
fn nobody_listening_is_an_error_at_once() {
    let cache = tempfile::tempdir().unwrap();
    let mut server = Server::start(|_, _| Vec::new());
    server.url = "http://127.0.0.1:9".into();
    let error = hub(cache.path(), &server, 1).pull("fox", &mut quietly).unwrap_err().to_string();
    assert!(error.contains("http://127.0.0.1:9/owner/fox"), "{error}");
}

#[test]
fn the_observer_can_stop_a_download() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(|_, _| answer("200 OK", "", CONTENTS));
    let hub = hub(cache.path(), &server, 3);
    let stopped = hub.pull("fox", &mut |event| match event {
        Event::Received { .. } => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    assert!(matches!(stopped, Err(HubError::Cancelled)));
    assert_eq!(server.requests().len(), 1, "the other sources are not tried");
}
