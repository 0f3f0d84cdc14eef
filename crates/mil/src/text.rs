//! Programs as text, for people and for golden tests.
//!
//! ```text
//! program 1
//!
//! func main(%x: fp16[1,?,4], %cache: state<fp16[8,4]>) CoreML8 {
//!   %axis: int32 = const(1)
//!   %w: fp16[8,4] = const(@64)
//!   %y: fp16[1,?,8] = linear(x=%x, weight=%w)
//!   %z: fp16[1,?,8] = concat(values=(%y, %y), axis=%axis) [name="z_1", interleave=false]
//!   write_state(input=%cache, data=%w) [name="write"]
//!   return %z
//! }
//! ```
//!
//! - Dimensions: a size, `?` for one known at run time, `...` for any number of them; `[*]` when even the rank is
//!   unknown. A scalar has no brackets.
//! - `const` holds the value of its only result; quoted, `"const"(...)`, it is spelled like any other operation.
//! - Literals carry their type, `fp16[2](0.5, -inf)`, except in a `const`, whose result has it, and for strings,
//!   booleans and int32 scalars. NaNs are written as their bits, `0x7e00`.
//! - `@64` is a blob at that offset of `@model_path/weights/weight.bin`; `@64 "FILE"` of another file.
//! - In square brackets after an operation are its attributes. The attribute `name` is left out when it is the name of
//!   the first result; `[name=none]` says that there is none.
//! - Names that are not words are quoted: `%"a b"`. `//` starts a comment.
//!
//! `parse(&print(program))` is `program` for every program that [`crate::validate`] accepts.

mod lex;
mod parse;
mod print;
mod value;

pub use parse::parse;
pub use print::{print, print_type};

/// The weight file that needs no name in the text.
const WEIGHTS: &str = "@model_path/weights/weight.bin";

/// True for names that need no quotes.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(lex::is_word_byte)
}

#[cfg(test)]
mod tests;
