//! Numbers, years, amounts of money and strings of digits, read by the lexicon's words.

use super::{
    characters::is_digits,
    inflection::{with_ed, with_ing, with_s},
    lexicon::Lexicon,
    numbers::{cardinal, decimal, digit_name, ordinal, parse, year},
    stress::Stress,
};

const ORDINAL_ENDINGS: [&str; 4] = ["st", "nd", "rd", "th"];
/// What a number may end in and still be one, in the order in which they are tried.
const ENDINGS: [&str; 9] = ["ing", "'d", "ed", "'s", "st", "nd", "rd", "th", "s"];

/// A currency and its hundredth part.
pub(super) fn currency(symbol: &str) -> Option<[&'static str; 2]> {
    match symbol {
        "$" => Some(["dollar", "cent"]),
        "£" => Some(["pound", "pence"]),
        "€" => Some(["euro", "cent"]),
        _ => None,
    }
}

/// Whether `word` is digits, points and commas, with an ending perhaps. Only the first of a group may have a minus sign.
pub(super) fn is_number(word: &str, is_head: bool) -> bool {
    let body = ENDINGS.iter().find_map(|ending| word.strip_suffix(ending)).unwrap_or(word);
    let body = if is_head { body.strip_prefix('-').unwrap_or(body) } else { body };
    body.contains(|c: char| c.is_ascii_digit()) && body.chars().all(|c| c.is_ascii_digit() || c == ',' || c == '.')
}

impl Lexicon {
    /// The plural of a currency's name.
    pub(super) fn currency_name(&self, symbol: &str) -> Option<String> {
        let [name, _] = currency(symbol)?;
        self.inflected(&format!("{name}s"), "", None, None)
    }

    /// The phonemes of a word that [`is_number`].
    pub(super) fn number(&self, word: &str, symbol: Option<&str>, is_head: bool) -> Option<String> {
        let body = word.trim_end_matches(|c: char| c.is_ascii_lowercase() || c == '\'');
        let ending = &word[body.len()..];
        let mut said = Said { lexicon: self, words: Vec::new() };
        let unsigned = body.strip_prefix('-');
        if unsigned.is_some() {
            said.word("minus");
        }
        let amount = symbol.and_then(currency);
        said.number(unsigned.unwrap_or(body), ending, amount, is_head, unsigned.is_some());
        let words = said.words.join(" ");
        match ending {
            "s" | "'s" => with_s(&words),
            "ed" | "'d" => with_ed(&words),
            "ing" => with_ing(&words),
            _ => Some(words).filter(|words| !words.is_empty()),
        }
    }
}

/// The words of a number so far.
struct Said<'a> {
    lexicon: &'a Lexicon,
    words: Vec<String>,
}

impl Said<'_> {
    fn number(&mut self, word: &str, ending: &str, amount: Option<[&str; 2]>, is_head: bool, is_negative: bool) {
        let digits = word.replace(',', "");
        let is_ordinal = ORDINAL_ENDINGS.contains(&ending);
        if is_digits(word) && is_ordinal {
            self.named(word, ordinal);
        } else if !is_negative && word.len() == 4 && amount.is_none() && is_digits(word) {
            self.named(word, year);
        } else if !is_head && !word.contains('.') {
            self.code(&digits);
        } else if word.matches('.').count() > 1 || !is_head {
            digits.split('.').for_each(|part| self.part_of_version(part));
        } else if let Some(units) = amount.filter(|_| is_amount(word)) {
            self.money(&digits, units);
        } else if let Some((whole, fraction)) = digits.split_once('.') {
            self.fraction(whole, fraction);
        } else if is_ordinal {
            self.named(&digits, ordinal);
        } else {
            self.named(&digits, cardinal);
        }
    }

    /// Digits within a word: in pairs where there are few, one by one where there are many.
    fn code(&mut self, digits: &str) {
        if digits.starts_with('0') || digits.len() > 3 {
            self.digits(digits);
        } else if digits.len() == 3 && !digits.ends_with("00") {
            self.digits(&digits[..1]);
            if digits[1..].starts_with('0') {
                self.words.extend(self.lexicon.look_up("O", "", Some(Stress::Strip), None));
                self.digits(&digits[2..]);
            } else {
                self.named(&digits[1..], cardinal);
            }
        } else {
            self.named(digits, cardinal);
        }
    }

    fn part_of_version(&mut self, part: &str) {
        let is_round = part.bytes().skip(1).all(|digit| digit == b'0');
        if part.starts_with('0') || (part.len() != 2 && !is_round) {
            self.digits(part);
        } else if !part.is_empty() {
            self.named(part, cardinal);
        }
    }

    fn money(&mut self, digits: &str, units: [&str; 2]) {
        let value = |digits: &str| parse(digits).unwrap_or(0);
        let mut parts: Vec<(u128, &str)> = digits.split('.').map(value).zip(units).collect();
        match parts[..] {
            [_, (0, _)] => parts.truncate(1),
            [(0, _), _] => drop(parts.remove(0)),
            _ => {}
        }
        for (index, (count, unit)) in parts.into_iter().enumerate() {
            if index > 0 {
                self.word("and");
            }
            self.words(&cardinal(count));
            if count != 1 && unit != "pence" {
                self.words.extend(self.lexicon.inflected(&format!("{unit}s"), "", None, None));
            } else {
                self.word(unit);
            }
        }
    }

    fn fraction(&mut self, whole: &str, fraction: &str) {
        if whole.is_empty() {
            self.words("point");
            self.digits(fraction);
        } else if let Some(value) = parse(whole) {
            self.words(&decimal(value, fraction));
        } else {
            self.digits(whole);
            self.words("point");
            self.digits(fraction);
        }
    }

    /// A number by its name, or digit by digit if it has none.
    fn named(&mut self, digits: &str, name: impl Fn(u128) -> String) {
        match parse(digits) {
            Some(value) => self.words(&name(value)),
            None => self.digits(digits),
        }
    }

    fn digits(&mut self, digits: &str) {
        digits.chars().for_each(|digit| self.words(digit_name(digit)));
    }

    /// The words of a name, without its "and"s.
    fn words(&mut self, name: &str) {
        let words = name.split(|c: char| !c.is_ascii_lowercase()).filter(|word| !word.is_empty() && *word != "and");
        for word in words {
            let stress = (word == "point").then_some(Stress::Strip);
            self.words.extend(self.lexicon.look_up(word, "", stress, None));
        }
    }

    fn word(&mut self, word: &str) {
        self.words.extend(self.lexicon.look_up(word, "", None, None));
    }
}

/// Whether there are at most two digits behind the point.
fn is_amount(word: &str) -> bool {
    word.split_once('.').is_none_or(|(_, hundredths)| hundredths.len() < 3 && !hundredths.contains('.'))
}
