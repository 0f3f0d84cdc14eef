//! What the fuzz target of SentencePiece models does with its input. The tests of `sottovoce-llm` run the same.

use sottovoce_llm::tokenizer::Tokenizer;

const TEXTS: [&str; 6] =
    ["", " ", "aab abba  \n<s>", "é世👩\u{200d}👩 ﬁ ½ \u{a0}", "\0\u{1}\u{10ffff}", "▁▁a<table>b▁"];

/// Says whether the model is accepted. One that is encodes any text into ids that it has, and decodes them, or says that
/// its rules are broken.
pub fn tokenizer_model(data: &[u8]) -> bool {
    let model = Tokenizer::from_sentence_piece_bytes(data, &Default::default(), "the input");
    let Ok(tokenizer) = model else { return false };
    for text in TEXTS {
        if let Ok(ids) = tokenizer.encode(text, true) {
            assert!(ids.iter().all(|&id| tokenizer.token(id).is_some()), "{text:?} became {ids:?}");
            tokenizer.decode(&ids);
        }
    }
    true
}
