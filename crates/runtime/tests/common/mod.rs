//! What several of these tests need.

use sottovoce_graph::{
    ir::{Constant, Definition},
    lower,
};
use sottovoce_runtime::Model;

/// A weight of the program in f32.
pub fn weight(model: &Model, name: &str) -> Vec<f32> {
    let graph = lower(&model.package().program, model.interface().unwrap(), model.function()).unwrap();
    let operands: Vec<_> = graph.schedule().iter().flat_map(|&node| graph.node(node).operands()).collect();
    let value = operands.into_iter().find(|&value| graph.value(value).name == name).unwrap();
    let Definition::Constant(Constant::Blob(blob)) = &graph.value(value).definition else { panic!("{name}") };
    let fact = graph.fact(value);
    model.package().blob(&blob.file, blob.offset, fact.dtype, &fact.fixed_shape().unwrap()).unwrap().to_f32_vec()
}
