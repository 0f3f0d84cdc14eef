//! Dimensions as integer expressions over the flexible input sizes.
//!
//! A [`Dim`] is a polynomial with integer coefficients over *atoms*: symbols, and quotients, minima and maxima that
//! could not be simplified. The form is canonical, so that two dimensions which are equal by algebra compare equal.

use std::{
    collections::BTreeMap,
    fmt,
    ops::{Add, Mul, Sub},
};

use super::symbols::{Bindings, SymbolId, Symbols};

/// A factor of a monomial.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Atom {
    Symbol(SymbolId),
    FloorDiv(Box<Dim>, Box<Dim>),
    Min(Box<Dim>, Box<Dim>),
    Max(Box<Dim>, Box<Dim>),
}

/// Product of atoms, sorted; empty for the constant term.
type Monomial = Vec<Atom>;

/// A size or small integer: constant, or an expression over the symbols of a graph.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Dim {
    /// Coefficients by monomial; none of them zero.
    terms: BTreeMap<Monomial, i64>,
}

/// Inclusive bounds of an expression; `None` means unbounded or unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Smallest value.
    pub min: Option<i64>,
    /// Largest value.
    pub max: Option<i64>,
}

impl From<i64> for Dim {
    fn from(value: i64) -> Self {
        let mut terms = BTreeMap::new();
        if value != 0 {
            terms.insert(Monomial::new(), value);
        }
        Self { terms }
    }
}

impl From<usize> for Dim {
    fn from(value: usize) -> Self {
        Self::from(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl From<SymbolId> for Dim {
    fn from(symbol: SymbolId) -> Self {
        Self::atom(Atom::Symbol(symbol))
    }
}

impl Dim {
    fn atom(atom: Atom) -> Self {
        Self { terms: BTreeMap::from([(vec![atom], 1)]) }
    }

    /// The value, when it does not depend on any symbol.
    pub fn as_const(&self) -> Option<i64> {
        match self.terms.len() {
            0 => Some(0),
            1 => self.terms.get(&Monomial::new()).copied(),
            _ => None,
        }
    }

    /// The value as a size, when it is constant and not negative.
    pub fn as_size(&self) -> Option<usize> {
        self.as_const().and_then(|value| usize::try_from(value).ok())
    }

    /// The symbol, when the expression is exactly one.
    pub fn as_symbol(&self) -> Option<SymbolId> {
        match self.terms.iter().next() {
            Some((monomial, 1)) if self.terms.len() == 1 => match monomial.as_slice() {
                [Atom::Symbol(symbol)] => Some(*symbol),
                _ => None,
            },
            _ => None,
        }
    }

    /// Quotient rounded toward negative infinity; simplified where the division is exact for every value of the
    /// symbols.
    pub fn floor_div(&self, divisor: &Self) -> Self {
        if let (Some(a), Some(b)) = (self.as_const(), divisor.as_const())
            && b != 0
        {
            return a.checked_div_euclid(b).unwrap_or(i64::MAX).into();
        }
        self.exact_div(divisor)
            .unwrap_or_else(|| Self::atom(Atom::FloorDiv(Box::new(self.clone()), Box::new(divisor.clone()))))
    }

    /// Quotient when `divisor` is a single term that divides every term, or equals the whole expression.
    fn exact_div(&self, divisor: &Self) -> Option<Self> {
        if self == divisor && *divisor != Self::from(0i64) {
            return Some(1i64.into());
        }
        let (factor, coefficient) = divisor.terms.iter().next().filter(|_| divisor.terms.len() == 1)?;
        let mut terms = BTreeMap::new();
        for (monomial, value) in &self.terms {
            let mut rest = monomial.clone();
            for atom in factor {
                rest.remove(rest.iter().position(|other| other == atom)?);
            }
            if value % coefficient != 0 {
                return None;
            }
            terms.insert(rest, value / coefficient);
        }
        Some(Self { terms })
    }

    /// The smaller of two, decided through the symbols' bounds where they suffice.
    pub fn smaller(&self, other: &Self, symbols: &Symbols) -> Self {
        match self.at_most(other, symbols) {
            Some(true) => self.clone(),
            Some(false) => other.clone(),
            None => {
                let (a, b) = if self <= other { (self, other) } else { (other, self) };
                Self::atom(Atom::Min(Box::new(a.clone()), Box::new(b.clone())))
            }
        }
    }

    /// The larger of two, decided through the symbols' bounds where they suffice.
    pub fn larger(&self, other: &Self, symbols: &Symbols) -> Self {
        match self.at_most(other, symbols) {
            Some(true) => other.clone(),
            Some(false) => self.clone(),
            None => {
                let (a, b) = if self <= other { (self, other) } else { (other, self) };
                Self::atom(Atom::Max(Box::new(a.clone()), Box::new(b.clone())))
            }
        }
    }

    /// Whether `self <= other` for all, or for no value of the symbols; `None` when it depends on them.
    pub fn at_most(&self, other: &Self, symbols: &Symbols) -> Option<bool> {
        let difference = (other.clone() - self.clone()).bounds(symbols);
        match (difference.min, difference.max) {
            (Some(min), _) if min >= 0 => Some(true),
            (_, Some(max)) if max < 0 => Some(false),
            _ => None,
        }
    }

    /// Whether the two are equal for all, or for no value of the symbols; `None` when it depends on them.
    pub fn equals(&self, other: &Self, symbols: &Symbols) -> Option<bool> {
        if self == other {
            return Some(true);
        }
        let difference = (self.clone() - other.clone()).bounds(symbols);
        let never = difference.min.is_some_and(|min| min > 0) || difference.max.is_some_and(|max| max < 0);
        never.then_some(false)
    }

    /// Bounds by interval arithmetic over the symbols' ranges.
    pub fn bounds(&self, symbols: &Symbols) -> Bounds {
        let mut total = Bounds { min: Some(0), max: Some(0) };
        for (monomial, &coefficient) in &self.terms {
            let mut term = Bounds { min: Some(1), max: Some(1) };
            for atom in monomial {
                term = term.times(atom.bounds(symbols));
            }
            total = total.plus(term.times(Bounds { min: Some(coefficient), max: Some(coefficient) }));
        }
        total
    }

    /// The value under `bindings`, or `None` when a symbol is not bound, a divisor is zero or the result overflows.
    pub fn eval(&self, bindings: &Bindings) -> Option<i64> {
        let mut total = 0i64;
        for (monomial, &coefficient) in &self.terms {
            let mut term = coefficient;
            for atom in monomial {
                term = term.checked_mul(atom.eval(bindings)?)?;
            }
            total = total.checked_add(term)?;
        }
        Some(total)
    }

    /// The same expression with every symbol replaced by what `replace` gives for it.
    pub fn substitute(&self, replace: &impl Fn(SymbolId) -> Self) -> Self {
        let mut total = Self::default();
        for (monomial, &coefficient) in &self.terms {
            let mut term = Self::from(coefficient);
            for atom in monomial {
                let factor = match atom {
                    Atom::Symbol(symbol) => replace(*symbol),
                    Atom::FloorDiv(a, b) => a.substitute(replace).floor_div(&b.substitute(replace)),
                    Atom::Min(a, b) => {
                        let (a, b) = (a.substitute(replace), b.substitute(replace));
                        if a == b { a } else { Self::atom(Atom::Min(Box::new(a), Box::new(b))) }
                    }
                    Atom::Max(a, b) => {
                        let (a, b) = (a.substitute(replace), b.substitute(replace));
                        if a == b { a } else { Self::atom(Atom::Max(Box::new(a), Box::new(b))) }
                    }
                };
                term = term * factor;
            }
            total = total + term;
        }
        total
    }
}

impl Atom {
    fn bounds(&self, symbols: &Symbols) -> Bounds {
        match self {
            Self::Symbol(symbol) => {
                let range = symbols.range(*symbol);
                Bounds { min: Some(range.min), max: range.max }
            }
            Self::FloorDiv(a, b) => {
                let (a, b) = (a.bounds(symbols), b.bounds(symbols));
                match (a.min, b.min) {
                    (Some(min), Some(1..)) if min >= 0 => Bounds { min: Some(0), max: a.max },
                    _ => Bounds { min: None, max: None },
                }
            }
            Self::Min(a, b) => {
                let (a, b) = (a.bounds(symbols), b.bounds(symbols));
                let max = match (a.max, b.max) {
                    (Some(a), Some(b)) => Some(a.min(b)),
                    (a, b) => a.or(b),
                };
                Bounds { min: a.min.zip(b.min).map(|(a, b)| a.min(b)), max }
            }
            Self::Max(a, b) => {
                let (a, b) = (a.bounds(symbols), b.bounds(symbols));
                let min = match (a.min, b.min) {
                    (Some(a), Some(b)) => Some(a.max(b)),
                    (a, b) => a.or(b),
                };
                Bounds { min, max: a.max.zip(b.max).map(|(a, b)| a.max(b)) }
            }
        }
    }

    fn eval(&self, bindings: &Bindings) -> Option<i64> {
        match self {
            Self::Symbol(symbol) => bindings.get(*symbol),
            Self::FloorDiv(a, b) => a.eval(bindings)?.checked_div_euclid(b.eval(bindings)?),
            Self::Min(a, b) => Some(a.eval(bindings)?.min(b.eval(bindings)?)),
            Self::Max(a, b) => Some(a.eval(bindings)?.max(b.eval(bindings)?)),
        }
    }
}

impl Bounds {
    fn plus(self, other: Self) -> Self {
        Self {
            min: self.min.zip(other.min).and_then(|(a, b)| a.checked_add(b)),
            max: self.max.zip(other.max).and_then(|(a, b)| a.checked_add(b)),
        }
    }

    fn times(self, other: Self) -> Self {
        // An unbounded side stays exact only where the signs are known; sizes are not negative, so that case suffices.
        if let (Some(a), Some(b), Some(c), Some(d)) = (self.min, self.max, other.min, other.max) {
            let products = [a.checked_mul(c), a.checked_mul(d), b.checked_mul(c), b.checked_mul(d)];
            let all: Option<Vec<i64>> = products.into_iter().collect();
            return match all {
                Some(all) => Self { min: all.iter().min().copied(), max: all.iter().max().copied() },
                None => Self { min: None, max: None },
            };
        }
        match (self.min, other.min) {
            (Some(a), Some(c)) if a >= 0 && c >= 0 => {
                Self { min: a.checked_mul(c), max: self.max.zip(other.max).and_then(|(b, d)| b.checked_mul(d)) }
            }
            (Some(a), _) if a >= 0 && other.max.is_some_and(|max| max <= 0) => {
                Self { min: None, max: other.max.and_then(|max| max.checked_mul(a)) }
            }
            _ => Self { min: None, max: None },
        }
    }
}

impl Add for Dim {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        for (monomial, coefficient) in other.terms {
            let sum = self.terms.get(&monomial).copied().unwrap_or(0).saturating_add(coefficient);
            if sum == 0 {
                self.terms.remove(&monomial);
            } else {
                self.terms.insert(monomial, sum);
            }
        }
        self
    }
}

impl Sub for Dim {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self + other * Self::from(-1i64)
    }
}

impl Mul for Dim {
    type Output = Self;

    // A product of sums is a sum of products.
    #[allow(clippy::suspicious_arithmetic_impl)]
    fn mul(self, other: Self) -> Self {
        let pairs = self.terms.iter().flat_map(|left| other.terms.iter().map(move |right| (left, right)));
        let terms = pairs.map(|((left, a), (right, b))| {
            let mut monomial: Monomial = left.iter().chain(right).cloned().collect();
            monomial.sort();
            Self { terms: BTreeMap::from([(monomial, a.saturating_mul(*b))]) }
        });
        terms.fold(Self::default(), Add::add)
    }
}

impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.terms.is_empty() {
            return f.write_str("0");
        }
        // Symbols first, the constant last: `s1 - s0 + 1`.
        let symbolic = self.terms.iter().filter(|(monomial, _)| !monomial.is_empty());
        let constant = self.terms.get_key_value(&Monomial::new());
        for (index, (monomial, &coefficient)) in symbolic.chain(constant).enumerate() {
            match (index, coefficient < 0) {
                (0, true) => f.write_str("-")?,
                (0, false) => {}
                (_, true) => f.write_str(" - ")?,
                (_, false) => f.write_str(" + ")?,
            }
            let size = coefficient.unsigned_abs();
            let mut factors: Vec<String> = monomial.iter().map(Atom::to_string).collect();
            if size != 1 || factors.is_empty() {
                factors.insert(0, size.to_string());
            }
            f.write_str(&factors.join("*"))?;
        }
        Ok(())
    }
}

impl fmt::Display for Atom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Symbol(symbol) => write!(f, "{symbol}"),
            Self::FloorDiv(a, b) => write!(f, "({a} / {b})"),
            Self::Min(a, b) => write!(f, "min({a}, {b})"),
            Self::Max(a, b) => write!(f, "max({a}, {b})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::symbols::SymbolRange;

    fn symbols() -> (Symbols, Dim, Dim) {
        let mut symbols = Symbols::default();
        let q = symbols.add("q", SymbolRange { min: 1, max: Some(64) });
        let kv = symbols.add("kv", SymbolRange { min: 1, max: Some(64) });
        (symbols, q.into(), kv.into())
    }

    #[test]
    fn algebra_is_canonical() {
        let (_, q, kv) = symbols();
        assert_eq!(kv.clone() - q.clone() + q.clone(), kv);
        assert_eq!((q.clone() + 1i64.into()) * 2i64.into(), q.clone() * 2i64.into() + 2i64.into());
        assert_eq!((q.clone() * kv.clone()).floor_div(&kv), q);
        assert_eq!((q.clone() * 64i64.into()).floor_div(&64i64.into()), q);
        assert_eq!((q.clone() - q).as_const(), Some(0));
    }

    #[test]
    fn bounds_decide_comparisons() {
        let (symbols, q, kv) = symbols();
        assert_eq!(kv.smaller(&64i64.into(), &symbols), kv);
        assert_eq!(kv.equals(&(-1i64).into(), &symbols), Some(false));
        assert_eq!((kv.clone() - q.clone()).at_most(&63i64.into(), &symbols), Some(true));
        assert_eq!(q.at_most(&kv, &symbols), None);
        assert_eq!(q.smaller(&kv, &symbols), kv.smaller(&q, &symbols));
    }

    #[test]
    fn evaluation_follows_the_bindings() {
        let (symbols, q, kv) = symbols();
        let mut bindings = Bindings::new(&symbols);
        bindings.set(q.as_symbol().unwrap(), 3);
        assert_eq!(kv.eval(&bindings), None);
        bindings.set(kv.as_symbol().unwrap(), 10);
        assert_eq!((kv.clone() - q.clone()).eval(&bindings), Some(7));
        assert_eq!(kv.floor_div(&q).eval(&bindings), Some(3));
        assert_eq!(kv.smaller(&q, &symbols).eval(&bindings), Some(3));
    }
}
