//! The whole road with a real model: fetched, converted, run through the command line.

use std::{fs, path::Path, process::Output};

use assert_cmd::Command;
use sottovoce_testkit::smollm2_gguf;

fn sottovoce(arguments: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_sottovoce")).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

/// A model folder of the 4-bit package.
fn convert(gguf: &Path, folder: &Path, context: usize) {
    let (context, gguf, made) = (&context.to_string(), gguf.to_str().unwrap(), folder.to_str().unwrap());
    let output = sottovoce(&["convert", gguf, "-o", made, "--context", context]);
    assert!(stdout(&output).trim().ends_with(&format!("-Stateful-4bit-{context}.mlpackage")), "{}", stdout(&output));
    for file in ["tokenizer.json", "tokenizer_config.json", "generation_config.json", "sottovoce.toml"] {
        assert!(folder.join(file).is_file(), "{file}");
    }
}

#[test]
fn a_converted_model_answers_and_only_the_answer_is_on_stdout() {
    let Some(gguf) = smollm2_gguf() else { return };
    let folder = tempfile::tempdir().unwrap();
    convert(gguf, folder.path(), 256);
    let model = folder.path().to_str().unwrap();

    // 0.97 in f32 for the first token of "Tokyo": an answer with a clear margin, unlike most of this small model's.
    let question = "What is the capital of Japan?";
    let answer = sottovoce(&["generate", model, question, "--greedy", "--max-tokens", "40"]);
    assert!(stdout(&answer).contains("Tokyo"), "{}", stdout(&answer));
    assert!(String::from_utf8_lossy(&answer.stderr).contains("first token"));

    let chat = Command::new(env!("CARGO_BIN_EXE_sottovoce"))
        .args(["chat", model, "--greedy", "--max-tokens", "40"])
        .write_stdin(format!("{question}\n/reset\n{question}\n"))
        .output()
        .unwrap();
    let (first, second) = stdout(&chat).trim_end().split_once('\n').unwrap();
    assert_eq!(first, stdout(&answer).trim_end());
    assert_eq!(first, second, "a new conversation begins with a fresh state");

    // The model guesses for itself, and is always right.
    let guessing = ["--speculate", "4", "--draft", model];
    let guessed =
        sottovoce(&[&["generate", model, question, "--greedy", "--max-tokens", "40"][..], &guessing].concat());
    assert_eq!(stdout(&guessed), stdout(&answer));
    let stderr = String::from_utf8_lossy(&guessed.stderr);
    assert!(stderr.contains("guesses right"), "{stderr}");
    let speculation = sottovoce(&["bench", "speculation", model, "--tokens", "12", "--repeat", "1", "--json"]);
    let figures: serde_json::Value = serde_json::from_str(stdout(&speculation).lines().last().unwrap()).unwrap();
    for (index, set) in ["edits", "held out", "new text"].into_iter().enumerate() {
        let found = &figures["sets"][index];
        assert_eq!(found["set"], set);
        assert!(found["ratio"]["median"].as_f64().unwrap() > 0.0, "{figures}");
    }
    assert!(figures["sets"][0]["accepted"].as_f64().unwrap() > 0.0, "{figures}");
    assert_eq!(figures["rows"].as_array().unwrap().len(), 4);

    let bench = sottovoce(&["bench", model, "--prompt", "64", "--decode", "8", "--repeat", "1", "--json"]);
    let figures: serde_json::Value = serde_json::from_str(stdout(&bench).lines().last().unwrap()).unwrap();
    for key in ["prefill_tokens_per_second", "decode_tokens_per_second"] {
        assert!(figures[key].as_f64().unwrap() > 0.0, "{key} in {figures}");
    }
}

/// What two chats of one session say is what one chat says, to the letter; the second chat computes its question alone.
#[test]
fn a_session_goes_on_where_it_ended() {
    let Some(gguf) = smollm2_gguf() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (model, data) = (folder.path().join("model"), folder.path().join("data"));
    convert(gguf, &model, 512);
    let chat = |arguments: &[&str], lines: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_sottovoce"))
            .args(["chat", "--greedy", "--max-tokens", "24"])
            .args(arguments)
            .env("SOTTOVOCE_DATA", &data)
            .write_stdin(lines.to_owned())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        (stdout(&output).to_owned(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let model = model.to_str().unwrap();
    let (first, second) = ("What is the capital of Japan?", "And what is it known for?");
    let (whole, _) = chat(&[model], &format!("{first}\n{second}\n"));
    let (begun, _) = chat(&[model, "--session", "trip"], &format!("{first}\n"));
    // The session knows its model.
    let (resumed, notes) = chat(&["--session", "trip"], &format!("{second}\n"));
    assert_eq!(whole, begun + &resumed);
    assert!(notes.contains("session trip: 2 messages"), "{notes}");
    let known = notes.split(" tokens known").next().and_then(|before| before.rsplit(' ').next());
    let known: usize = known.and_then(|known| known.parse().ok()).unwrap_or_else(|| panic!("{notes}"));
    assert!(notes.contains(&format!(", {known} of them known")), "{notes}");
    let (_, notes) = chat(&["--session", "trip"], "/undo\n/undo\n/undo\n");
    assert!(notes.contains(&format!("taken back: {second}")) && notes.contains("no question to take back"), "{notes}");
    let file = fs::metadata(data.join("sessions/trip.session")).unwrap();
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&file.permissions()) & 0o777, 0o600);
    assert!(file.len() > 100_000, "the keys and values are kept too");

    let turns = ["bench", "turns", model, "--answer", "2", "--repeat", "1", "--json"];
    let report: serde_json::Value = serde_json::from_str(stdout(&sottovoce(&turns)).lines().last().unwrap()).unwrap();
    let turns = report["turns"].as_array().unwrap();
    assert_eq!(turns.len(), 9);
    let new = |turn: &serde_json::Value| turn["new_tokens"].as_u64().unwrap();
    assert!(turns.iter().all(|turn| new(turn).abs_diff(new(&turns[0])) <= 1), "{report}");
    assert!(report["ratio"].as_f64().unwrap() > 0.0);
}

/// The one line of `generate --json`.
fn generate(model: &str, prompt: &str, options: &[&str]) -> serde_json::Value {
    let output = sottovoce(&[&["generate", model, prompt, "--json"], options].concat());
    serde_json::from_str(stdout(&output)).unwrap()
}

#[test]
fn structured_answers_are_what_was_asked_for() {
    let Some(gguf) = smollm2_gguf() else { return };
    let folder = tempfile::tempdir().unwrap();
    convert(gguf, folder.path(), 512);
    let model = folder.path().to_str().unwrap();
    let schema: serde_json::Value = serde_json::json!({
        "type": "object",
        "properties": {
            "city": { "type": "string", "maxLength": 30 },
            "country": { "type": "string", "maxLength": 30 },
            "inhabitants": { "type": "integer", "minimum": 0 },
            "sights": { "type": "array", "items": { "type": "string", "maxLength": 20 }, "maxItems": 3 }
        },
        "required": ["city", "country", "inhabitants"],
        "additionalProperties": false
    });
    let schema_file = folder.path().join("city.json");
    fs::write(&schema_file, schema.to_string()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let options = ["--json-schema", schema_file.to_str().unwrap(), "--temperature", "1", "--seed", "1", "--n", "6"];
    let report = generate(model, "Describe a city as JSON.", &[&options[..], &["--max-tokens", "200"]].concat());
    let answers = report["answers"].as_array().unwrap();
    assert_eq!(answers.len(), 6);
    let mut complete = 0;
    for answer in answers {
        let text = answer["text"].as_str().unwrap();
        let valid = serde_json::from_str(text).is_ok_and(|json| validator.is_valid(&json));
        assert_eq!(answer["is_valid"], valid, "{answer}");
        assert_eq!(answer["finish_reason"], if valid { "stop" } else { "length" }, "{answer}");
        complete += usize::from(valid);
    }
    assert!(complete >= 4, "{report}");

    let cut = generate(model, "Describe a city.", &["--json-object", "--greedy", "--max-tokens", "3"]);
    assert_eq!(
        (&cut["answers"][0]["is_valid"], &cut["answers"][0]["finish_reason"]),
        (&false.into(), &"length".into())
    );

    let choice = generate(model, "Is Tokyo in Japan?", &["--regex", "(yes|no)", "--logprobs", "2", "--seed", "3"]);
    let answer = &choice["answers"][0];
    assert!(["yes", "no"].contains(&answer["text"].as_str().unwrap()), "{answer}");
    let first = &answer["logprobs"][0];
    assert!(first["logprob"].as_f64().unwrap() <= first["top"][0]["logprob"].as_f64().unwrap(), "{first}");
    assert_eq!(first["top"].as_array().unwrap().len(), 2);

    let report = sottovoce(&["bench", "grammars", model, "--repeat", "1", "--json"]);
    let report: serde_json::Value = serde_json::from_str(stdout(&report).lines().last().unwrap()).unwrap();
    let grammars = report["grammars"].as_array().unwrap();
    assert!(grammars.len() >= 16, "{report}");
    let masks = |grammar: &serde_json::Value| grammar["masks"].as_u64().unwrap();
    assert!(
        grammars.iter().all(|grammar| (1..=grammar["tokens"].as_u64().unwrap()).contains(&masks(grammar))),
        "{report}"
    );
    assert_eq!(grammars.iter().map(masks).sum::<u64>(), masks(&report["all"]));
    for times in [&report["all"]["alone"], &report["all"]["within"], &report["all"]["without"]] {
        let [p50, p99, longest] = ["p50", "p99", "longest"].map(|figure| times[figure].as_f64().unwrap());
        assert!(0.0 < p50 && p50 <= p99 && p99 <= longest, "{times}");
    }
}

#[test]
fn answers_of_a_seed_repeat_whatever_was_asked_before() {
    let Some(gguf) = smollm2_gguf() else { return };
    let folder = tempfile::tempdir().unwrap();
    convert(gguf, folder.path(), 256);
    let model = folder.path().to_str().unwrap();
    let texts = |n: &str| -> Vec<serde_json::Value> {
        let options = ["--n", n, "--seed", "7", "--temperature", "1.2", "--max-tokens", "24"];
        let report = generate(model, "Tell me a story about a fox.", &options);
        report["answers"].as_array().unwrap().iter().map(|answer| answer["text"].clone()).collect()
    };
    let three = texts("3");
    assert_eq!(three[..2], texts("2"));
    assert!(three[0] != three[1] && three[1] != three[2], "{three:?}");
}

/// What each form of the weights costs on the licence of this project, by a calibration text that is short for the sake of
/// time.
#[test]
fn searching_costs_less_than_plain_rounding_and_calibrating_less_than_that() {
    let Some(gguf) = smollm2_gguf() else { return };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = tempfile::tempdir().unwrap();
    let text = fs::read_to_string(root.join("fixtures/calibration/prose.txt")).unwrap();
    let calibration = folder.path().join("calibration.txt");
    fs::write(&calibration, &text[..12_000]).unwrap();
    let [gguf, calibration] = [gguf, calibration.as_path()].map(|path| path.to_str().unwrap());
    let licence = root.join("LICENSE-APACHE");
    let output = sottovoce(&[
        "bench",
        "quantisation",
        gguf,
        "--calibrate",
        calibration,
        "--text",
        licence.to_str().unwrap(),
        "--tokens",
        "1024",
        "--json",
    ]);
    let report: serde_json::Value = serde_json::from_str(stdout(&output).lines().last().unwrap()).unwrap();
    let row = |name: &str| {
        let rows = report["rows"].as_array().unwrap();
        rows.iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("no row {name}: {report}"))
    };
    let figure = |name: &str, key: &str| row(name)["texts"][0][key].as_f64().unwrap();
    // The codes of the source are carried over: what differs is the rounding of offsets and of f16 weights.
    assert!(figure("keep", "cost").abs() < 0.01 && figure("keep", "top1_agreement") > 0.97, "{report}");
    assert!(figure("int4, plain rounding", "cost") > 0.3, "{report}");
    let share = |name: &str| figure(name, "share_of_plain");
    assert!(share("int4, not calibrated") < 0.85, "{report}");
    // The goals are a half unasked, and less by more text.
    assert!(share("int4") < 0.5 && share("int4 by calibration.txt") < 0.5, "{report}");
    assert!(share("int4, embedding int8") < share("int4"), "{report}");
    let bytes = |name: &str| row(name)["weight_bytes"].as_u64().unwrap();
    assert_eq!(bytes("int4, plain rounding"), bytes("int4"), "{report}");
    assert_eq!(bytes("int4"), bytes("int4, not calibrated"), "{report}");
    assert_eq!(bytes("int4"), bytes("int4 by calibration.txt"), "{report}");
    assert!(bytes("int4") < bytes("int4, embedding int8"), "{report}");
}

/// The limits are the command's own: it fails when fast arithmetic misses one.
#[test]
fn fast_arithmetic_keeps_the_predictions_and_the_clear_answers() {
    let Some(gguf) = smollm2_gguf() else { return };
    let folder = tempfile::tempdir().unwrap();
    convert(gguf, folder.path(), 2048);
    let quality = sottovoce(&["bench", "quality", folder.path().to_str().unwrap(), "--json"]);
    let report: serde_json::Value = serde_json::from_str(stdout(&quality).lines().last().unwrap()).unwrap();
    assert_eq!(report["tokens"], 2047);
    let questions = report["questions"].as_array().unwrap();
    assert_eq!(questions.len(), 10);
    assert!(questions.iter().all(|question| question["clear"] == true && question["same"] == true), "{report}");
}
