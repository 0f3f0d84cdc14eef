//! `/metrics`, read as Prometheus reads it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    server::{Server, chat},
    start,
};

/// Samples by name and labels, as they are written.
struct Samples(BTreeMap<String, f64>);

impl Samples {
    fn of(server: &Server) -> Self {
        let body = server.get("/metrics").body;
        let text = body.as_str().unwrap_or_else(|| panic!("not text: {body}"));
        let (mut samples, mut types) = (BTreeMap::new(), BTreeMap::new());
        for line in text.lines().filter(|line| !line.is_empty()) {
            if let Some(line) = line.strip_prefix("# TYPE ") {
                let (name, kind) = line.split_once(' ').unwrap();
                assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
                assert!(types.insert(name, kind).is_none(), "told twice: {line}");
            } else if !line.starts_with("# HELP ") {
                let (sample, value) = line.rsplit_once(' ').unwrap();
                let family = sample.split('{').next().unwrap();
                let of_histogram = ["_bucket", "_sum", "_count"].iter().find_map(|end| family.strip_suffix(end));
                let family = of_histogram.filter(|family| types.contains_key(family)).unwrap_or(family);
                assert!(types.contains_key(family), "no type before {line}");
                let value = value.parse().unwrap_or_else(|error| panic!("{line}: {error}"));
                assert!(samples.insert(sample.to_owned(), value).is_none(), "told twice: {line}");
            }
        }
        Self(samples)
    }

    fn get(&self, sample: &str) -> f64 {
        *self.0.get(sample).unwrap_or_else(|| panic!("no {sample} among {:?}", self.0.keys()))
    }

    /// How many were timed, after a check that the buckets add up.
    fn timed(&self, name: &str) -> f64 {
        let prefix = format!("{name}_bucket{{le=\"");
        let bound = |sample: &str| sample.strip_prefix(&prefix)?.strip_suffix("\"}")?.parse::<f64>().ok();
        let mut buckets: Vec<(f64, f64)> =
            self.0.iter().filter_map(|(sample, count)| Some((bound(sample)?, *count))).collect();
        buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        assert!(buckets.len() > 10 && buckets.windows(2).all(|pair| pair[0].1 <= pair[1].1), "{buckets:?}");
        let count = self.get(&format!("{name}_count"));
        assert_eq!(buckets.last(), Some(&(f64::INFINITY, count)));
        assert!(self.get(&format!("{name}_sum")) > 0.0);
        count
    }
}

#[test]
fn requests_tokens_and_times_are_counted() {
    let Some(server) = start() else { return };
    let before = Samples::of(&server);
    assert_eq!(before.get("sottovoce_generated_tokens_total"), 0.0);
    let mut usages: Vec<Value> = Vec::new();
    for _ in 0..2 {
        usages.push(server.chat("What is the capital of Japan?", json!({})).body["usage"].clone());
    }
    let streamed = chat("Name a colour.", json!({ "stream": true, "stream_options": { "include_usage": true } }));
    usages.push(server.stream("/v1/chat/completions", &streamed).pop().unwrap()["usage"].clone());
    assert_eq!(server.chat("", json!({ "temperature": -1 })).status, 400);
    assert_eq!(server.get("/v1/models/gpt-4o").status, 404);
    assert_eq!(server.get("/a/path/that/somebody/made/up").status, 404);
    assert_eq!(server.get(&format!("/api/conversations/{}", "0".repeat(32))).status, 404);

    let samples = Samples::of(&server);
    let total = |member: &str| usages.iter().map(|usage| usage.pointer(member).unwrap().as_f64().unwrap()).sum::<f64>();
    assert_eq!(samples.get("sottovoce_prompt_tokens_total"), total("/prompt_tokens"));
    assert_eq!(samples.get("sottovoce_cached_prompt_tokens_total"), total("/prompt_tokens_details/cached_tokens"));
    assert_eq!(samples.get("sottovoce_generated_tokens_total"), total("/completion_tokens"));
    assert_eq!(samples.timed("sottovoce_time_to_first_token_seconds"), 3.0);
    assert_eq!(samples.timed("sottovoce_time_per_token_seconds"), total("/completion_tokens") - 3.0);

    let requests = |method: &str, route: &str, status: u16| {
        let labels = format!("method=\"{method}\",route=\"{route}\",status=\"{status}\"");
        samples.get(&format!("sottovoce_requests_total{{{labels}}}"))
    };
    assert_eq!(requests("POST", "/v1/chat/completions", 200), 3.0);
    assert_eq!(requests("POST", "/v1/chat/completions", 400), 1.0);
    assert_eq!(requests("GET", "/v1/models/{model}", 404), 1.0);
    assert_eq!(requests("GET", "none", 404), 1.0);
    assert_eq!(requests("GET", "/api/conversations/{id}", 404), 1.0);
    assert_eq!(requests("GET", "/metrics", 200), 1.0);
    assert_eq!(samples.get("sottovoce_requests_rejected_total"), 0.0);
    assert_eq!((samples.get("sottovoce_answers_parallel"), samples.get("sottovoce_requests_waiting")), (4.0, 0.0));
    let version = format!("sottovoce_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"));
    assert_eq!(samples.get(&version), 1.0);
}

#[test]
fn a_token_is_wanted_here_too() {
    let Some(model) = super::server::model() else { return };
    let server = Server::start(model, &["--token", "secret"]);
    assert_eq!((server.get("/metrics").status, server.get("/openapi.json").status), (401, 401));
}
