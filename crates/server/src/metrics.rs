//! What a server counts and times, for Prometheus. The numbers are the process's: every server in it adds to them.

use std::{
    sync::OnceLock,
    time::{Duration, Instant},
};

use axum::http::{Method, StatusCode};
use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

use crate::engine::{ChatUsage, Occupancy};

const REQUESTS: &str = "sottovoce_requests_total";
const REJECTED: &str = "sottovoce_requests_rejected_total";
const PROMPT_TOKENS: &str = "sottovoce_prompt_tokens_total";
const CACHED_TOKENS: &str = "sottovoce_cached_prompt_tokens_total";
const GENERATED_TOKENS: &str = "sottovoce_generated_tokens_total";
const TIME_TO_FIRST_TOKEN: &str = "sottovoce_time_to_first_token_seconds";
const TIME_PER_TOKEN: &str = "sottovoce_time_per_token_seconds";
const RUNNING: &str = "sottovoce_answers_running";
const SEATS: &str = "sottovoce_answers_parallel";
const WAITING: &str = "sottovoce_requests_waiting";
const BUILD: &str = "sottovoce_build_info";

/// Bounds in seconds: from a prompt that is known already to one of thousands of tokens behind a full queue.
const FIRST_TOKEN_BUCKETS: [f64; 13] = [0.01, 0.025, 0.05, 0.1, 0.2, 0.35, 0.5, 0.8, 1.5, 3.0, 6.0, 15.0, 60.0];
/// Bounds in seconds: from a guess that was right, which comes with the token before, to a large model on two cores.
const TOKEN_BUCKETS: [f64; 13] = [0.001, 0.0025, 0.005, 0.0075, 0.01, 0.015, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6];

/// How often what was timed is put into its buckets while nobody asks for it: until then it takes memory.
const UPKEEP: Duration = Duration::from_secs(5);

/// Begins to count, and returns what tells the counts.
///
/// # Errors
/// The program that this library is part of has set up another recorder of metrics.
pub fn install() -> Result<PrometheusHandle, BuildError> {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    if let Some(handle) = HANDLE.get() {
        return Ok(handle.clone());
    }
    let builder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Full(TIME_TO_FIRST_TOKEN.to_owned()), &FIRST_TOKEN_BUCKETS)?
        .set_buckets_for_metric(Matcher::Full(TIME_PER_TOKEN.to_owned()), &TOKEN_BUCKETS)?;
    let handle = builder.install_recorder()?;
    describe();
    Ok(HANDLE.get_or_init(|| handle).clone())
}

/// Puts what was timed into its buckets, for ever.
pub async fn keep_up(handle: PrometheusHandle) {
    loop {
        tokio::time::sleep(UPKEEP).await;
        handle.run_upkeep();
    }
}

fn describe() {
    describe_counter!(REQUESTS, "Requests by route, method and status");
    describe_counter!(REJECTED, "Requests turned away because too many came or waited");
    describe_counter!(PROMPT_TOKENS, "Tokens of prompts");
    describe_counter!(CACHED_TOKENS, "Tokens of prompts whose keys and values were there already");
    describe_counter!(GENERATED_TOKENS, "Tokens of answers");
    describe_histogram!(TIME_TO_FIRST_TOKEN, "From a request, waiting included, to its first token");
    describe_histogram!(TIME_PER_TOKEN, "From one token of an answer to the next");
    describe_gauge!(RUNNING, "Answers that are made");
    describe_gauge!(SEATS, "Answers that can be made at the same time");
    describe_gauge!(WAITING, "Requests that wait");
    describe_gauge!(BUILD, "1, with the version of the server");
    // What has not happened yet is zero, not missing.
    for name in [REJECTED, PROMPT_TOKENS, CACHED_TOKENS, GENERATED_TOKENS] {
        counter!(name).increment(0);
    }
    gauge!(BUILD, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
}

/// Tells how busy the model is.
pub fn occupied(occupancy: Occupancy) {
    for (name, count) in [(RUNNING, occupancy.running), (SEATS, occupancy.seats), (WAITING, occupancy.waiting)] {
        gauge!(name).set(count as f64);
    }
}

/// Counts a request that was answered with `status`, to a route such as `/v1/models/{model}` or to none.
pub fn request(method: &Method, route: Option<&str>, status: StatusCode) {
    // A client can make up methods and paths, each of which would be kept for ever.
    let method = match *method {
        Method::GET | Method::POST | Method::PUT | Method::PATCH | Method::DELETE | Method::HEAD | Method::OPTIONS => {
            method.as_str()
        }
        _ => "other",
    };
    let route = route.unwrap_or("none").to_owned();
    let labels = [("method", method.to_owned()), ("route", route), ("status", status.as_str().to_owned())];
    counter!(REQUESTS, &labels).increment(1);
    if status == StatusCode::TOO_MANY_REQUESTS {
        counter!(REJECTED).increment(1);
    }
}

/// Counts the tokens that an answer took.
pub fn took(usage: ChatUsage) {
    counter!(PROMPT_TOKENS).increment(usage.prompt_tokens as u64);
    counter!(CACHED_TOKENS).increment(usage.cached_tokens as u64);
    counter!(GENERATED_TOKENS).increment(usage.completion_tokens as u64);
}

/// Times the tokens of an answer as they come, or the pieces of text where those are all that is seen.
pub struct TokenClock {
    since: Instant,
    timed: &'static str,
}

impl TokenClock {
    /// Starts with the request.
    pub fn start() -> Self {
        Self { since: Instant::now(), timed: TIME_TO_FIRST_TOKEN }
    }

    /// Takes the time of a token.
    pub fn token(&mut self) {
        let now = Instant::now();
        histogram!(self.timed).record(now - self.since);
        *self = Self { since: now, timed: TIME_PER_TOKEN };
    }
}
