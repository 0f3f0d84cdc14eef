//! Unknown input sizes, what is assumed of them, and their values in one call.

use std::fmt;

use super::dim::Dim;

/// An unknown size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SymbolId(pub(crate) u32);

impl fmt::Display for SymbolId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s{}", self.0)
    }
}

/// Inclusive range of a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SymbolRange {
    /// Smallest value.
    pub min: i64,
    /// Largest value; `None` when unbounded.
    pub max: Option<i64>,
}

#[derive(Clone, Debug)]
struct Symbol {
    origin: String,
    /// Range that the input declares.
    declared: SymbolRange,
    /// Range after unification.
    range: SymbolRange,
    /// The symbol this one was found to equal, if any.
    same_as: Option<SymbolId>,
}

/// The unknown sizes of a graph: one per flexible input dimension, fewer once some are known to be equal.
#[derive(Clone, Debug, Default)]
pub struct Symbols {
    entries: Vec<Symbol>,
}

impl Symbols {
    /// Adds a symbol; `origin` says where it comes from, for messages.
    pub fn add(&mut self, origin: impl Into<String>, range: SymbolRange) -> SymbolId {
        self.entries.push(Symbol { origin: origin.into(), declared: range, range, same_as: None });
        SymbolId(self.entries.len() as u32 - 1)
    }

    /// Number of symbols, equal ones counted separately.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True when every input has a fixed shape.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Every symbol.
    pub fn ids(&self) -> impl Iterator<Item = SymbolId> + use<> {
        (0..self.entries.len() as u32).map(SymbolId)
    }

    /// Range of a symbol.
    pub fn range(&self, symbol: SymbolId) -> SymbolRange {
        self.entries[self.representative(symbol).0 as usize].range
    }

    /// Range of a symbol as its input declares it, whatever it was found to equal.
    pub fn own_range(&self, symbol: SymbolId) -> SymbolRange {
        self.entries[symbol.0 as usize].declared
    }

    /// Where a symbol comes from.
    pub fn origin(&self, symbol: SymbolId) -> &str {
        &self.entries[symbol.0 as usize].origin
    }

    /// The symbol that stands for all that are assumed equal to this one.
    pub fn representative(&self, mut symbol: SymbolId) -> SymbolId {
        while let Some(next) = self.entries[symbol.0 as usize].same_as {
            symbol = next;
        }
        symbol
    }

    /// Number of symbols, equal ones counted once.
    pub fn num_distinct(&self) -> usize {
        self.entries.iter().filter(|symbol| symbol.same_as.is_none()).count()
    }

    /// Assumes that two symbols are equal; the earlier one stands for both, with the ranges intersected.
    pub fn unify(&mut self, a: SymbolId, b: SymbolId) {
        let (a, b) = (self.representative(a), self.representative(b));
        if a == b {
            return;
        }
        let (kept, dropped) = if a < b { (a, b) } else { (b, a) };
        let (first, second) = (self.range(kept), self.range(dropped));
        let max = match (first.max, second.max) {
            (Some(x), Some(y)) => Some(x.min(y)),
            (x, y) => x.or(y),
        };
        self.entries[kept.0 as usize].range = SymbolRange { min: first.min.max(second.min), max };
        self.entries[dropped.0 as usize].same_as = Some(kept);
    }

    /// `dim` with every symbol replaced by its representative.
    pub fn resolve(&self, dim: &Dim) -> Dim {
        if dim.as_const().is_some() {
            return dim.clone();
        }
        dim.substitute(&|symbol| self.representative(symbol).into())
    }
}

/// Values of the symbols in one call.
#[derive(Clone, Debug, Default)]
pub struct Bindings {
    values: Vec<Option<i64>>,
}

impl Bindings {
    /// No symbol bound yet.
    pub fn new(symbols: &Symbols) -> Self {
        Self { values: vec![None; symbols.len()] }
    }

    /// Forgets all values, for another call of the same graph.
    pub fn reset(&mut self, symbols: &Symbols) {
        self.values.clear();
        self.values.resize(symbols.len(), None);
    }

    /// Binds a symbol.
    pub fn set(&mut self, symbol: SymbolId, value: i64) {
        self.values[symbol.0 as usize] = Some(value);
    }

    /// Value of a symbol, if bound.
    pub fn get(&self, symbol: SymbolId) -> Option<i64> {
        self.values.get(symbol.0 as usize).copied().flatten()
    }
}

/// A condition on the input sizes that a simplification relies on. It is checked in every call before any state is
/// written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guard {
    /// What must hold.
    pub condition: Condition,
    /// What relies on it, for the message when it fails.
    pub reason: String,
}

/// A relation between two sizes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Both sides are equal.
    Equal(Dim, Dim),
    /// The left side is at most the right side.
    AtMost(Dim, Dim),
}

impl Condition {
    /// Whether it holds under `bindings`; false when a side cannot be evaluated.
    pub fn holds(&self, bindings: &Bindings) -> bool {
        match self {
            Self::Equal(a, b) => a.eval(bindings).is_some_and(|a| b.eval(bindings) == Some(a)),
            Self::AtMost(a, b) => a.eval(bindings).zip(b.eval(bindings)).is_some_and(|(a, b)| a <= b),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Equal(a, b) => write!(f, "{a} = {b}"),
            Self::AtMost(a, b) => write!(f, "{a} <= {b}"),
        }
    }
}
