//! Runs a plan.

use std::{collections::HashMap, ops::Range};

use half::f16;
use sottovoce_graph::{
    ir::{Bindings, Dim, Graph, NodeId, ValueId},
    op::EvalContext,
};
use sottovoce_kernels::{
    ActivationKind, Activations, AttentionOptions, Cache, Compute, Epilogue, Gate, Kernels, Mask, PackedLinear,
    Precision, QuantizedRows, RotaryPairs, Rows, RowsMut,
};
use sottovoce_tensor::{DType, Tensor};

use super::{
    plan::{
        Activation, CacheLayer, Columns, HeadItem, Heads, Layout, Plan, Positions, Segment, Source, Step, Target,
        WeightId,
    },
    weights::Loaded,
    workspace::{AngleTable, Workspace, view, view_mut},
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

/// The rows that a linear step multiplies; the integers are only there if one of its weights takes them.
struct LinearInput<'a> {
    floats: Rows<'a>,
    quantized: &'a QuantizedRows,
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
            self.step(step, &range, call, states, space)?;
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

    fn matrix(&self, id: WeightId) -> &PackedLinear {
        match &self.weights[id.0] {
            Loaded::Matrix(matrix) => matrix,
            _ => unreachable!("the plan gives each weight one role"),
        }
    }

    fn vector(&self, id: WeightId) -> &[f32] {
        match &self.weights[id.0] {
            Loaded::Vector(vector) => vector,
            _ => unreachable!("the plan gives each weight one role"),
        }
    }

    fn bias(&self, id: WeightId) -> Option<&[f32]> {
        match &self.weights[id.0] {
            Loaded::Bias(bias) => bias.as_deref(),
            _ => unreachable!("the plan gives each weight one role"),
        }
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
                self.with_output(space, out, |space, data, stride| {
                    if let Some(residual) = residual {
                        let x = view(&space.slots, &space.strides, self.slot(residual), residual, rows);
                        let mut out = view_mut(data, stride, out, rows);
                        (0..rows.len()).for_each(|row| out.row(row).copy_from_slice(x.row(row)));
                    }
                    let epilogue = if residual.is_some() { Epilogue::Add } else { Epilogue::Set };
                    self.with_activations(space, source, rows, segments, |input| {
                        for segment in segments {
                            let weights = self.matrix(segment.weight);
                            let columns = Columns {
                                buffer: out.buffer,
                                offset: out.offset + segment.offset,
                                width: segment.width,
                            };
                            let x = if self.takes_integers(weights) {
                                Activations::Quantized(input.quantized)
                            } else {
                                Activations::Float(input.floats)
                            };
                            self.compute.linear(weights, x, view_mut(data, stride, &columns, rows), epilogue);
                            if let Some(bias) = segment.bias.and_then(|bias| self.bias(bias)) {
                                let out = view_mut(data, stride, &columns, rows);
                                self.compute.for_each_row(out, |_, row| self.kernels().add(row, bias));
                            }
                        }
                    });
                });
            }
            Step::Apply { source, out } => self.with_output(space, out, |space, data, stride| {
                self.apply(space, source, rows, view_mut(data, stride, out, rows));
            }),
            Step::Heads(items) => {
                for item in items {
                    self.heads(item, rows, call, states, space)?;
                }
            }
            Step::Attention { query, heads, key, value, mask, scale, out } => {
                let len = match &self.plan.length {
                    Some(length) => self.size(length, call.bindings)?,
                    None => 0,
                };
                let cache = self.cache(states, *key, *value, *heads, len)?;
                self.with_output(space, out, |space, data, stride| {
                    let Workspace { slots, strides, tensors, attention, .. } = space;
                    let queries = view(slots, strides, self.slot(query), query, rows);
                    let mask = mask.and_then(|mask| tensors[mask.index()].as_ref());
                    let mask = mask.and_then(|mask| mask.as_slice::<f16>().ok());
                    let mask = mask.map(|data| Mask { data: &data[rows.start * len..], stride: len });
                    let options = AttentionOptions { scale: *scale, soft_cap: None };
                    let out = view_mut(data, stride, out, rows);
                    self.kernels().attention(self.compute.team(), queries, cache, mask, options, attention, out);
                });
            }
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
            Step::ToRows { value, out } => {
                let tensor = self.tensor(space, *value)?.to_f32_vec();
                if tensor.len() != rows.len() * out.width {
                    return Err(self.error(*value, format!("{} elements, not one row per token", tensor.len())));
                }
                self.with_output(space, out, |_, data, stride| {
                    let mut out = view_mut(data, stride, out, rows);
                    for (row, values) in tensor.chunks_exact(out.columns().max(1)).enumerate() {
                        out.row(row).copy_from_slice(values);
                    }
                });
            }
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

    fn embed(
        &self,
        ids: ValueId,
        table: WeightId,
        scale: f32,
        out: &Columns,
        space: &mut Workspace,
    ) -> Result<(), RuntimeError> {
        let table = self.matrix(table);
        let ids_tensor = self.tensor(space, ids)?.to_i64_vec();
        let mut indices = Vec::with_capacity(ids_tensor.len());
        for id in ids_tensor {
            let index = usize::try_from(id).ok().filter(|&index| index < table.rows());
            indices.push(index.ok_or_else(|| RuntimeError::TokenId {
                name: self.graph.value(ids).name.clone(),
                id,
                vocabulary: table.rows(),
            })?);
        }
        let rows = 0..indices.len();
        self.with_output(space, out, |_, data, stride| {
            self.compute.for_each_row(view_mut(data, stride, out, &rows), |row, out| {
                self.kernels().dequantize_row(table, indices[row], out);
                if scale != 1.0 {
                    self.kernels().scale(out, scale);
                }
            });
        });
        Ok(())
    }

    /// Computes a norm or a gate into `out`.
    fn apply(&self, space: &Workspace, source: &Source, rows: &Range<usize>, out: RowsMut<'_>) {
        let input = |columns: &Columns| view(&space.slots, &space.strides, self.slot(columns), columns, rows);
        match source {
            Source::Rows(x) => {
                let x = input(x);
                self.compute.for_each_row(out, |row, out| out.copy_from_slice(x.row(row)));
            }
            Source::RmsNorm { x, weight, epsilon } => {
                let (x, weight) = (input(x), self.vector(*weight));
                let kernels = self.kernels();
                self.compute.for_each_row(out, |row, out| kernels.rms_norm(x.row(row), weight, *epsilon, out));
            }
            Source::Gate { gate, up, activation } => {
                let (x, up) = (input(gate), input(up));
                let (kernels, gate) = (self.kernels(), kernel_gate(*activation));
                self.compute.for_each_row(out, |row, out| kernels.gate(gate, x.row(row), up.row(row), out));
            }
        }
    }

    /// Whether these weights are multiplied in integers.
    fn takes_integers(&self, weights: &PackedLinear) -> bool {
        !self.exact && weights.activation_kind() == ActivationKind::Quantized
    }

    /// Gives `job` the input of a linear step, rounded to integers too if one of its weights takes them.
    fn with_activations(
        &self,
        space: &mut Workspace,
        source: &Source,
        rows: &Range<usize>,
        segments: &[Segment],
        job: impl FnOnce(&LinearInput<'_>),
    ) {
        let width = segments.first().map_or(0, |segment| self.matrix(segment.weight).columns());
        let mut scratch = std::mem::take(&mut space.scratch);
        if !matches!(source, Source::Rows(_)) {
            if scratch.len() < rows.len() * width {
                scratch.resize(rows.len() * width, 0.0);
            }
            let out = RowsMut::dense(&mut scratch[..rows.len() * width], width);
            self.apply(space, source, rows, out);
        }
        let Workspace { slots, strides, quantized, .. } = space;
        let floats = match source {
            Source::Rows(x) => view(slots, strides, self.slot(x), x, rows),
            _ => Rows::dense(&scratch[..rows.len() * width], width),
        };
        if segments.iter().any(|segment| self.takes_integers(self.matrix(segment.weight))) {
            self.compute.quantize_rows(floats, Precision::for_rows(rows.len()), quantized);
        }
        job(&LinearInput { floats, quantized });
        space.scratch = scratch;
    }

    fn heads(
        &self,
        item: &HeadItem,
        rows: &Range<usize>,
        call: &Call<'_>,
        states: &mut [Tensor],
        space: &mut Workspace,
    ) -> Result<(), RuntimeError> {
        let size = item.heads.size;
        match item.target {
            Target::Rows(out) => self.with_output(space, &out, |space, data, stride| {
                let x = view(&space.slots, &space.strides, self.slot(&item.source), &item.source, rows);
                let table = item.rotate.map(|table| &space.tables[table.0]);
                self.compute.for_each_row(view_mut(data, stride, &out, rows), |row, out| {
                    out.copy_from_slice(x.row(row));
                    if let Some(table) = table {
                        let half = size / 2;
                        let (cos, sin) = (&table.cos[row * half..][..half], &table.sin[row * half..][..half]);
                        self.kernels().rotary(out, size, cos, sin, RotaryPairs::Halves);
                    }
                });
            }),
            Target::Cache(cache) => {
                let append = self.plan.appends.iter().find(|append| append.cache == cache);
                let Some(append) = append else { unreachable!("every cache target has its append") };
                let begin = self.size(&append.begin, call.bindings)?;
                let x = view(&space.slots, &space.strides, self.slot(&item.source), &item.source, rows);
                let context = states[cache.state].shape()[3];
                let layer = layer_range(&states[cache.state], cache);
                let data = &mut states[cache.state].as_mut_slice::<f16>()?[layer];
                let kernels = self.kernels();
                self.compute.team().for_each_chunk(data, context * size, |group, positions| {
                    for row in 0..x.rows() {
                        let target = &mut positions[(begin + row) * size..][..size];
                        kernels.to_f16(&x.row(row)[group * size..][..size], target);
                    }
                });
            }
        }
        Ok(())
    }

    fn cache<'s>(
        &self,
        states: &'s [Tensor],
        key: CacheLayer,
        value: CacheLayer,
        heads: Heads,
        len: usize,
    ) -> Result<Cache<'s>, RuntimeError> {
        let shape = states[key.state].shape();
        let (groups, context) = (shape[2], shape[3]);
        Ok(Cache {
            keys: &states[key.state].as_slice::<f16>()?[layer_range(&states[key.state], key)],
            values: &states[value.state].as_slice::<f16>()?[layer_range(&states[value.state], value)],
            kv_heads: groups,
            head_dim: heads.size,
            len,
            head_stride: context * heads.size,
            position_stride: heads.size,
        })
    }

    fn fill_tables(&self, call: &Call<'_>, rows: usize, space: &mut Workspace) -> Result<(), RuntimeError> {
        for (index, (table, frequencies)) in self.plan.tables.iter().zip(&self.frequencies).enumerate() {
            let (begin, given) = match &table.positions {
                Positions::From(begin) => (self.size(begin, call.bindings)?, None),
                Positions::Tensor(value) => (0, Some(self.tensor(space, *value)?.to_i64_vec())),
            };
            let AngleTable { cos, sin } = &mut space.tables[index];
            cos.clear();
            sin.clear();
            for row in 0..rows {
                let position =
                    given.as_ref().and_then(|given| given.get(row)).map_or((begin + row) as f32, |&p| p as f32);
                for frequency in frequencies {
                    let (sine, cosine) = (position * frequency).sin_cos();
                    sin.push(sine);
                    cos.push(cosine);
                }
            }
        }
        Ok(())
    }

    fn tensor<'s>(&'s self, space: &'s Workspace, value: ValueId) -> Result<&'s Tensor, RuntimeError> {
        space
            .tensor(value)
            .or_else(|| self.constants.get(&value))
            .ok_or_else(|| self.error(value, "was not computed".to_owned()))
    }

    fn to_tensor(
        &self,
        x: &Columns,
        layout: Layout,
        value: ValueId,
        rows: &Range<usize>,
        space: &Workspace,
    ) -> Result<Tensor, RuntimeError> {
        let x = view(&space.slots, &space.strides, self.slot(x), x, rows);
        let fact = self.graph.fact(value);
        let dtype = if self.exact { DType::F32 } else { fact.dtype };
        let shape = match layout {
            Layout::Rows => {
                let mut shape = vec![1; fact.rank().saturating_sub(2)];
                shape.extend([rows.len(), x.columns()]);
                shape
            }
            Layout::SplitHeads(heads) => vec![1, rows.len(), heads.count, heads.size],
            Layout::HeadsFirst(heads) => vec![1, heads.count, rows.len(), heads.size],
        };
        if let (Layout::Rows, DType::F16) = (layout, dtype) {
            let mut tensor = Tensor::zeros(dtype, shape)?;
            let (columns, kernels) = (x.columns().max(1), self.kernels());
            self.compute.team().for_each_chunk(tensor.as_mut_slice::<f16>()?, columns, |row, out| {
                kernels.to_f16(x.row(row), out);
            });
            return Ok(tensor);
        }
        let mut data = Vec::with_capacity(rows.len() * x.columns());
        match layout {
            Layout::HeadsFirst(heads) => {
                for head in 0..heads.count {
                    (0..rows.len()).for_each(|row| data.extend(&x.row(row)[head * heads.size..][..heads.size]));
                }
            }
            _ => (0..rows.len()).for_each(|row| data.extend(x.row(row))),
        }
        Ok(Tensor::from_f32(dtype, shape, &data)?)
    }

    /// The integer tensor that a value is, from its symbolic elements.
    fn sizes(&self, value: ValueId, call: &Call<'_>) -> Result<Tensor, RuntimeError> {
        let fact = self.graph.fact(value);
        let dims = fact.value.as_deref().unwrap_or_default();
        let elements: Option<Vec<i64>> = dims.iter().map(|dim| dim.eval(call.bindings)).collect();
        let (Some(elements), Some(shape)) = (elements, fact.fixed_shape()) else {
            return Err(self.error(value, "a size does not fit".to_owned()));
        };
        Ok(Tensor::from_i64(fact.dtype, shape, &elements)?)
    }

    fn generic(&self, id: NodeId, space: &mut Workspace) -> Result<(), RuntimeError> {
        let node = self.graph.node(id);
        let find = |value: ValueId| space.tensor(value).or_else(|| self.constants.get(&value));
        let results = (node.op.eval)(&EvalContext::new(&self.graph, node, &find, self.exact))
            .map_err(|source| self.error(node.outputs[0], source.to_string()))?;
        for (&output, tensor) in node.outputs.iter().zip(results) {
            space.tensors[output.index()] = Some(tensor);
        }
        Ok(())
    }
}

fn kernel_gate(activation: Activation) -> Gate {
    match activation {
        Activation::Silu => Gate::Silu,
        Activation::Gelu => Gate::GeluErf,
        Activation::GeluTanh => Gate::GeluTanh,
    }
}

/// Elements of one layer of a state [layers, 1, groups, context, size].
fn layer_range(state: &Tensor, cache: CacheLayer) -> Range<usize> {
    let size: usize = state.shape()[1..].iter().product();
    cache.layer * size..(cache.layer + 1) * size
}

impl Executor {
    /// Bytes of matrices that a step for one row reads: all weights but the rows of embedding tables that it skips.
    pub fn bytes_per_row(&self) -> usize {
        let linears = self.plan.steps.iter().filter_map(|step| match step {
            Step::Linear { segments, .. } => Some(segments),
            _ => None,
        });
        linears.flatten().map(|segment| self.matrix(segment.weight).bytes()).sum()
    }
}
