//! Tensors: rows made tensors and back, embeddings by token id, sizes, and generic steps.

use half::f16;
use sottovoce_graph::{
    ir::{NodeId, ValueId},
    op::EvalContext,
};
use sottovoce_tensor::{DType, Tensor};

use super::{Executor, Lane};
use crate::{
    cpu::{
        plan::{Columns, Layout, WeightId},
        workspace::{Arena, CallSpace, view_mut},
    },
    error::RuntimeError,
};

impl Executor {
    pub(super) fn embed(
        &self,
        ids: ValueId,
        table: WeightId,
        scale: f32,
        out: &Columns,
        lane: &Lane<'_>,
        arena: &mut Arena,
    ) -> Result<(), RuntimeError> {
        let stand_in = self.stand_in(table, arena);
        let table = stand_in.as_ref().unwrap_or(self.matrix(table));
        let mut indices = std::mem::take(&mut arena.indices);
        indices.clear();
        let tensor = self.tensor(lane, ids)?;
        match tensor.as_slice::<i32>() {
            Ok(ids) => indices.extend(ids.iter().map(|&id| i64::from(id))),
            Err(_) => indices.extend(tensor.to_i64_vec()),
        }
        if let Some(&id) = indices.iter().find(|&&id| usize::try_from(id).map_or(true, |id| id >= table.rows())) {
            let name = self.graph.value(ids).name.clone();
            return Err(RuntimeError::TokenId { name, id, vocabulary: table.rows() });
        }
        self.with_output(arena, out, |_, data, stride| {
            self.compute.for_each_row(view_mut(data, stride, out, &lane.rows), |row, out| {
                self.kernels().dequantize_row(table, indices[row] as usize, out);
                if scale != 1.0 {
                    self.kernels().scale(out, scale);
                }
            });
        });
        arena.indices = indices;
        Ok(())
    }

    pub(super) fn to_tensor(
        &self,
        x: &Columns,
        layout: Layout,
        value: ValueId,
        head: bool,
        lane: &mut Lane<'_>,
        arena: &Arena,
    ) -> Result<(), RuntimeError> {
        let rows = if head { &lane.head_rows } else { &lane.rows };
        let CallSpace { tensors, shape, .. } = &mut *lane.space;
        let x = self.view(arena, x, rows);
        let fact = self.graph.fact(value);
        let dtype = if self.exact { DType::F32 } else { fact.dtype };
        shape.clear();
        match layout {
            Layout::Rows => {
                shape.resize(fact.rank().saturating_sub(2), 1);
                shape.extend([rows.len(), x.columns()]);
            }
            Layout::SplitHeads(heads) => shape.extend([1, rows.len(), heads.count, heads.size]),
            Layout::HeadsFirst(heads) => shape.extend([1, heads.count, rows.len(), heads.size]),
        }
        let tensor = tensors[value.index()].get_or_insert_with(|| Tensor::scalar(0f32));
        let (columns, kernels, team) = (x.columns().max(1), self.kernels(), self.compute.team());
        match (layout, dtype) {
            (Layout::Rows | Layout::SplitHeads(_), DType::F16) => {
                tensor.renew(dtype, shape)?;
                team.for_each_chunk(tensor.as_mut_slice::<f16>()?, columns, |row, out| kernels.to_f16(x.row(row), out));
            }
            (Layout::Rows | Layout::SplitHeads(_), DType::F32) => {
                tensor.renew(dtype, shape)?;
                team.for_each_chunk(tensor.as_mut_slice::<f32>()?, columns, |row, out| out.copy_from_slice(x.row(row)));
            }
            (Layout::Rows | Layout::SplitHeads(_), _) => {
                let data: Vec<f32> = (0..rows.len()).flat_map(|row| x.row(row)).copied().collect();
                *tensor = Tensor::from_f32(dtype, shape.as_slice(), &data)?;
            }
            (Layout::HeadsFirst(heads), _) => {
                let mut data = Vec::with_capacity(rows.len() * columns);
                for head in 0..heads.count {
                    (0..rows.len()).for_each(|row| data.extend(&x.row(row)[head * heads.size..][..heads.size]));
                }
                *tensor = Tensor::from_f32(dtype, shape.as_slice(), &data)?;
            }
        }
        Ok(())
    }

    pub(super) fn to_rows(
        &self,
        value: ValueId,
        out: &Columns,
        lane: &Lane<'_>,
        arena: &mut Arena,
    ) -> Result<(), RuntimeError> {
        let rows = &lane.rows;
        let tensor = self.tensor(lane, value)?.to_f32_vec();
        if tensor.len() != rows.len() * out.width {
            return Err(self.error(value, format!("{} elements, not one row per token", tensor.len())));
        }
        self.with_output(arena, out, |_, data, stride| {
            let mut out = view_mut(data, stride, out, rows);
            for (row, values) in tensor.chunks_exact(out.columns().max(1)).enumerate() {
                out.row(row).copy_from_slice(values);
            }
        });
        Ok(())
    }

    /// The integer tensor that a value is, from its symbolic elements.
    pub(super) fn sizes(&self, value: ValueId, lane: &Lane<'_>) -> Result<Tensor, RuntimeError> {
        let fact = self.graph.fact(value);
        let dims = fact.value.as_deref().unwrap_or_default();
        let elements: Option<Vec<i64>> = dims.iter().map(|dim| dim.eval(&lane.bound.sizes)).collect();
        let (Some(elements), Some(shape)) = (elements, fact.fixed_shape()) else {
            return Err(self.error(value, "a size does not fit".to_owned()));
        };
        Ok(Tensor::from_i64(fact.dtype, shape, &elements)?)
    }

    pub(super) fn generic(&self, id: NodeId, lane: &mut Lane<'_>) -> Result<(), RuntimeError> {
        let node = self.graph.node(id);
        let find = |value: ValueId| self.find(lane, value);
        let results = (node.op.eval)(&EvalContext::new(&self.graph, node, &find, self.exact))
            .map_err(|source| self.error(node.outputs[0], source.to_string()))?;
        for (&output, tensor) in node.outputs.iter().zip(results) {
            lane.space.tensors[output.index()] = Some(tensor);
        }
        Ok(())
    }
}
