//! Building blocks that the architectures share.

use half::f16;
use sottovoce_mil::{builder::Var, program::TensorType};
use sottovoce_tensor::DType;

use super::{ANY, Masks, Recipe, attention::Context, cache::Cache, rotary::Rotary, tensor};
use crate::ConvertError;

/// What ids are looked up in.
pub(crate) const EMBEDDING: &str = "model.embed_tokens";
/// What makes logits, in models that do not use the embedding for it.
pub(crate) const OUTPUT_HEAD: &str = "lm_head";

/// The activation inside a gated feed-forward network.
#[derive(Clone, Copy)]
pub(crate) enum Activation {
    Silu,
    /// GELU in its tanh approximation.
    GeluTanh,
}

impl Recipe<'_, '_> {
    /// Rows of the embedding for `ids`, f16 [1, q, hidden].
    pub(crate) fn embedding(&mut self, ids: &Var) -> Result<Var, ConvertError> {
        let table = self.weights.matrix(&mut self.function, EMBEDDING)?;
        let hidden = self.hidden();
        Ok(self
            .function
            .op("gather", "embedding")
            .arg("x", &table)
            .arg("indices", ids)
            .value("axis", 0)
            .value("batch_dims", 0)
            .value("validate_indices", false)
            .out(hidden))
    }

    /// The decoder layers, pre-normalised with residual additions, which some models normalise too.
    pub(crate) fn layers(
        &mut self,
        mut x: Var,
        masks: &Masks,
        cache: &mut Cache,
        activation: Activation,
    ) -> Result<Var, ConvertError> {
        let positions = cache.positions(self);
        let rotaries = Rotary::all(self, &positions)?;
        let mut context = Context { masks, rotaries, cache };
        for layer in 0..self.config.layers.len() {
            let prefix = format!("model.layers.{layer}");
            let name = |part: &str| format!("layer_{layer}_{part}");
            let normed = self.norm_rows(&format!("{prefix}.input_layernorm"), &name("attention_norm"), &x)?;
            let mut mixed = self.attention(layer, &normed, &mut context)?;
            // Hugging Face names the norm before the feed-forward network after attention, unless there is one behind that.
            let mut mlp_norm = format!("{prefix}.post_attention_layernorm");
            if self.config.post_norms {
                mixed = self.norm_rows(&mlp_norm, &name("attention_post_norm"), &mixed)?;
                mlp_norm = format!("{prefix}.pre_feedforward_layernorm");
            }
            x = self.add(&name("attention_residual"), &x, &mixed);
            let normed = self.norm_rows(&mlp_norm, &name("mlp_norm"), &x)?;
            mixed = self.feed_forward(layer, &normed, activation)?;
            if self.config.post_norms {
                let weight = format!("{prefix}.post_feedforward_layernorm");
                mixed = self.norm_rows(&weight, &name("mlp_post_norm"), &mixed)?;
            }
            x = self.add(&name("mlp_residual"), &x, &mixed);
        }
        Ok(x)
    }

    /// Final norm and output projection, f16 [1, q, vocab].
    pub(crate) fn logits(&mut self, x: &Var) -> Result<Var, ConvertError> {
        let x = self.norm_rows("model.norm", "final_norm", x)?;
        let table = if self.config.tied { EMBEDDING } else { OUTPUT_HEAD };
        let Some(cap) = self.config.soft_caps.logits else { return self.linear(table, "logits", &x) };
        let logits = self.linear(table, "logits_unbounded", &x)?;
        Ok(self.soft_cap("logits", &logits, cap, &tensor(DType::F16, &[1, ANY, self.config.vocab])))
    }

    /// `cap · tanh(x ∕ cap)` of f16.
    pub(super) fn soft_cap(&mut self, name: &str, x: &Var, cap: f32, ty: &TensorType) -> Var {
        let cap = f16::from_f32(cap);
        let shrunk = self.function.op("real_div", &format!("{name}_shrunk")).arg("x", x).value("y", cap);
        let shrunk = shrunk.out(ty.clone());
        let bent = self.function.op("tanh", &format!("{name}_bent")).arg("x", &shrunk).out(ty.clone());
        self.function.op("mul", name).arg("x", &bent).value("y", cap).out(ty.clone())
    }

    /// Norm of the residual stream, f16 [1, q, hidden] to the same.
    fn norm_rows(&mut self, weight: &str, name: &str, x: &Var) -> Result<Var, ConvertError> {
        self.norm(weight, name, x, &[1, ANY, self.config.hidden])
    }

    /// Root-mean-square norm along the last axis of an f16 tensor of that shape. The mean square is taken in f32: f16
    /// squares overflow at 256.
    pub(super) fn norm(&mut self, weight: &str, name: &str, x: &Var, shape: &[usize]) -> Result<Var, ConvertError> {
        let epsilon = self.config.norm_epsilon;
        let factors = self.weights.norm(&mut self.function, weight)?;
        let (narrow, full) = (tensor(DType::F16, shape), tensor(DType::F32, shape));
        let column = tensor(DType::F32, &[&shape[..shape.len() - 1], &[1]].concat());
        let function = &mut self.function;
        let wide = function.op("cast", &format!("{name}_fp32")).arg("x", x).value("dtype", "fp32").out(full.clone());
        let squares =
            function.op("pow", &format!("{name}_squares")).arg("x", &wide).value("y", 2.0f32).out(full.clone());
        let mean = function
            .op("reduce_mean", &format!("{name}_mean"))
            .arg("x", &squares)
            .value("axes", [-1])
            .value("keep_dims", true)
            .out(column.clone());
        let safe = function.op("add", &format!("{name}_safe")).arg("x", &mean).value("y", epsilon).out(column.clone());
        let inverse =
            function.op("rsqrt", &format!("{name}_inverse")).arg("x", &safe).value("epsilon", 1e-12f32).out(column);
        let unit = function.op("mul", &format!("{name}_unit")).arg("x", &wide).arg("y", &inverse).out(full);
        let unit =
            function.op("cast", &format!("{name}_fp16")).arg("x", &unit).value("dtype", "fp16").out(narrow.clone());
        Ok(function.op("mul", name).arg("x", &unit).arg("y", &factors).out(narrow))
    }

    /// `down(activation(gate(x)) · up(x))`, f16 [1, q, hidden] to the same.
    fn feed_forward(&mut self, layer: usize, x: &Var, activation: Activation) -> Result<Var, ConvertError> {
        let wide = tensor(DType::F16, &[1, ANY, self.config.intermediate]);
        let weight = |part: &str| format!("model.layers.{layer}.mlp.{part}_proj");
        let name = |part: &str| format!("layer_{layer}_{part}");
        let gate = self.linear(&weight("gate"), &name("gate_proj"), x)?;
        let up = self.linear(&weight("up"), &name("up_proj"), x)?;
        let active = match activation {
            Activation::Silu => self.function.op("silu", &name("gate")).arg("x", &gate).out(wide.clone()),
            Activation::GeluTanh => self
                .function
                .op("gelu", &name("gate"))
                .arg("x", &gate)
                .value("mode", "TANH_APPROXIMATION")
                .out(wide.clone()),
        };
        let gated = self.function.op("mul", &name("gated")).arg("x", &active).arg("y", &up).out(wide);
        self.linear(&weight("down"), &name("down_proj"), &gated)
    }

    /// A matrix product with a weight, f16 [1, q, in] to [1, q, out]. Apple's converter always writes a bias.
    pub(super) fn linear(&mut self, layer: &str, name: &str, x: &Var) -> Result<Var, ConvertError> {
        let weight = self.weights.matrix(&mut self.function, layer)?;
        let rows = weight.ty().as_tensor().and_then(|ty| Some(ty.fixed_shape()?[0])).unwrap_or(ANY);
        let bias = self.weights.bias(&mut self.function, layer, rows)?;
        Ok(self
            .function
            .op("linear", name)
            .arg("x", x)
            .arg("weight", &weight)
            .arg("bias", &bias)
            .out(tensor(DType::F16, &[1, ANY, rows])))
    }

    /// `x` times a constant.
    pub(crate) fn scale(&mut self, name: &str, x: &Var, factor: f32) -> Var {
        let hidden = self.hidden();
        self.function.op("mul", name).arg("x", x).value("y", f16::from_f32(factor)).out(hidden)
    }

    fn add(&mut self, name: &str, x: &Var, y: &Var) -> Var {
        let hidden = self.hidden();
        self.function.op("add", name).arg("x", x).arg("y", y).out(hidden)
    }

    /// Type of the residual stream, f16 [1, q, hidden].
    fn hidden(&self) -> TensorType {
        tensor(DType::F16, &[1, ANY, self.config.hidden])
    }
}
