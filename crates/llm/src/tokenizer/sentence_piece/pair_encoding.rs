//! Segmentation by merging the pair whose piece scores best, again and again.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, HashMap};

use super::{PrefixIndex, Segments, pieces::Pieces};
use crate::tokenizer::TokenKind;

/// A stretch of the text that is one piece so far.
#[derive(Clone, Copy)]
struct Symbol {
    start: usize,
    /// `start` for a symbol that went into another.
    end: usize,
    previous: Option<usize>,
    next: Option<usize>,
    /// Never merged.
    whole: bool,
}

/// Two neighbours that together are a piece.
struct Pair {
    score: f32,
    left: usize,
    right: usize,
    /// Bytes of both when they were paired: if one has changed since, the pair is no more.
    length: usize,
}

impl Ord for Pair {
    /// The best score, of equals the leftmost, is the greatest.
    fn cmp(&self, other: &Self) -> Ordering {
        self.score.total_cmp(&other.score).then(other.left.cmp(&self.left))
    }
}

impl PartialOrd for Pair {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Pair {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Pair {}

/// Segments a normalised text into the pieces of a pair encoding (Sennrich et al., 2016, with scores for ranks).
/// User-defined pieces are taken whole; pieces that are not in use are taken apart again.
pub fn segment<'t>(pieces: &Pieces, user_defined: &PrefixIndex, text: &'t str) -> Segments<'t> {
    let symbols = symbols(user_defined, text);
    let mut merger = Merger { pieces, text, symbols, agenda: BinaryHeap::new(), unused: HashMap::new() };
    for right in 1..merger.symbols.len() {
        merger.pair(Some(right - 1), Some(right));
    }
    while let Some(pair) = merger.agenda.pop() {
        merger.merge(&pair);
    }
    merger.segments()
}

/// Characters, and user-defined pieces.
fn symbols(user_defined: &PrefixIndex, text: &str) -> Vec<Symbol> {
    let mut symbols: Vec<Symbol> = Vec::with_capacity(text.len());
    let mut start = 0;
    while let Some(c) = text[start..].chars().next() {
        let whole = user_defined.longest(&text[start..]);
        let end = start + whole.map_or(c.len_utf8(), |(length, _)| length);
        let index = symbols.len();
        let next = (end < text.len()).then_some(index + 1);
        symbols.push(Symbol { start, end, previous: index.checked_sub(1), next, whole: whole.is_some() });
        start = end;
    }
    symbols
}

struct Merger<'p, 't> {
    pieces: &'p Pieces,
    text: &'t str,
    symbols: Vec<Symbol>,
    agenda: BinaryHeap<Pair>,
    /// Where pieces that are not in use were put together.
    unused: HashMap<&'t str, usize>,
}

impl<'t> Merger<'_, 't> {
    /// Remembers two neighbours if they can be merged.
    fn pair(&mut self, left: Option<usize>, right: Option<usize>) {
        let (Some(left), Some(right)) = (left, right) else { return };
        let (first, second) = (self.symbols[left], self.symbols[right]);
        if first.whole || second.whole {
            return;
        }
        let text = &self.text[first.start..second.end];
        let Some(id) = self.pieces.text_id(text) else { return };
        if self.pieces.kind(id) == TokenKind::Unused {
            self.unused.insert(text, first.end - first.start);
        }
        self.agenda.push(Pair { score: self.pieces.score(id), left, right, length: text.len() });
    }

    fn merge(&mut self, &Pair { left, right, length, .. }: &Pair) {
        let (first, second) = (self.symbols[left], self.symbols[right]);
        let is_merged = |symbol: Symbol| symbol.start == symbol.end;
        if is_merged(first) || is_merged(second) || first.end - first.start + second.end - second.start != length {
            return;
        }
        self.symbols[left] = Symbol { end: second.end, next: second.next, ..first };
        self.symbols[right].end = second.start;
        if let Some(next) = second.next {
            self.symbols[next].previous = Some(left);
        }
        self.pair(first.previous, Some(left));
        self.pair(Some(left), second.next);
    }

    fn segments(self) -> Segments<'t> {
        let mut segments = Vec::new();
        let mut stack = Vec::new();
        let mut index = (!self.symbols.is_empty()).then_some(0);
        while let Some(symbol) = index.map(|index| self.symbols[index]) {
            stack.push(&self.text[symbol.start..symbol.end]);
            while let Some(text) = stack.pop() {
                let id = self.pieces.text_id(text);
                let is_unused = id.is_some_and(|id| self.pieces.kind(id) == TokenKind::Unused);
                match self.unused.get(text).filter(|_| is_unused) {
                    Some(&split) => stack.extend([&text[split..], &text[..split]]),
                    None => segments.push((text, id)),
                }
            }
            index = symbol.next;
        }
        segments
    }
}
