//! Rotary position embedding in the layout of Hugging Face: a head's two halves are the pairs that rotate.

use half::f16;
use sottovoce_mil::builder::Var;
use sottovoce_tensor::{DType, Tensor};

use super::{ANY, Recipe, tensor};
use crate::ConvertError;

/// Cosines and sines of the positions of this call, f16 [1, 1, q, head_dim], each frequency twice.
pub(super) struct Rotary {
    cos: Var,
    sin: Var,
}

impl Rotary {
    /// Angles are computed in f32: in f16, whose steps are a whole radian beyond position 1,024, they would drift.
    pub(super) fn new(recipe: &mut Recipe, positions: &Var) -> Result<Self, ConvertError> {
        let (head_dim, theta) = (recipe.config.head_dim, recipe.config.rope_theta);
        let half = head_dim / 2;
        let frequency = |pair: usize| theta.powf(-2.0 * pair as f64 / head_dim as f64) as f32;
        let frequencies: Vec<f32> = (0..half).map(frequency).collect();
        let frequencies = Tensor::from_slice([1, 1, 1, half], &frequencies)?;

        let function = &mut recipe.function;
        let column = function
            .op("expand_dims", "positions_column")
            .arg("x", positions)
            .value("axes", [0, 1, 3])
            .out(tensor(DType::I32, &[1, 1, ANY, 1]));
        let column = function
            .op("cast", "positions_fp32")
            .arg("x", &column)
            .value("dtype", "fp32")
            .out(tensor(DType::F32, &[1, 1, ANY, 1]));
        let angles = function
            .op("mul", "rotary_half_angles")
            .arg("x", &column)
            .value("y", frequencies)
            .out(tensor(DType::F32, &[1, 1, ANY, half]));
        let angles = function
            .op("concat", "rotary_angles")
            .arg_list("values", &[&angles, &angles])
            .value("axis", -1)
            .value("interleave", false)
            .out(tensor(DType::F32, &[1, 1, ANY, head_dim]));
        let [cos, sin] = ["cos", "sin"].map(|kind| {
            let name = format!("rotary_{kind}");
            let full = function.op(kind, &name).arg("x", &angles).out(tensor(DType::F32, &[1, 1, ANY, head_dim]));
            function
                .op("cast", &format!("{name}_fp16"))
                .arg("x", &full)
                .value("dtype", "fp16")
                .out(tensor(DType::F16, &[1, 1, ANY, head_dim]))
        });
        Ok(Self { cos, sin })
    }

    /// Rotates `x`, f16 [1, heads, q, head_dim]: `x·cos + rotate_half(x)·sin`.
    pub(super) fn apply(&self, recipe: &mut Recipe, name: &str, x: &Var, heads: usize) -> Var {
        let head_dim = recipe.config.head_dim;
        let half = head_dim / 2;
        let whole_type = tensor(DType::F16, &[1, heads, ANY, head_dim]);
        let half_type = tensor(DType::F16, &[1, heads, ANY, half]);
        let function = &mut recipe.function;
        let straight =
            function.op("mul", &format!("{name}_cos")).arg("x", x).arg("y", &self.cos).out(whole_type.clone());
        let first = function
            .op("slice_by_index", &format!("{name}_first"))
            .arg("x", x)
            .value("begin", [0, 0, 0, 0])
            .value("end", [1, heads as i32, 0, half as i32])
            .value("end_mask", [true, true, true, false])
            .out(half_type.clone());
        let second = function
            .op("slice_by_index", &format!("{name}_second"))
            .arg("x", x)
            .value("begin", [0, 0, 0, half as i32])
            .value("end", [1, heads as i32, 0, head_dim as i32])
            .value("end_mask", [true, true, true, true])
            .out(half_type.clone());
        let negated =
            function.op("mul", &format!("{name}_negated")).arg("x", &second).value("y", f16::NEG_ONE).out(half_type);
        let turned = function
            .op("concat", &format!("{name}_turned"))
            .arg_list("values", &[&negated, &first])
            .value("axis", -1)
            .value("interleave", false)
            .out(whole_type.clone());
        let crossed =
            function.op("mul", &format!("{name}_sin")).arg("x", &turned).arg("y", &self.sin).out(whole_type.clone());
        function.op("add", &format!("{name}_rotated")).arg("x", &straight).arg("y", &crossed).out(whole_type)
    }
}
