//! With a real model that rewrites text.

use std::ops::ControlFlow;
use std::sync::Arc;

use sottovoce_convert::gguf::Gguf;
use sottovoce_convert::{Checkpoint, ConvertOptions, Quantize, convert};
use sottovoce_llm::generate::{GenerateOptions, Session};
use sottovoce_llm::package::PackageModel;
use sottovoce_llm::sampling::{Penalties, Sampling};
use sottovoce_llm::tokenizer::Vocabulary;
use sottovoce_runtime::{LoadOptions, Model};
use sottovoce_testkit::smollm2_gguf;

use crate::assert_same;

const PROMPT: &str = "<|im_start|>user\nRepeat this text word by word: The old bridge crosses the river where the road \
                      from the village ends. Below the bridge, the river is deep and slow.<|im_end|>\n<|im_start|>assistant\n";

#[test]
fn nothing_but_the_time_changes() {
    let Some(gguf) = smollm2_gguf() else { return };
    let checkpoint = Checkpoint::open(gguf).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let tokenizer = Vocabulary::from_gguf(&Gguf::open(gguf).unwrap().metadata).unwrap().tokenizer().unwrap();
    let tokenizer = Arc::new(tokenizer);
    let prompt = tokenizer.encode(PROMPT, false).unwrap();
    let stop = tokenizer.id("<|im_end|>").unwrap();
    for quantize in [Quantize::Keep, Quantize::Int4] {
        let package = folder.path().join("SmolLM2.mlpackage");
        let options = ConvertOptions { quantize, context: Some(256), ..ConvertOptions::default() };
        convert(&checkpoint, &package, &options, &mut |_| ControlFlow::Continue(())).unwrap();
        let model = Arc::new(Model::load(&package, &LoadOptions::default()).unwrap());
        let session = || Session::new(PackageModel::new(Arc::clone(&model)).unwrap(), Arc::clone(&tokenizer));
        let greedy = Sampling { log_probabilities: Some(2), ..Sampling::GREEDY };
        let penalties = Penalties { repetition: 1.05, ..Penalties::NONE };
        let warm =
            Sampling { temperature: 0.6, top_k: Some(40), top_p: Some(0.95), penalties, seed: 11, ..greedy.clone() };
        for (sampling, stop_strings, cancel_at) in [
            (greedy.clone(), vec![], None),
            (greedy.clone(), vec!["Below the".to_owned()], None),
            (greedy.clone(), vec![], Some(17)),
            (warm, vec![], None),
        ] {
            let options = GenerateOptions {
                sampling,
                stop_strings,
                stop_tokens: vec![stop],
                max_tokens: Some(64),
                ..GenerateOptions::default()
            };
            let (guessed, accepted) = assert_same(session, &prompt, &options, cancel_at);
            assert!(guessed >= accepted && accepted > 0, "{quantize:?}: {accepted} of {guessed}");
        }
    }
}
