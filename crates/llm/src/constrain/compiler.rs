//! From a grammar to what keeps an answer within it.

use std::sync::Arc;

use llguidance::api::TopLevelGrammar;
use llguidance::earley::SlicedBiasComputer;
use llguidance::toktrie::{InferenceCapabilities, TokEnv};
use llguidance::{Matcher, ParserFactory};
use serde_json::{Value, json};

use super::Constraint;
use super::vocabulary::Vocabulary;
use crate::LlmError;
use crate::tokenizer::Tokenizer;

/// White space between the parts of a JSON text: enough for a line end and indentation. A small model would else fill an
/// answer with it.
const JSON_SPACE: &str = r"[ \n\r\t]{1,40}";

/// Parts of a vocabulary that `llguidance` allows as a whole where a grammar allows any text of their kind: letters, digits and
/// spaces of any language, by their length. Beside its own, for what may stand in a JSON string, they make masks of prose ten
/// times as fast, in which some mark always ends something.
const PLAIN_TEXT: [&str; 2] = [r"[^\x00-\x1F!-/:-@\[-`{-\x7F]{1,15}", r"[^\x00-\x1F!-/:-@\[-`{-\x7F]+"];

/// Of an error about a grammar: its lines, and the characters of each.
const MOST_LINES: usize = 20;
const MOST_OF_A_LINE: usize = 200;

/// What an answer has to be.
#[derive(Clone, Debug, PartialEq)]
pub enum Grammar {
    /// Any JSON object.
    JsonObject,
    /// JSON that a schema (draft 2020-12 as far as `llguidance` knows it) accepts. White space is as after `x-guidance` in
    /// the schema, or else 40 characters a place at most.
    JsonSchema(Value),
    /// Text that a regular expression, in the syntax of Rust's `regex` crate, matches as a whole.
    Regex(String),
    /// Text of a context-free grammar in `llguidance`'s dialect of Lark.
    Lark(String),
}

impl Grammar {
    /// What errors call it.
    fn name(&self) -> &'static str {
        match self {
            Self::JsonObject | Self::JsonSchema(_) => "JSON schema",
            Self::Regex(_) => "regular expression",
            Self::Lark(_) => "Lark grammar",
        }
    }

    fn top_level(&self) -> TopLevelGrammar {
        match self {
            Self::JsonObject => TopLevelGrammar::from_json_schema(with_space(json!({ "type": "object" }))),
            Self::JsonSchema(schema) => TopLevelGrammar::from_json_schema(with_space(schema.clone())),
            Self::Regex(expression) => TopLevelGrammar::from_regex(expression),
            Self::Lark(grammar) => TopLevelGrammar::from_lark(grammar.clone()),
        }
    }
}

/// `schema` with its rule for white space.
pub(crate) fn with_space(mut schema: Value) -> Value {
    if let Value::Object(members) = &mut schema {
        members.entry("x-guidance").or_insert_with(|| json!({ "whitespace_pattern": JSON_SPACE }));
    }
    schema
}

/// Makes constraints for the answers of one model.
///
/// It holds a second copy of the vocabulary, which takes about a second to make of 256k tokens.
pub struct Compiler {
    factory: ParserFactory,
}

impl Compiler {
    /// A compiler for the tokens of `tokenizer`. Those of `stop` end an answer, and are allowed only where the grammar
    /// accepts it.
    ///
    /// # Errors
    /// No stop token, or one outside the vocabulary.
    pub fn new(tokenizer: Arc<Tokenizer>, stop: &[u32]) -> Result<Self, LlmError> {
        let vocabulary: TokEnv = Arc::new(Vocabulary::new(tokenizer, stop)?);
        let capabilities =
            InferenceCapabilities { ff_tokens: vocabulary.tokenize_is_canonical(), ..Default::default() };
        let slices = [&SlicedBiasComputer::json_slices()[..], &PLAIN_TEXT.map(str::to_owned)].concat();
        let mut factory = ParserFactory::new(&vocabulary, capabilities, &slices)
            .map_err(|e| LlmError::Tokenizer { name: "in use".to_owned(), reason: e.to_string() })?;
        factory.quiet();
        factory.limits_mut().verbose_errors = false;
        Ok(Self { factory })
    }

    /// Compiles `grammar`.
    ///
    /// # Errors
    /// A grammar that is malformed, too complex, or uses what is not supported.
    pub fn compile(&self, grammar: &Grammar) -> Result<Constraint, LlmError> {
        let error = |reason: String| LlmError::Grammar { kind: grammar.name(), reason: shortened(&reason) };
        let parser = self.factory.create_parser(grammar.top_level()).map_err(|e| error(e.to_string()))?;
        let matcher = Matcher::new(Ok(parser));
        match matcher.get_error() {
            Some(reason) => Err(error(reason)),
            None => Ok(Constraint::new(matcher)),
        }
    }
}

/// A reason that may quote the grammar, without what makes it as long as one.
fn shortened(reason: &str) -> String {
    let short = |line: &str| match line.char_indices().nth(MOST_OF_A_LINE) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    };
    reason.lines().take(MOST_LINES).map(short).collect::<Vec<_>>().join("\n")
}
