//! Operations that treat every element alike: arithmetic, comparison and logic on two tensors with broadcasting,
//! functions of one tensor.

use crate::op::OpDef;

mod binary;
mod unary;
pub use unary::{float_unary, same_as_x};

mod abs;
mod add;
mod cast;
mod ceil;
mod clip;
mod cos;
mod equal;
mod erf;
mod exp;
mod floor;
mod floor_div;
mod greater;
mod greater_equal;
mod identity;
mod inverse;
mod less;
mod less_equal;
mod log;
mod logical_and;
mod logical_not;
mod logical_or;
mod logical_xor;
mod maximum;
mod minimum;
mod mod_;
mod mul;
mod not_equal;
mod pow;
mod real_div;
mod round;
mod rsqrt;
mod select;
mod sign;
mod sin;
mod sqrt;
mod square;
mod sub;

/// The operations of this family.
pub static OPS: &[&OpDef] = &[
    &abs::OP,
    &add::OP,
    &cast::OP,
    &ceil::OP,
    &clip::OP,
    &cos::OP,
    &equal::OP,
    &erf::OP,
    &exp::OP,
    &floor::OP,
    &floor_div::OP,
    &greater::OP,
    &greater_equal::OP,
    &identity::OP,
    &inverse::OP,
    &less::OP,
    &less_equal::OP,
    &log::OP,
    &logical_and::OP,
    &logical_not::OP,
    &logical_or::OP,
    &logical_xor::OP,
    &maximum::OP,
    &minimum::OP,
    &mod_::OP,
    &mul::OP,
    &not_equal::OP,
    &pow::OP,
    &real_div::OP,
    &round::OP,
    &rsqrt::OP,
    &select::OP,
    &sign::OP,
    &sin::OP,
    &sqrt::OP,
    &square::OP,
    &sub::OP,
];
