//! Prompt lookup: where in the text the latest tokens stood before, and what followed there.
//!
//! Models that rewrite, quote or correct repeat what they were given ("Prompt Lookup Decoding", Apoorv Saxena, 2023).
//! The place is found by the last three tokens, or two, or one, in tables of fixed size with one slot a hash, so that a
//! token costs the same wherever it stands. From there on it is followed token by token, so that the match is as long
//! in the end as one from a suffix automaton, which would find it at once for a map of transitions a token. When the
//! text departs from its source, the guess goes on behind the difference, as a reader of two versions would.

/// Lengths of the n-grams that are looked up, the longest first.
const LENGTHS: [usize; 3] = [3, 2, 1];

/// Slots of a table for each token of the context, and the most slots (256 KiB a table).
const SLOTS_PER_TOKEN: usize = 2;
const MOST_SLOTS: usize = 1 << 16;

/// As many tokens of a match are counted when it is found.
const COUNTED: usize = 16;

/// A source that agreed for so many tokens is not given up for one difference.
const RELIABLE: usize = 4;

/// How far ahead the source is searched for the token that differs: what stands between was left out.
const WINDOW: usize = 8;

/// What speaks for a guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// How many tokens before it agree with the latest ones.
    pub agreed: usize,
    /// Whether the token just before it does not.
    pub departed: bool,
}

/// A place in the text that is taken for the source of what comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    /// Position of the token that is guessed; one that there is.
    at: usize,
    evidence: Evidence,
}

/// The tokens of a text with an index of their n-grams.
#[derive(Clone, Debug)]
pub struct Lookup {
    tokens: Vec<u32>,
    /// For each of [`LENGTHS`], by hash, the position behind the latest n-gram. Slots are checked when they are read:
    /// they may hold another n-gram, or a position that a shorter text no longer has.
    behind: [Box<[u32]>; LENGTHS.len()],
    place: Option<Place>,
}

impl Lookup {
    /// An empty text that will hold at most `context` tokens, for which memory is taken now.
    pub fn new(context: usize) -> Self {
        let slots = (context.saturating_mul(SLOTS_PER_TOKEN)).clamp(2, MOST_SLOTS).next_power_of_two();
        let table = || vec![0; slots].into_boxed_slice();
        Self { tokens: Vec::with_capacity(context), behind: [table(), table(), table()], place: None }
    }

    /// The text.
    pub fn tokens(&self) -> &[u32] {
        &self.tokens
    }

    /// Makes the text `tokens`, at the cost of those that are new.
    pub fn set(&mut self, tokens: &[u32]) {
        let common = self.tokens.iter().zip(tokens).take_while(|(one, other)| one == other).count();
        self.tokens.truncate(common);
        self.place = self.find();
        tokens[common..].iter().for_each(|&token| self.push(token));
    }

    /// Appends a token.
    pub fn push(&mut self, token: u32) {
        let followed = self.place.and_then(|place| self.follow(place, token));
        self.tokens.push(token);
        self.place = match followed {
            Some(place) if !place.evidence.departed => followed,
            // A single token is worse evidence than the source that was just departed from.
            Some(_) => self.find().filter(|found| found.evidence.agreed > 1).or(followed),
            None => self.find(),
        };
        let end = self.tokens.len();
        for (table, length) in LENGTHS.into_iter().enumerate().filter(|(_, length)| *length <= end) {
            let slot = self.slot(&self.tokens[end - length..]);
            // Contexts are far shorter than 2³² tokens.
            self.behind[table][slot] = end as u32;
        }
    }

    /// The guess for the token that comes next.
    pub fn next(&self) -> Option<u32> {
        self.place.map(|place| self.tokens[place.at])
    }

    /// What speaks for the guess `ahead` tokens behind the next one, if all before it are right.
    pub fn evidence(&self, ahead: usize) -> Option<Evidence> {
        let Evidence { agreed, departed } = self.place?.evidence;
        Some(Evidence { agreed: agreed + ahead, departed: departed && ahead == 0 })
    }

    /// Puts the guesses for the next `count` tokens into `out`; none where there is no source.
    pub fn guess(&self, count: usize, out: &mut Vec<u32>) {
        out.clear();
        let Some(Place { at, .. }) = self.place else { return };
        for position in at..at + count {
            // A source that reaches the end of the text goes on with the guesses: the text repeats itself.
            let token = self.tokens.get(position).or_else(|| out.get(position - self.tokens.len()));
            out.extend(token.copied());
        }
    }

    /// Where the source goes on after `token`, if it is still one.
    fn follow(&self, Place { at, evidence }: Place, token: u32) -> Option<Place> {
        if self.tokens[at] == token {
            return Some(Place { at: at + 1, evidence: Evidence { agreed: evidence.agreed + 1, departed: false } });
        }
        if evidence.agreed < RELIABLE {
            return None;
        }
        // In turn: the token was put in before, what stands between was left out, one was exchanged for another.
        let nearby = [at.saturating_sub(1)].into_iter().chain(at + 1..(at + WINDOW).min(self.tokens.len()));
        let found = nearby.into_iter().find(|&position| self.tokens[position] == token).unwrap_or(at);
        Some(Place { at: found + 1, evidence: Evidence { agreed: evidence.agreed / 2, departed: true } })
    }

    /// The latest earlier place with the longest n-gram that ends the text.
    fn find(&self) -> Option<Place> {
        let end = self.tokens.len();
        LENGTHS.into_iter().zip(&self.behind).filter(|(length, _)| *length < end).find_map(|(length, table)| {
            let ngram = &self.tokens[end - length..];
            let at = table[self.slot(ngram)] as usize;
            let same = (length..end).contains(&at) && self.tokens[at - length..at] == *ngram;
            same.then(|| {
                let (before, latest) = (self.tokens[..at].iter().rev(), self.tokens.iter().rev());
                let agreed = before.zip(latest).take(COUNTED).take_while(|(one, other)| one == other).count();
                Place { at, evidence: Evidence { agreed, departed: false } }
            })
        })
    }

    fn slot(&self, ngram: &[u32]) -> usize {
        // Multiplicative hashing by 2⁶⁴ ∕ φ: the upper bits depend on all of the tokens.
        let hash = ngram.iter().fold(0u64, |hash, &token| {
            (hash.rotate_left(32) ^ u64::from(token)).wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15)
        });
        (hash >> (u64::BITS - self.behind[0].len().trailing_zeros())) as usize
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lookup(text: &str) -> Lookup {
        let mut lookup = Lookup::new(256);
        text.bytes().for_each(|byte| lookup.push(u32::from(byte)));
        lookup
    }

    fn guess(lookup: &Lookup, count: usize) -> String {
        let mut out = Vec::new();
        lookup.guess(count, &mut out);
        out.into_iter().map(|token| char::from(token as u8)).collect()
    }

    #[test]
    fn what_followed_the_latest_longest_match_is_guessed() {
        assert_eq!(guess(&lookup("abcX abcY bcZ abc"), 2), "Y ");
        assert_eq!(guess(&lookup("abcX bcY bc"), 1), "Y");
        assert_eq!(guess(&lookup("abcdefg"), 3), "");
        assert_eq!(guess(&lookup("a"), 3), "");
        assert_eq!(guess(&lookup(""), 3), "");
    }

    #[test]
    fn a_text_that_repeats_itself_goes_on_doing_so() {
        assert_eq!(guess(&lookup("abab"), 7), "abababa");
        assert_eq!(guess(&lookup("zz"), 5), "zzzzz");
    }

    #[test]
    fn a_match_is_followed_and_counted() {
        let mut lookup = lookup("one two three|one");
        assert_eq!(lookup.evidence(0), Some(Evidence { agreed: 3, departed: false }));
        " two".bytes().for_each(|byte| lookup.push(u32::from(byte)));
        assert_eq!(lookup.evidence(2), Some(Evidence { agreed: 9, departed: false }));
        assert_eq!(guess(&lookup, 6), " three");
    }

    #[test]
    fn behind_a_difference_the_source_goes_on() {
        let source = "the quick brown fox jumps over it|the quick ";
        for (difference, goes_on) in [
            ("Brown", " fox"),
            ("#b", "rown fox"),
            ("fox", " jumps"),
            // Nowhere in the source: the same number of tokens further on.
            ("#", "rown"),
        ] {
            let found = guess(&lookup(&format!("{source}{difference}")), goes_on.len());
            assert_eq!(found, goes_on, "behind {difference:?}");
        }
        let departed = lookup(&format!("{source}#"));
        assert_eq!(departed.evidence(0), Some(Evidence { agreed: 5, departed: true }));
        assert_eq!(departed.evidence(1), Some(Evidence { agreed: 6, departed: false }));
    }

    proptest! {
        #[test]
        fn a_guess_has_followed_the_last_token_before(
            kept in prop::collection::vec(0u32..4, 0..40),
            dropped in prop::collection::vec(0u32..4, 0..40),
            added in prop::collection::vec(0u32..4, 1..40),
        ) {
            let mut lookup = Lookup::new(128);
            lookup.set(&[&kept[..], &dropped].concat());
            let text = [&kept[..], &added].concat();
            lookup.set(&text);
            prop_assert_eq!(lookup.tokens(), &text[..]);
            let mut guesses = Vec::new();
            lookup.guess(9, &mut guesses);
            match lookup.evidence(0) {
                None => prop_assert!(guesses.is_empty() && lookup.next().is_none()),
                Some(Evidence { departed, .. }) => {
                    prop_assert_eq!((guesses.len(), lookup.next()), (9, Some(guesses[0])));
                    let follows = text.windows(2).any(|pair| pair == [text[text.len() - 1], guesses[0]]);
                    prop_assert!(departed || follows, "{:?} after {:?}", guesses, text);
                }
            }
        }
    }
}
