//! `cargo bench -p sottovoce-llm --bench constrain`: what a grammar costs a token, with Gemma's vocabulary of 256k tokens.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde_json::json;
use sottovoce_llm::constrain::{Compiler, Constraint, Grammar};
use sottovoce_llm::tokenizer::Tokenizer;
use sottovoce_testkit::gemma_tokenizer;

const TEXT: &str = r#"{"name": "Ada Lovelace", "born": 1815, "known_for": ["the first program", "a note on \"engines\""],
  "address": {"street": "12 St James's Square", "city": "London", "country": "England"}, "living": false}"#;
/// Gemma's `<eos>`.
const EOS: u32 = 1;

fn person() -> serde_json::Value {
    json!({
        "type": "object",
        "properties": {
            "name": { "type": "string" },
            "born": { "type": "integer" },
            "known_for": { "type": "array", "items": { "type": "string" } },
            "address": {
                "type": "object",
                "properties": {
                    "street": { "type": "string" }, "city": { "type": "string" }, "country": { "type": "string" }
                },
                "required": ["city"]
            },
            "living": { "type": "boolean" }
        },
        "required": ["name", "born"]
    })
}

/// Makes the mask of every token of `ids` in turn. Returns the time of the slowest.
fn walk(mut constraint: Constraint, ids: &[u32], scores: &mut [f32]) -> Duration {
    let mut slowest = Duration::ZERO;
    for &id in ids {
        let start = Instant::now();
        constraint.mask(scores).expect("the text is in the language");
        slowest = slowest.max(start.elapsed());
        constraint.accept(id).expect("the text is in the language");
    }
    slowest
}

fn masks(criterion: &mut Criterion) {
    let Some(path) = gemma_tokenizer() else { return };
    let tokenizer = Arc::new(Tokenizer::from_file(Path::new(path)).expect("Gemma's tokenizer is readable"));
    let ids = tokenizer.encode(TEXT, false).expect("any text can be encoded");
    let mut scores = vec![0.0; tokenizer.vocab_size()];
    let start = Instant::now();
    let compiler = Compiler::new(tokenizer, &[EOS]).expect("the tokenizer has an end");
    println!("vocabulary of {} prepared in {:.2?}, once a model", scores.len(), start.elapsed());
    let mut group = criterion.benchmark_group("mask");
    group.throughput(Throughput::Elements(ids.len() as u64));
    for (name, grammar) in [
        ("any JSON object", Grammar::JsonObject),
        ("JSON schema", Grammar::JsonSchema(person())),
        ("regular expression", Grammar::Regex(r"\{[^}]*\{[^}]*\}[^}]*\}".to_owned())),
        ("Lark grammar", Grammar::Lark("start: \"{\" (start | /[^{}]/)* \"}\"".to_owned())),
    ] {
        let start = Instant::now();
        let constraint = compiler.compile(&grammar).expect("the grammar is well-formed");
        let compiled = start.elapsed();
        // A fresh lexer, as the first answer has it, and one that has seen the text.
        let first = walk(constraint.clone(), &ids, &mut scores);
        let again = walk(constraint.clone(), &ids, &mut scores);
        println!("{name}: compiled in {compiled:.2?}; slowest mask {first:.2?}, {again:.2?} the second time");
        group.bench_function(name, |bencher| bencher.iter(|| walk(constraint.clone(), &ids, &mut scores)));
    }
    group.finish();
}

criterion_group!(benches, masks);
criterion_main!(benches);
