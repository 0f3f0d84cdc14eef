//! Programs for the architectures, in the interface that Apple's recipe for Llama laid down.
//!
//! Here are the building blocks that the files in `architectures` string together. They emit the operations, and spell them, as
//! Apple's converter does for a Hugging Face model, with two differences that cost nothing on a CPU and keep what f16
//! loses: rotary angles and the mean square of the norms are computed in f32.

mod attention;
mod blocks;
mod cache;
mod interface;
mod masks;
mod rotary;

use sottovoce_mil::{
    builder::{FunctionBuilder, Var},
    description::FunctionDescription,
    program::{Dimension, Function, TensorType},
};
use sottovoce_tensor::DType;

pub(crate) use blocks::{Activation, EMBEDDING, OUTPUT_HEAD};
pub(crate) use cache::Cache;
pub(crate) use masks::Masks;

use crate::{ConvertError, checkpoint::Config, weight_store::WeightStore};

/// Where a model keeps the keys and values of earlier positions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Variant {
    /// In two states, `keyCache` and `valueCache`, that the program appends to in place.
    #[default]
    Stateful,
    /// In inputs and outputs: `keyCache` and `valueCache` come in, `newKeyCache` and `newValueCache` go out.
    KvIo,
    /// Nowhere; every call runs the whole sequence.
    Baseline,
}

/// Operation set of the programs: iOS 18, the first with states and blockwise weights.
const OPSET: &str = "CoreML8";

/// A program under construction, with what its blocks share.
pub(crate) struct Recipe<'a, 'w> {
    function: FunctionBuilder,
    weights: &'a mut WeightStore<'w>,
    pub(crate) config: &'a Config,
    /// Positions that the package has room for.
    context: usize,
}

/// Builds the program of a checkpoint and describes its interface. Weights go to `weights` on the way.
pub(crate) fn build(
    config: &Config,
    variant: Variant,
    context: usize,
    weights: &mut WeightStore<'_>,
) -> Result<(Function, FunctionDescription), ConvertError> {
    let mut recipe = Recipe { function: FunctionBuilder::new(OPSET), weights, config, context };
    let ids = recipe.function.input("inputIds", tensor(DType::I32, &[1, ANY]));
    let masks = Masks::declare(&mut recipe.function, config, context);
    let mut cache = Cache::new(&mut recipe, variant, context, &ids, masks.any());
    let logits = (config.architecture.definition().build)(&mut recipe, &ids, &masks, &mut cache)?;
    let mut outputs = vec![logits];
    outputs.extend(cache.finish(&mut recipe));
    let function = recipe.function.finish(&outputs.iter().collect::<Vec<&Var>>())?;
    Ok((function, interface::describe(config, variant, context, &masks)))
}

/// A dimension known only at run time.
const ANY: usize = usize::MAX;

/// A tensor type; [`ANY`] marks flexible dimensions.
fn tensor(dtype: DType, dims: &[usize]) -> TensorType {
    let dimension = |&dim: &usize| match dim {
        ANY => Dimension::Unknown { variadic: false },
        size => Dimension::Fixed(size as u64),
    };
    TensorType::with_dimensions(dtype, dims.iter().map(dimension).collect())
}
