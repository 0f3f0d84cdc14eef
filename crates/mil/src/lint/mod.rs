//! What Apple's runtimes are known to refuse, to compute wrongly, or to run somewhere slow, looked for in a package.
//!
//! Nothing here runs Core ML: each [`Rule`] is a fact that somebody published, with its source, and a pattern that a program
//! can be searched for. A package without findings may still be refused, and what a device makes of it is told by Xcode's
//! performance report alone. Weights are not read, only their types and sizes.
//!
//! ```
//! use sottovoce_mil::{Model, description::ModelDescription, lint::{self, Target}, text};
//!
//! let text = "program 1\nfunc main(%x: fp16[1,32]) CoreML6 {\n  %y: fp16[1,32] = softplus(x=%x)\n  return %y\n}";
//! let program = text::parse(text)?;
//! let target: Target = "ios16-ane".parse()?;
//! let findings = lint::check(7, &ModelDescription::default(), &program, target);
//! assert_eq!(findings[0].rule.name, "softplus-in-float16");
//! assert_eq!(findings[0].place, "operation `y` (softplus), 1st of `main`");
//! # Ok::<(), sottovoce_mil::MilError>(())
//! ```

mod rules;
mod subject;
mod target;

pub use target::{System, Target, Unit};

use crate::{Package, description::ModelDescription, program::Program};
use subject::{Site, Subject};

/// What happens to a package that breaks a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Effect {
    /// It does not load, or does not run.
    Refused,
    /// It runs, and can give other results.
    LosesAccuracy,
    /// Parts of it run on another unit, the CPU as a rule.
    FallsBack,
    /// It runs, slower or in more memory than it need.
    Slow,
}

impl Effect {
    /// `refused` for instance.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::LosesAccuracy => "loses accuracy",
            Self::FallsBack => "falls back",
            Self::Slow => "slow",
        }
    }

    /// An error where the package cannot be used as it is, a warning otherwise.
    pub const fn severity(self) -> Severity {
        match self {
            Self::Refused => Severity::Error,
            _ => Severity::Warning,
        }
    }
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The package cannot be used as it is.
    Error,
    /// It can, at a price.
    Warning,
}

/// A fact about Apple's runtimes that a package can be checked against.
#[derive(Debug)]
pub struct Rule {
    /// Short name, words joined by hyphens.
    pub name: &'static str,
    /// What happens where the rule is broken.
    pub effect: Effect,
    /// The units that it holds for.
    pub units: &'static [Unit],
    /// The fact.
    pub fact: &'static str,
    /// What to do.
    pub remedy: &'static str,
    /// Where the fact was published.
    pub source: &'static str,
    look: Look,
}

/// How a rule is looked for.
#[derive(Debug)]
enum Look {
    /// Operations of these kinds.
    Kinds(&'static [&'static str]),
    /// Whatever the function finds.
    With(fn(&Subject<'_>) -> Vec<Site>),
}

/// A place in a package that breaks a rule.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// Where: function, and input, state or operation with its position.
    pub place: String,
    /// What is there.
    pub found: String,
}

/// Every rule, in the order in which findings come.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    rules::FAMILIES.into_iter().flatten()
}

/// Checks a model against the rules of one target.
///
/// The parts must belong together, as [`crate::validate`] sees to for packages that are read.
pub fn check(spec_version: i32, description: &ModelDescription, program: &Program, target: Target) -> Vec<Finding> {
    let subject = Subject::new(spec_version, description, program, target.system);
    rules()
        .filter(|rule| rule.units.contains(&target.unit))
        .flat_map(|rule| {
            let sites = match rule.look {
                Look::Kinds(kinds) => subject.of_kinds(kinds),
                Look::With(look) => look(&subject),
            };
            sites.into_iter().map(move |Site { place, found }| Finding { rule, place, found })
        })
        .collect()
}

impl Package {
    /// Checks the package against the rules of one target, see [`crate::lint`].
    pub fn check(&self, target: Target) -> Vec<Finding> {
        check(self.spec_version, &self.description, &self.program, target)
    }
}

#[cfg(test)]
mod tests;
