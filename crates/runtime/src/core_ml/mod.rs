//! The core-ml back end: Apple's runtime, on Apple's systems.
//!
//! What does not need such a system is in modules of its own, which are tested anywhere: the order in which units are tried
//! ([`units`]), the packages that it must not be given ([`fatal`]), the compiled model beside the package ([`compiled`]), what an
//! error of Core ML advises ([`advice`]), the ids that it would look up unchecked ([`ids`]), where the elements of an array with
//! strides are ([`layout`]), and the smallest call that a function takes ([`trial`]). The rest is the only place of this crate
//! with `unsafe`.
//!
//! Core ML reports no progress while it compiles or loads, and neither that nor a prediction can be taken back from Rust once it
//! has begun. So a caller is told what comes next ([`LoadStage`](crate::LoadStage)) and can end a load between two stages; and
//! who ends an answer does so between two calls, as with the other back ends.

#[cfg(any(target_vendor = "apple", test))]
mod advice;
#[cfg(any(target_vendor = "apple", test))]
mod compiled;
#[cfg(any(target_vendor = "apple", test))]
mod fatal;
#[cfg(any(target_vendor = "apple", test))]
mod ids;
#[cfg(any(target_vendor = "apple", test))]
mod layout;
#[cfg(any(target_vendor = "apple", test))]
mod trial;
#[cfg(any(target_vendor = "apple", test))]
mod units;

#[cfg(target_vendor = "apple")]
mod arrays;
#[cfg(target_vendor = "apple")]
mod engine;
#[cfg(target_vendor = "apple")]
mod states;
#[cfg(target_vendor = "apple")]
pub(crate) use {
    engine::{Engine, load},
    states::States,
};

#[cfg(not(target_vendor = "apple"))]
mod elsewhere;
#[cfg(not(target_vendor = "apple"))]
pub(crate) use elsewhere::{Engine, States, load};
