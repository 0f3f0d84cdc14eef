//! Cuts a text into tokens as spaCy's English rules do, on which the tagger was trained.
//!
//! Each word between spaces loses what is a token by itself at its ends, then what is left is cut where a hyphen, a slash
//! or the like joins two words. Exceptions (contractions, "Mr.", "10am") have their tokens in a table.

use std::collections::HashMap;

use super::pattern::Pattern;

const LOWER: &str = "a-zß-öø-ÿ";
const UPPER: &str = "A-ZÀ-ÖØ-Þ";
const LETTER: &str = r"[^\W\d_]";
const QUOTES: &str = "'\"”“`‘´’‚,„»«「」『』（）〔〕【】《》〈〉";
const MARKS: &str = "…,:;!?¿¡()[]{}<>_#*&。？！，、；：～·";
const ICONS: &str = "™®©°§¶†‡•";
const CURRENCIES: &str = r"\$|£|€|¥|฿|US\$|C\$|A\$|₽|₹|₩|₪|₺|₴|₦|₫|₱|₲|₵|₸|₼|₾|₿";
const UNITS: &str = "km|km²|km³|m|m²|m³|dm|dm²|dm³|cm|cm²|cm³|mm|mm²|mm³|ha|µm|nm|yd|in|ft|kg|g|mg|µg|t|lb|oz|m/s|\
                     km/h|kmh|mph|hPa|Pa|mbar|mb|MB|kb|KB|gb|GB|tb|TB|T|G|M|K|%";
const ADDRESS: &str = r"(?i)^(?:(?:https?|ftp)://|www\.)\S+$|^[\w.+-]+@[\w-]+(?:\.[\w-]+)+$|^(?:[\w-]+\.)+(?:com|org|net|edu|gov|io|co|uk|de|fr|info|biz|us|ca|au|tv|me|ly|ai)(?:/\S*)?$";

/// Words whose tokens are known.
pub(super) type Exceptions = HashMap<String, Vec<String>>;

pub(super) struct Tokenizer {
    exceptions: Exceptions,
    prefix: Pattern,
    suffix: Pattern,
    infix: Pattern,
    address: Pattern,
}

impl Tokenizer {
    pub(super) fn new(exceptions: Exceptions) -> Self {
        let class = |characters: &str| format!("[{}]", escaped(characters));
        let (quotes, marks, icons) = (class(QUOTES), class(MARKS), class(ICONS));
        let prefix = format!(r"^(?:§|%|=|—|–|\+(?![0-9])|……?|{marks}|\.\.+|{quotes}|{CURRENCIES}|{icons})");
        let suffix = format!(
            r"(?:……?|{marks}|\.\.+|{quotes}|{icons}|'s|'S|’s|’S|—|–|(?<=[0-9])\+|(?<=°[FfCcKk])\.|(?<=[0-9])(?:{CURRENCIES})|(?<=[0-9])(?:{UNITS})|(?<=[0-9{LOWER}%²\-\+{}{}])\.|(?<=[{UPPER}][{UPPER}])\.)$",
            escaped(MARKS),
            escaped(QUOTES),
        );
        let infix = format!(
            r"\.\.+|…|{icons}|(?<=[0-9])[+\-\*^](?=[0-9-])|(?<=[{LOWER}{q}])\.(?=[{UPPER}{q}])|(?<={LETTER}),(?={LETTER})|(?<=[^\W_])(?:-|–|—|--|---|——|~)(?={LETTER})|(?<=[^\W_])[:<>=/](?={LETTER})",
            q = escaped(QUOTES),
        );
        let [prefix, suffix, infix, address] = [&prefix, &suffix, &infix, ADDRESS].map(Pattern::fixed);
        Self { exceptions, prefix, suffix, infix, address }
    }

    /// The tokens, each with whether a space follows it.
    pub(super) fn tokens(&self, text: &str) -> Vec<(String, bool)> {
        let mut tokens = Vec::new();
        let mut words = text.split_whitespace().peekable();
        while let Some(word) = words.next() {
            tokens.extend(self.split(word).into_iter().map(|token| (token, false)));
            if let Some((_, space)) = tokens.last_mut() {
                *space = words.peek().is_some();
            }
        }
        tokens
    }

    fn split(&self, word: &str) -> Vec<String> {
        if let Some(tokens) = self.exceptions.get(word) {
            return tokens.clone();
        }
        let (mut before, body, mut behind) = self.peel(word);
        if let Some(tokens) = self.exceptions.get(body) {
            before.extend(tokens.iter().map(String::as_str));
        } else if self.address.is_match(body) {
            before.push(body);
        } else {
            before.extend(self.cut(body));
        }
        behind.reverse();
        before.append(&mut behind);
        self.joined(&before)
    }

    /// Takes tokens off both ends of a word, until what is left is an exception or has none.
    fn peel<'w>(&self, word: &'w str) -> (Vec<&'w str>, &'w str, Vec<&'w str>) {
        let (mut body, mut before, mut behind) = (word, Vec::new(), Vec::new());
        while !body.is_empty() && !self.exceptions.contains_key(body) {
            let prefix = self.prefix.find(body).map_or(0, |found| found.end);
            if prefix > 0 && self.exceptions.contains_key(&body[prefix..]) {
                before.push(&body[..prefix]);
                body = &body[prefix..];
                break;
            }
            let suffix =
                body.len() - self.suffix.find(&body[prefix..]).map_or(body.len(), |found| prefix + found.start);
            if suffix > 0 && self.exceptions.contains_key(&body[..body.len() - suffix]) {
                behind.push(&body[body.len() - suffix..]);
                body = &body[..body.len() - suffix];
                break;
            }
            if prefix == 0 && suffix == 0 {
                break;
            }
            before.extend(Some(&body[..prefix]).filter(|prefix| !prefix.is_empty()));
            behind.extend(Some(&body[body.len() - suffix..]).filter(|suffix| !suffix.is_empty()));
            body = &body[prefix..body.len() - suffix];
        }
        (before, body, behind)
    }

    /// Cuts a word before and behind what joins its parts.
    fn cut<'w>(&self, word: &'w str) -> Vec<&'w str> {
        let mut tokens = Vec::new();
        let mut start = 0;
        for joint in self.infix.find_all(word).into_iter().filter(|joint| joint.start > 0) {
            tokens.push(&word[start..joint.start]);
            tokens.push(&word[joint.clone()]);
            start = joint.end;
        }
        tokens.push(&word[start..]);
        tokens.retain(|token| !token.is_empty());
        tokens
    }

    /// Joins neighbours again that are an exception together: "Sept" and ".".
    fn joined(&self, tokens: &[&str]) -> Vec<String> {
        let mut joined = Vec::with_capacity(tokens.len());
        let mut rest = tokens;
        while let Some(first) = rest.first() {
            let exception = [3, 2].into_iter().find_map(|count| {
                let neighbours = rest.get(..count)?;
                Some((count, self.exceptions.get(&neighbours.concat())?))
            });
            match exception {
                Some((count, tokens)) => {
                    joined.extend_from_slice(tokens);
                    rest = &rest[count..];
                }
                None => {
                    joined.push((*first).to_owned());
                    rest = &rest[1..];
                }
            }
        }
        joined
    }
}

/// `characters` as they stand within a class of a regular expression.
fn escaped(characters: &str) -> String {
    characters.chars().flat_map(|c| "[]".contains(c).then_some('\\').into_iter().chain([c])).collect()
}
