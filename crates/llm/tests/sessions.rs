//! Sessions over packages: forks, snapshots and shared prefixes, all bit for bit.

mod common;

use std::sync::Arc;
use std::{fs, thread};

use common::{ScriptedModel, byte_tokenizer, one_hot};
use sottovoce_llm::generate::{GenerateOptions, PrefixCache, Session, Stats};
use sottovoce_llm::package::PackageModel;
use sottovoce_llm::sampling::Sampling;
use sottovoce_llm::snapshot::{self, Contents};
use sottovoce_llm::{LanguageModel, LlmError};
use sottovoce_runtime::{LoadOptions, Model, Precision};
use sottovoce_testkit::fixtures_dir;

/// One package of each kind of cache, and of each architecture among those with states.
const PACKAGES: [&str; 4] = ["llama-int4", "gemma-fp16", "llama-kvio", "llama-baseline"];

fn model_of(name: &str, precision: Precision) -> Arc<Model> {
    let path = fixtures_dir().join(format!("coremltools/{name}.mlpackage"));
    Arc::new(Model::load(path, &LoadOptions { threads: Some(2), precision, ..LoadOptions::default() }).unwrap())
}

fn session(model: &Arc<Model>) -> Session<PackageModel> {
    Session::new(PackageModel::new(model.clone()).unwrap(), byte_tokenizer())
}

fn session_of(name: &str) -> Session<PackageModel> {
    session(&model_of(name, Precision::Fast))
}

/// Chosen tokens with the bits of their log probabilities, in which every bit of the state shows.
type Said = Vec<(u32, u64)>;

fn say<M: LanguageModel>(session: &mut Session<M>, prompt: &[u32], shared_prefix: usize) -> (Said, Stats) {
    let sampling = Sampling { log_probabilities: Some(0), ..Sampling::GREEDY };
    let options = GenerateOptions { max_tokens: Some(6), sampling, shared_prefix, ..GenerateOptions::default() };
    let mut generation = session.generate(prompt, options).unwrap();
    let mut said = Vec::new();
    while let Some(chunk) = generation.step().unwrap() {
        let probability = chunk.log_probability.expect("it was asked for");
        said.extend(chunk.id.map(|id| (id, probability.to_bits())));
    }
    let stats = generation.stats();
    (said, stats)
}

/// Prompts of these ids, which mean nothing.
fn ids(range: std::ops::Range<u32>) -> Vec<u32> {
    range.map(|n| n * 37 % 250).collect()
}

#[test]
fn forks_go_on_alone() {
    for name in PACKAGES {
        let mut trunk = session_of(name);
        say(&mut trunk, &ids(0..20), 0);
        let mut branch = trunk.clone();
        let (one, other) = ([trunk.held(), &[1, 2, 3]].concat(), [trunk.held(), &[4, 5, 6, 7]].concat());
        let first = say(&mut branch, &one, 0);
        assert_eq!(first.1.reused_tokens, trunk.held().len(), "{name}");
        let second = say(&mut trunk, &other, 0).0;
        assert_ne!(first.0, second, "{name}: the logits do not depend on the prompt, so that this test shows nothing");
        assert_eq!(say(&mut trunk.clone(), &one, 0).0, first.0, "{name}");
        assert_eq!(say(&mut branch, &other, 0).0, second, "{name}");
    }
}

#[test]
fn a_session_can_be_rewound_to_any_token() {
    for name in PACKAGES {
        let mut session = session_of(name);
        let prompt = ids(0..12);
        say(&mut session, &prompt, 0);
        for tokens in (1..=12).rev() {
            session.rewind(tokens);
            assert_eq!((session.held(), session.model().len()), (&prompt[..tokens], tokens));
            let other = [&prompt[..tokens], &[200, 201]].concat();
            let mut fork = session.clone();
            let expected = say(&mut fork, &other, 0);
            assert_eq!(expected.1.reused_tokens, tokens);
            say(&mut session, &[&prompt[..tokens], &[9, 9, 9]].concat(), 0);
            let found = say(&mut session, &other, 0);
            assert_eq!((&found.0, counts(&found.1)), (&expected.0, counts(&expected.1)), "{name} at {tokens}");
        }
    }
}

/// Times are never the same.
fn counts(stats: &Stats) -> [usize; 3] {
    [stats.prompt_tokens, stats.reused_tokens, stats.generated_tokens]
}

#[test]
fn a_restored_session_goes_on_as_if_it_had_never_stopped() {
    let folder = tempfile::tempdir().unwrap();
    for name in PACKAGES {
        let path = folder.path().join(name);
        let mut session = session_of(name);
        say(&mut session, &ids(0..20), 0);
        snapshot::write(&path, "", Some(&session.snapshot().unwrap())).unwrap();
        // The model is loaded again, as by another process.
        let mut restored = session_of(name);
        let contents = snapshot::read(&path).unwrap();
        restored.restore(&contents.snapshot.unwrap()).unwrap();
        assert_eq!(restored.held(), session.held(), "{name}");
        let prompt = [session.held(), &ids(30..34)].concat();
        let (found, expected) = (say(&mut restored, &prompt, 0), say(&mut session, &prompt, 0));
        assert_eq!((&found.0, counts(&found.1)), (&expected.0, counts(&expected.1)), "{name}");
        assert_eq!(found.1.reused_tokens, prompt.len() - 4, "{name}: nothing of the state is computed");
    }
}

#[test]
fn a_snapshot_holds_the_used_rows_alone() {
    let mut session = session_of("llama-int4");
    say(&mut session, &ids(0..7), 0);
    let snapshot = session.snapshot().unwrap();
    assert_eq!(snapshot.tokens.len(), 12, "the last token was chosen and not computed");
    let shapes: Vec<_> = snapshot.rows.iter().map(|rows| rows.shape().to_vec()).collect();
    assert_eq!(shapes, [[2, 1, 2, 12, 16]; 2]);
    assert!(session_of("llama-baseline").snapshot().unwrap().rows.is_empty());
}

#[test]
fn snapshots_of_other_models_are_refused() {
    let snapshot = |name| {
        let mut session = session_of(name);
        say(&mut session, &ids(0..7), 0);
        session.snapshot().unwrap()
    };
    let mut session = session_of("llama-int4");
    let foreign = session.restore(&snapshot("llama-int4a")).unwrap_err();
    assert!(matches!(foreign, LlmError::ForeignSnapshot { tokens: 12 }), "{foreign}");
    let exact = session_of("llama-int4").snapshot().unwrap().identity;
    let exact_model = model_of("llama-int4", Precision::Exact);
    assert_ne!(PackageModel::new(exact_model).unwrap().identity(), Some(exact));

    // A file that lies about what it is of.
    let own = snapshot("llama-int4");
    for (lie, words) in
        [(snapshot("gemma-fp16"), "were given for caches of"), (snapshot("llama-baseline"), "were given for caches of")]
    {
        let error = session.restore(&snapshot::Snapshot { identity: own.identity, ..lie }).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
        assert!(session.held().is_empty() && session.model().is_empty());
    }
    let mut wrong = own.clone();
    wrong.tokens[3] = 4000;
    assert!(matches!(session.restore(&wrong), Err(LlmError::IdOutOfRange { id: 4000, .. })));
    wrong.tokens = vec![1; 5];
    let error = session.restore(&wrong).unwrap_err();
    assert!(error.to_string().contains("given for 5 tokens"), "{error}");
    wrong.tokens = vec![1; 65];
    assert!(matches!(session.restore(&wrong), Err(LlmError::PromptTooLong { tokens: 65, context: 64 })));
    session.restore(&own).unwrap();
    assert_eq!(session.held(), own.tokens);
    let kvio = session_of("llama-kvio").snapshot().unwrap();
    let error = session_of("llama-kvio").restore(&snapshot::Snapshot { identity: kvio.identity, ..own }).err();
    assert!(error.is_none(), "the same shapes, so that a lie about the identity alone cannot be noticed");
}

/// A model whose state stays where it is.
struct Fixed(ScriptedModel);

impl LanguageModel for Fixed {
    fn vocab_size(&self) -> usize {
        self.0.vocab_size()
    }

    fn context(&self) -> usize {
        self.0.context()
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn forward(&mut self, ids: &[u32]) -> Result<&[f32], LlmError> {
        self.0.forward(ids)
    }

    fn forward_all(&mut self, ids: &[u32], visit: &mut dyn FnMut(&[f32])) -> Result<(), LlmError> {
        self.0.forward_all(ids, visit)
    }

    fn rewind(&mut self, len: usize) {
        self.0.rewind(len);
    }
}

#[test]
fn a_model_whose_state_cannot_be_copied_says_so_and_works() {
    let model = || Fixed(ScriptedModel::answering(20, vec![7]));
    let mut session = Session::new(model(), byte_tokenizer());
    let prefixes = Arc::new(PrefixCache::new(1 << 20));
    session.share_prefixes(prefixes.clone());
    assert_eq!(say(&mut session, &ids(0..20), 10).0.len(), 6);
    assert_eq!(prefixes.in_use().tokens, 0);
    let error = session.snapshot().unwrap_err();
    assert!(matches!(error, LlmError::NoSnapshot) && error.to_string().contains("cannot be copied"), "{error}");
}

#[test]
fn a_shared_prefix_is_computed_once_and_changes_no_bit() {
    for name in PACKAGES {
        let model = model_of(name, Precision::Fast);
        let prefixes = Arc::new(PrefixCache::new(1 << 20));
        let system = ids(0..21);
        for question in [40..45, 50..63, 70..71] {
            let length = question.len();
            let prompt = [system.clone(), ids(question)].concat();
            let (expected, alone) = say(&mut session(&model), &prompt, system.len());
            assert_eq!(alone.reused_tokens, 0);
            let mut sharing = session(&model);
            sharing.share_prefixes(prefixes.clone());
            let (found, stats) = say(&mut sharing, &prompt, system.len());
            assert_eq!(found, expected, "{name}");
            let known = if length == 5 { 0 } else { system.len() };
            assert_eq!(stats.reused_tokens, known, "{name}: only the first computes the system prompt");
            assert_eq!(prefixes.in_use().tokens, system.len());
        }
    }
}

#[test]
fn sessions_share_prefixes_from_many_threads() {
    let model = model_of("llama-int4", Precision::Fast);
    let prefixes = Arc::new(PrefixCache::new(1 << 20));
    let prompts: Vec<Vec<u32>> = (0..8).map(|n| [ids(n % 2..21 + n % 2), ids(40 + n..50)].concat()).collect();
    let expected: Vec<Said> = prompts.iter().map(|prompt| say(&mut session(&model), prompt, 21).0).collect();
    let found: Vec<Said> = thread::scope(|scope| {
        let threads: Vec<_> = prompts
            .iter()
            .map(|prompt| {
                scope.spawn(|| {
                    let mut sharing = session(&model);
                    sharing.share_prefixes(prefixes.clone());
                    say(&mut sharing, prompt, 21).0
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(found, expected);
    assert_eq!(prefixes.in_use().tokens, 42, "two system prompts");
}

/// A session whose model computes four rows a call, and chooses by the sum of all tokens in its state.
fn in_fours(prefixes: &Arc<PrefixCache>) -> Session<ScriptedModel> {
    let sum = |state: &[u32]| one_hot(263, state.iter().sum::<u32>() % 250);
    let mut model = ScriptedModel::new(263, 4096, sum);
    model.max_rows = 4;
    let mut session = Session::new(model, byte_tokenizer());
    session.share_prefixes(prefixes.clone());
    session
}

#[test]
fn prefixes_are_shared_as_far_as_they_are_alike() {
    let prefixes = Arc::new(PrefixCache::new(1 << 20));
    let mut first = in_fours(&prefixes);
    say(&mut first, &ids(0..16), 11);
    assert_eq!(first.model().calls[..5], [4, 4, 3, 4, 1], "the shared part ends a call");
    // Alike in the first six tokens: one whole call.
    let other = [ids(0..6), ids(100..110)].concat();
    let (_, stats) = say(&mut in_fours(&prefixes), &other, 12);
    assert_eq!(stats.reused_tokens, 4);
    assert_eq!(prefixes.in_use().tokens, 11 + 8);
    // The same tokens, of which fewer are shared: another call, whose rows may be others.
    let (_, stats) = say(&mut in_fours(&prefixes), &ids(0..16), 10);
    assert_eq!(stats.reused_tokens, 8);
    // A prompt that is shared to the end still computes its last token.
    let (_, stats) = say(&mut in_fours(&prefixes), &ids(0..12), 12);
    assert_eq!((stats.prompt_tokens, stats.reused_tokens), (12, 11));
}

#[test]
fn a_session_that_holds_the_prefix_keeps_it() {
    let mut session = in_fours(&Arc::new(PrefixCache::new(1 << 20)));
    say(&mut session, &ids(0..16), 11);
    let calls = session.model().calls.len();
    let (_, stats) = say(&mut session, &[ids(0..13), ids(50..53)].concat(), 11);
    assert_eq!(stats.reused_tokens, 13);
    assert_eq!(session.model().calls[calls], 3);
}

#[test]
fn the_least_recently_used_prefix_goes_first() {
    // A chunk of four tokens takes 4 · 4 bytes of rows, and 4 bytes for each token from the beginning.
    let (first_chunk, second_chunk) = (16 + 16, 16 + 32);
    let prefixes = Arc::new(PrefixCache::new(2 * (first_chunk + second_chunk)));
    let prompt = |n: u32| ids(100 * n..100 * n + 10);
    let known = |n| say(&mut in_fours(&prefixes), &prompt(n), 8).1.reused_tokens;
    assert_eq!([known(1), known(2)], [0, 0]);
    assert_eq!(prefixes.in_use().bytes, 2 * (first_chunk + second_chunk));
    assert_eq!(known(1), 8);
    // The third takes the place of the second.
    assert_eq!([known(3), known(1), known(3)], [0, 8, 8]);
    assert_eq!(known(2), 0);
    assert!(prefixes.in_use().bytes <= 2 * (first_chunk + second_chunk));
    // What is larger than the bound is not kept.
    let small = Arc::new(PrefixCache::new(first_chunk - 1));
    say(&mut in_fours(&small), &prompt(1), 8);
    assert_eq!((small.in_use().bytes, small.in_use().tokens), (0, 0));
}

#[test]
fn a_file_is_replaced_as_a_whole_and_private() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let mut session = session_of("llama-int4");
    for text in ["first", "second"] {
        say(&mut session, &ids(0..9), 0);
        let snapshot = session.snapshot().unwrap();
        snapshot::write(&path, text, Some(&snapshot)).unwrap();
        let expected = Contents { text: text.to_owned(), snapshot: Some(snapshot) };
        assert_eq!(snapshot::read(&path).unwrap(), expected);
        assert_eq!(snapshot::read_text(&path).unwrap(), (text.to_owned(), session.held().len()));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "temporary files were left");
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions()) & 0o777, 0o600);
    }
    snapshot::write(&path, "alone", None).unwrap();
    assert_eq!(snapshot::read(&path).unwrap(), Contents { text: "alone".to_owned(), snapshot: None });
    let nowhere = folder.path().join("nosuch/state");
    assert!(matches!(snapshot::write(&nowhere, "", None), Err(LlmError::Io { .. })));
}
