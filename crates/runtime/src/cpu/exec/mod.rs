//! Runs a plan.

mod attention;
mod linear;
mod tensors;
mod work;

use std::{collections::HashMap, ops::Range, time::Instant};

use sottovoce_graph::ir::{Bindings, Dim, Graph, ValueId};
use sottovoce_kernels::{Compute, Kernels};
use sottovoce_tensor::Tensor;

use super::{
    plan::{Columns, Plan, Step},
    weights::Loaded,
    workspace::{Workspace, view, view_mut},
};
use crate::error::RuntimeError;

/// A plan with its weights, ready to run.
pub struct Executor {
    /// The optimised graph.
    pub graph: Graph,
    /// Its plan.
    pub plan: Plan,
    /// Weights by [`WeightId`].
    pub weights: Vec<Loaded>,
    /// Constants that generic steps and tables read.
    pub constants: HashMap<ValueId, Tensor>,
    /// Kernels and threads.
    pub compute: Compute,
    /// Compute in f32 throughout.
    pub exact: bool,
    /// Inverse frequencies of each rotary table.
    pub frequencies: Vec<Vec<f32>>,
    /// Which steps only the last row needs, when only that is asked for.
    pub last_row_steps: Vec<bool>,
    /// Slot of each buffer.
    pub slots: Vec<usize>,
    /// Columns of each slot.
    pub widths: Vec<usize>,
}

/// One prediction.
pub struct Call<'a> {
    /// Sizes.
    pub bindings: &'a Bindings,
    /// Only the last row of the outputs is wanted.
    pub last_row: bool,
    /// Inputs, by position in the graph.
    pub inputs: &'a [Tensor],
}

impl Executor {
    /// Computes the outputs and appends to the states.
    ///
    /// # Errors
    /// Token ids outside the vocabulary, and errors of generic steps. The states' earlier rows are intact then.
    pub fn run(
        &self,
        call: &Call<'_>,
        states: &mut [Tensor],
        space: &mut Workspace,
    ) -> Result<Vec<Tensor>, RuntimeError> {
        let rows = self.size(&self.plan.rows, call.bindings)?;
        space.resize(&self.widths, rows, self.graph.num_values(), self.plan.tables.len());
        for (&value, tensor) in self.graph.inputs.iter().zip(call.inputs) {
            space.tensors[value.index()] = Some(tensor.clone());
        }
        let mut tables_ready = false;
        for (index, step) in self.plan.steps.iter().enumerate() {
            let range = if call.last_row && self.last_row_steps[index] { rows - 1..rows } else { 0..rows };
            if !tables_ready && matches!(step, Step::Heads(_)) {
                self.fill_tables(call, rows, space)?;
                tables_ready = true;
            }
            let started = space.profile.is_some().then(Instant::now);
            self.step(step, &range, call, states, space)?;
            if let (Some(started), Some(profile)) = (started, &mut space.profile) {
                let time = started.elapsed();
                profile.add(self.profiled_kind(step), time, self.work(step, range.len(), call)?);
            }
        }
        self.plan
            .outputs
            .iter()
            .map(|&output| {
                let tensor = space.tensors[output.index()].take().or_else(|| self.constants.get(&output).cloned());
                tensor.ok_or_else(|| self.error(output, "was not computed".to_owned()))
            })
            .collect()
    }

    fn size(&self, dim: &Dim, bindings: &Bindings) -> Result<usize, RuntimeError> {
        dim.eval(bindings).and_then(|value| usize::try_from(value).ok()).ok_or_else(|| RuntimeError::Sizes {
            rule: format!("{dim} is a size"),
            reason: "size of a call".to_owned(),
            advice: "",
        })
    }

    fn error(&self, value: ValueId, reason: String) -> RuntimeError {
        let operation = self.graph.producer(value).map_or("input", |node| self.graph.node(node).op.name).to_owned();
        RuntimeError::Operation { value: self.graph.value(value).name.clone(), operation, reason }
    }

    fn kernels(&self) -> Kernels {
        self.compute.kernels()
    }

    fn slot(&self, columns: &Columns) -> usize {
        self.slots[columns.buffer.0]
    }

    fn step(
        &self,
        step: &Step,
        rows: &Range<usize>,
        call: &Call<'_>,
        states: &mut [Tensor],
        space: &mut Workspace,
    ) -> Result<(), RuntimeError> {
        match step {
            Step::Embed { ids, table, scale, out } => return self.embed(*ids, *table, *scale, out, space),
            Step::Linear { source, segments, out, residual } => {
                self.linear(source, segments, out, residual.as_ref(), rows, space);
            }
            Step::Apply { source, out } => self.with_output(space, out, |space, data, stride| {
                self.apply(space, source, rows, view_mut(data, stride, out, rows));
            }),
            Step::Heads(items) => {
                for item in items {
                    self.heads(item, rows, call, states, space)?;
                }
            }
            Step::Attention(attention) => self.attention(attention, rows, call, states, space)?,
            Step::Add { x, y, out } => self.with_output(space, out, |space, data, stride| {
                let x = view(&space.slots, &space.strides, self.slot(x), x, rows);
                let y = view(&space.slots, &space.strides, self.slot(y), y, rows);
                self.compute.for_each_row(view_mut(data, stride, out, rows), |row, out| {
                    out.copy_from_slice(x.row(row));
                    self.kernels().add(out, y.row(row));
                });
            }),
            Step::Scale { x, factor, out } => self.with_output(space, out, |space, data, stride| {
                let x = view(&space.slots, &space.strides, self.slot(x), x, rows);
                self.compute.for_each_row(view_mut(data, stride, out, rows), |row, out| {
                    out.copy_from_slice(x.row(row));
                    self.kernels().scale(out, *factor);
                });
            }),
            Step::ToTensor { x, layout, value } => {
                let tensor = self.to_tensor(x, *layout, *value, rows, space)?;
                space.tensors[value.index()] = Some(tensor);
            }
            Step::ToRows { value, out } => self.to_rows(*value, out, rows, space)?,
            Step::Sizes { value } => {
                let tensor = self.sizes(*value, call)?;
                space.tensors[value.index()] = Some(tensor);
            }
            Step::Generic { node } => self.generic(*node, space)?,
        }
        Ok(())
    }

    /// Takes the slot of `out` from the arena while `job` writes it and reads others: the plan never lets a step write the
    /// slot of one of its inputs.
    fn with_output<R>(
        &self,
        space: &mut Workspace,
        out: &Columns,
        job: impl FnOnce(&mut Workspace, &mut [f32], usize) -> R,
    ) -> R {
        let slot = self.slot(out);
        let mut data = std::mem::take(&mut space.slots[slot]);
        let stride = space.strides[slot];
        let result = job(space, &mut data, stride);
        space.slots[slot] = data;
        result
    }

    fn tensor<'s>(&'s self, space: &'s Workspace, value: ValueId) -> Result<&'s Tensor, RuntimeError> {
        space
            .tensor(value)
            .or_else(|| self.constants.get(&value))
            .ok_or_else(|| self.error(value, "was not computed".to_owned()))
    }
}
