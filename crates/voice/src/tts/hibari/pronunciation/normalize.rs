//! Readings that the lexicon has no rule for: times, dates, units, abbreviations, currencies, symbols, Roman numerals.
//!
//! The rules are applied one after the other, each to what the ones before it left; the order is part of their meaning.
//! They follow the Python package hibari, with its tables (`normalize.json`).

use indexmap::IndexMap;
use serde::Deserialize;

use super::{
    characters::capitalized,
    numbers::{cardinal, ordinal},
    pattern::{Found, Pattern, any_of},
};

type Words = IndexMap<String, String>;
/// The words for one and for more.
type Forms = IndexMap<String, [String; 2]>;

/// The file, `normalize.json`.
#[derive(Deserialize)]
pub(super) struct Tables {
    /// "jan" → "January".
    months: Words,
    /// Said in full before a name: "St" → "Saint".
    titles: Words,
    abbreviations: Words,
    units: Forms,
    symbols: Words,
    currency: Forms,
    /// Before a Roman numeral that is a number: "Chapter IV".
    roman_cardinal: Vec<String>,
    /// Before one that is an ordinal: "Henry VIII".
    roman_ordinal: Vec<String>,
}

type Reading = fn(&Tables, &Found<'_>) -> Option<String>;

const NUMBER: &str = r"\d+(?:,\d{3})*(?:\.\d+)?";
const MULTIPLE: &str = r"(hundred|thousand|million|billion|trillion|[kKmMbB]\b)";
const ROMAN: &str = "((?=[IVXLC])M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3}))";
const PARTS: [&str; 11] = ["", "", "half", "third", "quarter", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"];
/// Symbols that are said between two things only.
const BETWEEN: &str = "=<>~";

pub(super) struct Normalizer {
    tables: Tables,
    rules: Vec<(Pattern, Reading)>,
    between: Vec<(Pattern, String)>,
    space_before_mark: Pattern,
}

impl Normalizer {
    /// # Errors
    /// The patterns cannot be compiled, or a month lacks.
    pub(super) fn new(tables: Tables) -> Result<Self, String> {
        if tables.months.len() != 12 {
            return Err(format!("{} months", tables.months.len()));
        }
        let short_months: Vec<String> = tables.months.keys().map(|month| capitalized(month)).collect();
        let names = tables.months.values().chain(&short_months).map(String::as_str);
        let months = any_of(names.chain(["Sept"]));
        let keys = |words: &Words| any_of(words.keys().map(String::as_str));
        let (titles, abbreviations) = (keys(&tables.titles), keys(&tables.abbreviations));
        let units = any_of(tables.units.keys().map(String::as_str));
        let [counted, ranked] =
            [&tables.roman_cardinal, &tables.roman_ordinal].map(|words| any_of(words.iter().map(String::as_str)));
        let rules: [(String, Reading); 20] = [
            (r"\b(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\s?([AaPp])\.?[Mm]\.?(?![A-Za-z]))?(?!\d)".into(), |_, found| {
                time(found)
            }),
            (r"\b(\d{4})-(\d{2})-(\d{2})\b".into(), |tables, found| {
                tables.date(found.group(1), found.number(2)?, found.number(3)?)
            }),
            (r"\b(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})\b".into(), american_date),
            (format!(r"([$£€])({NUMBER})\s?{MULTIPLE}"), amount),
            (format!(r"(?<![\w.])({NUMBER})\s?¢"), |tables, found| tables.cents(found.group(1))),
            (format!(r"(?<![\w])([¥₹₩]|Rs\.?|USD|EUR|GBP)\s?({NUMBER})(?:\s?{MULTIPLE})?"), amount),
            (format!(r"(?<![\w.])(-?{NUMBER})\s?°\s?([CF])?(?![\w])"), |_, found| Some(degrees(found))),
            (format!(r"(?<![\w.])(-?{NUMBER})\s?({units})(?![\w])"), |tables, found| {
                Some(format!("{} {}", found.group(1), form(found.group(1), tables.units.get(found.group(2))?)))
            }),
            (format!(r"\b({months})\.? (\d{{1,2}})(?:st|nd|rd|th)?\b(?![\d:%])(,? \d{{4}}\b)?"), |tables, found| {
                Some(format!("{} {}{}", tables.month(found.group(1))?, day(found.number(2)?)?, found.group(3)))
            }),
            (format!(r"\b(the )?(\d{{1,2}}) (?:of )?({months})\b\.?"), |tables, found| {
                Some(format!("the {} of {}", day(found.number(2)?)?, tables.month(found.group(3))?))
            }),
            (format!(r"\b({titles})\.? (?=[A-Z])"), |tables, found| {
                Some(format!("{} ", tables.titles.get(found.group(1))?))
            }),
            (format!(r"(?<![\w.])({abbreviations})(?![\w])"), abbreviation),
            (r"\b(No|Nos)\. ?(?=\d)".into(), |_, found| {
                Some(if found.group(1) == "No" { "Number " } else { "Numbers " }.to_owned())
            }),
            (r"(?<![\w&])#(?=\d)".into(), |_, _| Some("number ".to_owned())),
            (format!(r"\b({counted}) {ROMAN}\b(?![.'’]\w)"), |_, found| {
                Some(format!("{} {}", found.group(1), roman(found.group(2))))
            }),
            (format!(r"\b({ranked}) {ROMAN}\b(?![.'’]\w)"), |_, found| {
                Some(format!("{} the {}", found.group(1), ordinal(roman(found.group(2)))))
            }),
            (r"(?<![\w.\-])(?:\d{3}-)?\d{3}-\d{4}(?![\w.\-])".into(), |_, found| Some(telephone(found.group(0)))),
            (r"(?<![\w./])(\d{1,2})/(\d{1,2})(?![\w./])".into(), fraction),
            (r"(?<![\w.\-])(\d{1,4})\s?[-–]\s?(\d{1,4})(?![\w.\-%])".into(), |_, found| {
                Some(format!("{} to {}", found.group(1), found.group(2)))
            }),
            (r"(?<![\w+])\+(?=\d)".into(), |_, _| Some("plus ".to_owned())),
        ];
        let rules = rules.into_iter().map(|(pattern, reading)| Ok((Pattern::new(&pattern)?, reading)));
        let between = tables.symbols.iter().filter(|(symbol, _)| BETWEEN.contains(symbol.as_str()));
        let between =
            between.map(|(symbol, word)| Ok((Pattern::new(&format!(r"(?<=\S) ?{symbol} ?(?=\S)"))?, word.clone())));
        Ok(Self {
            rules: rules.collect::<Result<_, String>>()?,
            between: between.collect::<Result<_, String>>()?,
            space_before_mark: Pattern::new(" +(?=[,.;:!?])")?,
            tables,
        })
    }

    /// `text` in words that the lexicon can read, with single spaces between them.
    pub(super) fn normalize(&self, text: &str) -> String {
        let mut text = spaced(text).replace('’', "'").replace('‒', "-").replace('―', "—");
        for (pattern, reading) in &self.rules {
            text = pattern.rewrite(&text, |found| reading(&self.tables, found));
        }
        for (pattern, word) in &self.between {
            text = pattern.rewrite(&text, |_| Some(format!(" {word} ")));
        }
        for (symbol, word) in self.tables.symbols.iter().filter(|(symbol, _)| !BETWEEN.contains(symbol.as_str())) {
            if text.contains(symbol) {
                text = text.replace(symbol, &if word.is_empty() { " ".to_owned() } else { format!(" {word} ") });
            }
        }
        self.space_before_mark.rewrite(&spaced(&text), |_| Some(String::new()))
    }
}

impl Tables {
    fn month(&self, name: &str) -> Option<&str> {
        self.months.get(name.get(..3)?.to_lowercase().as_str()).map(String::as_str)
    }

    fn date(&self, year: &str, month: u128, of_month: u128) -> Option<String> {
        let index = usize::try_from(month).ok()?.checked_sub(1)?;
        let (_, month) = self.months.get_index(index)?;
        let date = format!("{month} {}", day(of_month)?);
        Some(if year.is_empty() { date } else { format!("{date}, {year}") })
    }

    fn cents(&self, count: &str) -> Option<String> {
        Some(format!("{count} {}", form(count, self.currency.get("¢")?)))
    }
}

fn spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The form of a word for a number of things.
fn form<'a>(number: &str, [one, more]: &'a [String; 2]) -> &'a str {
    if ["1", "1.0", "-1"].contains(&number) { one } else { more }
}

fn day(number: u128) -> Option<String> {
    (1..=31).contains(&number).then(|| ordinal(number))
}

fn time(found: &Found<'_>) -> Option<String> {
    let (hour, minute, second) = (found.number(1)?, found.number(2)?, found.number(3));
    if hour > 24 || minute > 59 || second.is_some_and(|second| second > 59) {
        return None;
    }
    let half = found.group(4).to_uppercase();
    let mut words = cardinal(hour);
    match minute {
        0 if half.is_empty() && second.is_none() => words += " o'clock",
        0 => {}
        1..10 => words += &format!(" oh {}", cardinal(minute)),
        _ => words += &format!(" {}", cardinal(minute)),
    }
    if let Some(second) = second {
        words += &format!(" and {} second{}", cardinal(second), if second == 1 { "" } else { "s" });
    }
    if !half.is_empty() {
        // With points, so that the letters are spelled.
        words += &format!(" {half}.M{}", if found.after.starts_with('.') { "" } else { "." });
    }
    Some(words)
}

/// Month, day, year; where that is impossible, day, month, year.
fn american_date(tables: &Tables, found: &Found<'_>) -> Option<String> {
    let (first, second, year) = (found.number(1)?, found.number(2)?, found.group(3));
    let year = match found.number(3)? {
        _ if year.len() == 4 => year.to_owned(),
        31.. => format!("19{year}"),
        _ => format!("20{year}"),
    };
    if first <= 12 { tables.date(&year, first, second) } else { tables.date(&year, second, first) }
}

/// An amount of money: the symbol, the number, and a multiple perhaps.
fn amount(tables: &Tables, found: &Found<'_>) -> Option<String> {
    let (symbol, number) = (found.group(1).trim_end_matches('.'), found.group(2));
    let forms = tables.currency.get(symbol)?;
    let multiple = match found.group(3).to_lowercase().as_str() {
        "" => return Some(format!("{number} {}", form(number, forms))),
        "k" => "thousand",
        "m" => "million",
        "b" => "billion",
        _ => found.group(3),
    };
    Some(format!("{number} {multiple} {}", forms[1]))
}

fn degrees(found: &Found<'_>) -> String {
    let scale = match found.group(2) {
        "C" => " Celsius",
        "F" => " Fahrenheit",
        _ => "",
    };
    let number = found.group(1);
    let unit = if ["1", "1.0", "-1"].contains(&number) { "degree" } else { "degrees" };
    format!("{number} {unit}{scale}")
}

/// The point of an abbreviation at the end of a text ends the sentence too.
fn abbreviation(tables: &Tables, found: &Found<'_>) -> Option<String> {
    let short = found.group(1);
    let point = if found.after.is_empty() && short.ends_with('.') { "." } else { "" };
    Some(format!("{}{point}", tables.abbreviations.get(short)?))
}

fn roman(numeral: &str) -> u128 {
    let values = numeral.chars().map(|letter| match letter {
        'I' => 1,
        'V' => 5,
        'X' => 10,
        'L' => 50,
        'C' => 100,
        'D' => 500,
        _ => 1000,
    });
    // From the right: a letter before a larger one is taken off.
    let step = |(total, right): (u128, u128), value| (if value < right { total - value } else { total + value }, value);
    values.rev().fold((0, 0), step).0
}

/// Digit by digit, with a pause between the groups.
fn telephone(number: &str) -> String {
    let groups: Vec<String> =
        number.split('-').map(|group| group.chars().map(String::from).collect::<Vec<_>>().join(" ")).collect();
    groups.join(", ")
}

/// A part of a whole, else a day of a month, else two numbers.
fn fraction(tables: &Tables, found: &Found<'_>) -> Option<String> {
    let (upper, lower) = (found.number(1)?, found.number(2)?);
    if 0 < upper && upper < lower && lower <= 10 {
        let part = PARTS[lower as usize];
        return Some(match (upper, lower) {
            (1, 2) => "one half".to_owned(),
            (_, 2) => format!("{upper} halves"),
            (1, _) => format!("1 {part}"),
            _ => format!("{upper} {part}s"),
        });
    }
    if (1..=12).contains(&upper) && (1..=31).contains(&lower) {
        return tables.date("", upper, lower);
    }
    Some(format!("{upper} slash {lower}"))
}
