use proptest::prelude::*;

use super::{Clause, Speakable, clauses, splitter::LONGEST};

fn texts(text: &str) -> Vec<String> {
    clauses(text).into_iter().map(|clause| clause.text).collect()
}

/// The clauses of each text, which `|` divides.
fn check(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(texts(text).join("|"), *expected, "{text:?}");
    }
}

#[test]
fn sentences_end_where_a_reader_would_end_them() {
    check(&[
        ("Hello there. How are you? Fine! Good… Bye", "Hello there.|How are you?|Fine!|Good…|Bye"),
        (
            "Dr. Smith paid $3.50 for 2.5 kg. He left at 5 p.m. sharp.",
            "Dr. Smith paid $3.50 for 2.5 kg.|He left at 5 p.m. sharp.",
        ),
        (
            "J. K. Rowling, e.g. the author, wrote it in Jan. 1997.",
            "J. K. Rowling,|e.g. the author, wrote it in Jan. 1997.",
        ),
        ("It is No. 5. No. That is wrong.", "It is No. 5.|No.|That is wrong."),
        ("She said \"Stop.\" Then (quietly.) Nothing.", "She said \"Stop.\"|Then (quietly.)|Nothing."),
        ("He asked \"why?\" and left. \"Go!\" he said.", "He asked \"why?\" and left.|\"Go!\" he said."),
        (
            "So am I. You too. Well... maybe. Version 1.2.3 is out.",
            "So am I.|You too.|Well... maybe.|Version 1.2.3 is out.",
        ),
        ("On July 4, 1776, 1,250 people came.", "On July 4, 1776, 1,250 people came."),
        ("1. Mix the eggs. 2. Stir.", "1, Mix the eggs.|2. Stir."),
    ]);
}

#[test]
fn the_first_clause_is_short_and_later_ones_are_sentences() {
    check(&[
        (
            "The capital of France, as you may know, is Paris. It lies on the Seine, which flows to the sea.",
            "The capital of France,|as you may know, is Paris.|It lies on the Seine, which flows to the sea.",
        ),
        ("Sure, here it is.", "Sure, here it is."),
        (
            "Photosynthesis is the process by which green plants and some other organisms use sunlight to make food.",
            "Photosynthesis is the process by which green plants|and some other organisms use sunlight to make food.",
        ),
    ]);
}

#[test]
fn markdown_is_taken_off() {
    check(&[
        ("**Bold**, *italic*, ~~gone~~ and `code` are words.", "Bold, italic,|gone and code are words."),
        ("# Heading\nText of\ntwo lines.\n\nNext", "Heading.|Text of two lines.|Next"),
        ("Title\n=====\nText\n---\nMore\n* * *", "Title.|Text.|More."),
        (
            "List:\n- one\n- [x] two\n* three\n  1) four\n2. five.\n> Quote",
            "List:|one.|two.|three.|1, four.|2, five.|Quote",
        ),
        (
            "See [the *page*](https://a.org/b_(c)?d=e.f), ![a cat](cat.png) or [this][1].[^2]",
            "See the page,|a cat or this.",
        ),
        (
            "Visit https://www.example.com/a?b=c. Then <https://rust-lang.org>!",
            "Visit example dot com.|Then rust-lang dot org!",
        ),
        ("Line<br/>one <b>two</b> 3 < 4 and a<b", "Lineone two 3 < 4 and a<b"),
        ("snake_case_name, _emphasis_ and 2 * 3 \\* 4", "snake case name,|emphasis and 2 times 3 * 4"),
        ("| City | Size |\n|:---|---:|\n| **Rome** | 3 |\n\nEnd.", "City, Size.|Rome, 3.|End."),
        ("Well done! 🎉👍🏽 Keep going 1️⃣ ☀️.", "Well done!|Keep going 1 ."),
        ("Run:\n```rust\nlet a = 1;\n# not a heading\n```\nDone.", "Run:|Done."),
        ("Run ```ls -l``` or\n```a``` now.", "Run ls -l or.|a now."),
        ("~~~\ncode that never ends\n``", ""),
        ("An open [link](http://a", "An open link(http://a"),
        ("1984. A year. 12 monkeys", "1984.|A year.|12 monkeys"),
    ]);
}

#[test]
fn what_holds_no_word_makes_no_clause() {
    for text in ["", " \n\t", "***", "😀 🎉", "---\n---", "?!… — “”", "| | |\n|---|---|", "```\nfn main() {}\n```"]
    {
        assert_eq!(clauses(text), [], "{text:?}");
    }
}

#[test]
fn other_scripts_pass_through() {
    check(&[("Привет, мир. Как дела?", "Привет,|мир.|Как дела?"), ("你好。再见", "你好。再见")]);
}

#[test]
fn a_clause_comes_with_the_first_letter_behind_it() {
    let mut speakable = Speakable::default();
    let mut arrivals = Vec::new();
    for (index, character) in "It is so. And, as we all know, it stays.".char_indices() {
        for clause in speakable.push(character.encode_utf8(&mut [0; 4])) {
            arrivals.push((clause.text, index));
        }
    }
    assert_eq!(arrivals, [("It is so.".to_owned(), 10)]);
    assert_eq!(speakable.finish().len(), 1);
}

#[test]
fn the_sources_of_clauses_are_what_they_stand_for() {
    let text = "**Yes.** 😀 See [it](http://a.b).\n\n```\ncode\n```\n- one";
    let sources: Vec<_> = clauses(text).into_iter().map(|clause| &text[clause.source]).collect();
    assert_eq!(sources, ["**Yes.** 😀 ", "See [it](http://a.b).\n", "\n```\ncode\n```\n- one"]);
    // A control character of two bytes, behind what may become a tag: places of what waits are not moved.
    let text = "Yes <b ¡\u{85}. No.";
    let sources: Vec<_> = clauses(text).into_iter().map(|clause| &text[clause.source]).collect();
    assert_eq!(sources, ["Yes <b ¡\u{85}. ", "No."]);
}

#[test]
fn hostile_texts_take_time_in_proportion() {
    // A quadratic reader would take minutes; there is no clock here, the test would just not end.
    for part in ["[", "](", "<a", "=", " ", "`", "|", "1", "- ", "\\", "*", "x", "> ", "[x", "```\n", "www."] {
        let clauses = clauses(&part.repeat(200_000));
        assert!(clauses.iter().all(|clause| clause.text.len() <= 4 * LONGEST), "{part:?}");
    }
}

/// Texts that are dense in marks.
fn marked_text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        4 => "[a-zA-Z0-9]{1,12}",
        2 => Just(" ".to_owned()),
        3 => prop::sample::select(vec![
            ". ", ", ", "\n", "\n\n", "- ", "1. ", "# ", "**", "_", "`", "```", "[", "](", "]", ")", "<", ">", "|", "!", "? ",
            "\\", "~~", "---", "😀", "é", "\u{85}", "\r", "https://a.b/c ", "Dr. ", "[^1]", "* ",
        ]).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(part, 0..60).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn any_split_gives_the_same_clauses(text in marked_text(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8)) {
        let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
        places.retain(|&place| text.is_char_boundary(place));
        places.sort_unstable();
        let mut speakable = Speakable::default();
        let mut found = Vec::new();
        let mut start = 0;
        for place in places.into_iter().chain([text.len()]) {
            found.extend(speakable.push(&text[start..place]));
            start = place;
        }
        found.extend(speakable.finish());
        prop_assert_eq!(found, clauses(&text));
        // And it is ready for the next text.
        prop_assert_eq!(speakable.push("Yes. No"), vec![Clause { text: "Yes.".to_owned(), source: 0..5 }]);
    }

    #[test]
    fn sources_lie_end_to_end(text in marked_text()) {
        let mut end = 0;
        for clause in clauses(&text) {
            prop_assert_eq!(clause.source.start, end);
            prop_assert!(text.get(clause.source.clone()).is_some(), "{:?}", clause.source);
            prop_assert!(clause.text.contains(char::is_alphanumeric));
            prop_assert_eq!(clause.text.trim(), &clause.text);
            end = clause.source.end;
        }
        prop_assert!(end <= text.len());
    }

    #[test]
    fn no_letter_of_prose_is_lost(text in "([a-zA-Zéß0-9]{1,9}[.,;:!?\"'()]{0,2}[ \n]{1,2}){0,80}") {
        let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
        prop_assert_eq!(letters(&texts(&text).concat()), letters(&text));
    }

    #[test]
    fn clauses_have_a_limit(text in "[a-z]{0,9}([a-z ]{0,40}){0,60}") {
        for clause in clauses(&text) {
            prop_assert!(clause.text.len() <= LONGEST, "{}", clause.text.len());
        }
    }
}
