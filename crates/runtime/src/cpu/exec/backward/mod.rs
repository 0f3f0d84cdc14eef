//! A call taken backwards: how a loss changes with the outputs of linear layers.
//!
//! Steps are undone from the last to the first. Each takes the gradient with respect to what it wrote and adds to the
//! gradients of what it read; everything it read is still there, because the call kept every buffer.

mod attention;
mod linear;
mod matrices;

use std::collections::HashMap;

use sottovoce_graph::ir::ValueId;
use sottovoce_kernels::Rows;

use super::{Executor, Lane};
use crate::{
    LinearGradient, Loss,
    cpu::{
        plan::{CacheLayer, Columns, Outlet, Step, Storage},
        workspace::Arena,
    },
    error::RuntimeError,
};

/// Sees the gradients of linear layers.
pub type Visit<'a> = &'a mut dyn FnMut(&LinearGradient<'_>);

impl Executor {
    /// Runs one call, whose state holds nothing before it, and takes it backwards.
    ///
    /// # Errors
    /// As [`Executor::run`]; [`RuntimeError::NoGradient`] for a plan with a step that has none, or with caches that are not states.
    pub fn backward(&self, mut lane: Lane<'_>, loss: Loss<'_>, visit: Visit<'_>) -> Result<(), RuntimeError> {
        if self.plan.caches.iter().any(|cache| cache.storage != Storage::State) {
            // Of memory that layers share, only what the last one wrote is there after a call.
            return Err(RuntimeError::NoGradient("its keys and values are not in states".to_owned()));
        }
        let mut arena = Arena { keeps_all: true, ..Arena::default() };
        self.run(std::slice::from_mut(&mut lane), &mut arena)?;
        let mut backward = Backward {
            executor: self,
            arena: &arena,
            lane: &lane,
            buffers: vec![Vec::new(); self.plan.widths.len()],
            caches: HashMap::new(),
        };
        self.plan.steps.iter().rev().try_for_each(|step| backward.step(step, loss, visit))
    }
}

/// Gradients on their way from the outputs to the inputs, [rows, width] each.
struct Backward<'a> {
    executor: &'a Executor,
    /// What the call left.
    arena: &'a Arena,
    lane: &'a Lane<'a>,
    /// By buffer; empty until something is known.
    buffers: Vec<Vec<f32>>,
    /// Of what was appended to cache layers, heads side by side.
    caches: HashMap<CacheLayer, Vec<f32>>,
}

impl<'a> Backward<'a> {
    fn step(&mut self, step: &Step, loss: Loss<'_>, visit: Visit<'_>) -> Result<(), RuntimeError> {
        match step {
            Step::ToTensor { x, value, .. } if self.executor.plan.outputs.contains(&Outlet::Tensor(*value)) => {
                let (values, mut gradient) = (self.values(x), vec![0.0; self.rows() * x.width]);
                for (row, gradient) in gradient.chunks_exact_mut(x.width).enumerate() {
                    loss(row, values.row(row), gradient);
                }
                self.add(x, &gradient);
            }
            Step::Linear { source, segments, out, epilogue } => {
                let Some(gradient) = self.take(out) else { return Ok(()) };
                self.linear(source, segments, (out, gradient), epilogue, visit)?;
            }
            Step::Apply { source, out } => {
                let Some(gradient) = self.take(out) else { return Ok(()) };
                self.source(source, &gradient);
            }
            Step::Add { x, y, out } => {
                let Some(gradient) = self.take(out) else { return Ok(()) };
                self.add(x, &gradient);
                self.source(y, &gradient);
            }
            Step::Scale { x, factor, out } => {
                let Some(mut gradient) = self.take(out) else { return Ok(()) };
                self.executor.kernels().scale(&mut gradient, *factor);
                self.add(x, &gradient);
            }
            // A later one may have read what an earlier one wrote.
            Step::Heads(items) => items.iter().rev().for_each(|item| self.heads(item)),
            Step::Attention(attention) => {
                let Some(gradient) = self.take(&attention.out) else { return Ok(()) };
                self.attention(attention, &gradient)?;
            }
            // Nothing before an embedding is asked for, sizes have no gradient, and caches that grow were refused.
            Step::Embed { .. } | Step::Sizes { .. } | Step::Carry(_) => {}
            Step::ToTensor { value, .. } | Step::ToRows { value, .. } => return Err(self.executor.no_gradient(*value)),
            Step::Generic { node } => {
                return Err(self.executor.no_gradient(self.executor.graph.node(*node).outputs[0]));
            }
        }
        Ok(())
    }

    fn rows(&self) -> usize {
        self.lane.rows.len()
    }

    /// What the call computed there.
    fn values(&self, columns: &Columns) -> Rows<'a> {
        self.executor.view(self.arena, columns, &self.lane.rows)
    }

    /// The gradient of a whole buffer, to which nothing will be added any more; `None` if the loss does not depend on it.
    fn take(&mut self, columns: &Columns) -> Option<Vec<f32>> {
        debug_assert_eq!((columns.offset, columns.width), (0, self.executor.plan.widths[columns.buffer.0]));
        Some(std::mem::take(&mut self.buffers[columns.buffer.0])).filter(|gradient| !gradient.is_empty())
    }

    /// Adds to the gradient of some columns of a buffer.
    fn add(&mut self, columns: &Columns, gradient: &[f32]) {
        let width = self.executor.plan.widths[columns.buffer.0];
        let rows = self.rows();
        let buffer = &mut self.buffers[columns.buffer.0];
        buffer.resize(rows * width, 0.0);
        for (sum, gradient) in buffer.chunks_exact_mut(width).zip(gradient.chunks_exact(columns.width)) {
            self.executor.kernels().add(&mut sum[columns.offset..][..columns.width], gradient);
        }
    }
}

impl Executor {
    fn no_gradient(&self, value: ValueId) -> RuntimeError {
        let operation = self.graph.producer(value).map_or("input", |node| self.graph.node(node).op.name);
        RuntimeError::NoGradient(format!("'{}' ({operation}) has no fast form", self.graph.value(value).name))
    }
}
