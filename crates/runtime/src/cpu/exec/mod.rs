//! Runs a plan.

mod attention;
mod caches;
mod linear;
mod tensors;
mod work;

use std::{collections::HashMap, ops::Range, time::Instant};

use sottovoce_graph::ir::{Definition, Dim, Graph, ValueId};
use sottovoce_kernels::{Compute, Kernels, Precision};
use sottovoce_tensor::Tensor;

use super::{
    plan::{Columns, Outlet, Plan, Step},
    weights::Loaded,
    workspace::{Workspace, view, view_mut},
};
use crate::{Inputs, Outputs, check::Bound, error::RuntimeError};

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
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// Inputs by name.
    pub inputs: &'a Inputs,
    /// Where they are among the names, and the sizes that they bind.
    pub bound: &'a Bound,
    /// Only the last row of the outputs is wanted.
    pub last_row: bool,
}

impl<'a> Call<'a> {
    /// The input at this position in the graph.
    pub fn input(&self, index: usize) -> &'a Tensor {
        self.inputs.at(self.bound.positions[index])
    }
}

impl Executor {
    /// Computes the outputs into the tensors of `outputs`, where it has them, and appends to the caches: the states in
    /// order, then those that do not outlive the call.
    ///
    /// # Errors
    /// Token ids outside the vocabulary, and errors of generic steps. The states' earlier rows are intact then.
    pub fn run(
        &self,
        call: &Call<'_>,
        caches: &mut [Tensor],
        space: &mut Workspace,
        outputs: &mut Outputs,
    ) -> Result<(), RuntimeError> {
        let rows = self.size(&self.plan.rows, call)?;
        space.resize(&self.widths, rows, self.graph.num_values(), self.plan.tables.len());
        self.prepare_caches(call, caches, space)?;
        self.convert_masks(call, space);
        let mut tables_ready = false;
        for (index, step) in self.plan.steps.iter().enumerate() {
            let head = self.last_row_steps[index];
            let range = if call.last_row && head { rows - 1..rows } else { 0..rows };
            // As fine for all rows as for the last alone, so that its logits do not depend on what else is asked for.
            let precision = if head { Precision::Sixteen } else { Precision::for_rows(range.len()) };
            if !tables_ready && matches!(step, Step::Heads(_)) {
                self.fill_tables(call, rows, space)?;
                tables_ready = true;
            }
            let started = space.profile.is_some().then(Instant::now);
            self.step(step, (&range, precision), call, caches, space)?;
            if let (Some(started), Some(profile)) = (started, &mut space.profile) {
                let time = started.elapsed();
                profile.add(self.profiled_kind(step), time, self.work(step, range.len(), caches, &space.lengths));
            }
        }
        self.deliver(call, caches, space, outputs)
    }

    /// Exchanges the tensors of the outputs for those of an earlier call, whose memory the next call uses.
    fn deliver(
        &self,
        call: &Call<'_>,
        caches: &mut [Tensor],
        space: &mut Workspace,
        outputs: &mut Outputs,
    ) -> Result<(), RuntimeError> {
        let outlets = &self.plan.outputs;
        for (index, (output, outlet)) in self.graph.outputs.iter().zip(outlets).enumerate() {
            let name = &output.name;
            if let Some(twin) = outlets[..index].iter().position(|earlier| earlier == outlet) {
                outputs.insert(name.clone(), outputs[twin].clone());
                continue;
            }
            let (old, computed) = match outlet {
                Outlet::Cache(cache) => (outputs.get_mut(name), Some(&mut caches[cache.0])),
                Outlet::Tensor(value) => (outputs.get_mut(name), space.tensors[value.index()].as_mut()),
            };
            match (old, computed) {
                (Some(old), Some(computed)) => std::mem::swap(old, computed),
                (None, Some(computed)) => _ = outputs.insert(name.clone(), computed.clone()),
                // A constant or an input that leaves as it is.
                (_, None) => _ = outputs.insert(name.clone(), self.tensor(call, space, output.value)?.clone()),
            }
        }
        Ok(())
    }

    fn size(&self, dim: &Dim, call: &Call<'_>) -> Result<usize, RuntimeError> {
        let size = dim.eval(&call.bound.sizes).and_then(|value| usize::try_from(value).ok());
        size.ok_or_else(|| RuntimeError::Sizes {
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
        (rows, precision): (&Range<usize>, Precision),
        call: &Call<'_>,
        caches: &mut [Tensor],
        space: &mut Workspace,
    ) -> Result<(), RuntimeError> {
        match step {
            Step::Embed { ids, table, scale, out } => return self.embed(*ids, *table, *scale, out, call, space),
            Step::Linear { source, segments, out, epilogue } => {
                self.linear(source, segments, out, epilogue, (rows, precision), space);
            }
            Step::Apply { source, out } => self.with_output(space, out, |space, data, stride| {
                self.apply(space, source, rows, view_mut(data, stride, out, rows));
            }),
            Step::Heads(items) => {
                for item in items {
                    self.heads(item, rows, caches, space)?;
                }
            }
            Step::Carry(layers) => self.carry(layers, call, caches, space)?,
            Step::Attention(attention) => self.attention(attention, rows, call, caches, space)?,
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
                self.to_tensor(x, *layout, *value, rows, space)?;
            }
            Step::ToRows { value, out } => self.to_rows(*value, out, rows, call, space)?,
            Step::Sizes { value } => {
                let tensor = self.sizes(*value, call)?;
                space.tensors[value.index()] = Some(tensor);
            }
            Step::Generic { node } => self.generic(*node, call, space)?,
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

    /// The tensor of a value: an input, a constant, or one that a step made.
    fn find<'s>(&'s self, call: &Call<'s>, space: &'s Workspace, value: ValueId) -> Option<&'s Tensor> {
        match self.graph.value(value).definition {
            Definition::Input(index) => Some(call.input(index)),
            _ => space.tensors[value.index()].as_ref().or_else(|| self.constants.get(&value)),
        }
    }

    fn tensor<'s>(&'s self, call: &Call<'s>, space: &'s Workspace, value: ValueId) -> Result<&'s Tensor, RuntimeError> {
        self.find(call, space, value).ok_or_else(|| self.error(value, "was not computed".to_owned()))
    }
}
