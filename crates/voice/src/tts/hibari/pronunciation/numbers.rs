//! Numbers in words, as the Python package num2words spells them, which the voice learned to read.

const ONES: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 10] = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
const SCALES: [&str; 12] = [
    "",
    "thousand",
    "million",
    "billion",
    "trillion",
    "quadrillion",
    "quintillion",
    "sextillion",
    "septillion",
    "octillion",
    "nonillion",
    "decillion",
];
const IRREGULAR_ORDINALS: [(&str, &str); 7] = [
    ("one", "first"),
    ("two", "second"),
    ("three", "third"),
    ("five", "fifth"),
    ("eight", "eighth"),
    ("nine", "ninth"),
    ("twelve", "twelfth"),
];

/// The value of decimal digits; `None` where there are none, other characters, or more digits than have a name.
pub(super) fn parse(digits: &str) -> Option<u128> {
    let significant = digits.trim_start_matches('0');
    if digits.is_empty() || significant.len() > SCALES.len() * 3 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(significant.bytes().fold(0, |value, digit| value * 10 + u128::from(digit - b'0')))
}

/// "one thousand, two hundred and thirty-four". `number` is one that [`parse`] gives.
pub(super) fn cardinal(number: u128) -> String {
    if number < 1000 {
        return below_thousand(number);
    }
    let mut groups = Vec::new();
    let mut rest = number;
    for scale in SCALES {
        let group = rest % 1000;
        rest /= 1000;
        if group > 0 {
            let words = below_thousand(group);
            groups.push(if scale.is_empty() { words } else { format!("{words} {scale}") });
        }
    }
    let last = groups.remove(0);
    groups.reverse();
    // "one thousand and one", but "one thousand, one hundred" and "two million, one thousand".
    match groups.join(", ") {
        before if before.is_empty() => last,
        before if last.contains(' ') => format!("{before}, {last}"),
        before => format!("{before} and {last}"),
    }
}

fn below_thousand(number: u128) -> String {
    let (hundreds, rest) = ((number / 100) as usize, (number % 100) as usize);
    let small = match (rest / 10, rest % 10) {
        (0 | 1, _) => ONES[rest].to_owned(),
        (tens, 0) => TENS[tens].to_owned(),
        (tens, ones) => format!("{}-{}", TENS[tens], ONES[ones]),
    };
    match (hundreds, rest) {
        (0, _) => small,
        (_, 0) => format!("{} hundred", ONES[hundreds]),
        _ => format!("{} hundred and {small}", ONES[hundreds]),
    }
}

/// "twenty-third", "one hundred and first".
pub(super) fn ordinal(number: u128) -> String {
    let words = cardinal(number);
    let (before, last) = words.split_at(words.rfind([' ', '-']).map_or(0, |separator| separator + 1));
    let last = match IRREGULAR_ORDINALS.iter().find(|(cardinal, _)| *cardinal == last) {
        Some((_, ordinal)) => (*ordinal).to_owned(),
        None => match last.strip_suffix('y') {
            Some(stem) => format!("{stem}ieth"),
            None => format!("{last}th"),
        },
    };
    format!("{before}{last}")
}

/// "nineteen oh-five", "two thousand and five", "twenty ten".
pub(super) fn year(number: u128) -> String {
    let (high, low) = (number / 100, number % 100);
    if high == 0 || (high.is_multiple_of(10) && low < 10) || high >= 100 {
        return cardinal(number);
    }
    let low = match low {
        0 => "hundred".to_owned(),
        1..10 => format!("oh-{}", cardinal(low)),
        _ => cardinal(low),
    };
    format!("{} {low}", cardinal(high))
}

/// "three point one four" of `whole` and the digits behind the point, whose last zeros are not said.
pub(super) fn decimal(whole: u128, fraction: &str) -> String {
    let digits: Vec<String> =
        fraction.trim_end_matches('0').chars().map(|digit| digit_name(digit).to_owned()).collect();
    let whole = cardinal(whole);
    if digits.is_empty() { whole } else { format!("{whole} point {}", digits.join(" ")) }
}

/// The name of a decimal digit; nothing for other characters.
pub(super) fn digit_name(digit: char) -> &'static str {
    digit.to_digit(10).map_or("", |digit| ONES[digit as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_their_names() {
        let cardinals = [
            (0, "zero"),
            (13, "thirteen"),
            (40, "forty"),
            (342, "three hundred and forty-two"),
            (1_000, "one thousand"),
            (1_001, "one thousand and one"),
            (1_100, "one thousand, one hundred"),
            (1_234, "one thousand, two hundred and thirty-four"),
            (2_000_031, "two million and thirty-one"),
            (2_001_000, "two million, one thousand"),
            (7_000_000_000, "seven billion"),
        ];
        for (number, name) in cardinals {
            assert_eq!(cardinal(number), name);
        }
        for (number, name) in [
            (1, "first"),
            (12, "twelfth"),
            (20, "twentieth"),
            (23, "twenty-third"),
            (101, "one hundred and first"),
            (1_000, "one thousandth"),
        ] {
            assert_eq!(ordinal(number), name);
        }
        for (number, name) in [
            (476, "four seventy-six"),
            (1066, "ten sixty-six"),
            (1900, "nineteen hundred"),
            (1905, "nineteen oh-five"),
            (2005, "two thousand and five"),
            (2010, "twenty ten"),
        ] {
            assert_eq!(year(number), name);
        }
        assert_eq!(decimal(3, "140"), "three point one four");
        assert_eq!(decimal(3, "00"), "three");
    }

    #[test]
    fn what_has_no_name_is_no_number() {
        assert_eq!(parse("0042"), Some(42));
        assert_eq!(parse(&"9".repeat(36)).map(cardinal).unwrap().split(' ').next_back(), Some("ninety-nine"));
        assert_eq!(["", "-1", "1.5", "٣", &"9".repeat(37)].map(parse), [None; 5]);
    }
}
