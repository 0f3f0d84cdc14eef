//! Rotary position embedding in the layout of Hugging Face: the two halves of what turns of a head are the pairs.

use std::ops::Range;

use half::f16;
use sottovoce_mil::{builder::Var, program::TensorType};
use sottovoce_tensor::{DType, Tensor};

use super::{ANY, Recipe, tensor};
use crate::{ConvertError, checkpoint::Rope};

/// Cosines and sines of the positions of this call, f16 [1, 1, q, dims], each frequency twice.
pub(super) struct Rotary {
    /// Elements of a head that turn.
    dims: usize,
    cos: Var,
    sin: Var,
}

impl Rotary {
    /// Those of every rotary embedding of the model, at `positions`, i32 [q].
    pub(super) fn all(recipe: &mut Recipe, positions: &Var) -> Result<Vec<Self>, ConvertError> {
        let column = tensor(DType::F32, &[1, 1, ANY, 1]);
        let function = &mut recipe.function;
        let integers = function
            .op("expand_dims", "positions_column")
            .arg("x", positions)
            .value("axes", [0, 1, 3])
            .out(tensor(DType::I32, &[1, 1, ANY, 1]));
        let positions = function.op("cast", "positions_fp32").arg("x", &integers).value("dtype", "fp32").out(column);
        let ropes = recipe.config.ropes.iter().enumerate();
        ropes.map(|(index, rope)| Self::new(recipe, index, rope, &positions)).collect()
    }

    /// Angles are computed in f32: in f16, whose steps are a whole radian beyond position 1,024, they would drift.
    fn new(recipe: &mut Recipe, index: usize, rope: &Rope, positions: &Var) -> Result<Self, ConvertError> {
        let (dims, half) = (rope.dims, rope.dims / 2);
        let frequencies = Tensor::from_slice([1, 1, 1, half], &rope.frequencies(recipe.context))?;
        let name = |part: &str| format!("rotary_{index}_{part}");
        let whole = tensor(DType::F32, &[1, 1, ANY, dims]);

        let function = &mut recipe.function;
        let angles = function
            .op("mul", &name("half_angles"))
            .arg("x", positions)
            .value("y", frequencies)
            .out(tensor(DType::F32, &[1, 1, ANY, half]));
        let angles = function
            .op("concat", &name("angles"))
            .arg_list("values", &[&angles, &angles])
            .value("axis", -1)
            .value("interleave", false)
            .out(whole.clone());
        let [cos, sin] = ["cos", "sin"].map(|kind| {
            let mut table = function.op(kind, &name(kind)).arg("x", &angles).out(whole.clone());
            if rope.amplitude() != 1.0 {
                let scaled = function.op("mul", &name(&format!("{kind}_scaled"))).arg("x", &table);
                table = scaled.value("y", rope.amplitude()).out(whole.clone());
            }
            function
                .op("cast", &name(&format!("{kind}_fp16")))
                .arg("x", &table)
                .value("dtype", "fp16")
                .out(tensor(DType::F16, &[1, 1, ANY, dims]))
        });
        Ok(Self { dims, cos, sin })
    }

    /// Turns `x`, f16 [1, heads, q, head_dim]: `t·cos + rotate_half(t)·sin` of the part t that turns, and the rest as it is.
    pub(super) fn apply(&self, recipe: &mut Recipe, name: &str, x: &Var, heads: usize) -> Var {
        let head_dim = recipe.config.head_dim;
        if self.dims == head_dim {
            return self.turn(recipe, name, x, heads);
        }
        let turning = columns(recipe, &format!("{name}_turning"), x, heads, 0..self.dims);
        let still = columns(recipe, &format!("{name}_still"), x, heads, self.dims..head_dim);
        let turned = self.turn(recipe, name, &turning, heads);
        let whole = tensor(DType::F16, &[1, heads, ANY, head_dim]);
        concat(recipe, &format!("{name}_whole"), [&turned, &still], whole)
    }

    fn turn(&self, recipe: &mut Recipe, name: &str, x: &Var, heads: usize) -> Var {
        let half = self.dims / 2;
        let whole_type = tensor(DType::F16, &[1, heads, ANY, self.dims]);
        let half_type = tensor(DType::F16, &[1, heads, ANY, half]);
        let cos = recipe.function.op("mul", &format!("{name}_cos")).arg("x", x).arg("y", &self.cos);
        let straight = cos.out(whole_type.clone());
        let first = columns(recipe, &format!("{name}_first"), x, heads, 0..half);
        let second = columns(recipe, &format!("{name}_second"), x, heads, half..self.dims);
        let negated = recipe.function.op("mul", &format!("{name}_negated")).arg("x", &second);
        let negated = negated.value("y", f16::NEG_ONE).out(half_type);
        let swapped = concat(recipe, &format!("{name}_swapped"), [&negated, &first], whole_type.clone());
        let sin = recipe.function.op("mul", &format!("{name}_sin")).arg("x", &swapped).arg("y", &self.sin);
        let crossed = sin.out(whole_type.clone());
        recipe.function.op("add", &format!("{name}_rotated")).arg("x", &straight).arg("y", &crossed).out(whole_type)
    }
}

/// Some elements of every head of `x`, f16 [1, heads, q, size].
fn columns(recipe: &mut Recipe, name: &str, x: &Var, heads: usize, range: Range<usize>) -> Var {
    let (begin, end) = (range.start as i32, range.end as i32);
    recipe
        .function
        .op("slice_by_index", name)
        .arg("x", x)
        .value("begin", [0, 0, 0, begin])
        .value("end", [1, heads as i32, 0, end])
        .value("end_mask", [true, true, true, false])
        .out(tensor(DType::F16, &[1, heads, ANY, range.len()]))
}

/// Two parts of every head, side by side.
fn concat(recipe: &mut Recipe, name: &str, parts: [&Var; 2], ty: TensorType) -> Var {
    let op = recipe.function.op("concat", name).arg_list("values", &parts);
    op.value("axis", -1).value("interleave", false).out(ty)
}
