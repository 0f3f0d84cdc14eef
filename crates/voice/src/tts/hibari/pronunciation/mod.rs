//! English text made into phonemes, as the voice heard them when it was trained.
//!
//! The text is put into words (`normalize`), cut into tokens (`tokenizer`), and each token gets its part of speech
//! (`tagger`). From the last word to the first, for a word may depend on what follows it, phonemes are looked up by rules
//! (`lexicon`, with `dictionary`, `inflection` and `quantity`); what no rule reads is guessed (`unknown_words`). Tokens
//! that were written as one word then share their stress. The rules are those of the Python packages misaki and hibari;
//! tests compare the phonemes with hibari's.

mod characters;
mod dictionary;
mod group;
mod inflection;
mod lexicon;
mod normalize;
mod numbers;
mod pairs;
mod pattern;
mod quantity;
mod stress;
mod tagger;
mod tokenizer;
mod unknown_words;

use lexicon::{Following, Lexicon};
use normalize::Normalizer;
use pattern::Pattern;
use tagger::Tagger;
use tokenizer::Tokenizer;

pub(super) use unknown_words::{MODEL as UNKNOWN_WORDS, UnknownWords};

use super::assets::Assets;
use crate::VoiceError;

const NORMALIZE: &str = "normalize.json";
const TAGGER: &str = "tagger.json.gz";
/// Parts of a token: runs of letters, capitals apart; numbers; hyphens; marks.
const PART: &str = r"^['‘’]+|[A-ZÀ-ÖØ-Þ](?=[A-ZÀ-ÖØ-Þ][a-zß-öø-ÿ])|(?:^-)?(?:\d?[,.]?\d)+|[-_]+|['‘’]{2,}|[^\W\d_]*?(?:['‘’][^\W\d_])*?[a-zß-öø-ÿ](?=[A-ZÀ-ÖØ-Þ])|[^\W\d_]+(?:['‘’][^\W\d_])*|[^\w\-'‘’]|['‘’]+$";
/// Parts of a word that no rule reads.
const PIECE: &str = r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d+(?:[,.]\d+)*|[^\w\s]+";
/// Marks that the voice knows.
const MARKS: &str = ";:,.!?—…\"“”";
/// Those at which a phrase may end.
const PAUSES: &str = ";:,.!?—…";
/// Tags of marks.
const MARK_TAGS: [&str; 11] = [".", ",", "-LRB-", "-RRB-", "``", "\"\"", "''", ":", "$", "#", "NFP"];
const CONSONANTS: &str = "bdfhjklmnpstvwzðŋɡɹɾʃʒʤʧθ";

/// A word, a part of one, or a mark.
#[derive(Clone, Debug, Default)]
struct Token<'t> {
    text: String,
    /// Part of speech.
    tag: &'t str,
    /// A space follows.
    space: bool,
    phonemes: Option<String>,
    /// The first of those that were written as one word.
    is_head: bool,
    /// What is said in its place.
    alias: Option<&'static str>,
    /// The symbol of the currency that it is an amount of.
    currency: Option<String>,
    /// Said apart from the part before it.
    apart: bool,
}

/// Makes phonemes of text.
pub(super) struct Pronunciation {
    normalizer: Normalizer,
    tokenizer: Tokenizer,
    tagger: Tagger,
    lexicon: Lexicon,
    unknown_words: UnknownWords,
    part: Pattern,
    piece: Pattern,
}

impl Pronunciation {
    /// Reads the tables.
    ///
    /// # Errors
    /// A file cannot be read or is not what it should be.
    pub(super) fn open(assets: &Assets<'_>, unknown_words: UnknownWords) -> Result<Self, VoiceError> {
        let normalizer =
            Normalizer::new(assets.json(NORMALIZE)?).map_err(|found| assets.malformed(NORMALIZE, found))?;
        let tagger = Tagger::new(assets.json(TAGGER)?).map_err(|found| assets.malformed(TAGGER, found))?;
        let [part, piece] = [PART, PIECE].map(Pattern::fixed);
        Ok(Self {
            normalizer,
            tokenizer: Tokenizer::new(assets.json("tokenizer_exceptions.json")?),
            tagger,
            lexicon: Lexicon::new(assets.json("lexicon_us_gold.json.gz")?, assets.json("lexicon_us_silver.json.gz")?),
            unknown_words,
            part,
            piece,
        })
    }

    /// The phonemes of `text`, with spaces between the words.
    ///
    /// # Errors
    /// The network for unknown words fails.
    pub(super) fn say(&mut self, text: &str) -> Result<String, VoiceError> {
        let Self { normalizer, tokenizer, tagger, lexicon, unknown_words, part, piece } = self;
        let text = normalizer.normalize(text);
        let tokens = tokenizer.tokens(&text);
        let words: Vec<&str> = tokens.iter().map(|(token, _)| token.as_str()).collect();
        let tags = tagger.tag(&words);
        let tokens = tokens.iter().zip(tags).map(|((text, space), tag)| Token {
            text: text.clone(),
            tag,
            space: *space,
            is_head: true,
            ..Token::default()
        });
        let mut groups = group::groups(&tokens.collect::<Vec<_>>(), part);
        let mut reader = Reader { lexicon, unknown_words, piece, following: Following::default() };
        for group in groups.iter_mut().rev() {
            match &mut group[..] {
                [token] => reader.word(token)?,
                tokens => reader.group(tokens)?,
            }
        }
        let phonemes: String = groups.iter().map(|group| group::joined(group)).collect();
        Ok(phonemes.replace('ɾ', "T").replace('ʔ', "t").trim().to_owned())
    }
}

/// Gives tokens their phonemes, from the last to the first.
struct Reader<'a> {
    lexicon: &'a Lexicon,
    unknown_words: &'a mut UnknownWords,
    piece: &'a Pattern,
    following: Following,
}

impl Reader<'_> {
    fn word(&mut self, token: &mut Token<'_>) -> Result<(), VoiceError> {
        let phonemes = match token.phonemes.take().or_else(|| self.lexicon.say(token, self.following)) {
            Some(phonemes) => phonemes,
            None => self.guess(&token.text)?,
        };
        self.pass(&phonemes, token);
        token.phonemes = Some(phonemes);
        Ok(())
    }

    /// Tokens that were written as one word: the longest runs that are words together, from the end.
    fn group(&mut self, tokens: &mut [Token<'_>]) -> Result<(), VoiceError> {
        let (mut left, mut right) = (0, tokens.len());
        while left < right {
            let merged = group::merged(&tokens[left..right]);
            if let Some(phonemes) = self.lexicon.say(&merged, self.following) {
                self.pass(&phonemes, &merged);
                tokens[left..right].iter_mut().for_each(|token| token.phonemes = Some(String::new()));
                tokens[left].phonemes = Some(phonemes);
                (left, right) = (0, left);
            } else if left + 1 < right {
                left += 1;
            } else if group::is_junk(&tokens[right - 1].text) {
                tokens[right - 1].phonemes = Some(String::new());
                (left, right) = (0, right - 1);
            } else {
                let phonemes = self.guess(&group::merged(tokens).text)?;
                tokens.iter_mut().for_each(|token| token.phonemes = Some(String::new()));
                tokens[0].phonemes = Some(phonemes);
                return Ok(());
            }
        }
        group::share_stress(tokens);
        Ok(())
    }

    /// Words of letters are guessed, digits counted, symbols named.
    fn guess(&mut self, text: &str) -> Result<String, VoiceError> {
        let mut said = Vec::new();
        for range in self.piece.find_all(text) {
            let piece = &text[range];
            said.push(match piece.chars().next() {
                Some(first) if first.is_ascii_digit() => self.lexicon.number(piece, None, false).unwrap_or_default(),
                Some(first) if first.is_alphabetic() => self.unknown_words.say(piece)?,
                _ => piece.chars().map(symbol).collect(),
            });
        }
        said.retain(|phonemes| !phonemes.is_empty());
        Ok(said.join(" "))
    }

    /// Moves on to the word before `token`.
    fn pass(&mut self, phonemes: &str, token: &Token<'_>) {
        let telling = |c: &char| stress::is_vowel(*c) || CONSONANTS.contains(*c) || PAUSES.contains(*c);
        if let Some(first) = phonemes.chars().find(telling) {
            self.following.vowel = (!PAUSES.contains(first)).then(|| stress::is_vowel(first));
        }
        self.following.to =
            matches!(&token.text[..], "to" | "To") || (token.text == "TO" && matches!(token.tag, "TO" | "IN"));
    }
}

/// The phonemes of a symbol that stands where a word would.
fn symbol(symbol: char) -> &'static str {
    match symbol {
        '/' => "slˈæʃ",
        '=' => "ˈikwᵊlz",
        '+' => "plˈʌs",
        '&' => "ænd",
        '@' => "æt",
        '%' => "pəɹsˈɛnt",
        '#' => "hˈæʃ",
        '*' => "ˈæstəɹˌɪsk",
        '~' => "tˈɪldə",
        '^' => "kˈɛɹət",
        '<' => "lˈɛs ðən",
        '>' => "ɡɹˈATəɹ ðən",
        '—' => "—",
        _ => "",
    }
}
