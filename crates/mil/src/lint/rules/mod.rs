//! The rules by family, a table in each file.

mod operations;
mod opset;
mod precision;
mod shapes;
mod states;
mod weights;

use super::{Rule, Unit};

/// The families in the order in which they are documented.
pub const FAMILIES: [&[Rule]; 6] =
    [opset::RULES, states::RULES, shapes::RULES, precision::RULES, operations::RULES, weights::RULES];

const EVERYWHERE: &[Unit] = &Unit::ALL;
const NEURAL_ENGINE: &[Unit] = &[Unit::NeuralEngine];
const CPU_AND_GPU: &[Unit] = &[Unit::Cpu, Unit::Gpu];
