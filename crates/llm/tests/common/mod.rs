//! Small vocabularies, a model that plays a script, and logits of models that do not.
#![allow(dead_code, reason = "each test file uses its part")]

pub mod model_proto;

use std::ops::Range;
use std::sync::Arc;

use sottovoce_llm::tokenizer::{TokenKind, Tokenizer, Vocabulary, VocabularyModel};
use sottovoce_llm::{Identity, LanguageModel, LlmError};
use sottovoce_tensor::Tensor;
use sottovoce_testkit::Logits;

/// GPT-2's spelling of a byte: printable Latin-1 as it is, the rest counted up from U+0100.
pub fn spell_byte(byte: u8) -> char {
    let printable = |b: u8| matches!(b, b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF);
    if printable(byte) {
        return char::from(byte);
    }
    let before = (0..byte).filter(|&b| !printable(b)).count() as u32;
    char::from_u32(0x100 + before).expect("below U+0200")
}

pub const IM_START: u32 = 256;
pub const IM_END: u32 = 257;

/// Byte-level: ids 0 to 255 are the bytes, then ChatML's markers, then "he", "ll", "hell", "hello", " w".
pub fn byte_vocabulary() -> Vocabulary {
    let mut tokens: Vec<String> = (0..=255).map(|b| spell_byte(b).to_string()).collect();
    tokens.extend(["<|im_start|>", "<|im_end|>", "he", "ll", "hell", "hello", "Ġw"].map(String::from));
    let mut kinds = vec![TokenKind::Normal; tokens.len()];
    kinds[IM_START as usize] = TokenKind::Control;
    kinds[IM_END as usize] = TokenKind::Control;
    Vocabulary {
        model: VocabularyModel::Gpt2,
        pre: Some("smollm".into()),
        tokens,
        scores: Vec::new(),
        kinds,
        merges: ["h e", "l l", "he ll", "hell o", "Ġ w"].map(String::from).to_vec(),
        bos: Some(IM_START),
        eos: Some(IM_END),
        eot: None,
        unk: None,
        pad: None,
        add_bos: Some(false),
        add_eos: None,
        add_space_prefix: None,
        chat_template: None,
    }
}

/// SentencePiece: unknown, begin, end, the 256 byte tokens, then pieces scored by rank.
pub fn piece_vocabulary() -> Vocabulary {
    let mut tokens: Vec<String> = ["<unk>", "<s>", "</s>"].map(String::from).to_vec();
    let mut kinds = vec![TokenKind::Unknown, TokenKind::Control, TokenKind::Control];
    tokens.extend((0..=255).map(|b| format!("<0x{b:02X}>")));
    kinds.resize(tokens.len(), TokenKind::Byte);
    tokens.extend(["▁t", "he", "▁the", "▁", "t", "h", "e", "c", "a", "▁c", "at", "▁cat"].map(String::from));
    kinds.resize(tokens.len(), TokenKind::Normal);
    let scores = (0..tokens.len()).map(|id| if id < 259 { 0.0 } else { 259.0 - id as f32 }).collect();
    Vocabulary {
        model: VocabularyModel::Llama,
        pre: None,
        tokens,
        scores,
        kinds,
        merges: Vec::new(),
        bos: Some(1),
        eos: Some(2),
        eot: None,
        unk: Some(0),
        pad: None,
        add_bos: None,
        add_eos: None,
        add_space_prefix: None,
        chat_template: None,
    }
}

pub fn byte_tokenizer() -> Arc<Tokenizer> {
    Arc::new(byte_vocabulary().tokenizer().expect("the test vocabulary is sound"))
}

/// The logits that follow a sequence of tokens.
type Script = Box<dyn Fn(&[u32]) -> Vec<f32> + Send>;

/// A model whose logits are a function of the whole sequence in its state, so that a wrong state shows.
pub struct ScriptedModel {
    pub vocab: usize,
    pub context: usize,
    pub max_rows: usize,
    pub independent_rows: usize,
    /// The rows of each call so far.
    pub calls: Vec<usize>,
    /// The call, counted from 0, that fails.
    pub fail_at: Option<usize>,
    state: Vec<u32>,
    script: Script,
    logits: Vec<f32>,
}

impl ScriptedModel {
    pub fn new(vocab: usize, context: usize, script: impl Fn(&[u32]) -> Vec<f32> + Send + 'static) -> Self {
        let script = Box::new(script);
        let (calls, state, logits) = (Vec::new(), Vec::new(), Vec::new());
        Self { vocab, context, max_rows: 512, independent_rows: 1, calls, fail_at: None, state, script, logits }
    }

    /// Answers with `answer`, whatever the prompt: the n-th token after `prompt_len` is `answer[n]`.
    pub fn answering(prompt_len: usize, answer: Vec<u32>) -> Self {
        let vocab = byte_vocabulary().tokens.len();
        Self::new(vocab, 4096, move |state| {
            one_hot(vocab, answer[state.len().saturating_sub(prompt_len) % answer.len()])
        })
    }

    fn append(&mut self, ids: &[u32]) -> Result<(), LlmError> {
        let call = self.calls.len();
        self.calls.push(ids.len());
        if self.fail_at == Some(call) {
            return Err(LlmError::model(std::io::Error::other("scripted failure")));
        }
        assert!(!ids.is_empty() && ids.len() <= self.max_rows, "{} rows", ids.len());
        assert!(self.state.len() + ids.len() <= self.context, "past the context");
        assert!(ids.iter().all(|&id| (id as usize) < self.vocab), "id outside the vocabulary");
        self.state.extend_from_slice(ids);
        Ok(())
    }
}

pub fn one_hot(vocab: usize, id: u32) -> Vec<f32> {
    let mut logits = vec![0.0; vocab];
    logits[id as usize] = 10.0;
    logits
}

impl LanguageModel for ScriptedModel {
    fn vocab_size(&self) -> usize {
        self.vocab
    }

    fn context(&self) -> usize {
        self.context
    }

    fn len(&self) -> usize {
        self.state.len()
    }

    fn max_rows(&self) -> usize {
        self.max_rows
    }

    fn independent_rows(&self) -> usize {
        self.independent_rows
    }

    fn forward(&mut self, ids: &[u32]) -> Result<&[f32], LlmError> {
        self.append(ids)?;
        self.logits = (self.script)(&self.state);
        Ok(&self.logits)
    }

    fn forward_all(&mut self, ids: &[u32], visit: &mut dyn FnMut(&[f32])) -> Result<(), LlmError> {
        let past = self.state.len();
        self.append(ids)?;
        for end in past + 1..=self.state.len() {
            visit(&(self.script)(&self.state[..end]));
        }
        Ok(())
    }

    fn rewind(&mut self, len: usize) {
        self.state.truncate(len);
    }

    fn identity(&self) -> Option<Identity> {
        Some([1; 32])
    }

    /// The ids themselves, as the one cache of one layer.
    fn rows(&self, tokens: Range<usize>) -> Result<Vec<Tensor>, LlmError> {
        let ids: Vec<f32> = self.state[tokens].iter().map(|&id| id as f32).collect();
        Ok(vec![Tensor::from_slice([1, 1, 1, ids.len(), 1], &ids).expect("as many as there are")])
    }

    fn append_rows(&mut self, ids: &[u32], rows: &[Tensor]) -> Result<(), LlmError> {
        let (tokens, context) = (self.state.len() + ids.len(), self.context);
        if tokens > context {
            return Err(LlmError::PromptTooLong { tokens, context });
        }
        self.state.extend(rows[0].to_f32_vec().iter().map(|&id| id as u32));
        assert!(self.state.ends_with(ids), "keys and values of other tokens");
        Ok(())
    }
}

/// The logits of every row when the ids come in calls of `sizes`.
pub fn logits(model: &mut impl LanguageModel, ids: &[u32], sizes: &[usize]) -> Logits {
    let mut values = Vec::new();
    let mut left = ids;
    for &size in sizes {
        let (now, later) = left.split_at(size);
        model.forward_all(now, &mut |row| values.extend_from_slice(row)).unwrap();
        left = later;
    }
    Logits { values, width: model.vocab_size() }
}
