//! Causal self-attention with grouped heads over the cache.

use half::f16;
use sottovoce_mil::builder::Var;
use sottovoce_tensor::DType;

use super::{ANY, Masks, Recipe, cache::Cache, rotary::Rotary, tensor};
use crate::ConvertError;

/// What attention needs beside its weights, the same in every layer.
pub(super) struct Context<'a> {
    /// Added to the scores.
    pub masks: &'a Masks,
    /// One for each rotary embedding of the model.
    pub rotaries: Vec<Rotary>,
    pub cache: &'a mut Cache,
}

impl Recipe<'_, '_> {
    /// Self-attention of a layer on normalised activations, f16 [1, q, hidden] to the same.
    pub(super) fn attention(&mut self, layer: usize, x: &Var, context: &mut Context) -> Result<Var, ConvertError> {
        let (heads, kv_heads, head_dim) = (self.config.heads, self.config.kv_heads, self.config.head_dim);
        let norm = |part| self.config.qk_norm.then_some(part);
        let (query_norm, key_norm) = (norm("q_norm"), norm("k_norm"));
        let mut query = self.heads(layer, "q_proj", x, heads, query_norm)?;
        let mut key = self.heads(layer, "k_proj", x, kv_heads, key_norm)?;
        let value = self.heads(layer, "v_proj", x, kv_heads, None)?;
        if let Some(rope) = self.config.layers[layer].rope {
            query = context.rotaries[rope].apply(self, &format!("layer_{layer}_query"), &query, heads);
            key = context.rotaries[rope].apply(self, &format!("layer_{layer}_key"), &key, kv_heads);
        }
        let [key, value] = context.cache.append(self, layer, [key, value]);
        let key = self.share_heads(&format!("layer_{layer}_keys"), key);
        let value = self.share_heads(&format!("layer_{layer}_values"), value);

        let mask = context.masks.of(&self.config.layers[layer]);
        let mixed = self.mix(&format!("layer_{layer}_attention"), &query, [&key, &value], mask);
        let mixed = self
            .function
            .op("transpose", &format!("layer_{layer}_attention_rows"))
            .arg("x", &mixed)
            .value("perm", [0, 2, 1, 3])
            .out(tensor(DType::F16, &[1, ANY, heads, head_dim]));
        let mixed = self
            .function
            .op("reshape", &format!("layer_{layer}_attention_joined"))
            .arg("x", &mixed)
            .value("shape", [1, -1, (heads * head_dim) as i32])
            .out(tensor(DType::F16, &[1, ANY, heads * head_dim]));
        self.linear(&format!("model.layers.{layer}.self_attn.o_proj"), &format!("layer_{layer}_o_proj"), &mixed)
    }

    /// A projection split into heads, [1, heads, q, head_dim], each of them through a norm where one is given.
    fn heads(
        &mut self,
        layer: usize,
        part: &str,
        x: &Var,
        heads: usize,
        norm: Option<&str>,
    ) -> Result<Var, ConvertError> {
        let head_dim = self.config.head_dim;
        let name = format!("layer_{layer}_{part}");
        let flat = self.linear(&format!("model.layers.{layer}.self_attn.{part}"), &name, x)?;
        let mut split = self
            .function
            .op("reshape", &format!("{name}_split"))
            .arg("x", &flat)
            .value("shape", [1, -1, heads as i32, head_dim as i32])
            .out(tensor(DType::F16, &[1, ANY, heads, head_dim]));
        if let Some(norm) = norm {
            let weight = format!("model.layers.{layer}.self_attn.{norm}");
            split = self.norm(&weight, &format!("layer_{layer}_{norm}"), &split, &[1, ANY, heads, head_dim])?;
        }
        Ok(self
            .function
            .op("transpose", &format!("{name}_heads"))
            .arg("x", &split)
            .value("perm", [0, 2, 1, 3])
            .out(tensor(DType::F16, &[1, heads, ANY, head_dim])))
    }

    /// Values weighted by how keys match queries, all f16 [1, heads, q or kv, head_dim]. The operation for it knows one scale
    /// and no soft cap; with others it is spelled out.
    fn mix(&mut self, name: &str, query: &Var, [key, value]: [&Var; 2], mask: &Var) -> Var {
        let (heads, head_dim) = (self.config.heads, self.config.head_dim);
        let rows = tensor(DType::F16, &[1, heads, ANY, head_dim]);
        let (scale, cap) = (self.config.query_scale, self.config.soft_caps.scores);
        if scale.is_none() && cap.is_none() {
            let op = self.function.op("scaled_dot_product_attention", name);
            return op.arg("query", query).arg("key", key).arg("value", value).arg("attn_mask", mask).out(rows);
        }
        let square = tensor(DType::F16, &[1, heads, ANY, ANY]);
        let step = |part: &str| format!("{name}_{part}");
        // Queries, not products, which might leave the range of f16.
        let scale = f16::from_f32(scale.unwrap_or((head_dim as f32).sqrt().recip()));
        let query = self.function.op("mul", &step("query")).arg("x", query).value("y", scale).out(rows.clone());
        let op = self.function.op("matmul", &step("scores")).arg("x", &query).arg("y", key);
        let mut scores = op.value("transpose_x", false).value("transpose_y", true).out(square.clone());
        if let Some(cap) = cap {
            scores = self.soft_cap(&step("capped"), &scores, cap, &square);
        }
        let masked = self.function.op("add", &step("masked")).arg("x", &scores).arg("y", mask).out(square.clone());
        let weights = self.function.op("softmax", &step("weights")).arg("x", &masked).value("axis", -1).out(square);
        let op = self.function.op("matmul", name).arg("x", &weights).arg("y", value);
        op.value("transpose_x", false).value("transpose_y", false).out(rows)
    }

    /// Repeats each key/value head for the query heads that share it.
    fn share_heads(&mut self, name: &str, x: Var) -> Var {
        let (heads, kv_heads, head_dim) = (self.config.heads, self.config.kv_heads, self.config.head_dim);
        let group = heads / kv_heads;
        if group == 1 {
            return x;
        }
        let apart = self
            .function
            .op("expand_dims", &format!("{name}_apart"))
            .arg("x", &x)
            .value("axes", [2])
            .out(tensor(DType::F16, &[1, kv_heads, 1, ANY, head_dim]));
        let repeated = self
            .function
            .op("tile", &format!("{name}_repeated"))
            .arg("x", &apart)
            .value("reps", [1, 1, group as i32, 1, 1])
            .out(tensor(DType::F16, &[1, kv_heads, group, ANY, head_dim]));
        self.function
            .op("reshape", &format!("{name}_shared"))
            .arg("x", &repeated)
            .value("shape", [1, heads as i32, -1, head_dim as i32])
            .out(tensor(DType::F16, &[1, heads, ANY, head_dim]))
    }
}
