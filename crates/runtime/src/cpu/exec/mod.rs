//! Runs a plan.

mod attention;
mod backward;
mod caches;
mod linear;
mod tensors;
mod work;

use std::{collections::HashMap, ops::Range, time::Instant};

use sottovoce_graph::ir::{Definition, Dim, Graph, ValueId};
use sottovoce_kernels::{Compute, FEW_ROWS, Kernels, Precision, Rows, RowsMut};
use sottovoce_tensor::Tensor;

use super::{
    plan::{Columns, Outlet, Plan, Step},
    weights::Loaded,
    workspace::{Arena, CallSpace, Span, view, view_mut},
};
use crate::{Inputs, OutputRows, Outputs, PredictOptions, check::Bound, error::RuntimeError};

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

/// One of the calls that run together, with what is its own.
pub struct Lane<'a> {
    /// Inputs by name.
    pub inputs: &'a Inputs,
    /// Where they are among the names, and the sizes that they bind.
    pub bound: &'a Bound,
    /// The states in order, then the caches that do not outlive the call.
    pub caches: &'a mut [Tensor],
    /// Memory that is not rows.
    pub space: &'a mut CallSpace,
    /// Only the last row of the outputs is wanted.
    last_row: bool,
    /// Where results go.
    pub outputs: &'a mut Outputs,
    /// Its rows in the arena.
    pub rows: Range<usize>,
    /// Those of them whose outputs are wanted.
    pub head_rows: Range<usize>,
}

impl<'a> Lane<'a> {
    /// A call whose rows are not placed yet.
    pub fn new(
        inputs: &'a Inputs,
        bound: &'a Bound,
        caches: &'a mut [Tensor],
        space: &'a mut CallSpace,
        options: &PredictOptions,
        outputs: &'a mut Outputs,
    ) -> Self {
        let last_row = options.rows == OutputRows::Last;
        Self { inputs, bound, caches, space, last_row, outputs, rows: 0..0, head_rows: 0..0 }
    }

    /// The input at this position in the graph.
    pub fn input(&self, index: usize) -> &Tensor {
        self.inputs.at(self.bound.positions[index])
    }
}

impl Executor {
    /// Computes the outputs of calls that run together: weights are read once for all of them. Tensors that `outputs` has
    /// give their memory to the new ones.
    ///
    /// Every row gets bit for bit what it would get if its call ran alone.
    ///
    /// # Errors
    /// Token ids outside the vocabulary, and errors of generic steps. The states' earlier rows are intact then.
    pub fn run(&self, lanes: &mut [Lane<'_>], arena: &mut Arena) -> Result<(), RuntimeError> {
        let rows = self.place_rows(lanes, arena)?;
        let widths = if arena.keeps_all { &self.plan.widths } else { &self.widths };
        arena.resize(widths, rows, self.plan.tables.len());
        for lane in &mut *lanes {
            lane.space.tensors.resize(self.graph.num_values(), None);
            self.prepare_caches(lane)?;
            self.convert_masks(lane);
        }
        let (every_row, head_rows) = (std::mem::take(&mut arena.every_row), std::mem::take(&mut arena.head_rows));
        let mut tables_ready = false;
        // Whoever calibrates looks at all rows of every layer, those of the last one too; but not at logits of all.
        let whole = match arena.stand_ins {
            Some(_) => self.plan.steps.iter().rposition(|step| matches!(step, Step::Linear { .. })).unwrap_or(0),
            None => 0,
        };
        for (index, (step, &head)) in self.plan.steps.iter().zip(&self.last_row_steps).enumerate() {
            let head = head && index >= whole;
            if !tables_ready && matches!(step, Step::Heads(_)) {
                self.fill_tables(lanes, arena)?;
                tables_ready = true;
            }
            let started = arena.profile.is_some().then(Instant::now);
            self.step(step, (if head { &head_rows } else { &every_row }, head), lanes, arena)?;
            if let (Some(started), Some(profile)) = (started, &mut arena.profile) {
                profile.add(self.profiled_kind(step), started.elapsed(), self.work(step, head, lanes));
            }
        }
        (arena.every_row, arena.head_rows) = (every_row, head_rows);
        lanes.iter_mut().try_for_each(|lane| self.deliver(lane))
    }

    /// Gives each call its rows, and works out which of them are computed together: those of calls of many rows, which are
    /// rounded more, and those of the others. The former come first, so that a last row of theirs is beside the others.
    fn place_rows(&self, lanes: &mut [Lane<'_>], arena: &mut Arena) -> Result<usize, RuntimeError> {
        for lane in &mut *lanes {
            lane.rows = 0..self.size(&self.plan.rows, lane)?;
        }
        lanes.sort_by_key(|lane| {
            let few = lane.rows.len() <= FEW_ROWS;
            (few, few || lane.last_row)
        });
        arena.every_row.clear();
        arena.head_rows.clear();
        let mut end = 0;
        for lane in lanes {
            let (start, count) = (end, lane.rows.len());
            end += count;
            lane.rows = start..end;
            lane.head_rows = if lane.last_row { end - 1..end } else { start..end };
            Span::add(&mut arena.every_row, &lane.rows, Precision::for_rows(count));
            // As fine for all rows as for the last alone, so that its logits do not depend on what else is asked for.
            Span::add(&mut arena.head_rows, &lane.head_rows, Precision::Sixteen);
        }
        Ok(end)
    }

    /// Exchanges the tensors of the outputs for those of an earlier call, whose memory the next call uses.
    fn deliver(&self, lane: &mut Lane<'_>) -> Result<(), RuntimeError> {
        let outlets = &self.plan.outputs;
        for (index, (output, outlet)) in self.graph.outputs.iter().zip(outlets).enumerate() {
            let name = &output.name;
            if let Some(twin) = outlets[..index].iter().position(|earlier| earlier == outlet) {
                let twin = lane.outputs[twin].clone();
                lane.outputs.insert(name.clone(), twin);
                continue;
            }
            let computed = match outlet {
                Outlet::Cache(cache) => Some(&mut lane.caches[cache.0]),
                Outlet::Tensor(value) => lane.space.tensors[value.index()].as_mut(),
            };
            match (lane.outputs.get_mut(name), computed) {
                (Some(old), Some(computed)) => std::mem::swap(old, computed),
                (None, Some(computed)) => _ = lane.outputs.insert(name.clone(), computed.clone()),
                // A constant or an input that leaves as it is.
                (_, None) => {
                    let tensor = self.tensor(lane, output.value)?.clone();
                    lane.outputs.insert(name.clone(), tensor);
                }
            }
        }
        Ok(())
    }

    fn size(&self, dim: &Dim, lane: &Lane<'_>) -> Result<usize, RuntimeError> {
        let size = dim.eval(&lane.bound.sizes).and_then(|value| usize::try_from(value).ok());
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

    fn slot(&self, arena: &Arena, columns: &Columns) -> usize {
        if arena.keeps_all { columns.buffer.0 } else { self.slots[columns.buffer.0] }
    }

    /// One step of all calls; `head` says that it is one of those that only wanted rows need.
    fn step(
        &self,
        step: &Step,
        (spans, head): (&[Span], bool),
        lanes: &mut [Lane<'_>],
        arena: &mut Arena,
    ) -> Result<(), RuntimeError> {
        match step {
            Step::Linear { source, segments, out, epilogue } => {
                spans.iter().for_each(|span| self.linear(source, segments, out, epilogue, span, arena));
            }
            Step::Apply { source, out } => self.rows_of(out, spans, arena, |arena, rows, out| {
                self.apply(arena, source, rows, out);
            }),
            Step::Add { x, y, out } => self.rows_of(out, spans, arena, |arena, rows, out| {
                let (x, added) = (self.view(arena, x, rows), self.source_row(arena, y, rows));
                self.compute.for_each_row(out, |row, out| {
                    added(row, out);
                    self.kernels().add(out, x.row(row));
                });
            }),
            Step::Scale { x, factor, out } => self.rows_of(out, spans, arena, |arena, rows, out| {
                let x = self.view(arena, x, rows);
                self.compute.for_each_row(out, |row, out| {
                    out.copy_from_slice(x.row(row));
                    self.kernels().scale(out, *factor);
                });
            }),
            Step::Heads(items) => {
                for item in items {
                    self.heads(item, spans, lanes, arena)?;
                }
            }
            Step::Attention(attention) => self.attention(attention, head, lanes, arena)?,
            _ => {
                for lane in lanes {
                    self.step_of_lane(step, head, lane, arena)?;
                }
            }
        }
        Ok(())
    }

    /// A step that each call takes for itself.
    fn step_of_lane(
        &self,
        step: &Step,
        head: bool,
        lane: &mut Lane<'_>,
        arena: &mut Arena,
    ) -> Result<(), RuntimeError> {
        match step {
            Step::Embed { ids, table, scale, out } => self.embed(*ids, *table, *scale, out, lane, arena)?,
            Step::Carry(layers) => self.carry(layers, lane)?,
            Step::ToTensor { x, layout, value } => self.to_tensor(x, *layout, *value, head, lane, arena)?,
            Step::ToRows { value, out } => self.to_rows(*value, out, lane, arena)?,
            Step::Sizes { value } => {
                let tensor = self.sizes(*value, lane)?;
                lane.space.tensors[value.index()] = Some(tensor);
            }
            Step::Generic { node } => self.generic(*node, lane)?,
            _ => unreachable!("the other steps run for all calls at once"),
        }
        Ok(())
    }

    /// Columns of some rows of a buffer.
    fn view<'a>(&self, arena: &'a Arena, columns: &Columns, rows: &Range<usize>) -> Rows<'a> {
        let slot = self.slot(arena, columns);
        view((&arena.slots[slot], arena.strides[slot]), columns, rows)
    }

    /// Takes the slot of `out` from the arena while `job` writes it and reads others: the plan never lets a step write the
    /// slot of one of its inputs.
    fn with_output<R>(
        &self,
        arena: &mut Arena,
        out: &Columns,
        job: impl FnOnce(&mut Arena, &mut [f32], usize) -> R,
    ) -> R {
        let slot = self.slot(arena, out);
        let mut data = std::mem::take(&mut arena.slots[slot]);
        let stride = arena.strides[slot];
        let result = job(arena, &mut data, stride);
        arena.slots[slot] = data;
        result
    }

    /// Calls `job` with the rows of `out` that each span is.
    fn rows_of(
        &self,
        out: &Columns,
        spans: &[Span],
        arena: &mut Arena,
        job: impl Fn(&Arena, &Range<usize>, RowsMut<'_>),
    ) {
        self.with_output(arena, out, |arena, data, stride| {
            spans.iter().for_each(|span| job(arena, &span.rows, view_mut(data, stride, out, &span.rows)));
        });
    }

    /// The tensor of a value: an input, a constant, or one that a step made.
    fn find<'s>(&'s self, lane: &'s Lane<'_>, value: ValueId) -> Option<&'s Tensor> {
        match self.graph.value(value).definition {
            Definition::Input(index) => Some(lane.input(index)),
            _ => lane.space.tensors[value.index()].as_ref().or_else(|| self.constants.get(&value)),
        }
    }

    fn tensor<'s>(&'s self, lane: &'s Lane<'_>, value: ValueId) -> Result<&'s Tensor, RuntimeError> {
        self.find(lane, value).ok_or_else(|| self.error(value, "was not computed".to_owned()))
    }
}
