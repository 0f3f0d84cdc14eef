//! Amounts of money in the order in which they are said, which espeak-ng does not know.

const CURRENCIES: [(char, [&str; 2], [&str; 2]); 4] = [
    ('$', ["dollar", "dollars"], ["cent", "cents"]),
    ('£', ["pound", "pounds"], ["penny", "pence"]),
    ('€', ["euro", "euros"], ["cent", "cents"]),
    ('¥', ["yen", "yen"], ["sen", "sen"]),
];
const MULTIPLES: [&str; 5] = ["hundred", "thousand", "million", "billion", "trillion"];

/// "$3.50" as "3 dollars and 50 cents", "£2 million" as "2 million pounds".
pub(super) fn with_currencies_behind(text: &str) -> String {
    let mut words = text.split(' ').peekable();
    let mut said = Vec::new();
    while let Some(word) = words.next() {
        let Some(amount) = Amount::of(word) else {
            said.push(word.to_owned());
            continue;
        };
        let multiple =
            words.next_if(|next| amount.after.is_empty() && MULTIPLES.contains(&next.trim_end_matches(MARKS)));
        said.push(amount.said(multiple));
    }
    said.join(" ")
}

const MARKS: [char; 9] = ['.', ',', ';', ':', '!', '?', ')', '"', '”'];

/// A word that is an amount, and what stands around it.
struct Amount<'t> {
    before: &'t str,
    number: &'t str,
    after: &'t str,
    unit: [&'static str; 2],
    hundredth: [&'static str; 2],
}

impl<'t> Amount<'t> {
    fn of(word: &'t str) -> Option<Self> {
        let at = word.find(|c: char| c.is_alphanumeric() || CURRENCIES.iter().any(|(symbol, ..)| *symbol == c))?;
        let (before, amount) = word.split_at(at);
        let (_, unit, hundredth) = *CURRENCIES.iter().find(|(symbol, ..)| amount.starts_with(*symbol))?;
        let rest = amount.trim_start_matches(|c: char| CURRENCIES.iter().any(|(symbol, ..)| *symbol == c));
        let number = rest.trim_end_matches(MARKS);
        let is_number = number.starts_with(|c: char| c.is_ascii_digit())
            && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b',' || byte == b'.')
            && number.matches('.').count() < 2;
        is_number.then(|| Self { before, number, after: &rest[number.len()..], unit, hundredth })
    }

    fn said(&self, multiple: Option<&str>) -> String {
        let Self { before, number, after, unit: [one, more], hundredth } = self;
        if let Some(multiple) = multiple {
            let name = multiple.trim_end_matches(MARKS);
            return format!("{before}{number} {name} {more}{}", &multiple[name.len()..]);
        }
        let plural = |number: &str| if *number == *"1" { 0 } else { 1 };
        match number.split_once('.') {
            Some((whole, part)) if part.len() == 2 => {
                let part = part.trim_start_matches('0');
                let hundredths = format!("{part} {}", hundredth[plural(part)]);
                match (whole, part) {
                    (_, "") => format!("{before}{whole} {}{after}", [one, more][plural(whole)]),
                    ("0", _) => format!("{before}{hundredths}{after}"),
                    _ => format!("{before}{whole} {} and {hundredths}{after}", [one, more][plural(whole)]),
                }
            }
            _ => format!("{before}{number} {}{after}", [one, more][plural(number)]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_currency_is_said_behind_the_number() {
        for (text, expected) in [
            ("It costs $5.", "It costs 5 dollars."),
            ("$1, $1.01 and $0.50!", "1 dollar, 1 dollar and 1 cent and 50 cents!"),
            ("(£1,250.00) or €3.5", "(1,250 pounds) or 3.5 euros"),
            ("¥100 or $2 million, then", "100 yen or 2 million dollars, then"),
            ("$2. million", "2 dollars. million"),
            ("US$5 and $x, $, 5$ and $1.2.3", "US$5 and $x, $, 5$ and $1.2.3"),
            ("", ""),
        ] {
            assert_eq!(with_currencies_behind(text), expected);
        }
    }
}
