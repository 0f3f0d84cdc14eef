//! Positions, and the keys and values of earlier ones, for each variant.

use sottovoce_mil::builder::Var;
use sottovoce_tensor::DType;

use super::{ANY, Recipe, Variant, tensor};
use crate::checkpoint::Config;

/// Names of the caches: states, or inputs.
pub(super) const NAMES: [&str; 2] = ["keyCache", "valueCache"];
/// Names of the outputs that hold the extended caches.
pub(super) const NEW_NAMES: [&str; 2] = ["newKeyCache", "newValueCache"];

/// Shape of a cache with room for `context` positions.
pub(super) fn shape(config: &Config, context: usize) -> [usize; 5] {
    [config.layers.len(), 1, config.kv_heads, context, config.head_dim]
}

/// The caches of a program under construction.
pub(crate) struct Cache {
    storage: Storage,
    /// First position of this call, a scalar.
    past: Var,
    /// Position after the last one of this call, a scalar.
    end: Var,
}

enum Storage {
    /// Two states of shape `size`; `past` and `end` as vectors of one.
    States {
        caches: Box<[Var; 2]>,
        size: [usize; 5],
        past: Box<Var>,
        end: Box<Var>,
    },
    /// Two inputs, and per layer what they grow to.
    InputsOutputs {
        caches: Box<[Var; 2]>,
        grown: [Vec<Var>; 2],
    },
    None,
}

impl Cache {
    /// Declares the caches, and works out the positions of this call: kv − q up to kv.
    pub(super) fn new(recipe: &mut Recipe, variant: Variant, context: usize, ids: &Var, mask: &Var) -> Self {
        let size = shape(recipe.config, context);
        let caches = match variant {
            Variant::Stateful => NAMES.map(|name| recipe.function.state(name, tensor(DType::F16, &size))),
            Variant::KvIo => {
                let ty = tensor(DType::F16, &shape(recipe.config, ANY));
                NAMES.map(|name| recipe.function.input(name, ty.clone()))
            }
            Variant::Baseline => {
                let past = recipe.function.constant("past", 0);
                let end = dimension(recipe, "ids", ids, 1);
                return Self { storage: Storage::None, past, end };
            }
        };
        let caches = Box::new(caches);
        let length = dimension(recipe, "ids", ids, 1);
        let end = dimension(recipe, "mask", mask, 3);
        let scalar = tensor(DType::I32, &[]);
        let past = recipe.function.op("sub", "past").arg("x", &end).arg("y", &length).out(scalar);
        let storage = if variant == Variant::Stateful {
            let vector = |recipe: &mut Recipe, name, var| Box::new(vector_of_one(recipe, name, var));
            let (past, end) = (vector(recipe, "past_vector", &past), vector(recipe, "end_vector", &end));
            Storage::States { caches, size, past, end }
        } else {
            Storage::InputsOutputs { caches, grown: [Vec::new(), Vec::new()] }
        };
        Self { storage, past, end }
    }

    /// Positions of this call, i32 [q].
    pub(super) fn positions(&self, recipe: &mut Recipe) -> Var {
        recipe
            .function
            .op("range_1d", "positions")
            .arg("start", &self.past)
            .arg("end", &self.end)
            .value("step", 1)
            .out(tensor(DType::I32, &[ANY]))
    }

    /// Adds the keys and values of this call, f16 [1, kv_heads, q, head_dim], to a layer; returns those of all positions.
    pub(super) fn append(&mut self, recipe: &mut Recipe, layer: usize, new: [Var; 2]) -> [Var; 2] {
        match &mut self.storage {
            Storage::None => new,
            Storage::States { caches, size, past, end } => {
                let [begin, end] = corners(recipe, layer, past, end);
                let [key, value] = new;
                [(0, key), (1, value)]
                    .map(|(kind, new)| append_to_state(recipe, &caches[kind], size, layer, &new, [&begin, &end]))
            }
            Storage::InputsOutputs { caches, grown } => {
                let [key, value] = new;
                [(0, key), (1, value)].map(|(kind, new)| {
                    let all = append_to_input(recipe, &caches[kind], layer, &new);
                    grown[kind].push(all.clone());
                    all
                })
            }
        }
    }

    /// Outputs beside the logits.
    pub(super) fn finish(self, recipe: &mut Recipe) -> Vec<Var> {
        let Storage::InputsOutputs { grown, .. } = self.storage else {
            return Vec::new();
        };
        let size = shape(recipe.config, ANY);
        let stack = |(name, layers): (&str, Vec<Var>)| {
            let layers: Vec<&Var> = layers.iter().collect();
            recipe
                .function
                .op("stack", name)
                .arg_list("values", &layers)
                .value("axis", 0)
                .out(tensor(DType::F16, &size))
        };
        NEW_NAMES.into_iter().zip(grown).map(stack).collect()
    }
}

/// Size of one dimension, a scalar.
fn dimension(recipe: &mut Recipe, name: &str, x: &Var, axis: i32) -> Var {
    let rank = x.ty().as_tensor().map_or(0, |ty| ty.dimensions.len());
    let shape = recipe.function.op("shape", &format!("{name}_shape")).arg("x", x).out(tensor(DType::I32, &[rank]));
    recipe
        .function
        .op("gather", &format!("{name}_length"))
        .arg("x", &shape)
        .value("indices", axis)
        .value("axis", 0)
        .value("batch_dims", 0)
        .value("validate_indices", false)
        .out(tensor(DType::I32, &[]))
}

fn vector_of_one(recipe: &mut Recipe, name: &str, scalar: &Var) -> Var {
    recipe.function.op("expand_dims", name).arg("x", scalar).value("axes", [0]).out(tensor(DType::I32, &[1]))
}

/// Where the new positions of a layer begin and end in a state.
fn corners(recipe: &mut Recipe, layer: usize, past: &Var, end: &Var) -> [Var; 2] {
    let config = recipe.config;
    let vector = tensor(DType::I32, &[5]);
    let function = &mut recipe.function;
    let before = function.constant(&format!("layer_{layer}_begin_head"), [layer as i32, 0, 0]);
    let after = function.constant(&format!("layer_{layer}_begin_tail"), [0]);
    let begin = function
        .op("concat", &format!("layer_{layer}_begin"))
        .arg_list("values", &[&before, past, &after])
        .value("axis", 0)
        .value("interleave", false)
        .out(vector.clone());
    let before = function.constant(&format!("layer_{layer}_end_head"), [layer as i32 + 1, 1, config.kv_heads as i32]);
    let after = function.constant(&format!("layer_{layer}_end_tail"), [config.head_dim as i32]);
    let end = function
        .op("concat", &format!("layer_{layer}_end"))
        .arg_list("values", &[&before, end, &after])
        .value("axis", 0)
        .value("interleave", false)
        .out(vector);
    [begin, end]
}

/// The operations that Apple's converter writes for an assignment to a slice of a state followed by a read of it.
fn append_to_state(
    recipe: &mut Recipe,
    state: &Var,
    size: &[usize; 5],
    layer: usize,
    new: &Var,
    [begin, end]: [&Var; 2],
) -> Var {
    let whole = tensor(DType::F16, size);
    let name = |part: &str| format!("layer_{layer}_{}_{part}", state.name());
    let function = &mut recipe.function;
    let old = function.op("read_state", &name("old")).arg("input", state).out(whole.clone());
    let new = function
        .op("slice_update", &name("update"))
        .arg("x", &old)
        .arg("update", new)
        .arg("begin", begin)
        .arg("end", end)
        .value("stride", [1, 1, 1, 1, 1])
        .value("begin_mask", [false; 5])
        .value("end_mask", [false; 5])
        .value("squeeze_mask", LAYER_AXIS)
        .out(whole.clone());
    function.op("write_state", &name("write")).arg("input", state).arg("data", &new).no_out();
    let current = function.op("read_state", &name("new")).arg("input", state).out(whole);
    function
        .op("slice_by_index", &name("all"))
        .arg("x", &current)
        .value("begin", [layer as i32, 0, 0, 0, 0])
        .arg("end", end)
        .value("end_mask", [false, true, true, false, true])
        .value("squeeze_mask", LAYER_AXIS)
        .out(tensor(DType::F16, &[1, size[2], ANY, size[4]]))
}

fn append_to_input(recipe: &mut Recipe, input: &Var, layer: usize, new: &Var) -> Var {
    let config = recipe.config;
    let ty = tensor(DType::F16, &[1, config.kv_heads, ANY, config.head_dim]);
    let name = |part: &str| format!("layer_{layer}_{}_{part}", input.name());
    let begin = layer as i32;
    let old = recipe
        .function
        .op("slice_by_index", &name("old"))
        .arg("x", input)
        .value("begin", [begin, 0, 0, 0, 0])
        .value("end", [begin + 1, 1, config.kv_heads as i32, 0, config.head_dim as i32])
        .value("end_mask", [false, true, true, true, true])
        .value("squeeze_mask", LAYER_AXIS)
        .out(ty.clone());
    recipe
        .function
        .op("concat", &name("all"))
        .arg_list("values", &[&old, new])
        .value("axis", 2)
        .value("interleave", false)
        .out(ty)
}

/// Mask of the layer axis of a cache, which a slice of one layer drops.
const LAYER_AXIS: [bool; 5] = [true, false, false, false, false];
