//! What `docs/security.md` says about the server, from outside.

use std::process::{Command, Stdio};

use serde_json::json;

use crate::{server::model, start};

#[test]
fn a_server_that_others_can_reach_needs_a_token() {
    let Some(model) = model() else { return };
    let output = Command::new(env!("CARGO_BIN_EXE_sottovoce"))
        .args(["serve", model.to_str().unwrap(), "--host", "0.0.0.0", "--port", "0"])
        .env_remove("SOTTOVOCE_TOKEN")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("0.0.0.0:0 can be reached from other machines: give a token"), "{told}");
}

#[test]
fn every_response_tells_browsers_to_keep_it_apart() {
    let Some(server) = start() else { return };
    for path in ["/", "/health", "/v1/models", "/v1/nothing", "/api/status"] {
        let head = server.head(path);
        for header in [
            "content-security-policy: default-src 'none'; script-src 'self';",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "cross-origin-opener-policy: same-origin",
            "cross-origin-resource-policy: same-origin",
            "permissions-policy: microphone=(self), camera=()",
        ] {
            assert!(head.contains(header), "{path} says nothing of {header}: {head}");
        }
        assert!(!head.contains("access-control-allow-origin"), "{head}");
        assert!(!head.contains("unsafe-"), "{head}");
    }
}

#[test]
fn no_path_reaches_the_file_system() {
    let Some(server) = start() else { return };
    for path in [
        "/../../../../etc/passwd",
        "/assets/../../../../etc/passwd",
        "/assets/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "/assets/..%2f..%2f..%2fetc%2fpasswd",
        "/assets//etc/passwd",
        "/etc/passwd",
        "/v1/models/..%2f..%2fetc%2fpasswd",
        "/assets/\\..\\..\\windows\\win.ini",
    ] {
        let head = server.head(path);
        assert!(head.starts_with("HTTP/1.1 404 ") || head.starts_with("HTTP/1.1 400 "), "{path}: {head}");
    }
}

#[test]
fn nothing_that_is_said_is_logged() {
    let Some(server) = start() else { return };
    let word = "xylophonist";
    assert_eq!(server.chat(&format!("Spell {word}."), json!({ "max_tokens": 4 })).status, 200);
    assert_eq!(server.post("/v1/chat/completions", &json!({ "model": word, "messages": [] })).status, 404);
    let told = server.end();
    assert!(!told.contains(word), "{told}");
}
