//! Systems and units.

use std::{fmt, str::FromStr};

use crate::MilError;

/// A generation of Apple's systems, by the names of two of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum System {
    Ios15,
    Ios16,
    Ios17,
    Ios18,
    Ios26,
}

impl System {
    /// All of them, the oldest first.
    pub const ALL: [Self; 5] = [Self::Ios15, Self::Ios16, Self::Ios17, Self::Ios18, Self::Ios26];

    /// The newest version of the specification that it reads, and with it the newest opset, `CoreML8` for 9.
    pub const fn spec_version(self) -> i32 {
        match self {
            Self::Ios15 => 6,
            Self::Ios16 => 7,
            Self::Ios17 => 8,
            Self::Ios18 => 9,
            Self::Ios26 => 10,
        }
    }

    const fn names(self) -> [&'static str; 2] {
        match self {
            Self::Ios15 => ["ios15", "macos12"],
            Self::Ios16 => ["ios16", "macos13"],
            Self::Ios17 => ["ios17", "macos14"],
            Self::Ios18 => ["ios18", "macos15"],
            Self::Ios26 => ["ios26", "macos26"],
        }
    }
}

/// What computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Unit {
    /// The processor.
    Cpu,
    /// The graphics processor.
    Gpu,
    /// The Neural Engine.
    NeuralEngine,
}

impl Unit {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Cpu, Self::Gpu, Self::NeuralEngine];

    /// `cpu`, `gpu` or `ane`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Gpu => "gpu",
            Self::NeuralEngine => "ane",
        }
    }
}

/// Where a package is to run. Its text is `ios18-ane` for instance; `macos15` names the same system as `ios18`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// The system.
    pub system: System,
    /// The unit.
    pub unit: Unit,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.system.names()[0], self.unit.name())
    }
}

impl FromStr for Target {
    type Err = MilError;

    fn from_str(text: &str) -> Result<Self, MilError> {
        let parts = text.split_once('-').and_then(|(system, unit)| {
            let system = System::ALL.into_iter().find(|known| known.names().contains(&system))?;
            Some(Self { system, unit: Unit::ALL.into_iter().find(|known| known.name() == unit)? })
        });
        parts.ok_or_else(|| {
            let systems = System::ALL.map(|system| system.names().join(", ")).join(", ");
            let reason = format!("expected SYSTEM-UNIT with a system of {systems} and a unit of cpu, gpu, ane");
            MilError::malformed(format!("target `{text}`"), reason)
        })
    }
}
