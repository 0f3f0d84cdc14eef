//! Tensors: rows made tensors and back, embeddings by token id, sizes, and generic steps.

use std::ops::Range;

use half::f16;
use sottovoce_graph::{
    ir::{NodeId, ValueId},
    op::EvalContext,
};
use sottovoce_tensor::{DType, Tensor};

use super::{Call, Executor};
use crate::{
    cpu::{
        plan::{Columns, Layout, WeightId},
        workspace::{Workspace, view, view_mut},
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

    pub(super) fn to_tensor(
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

    pub(super) fn to_rows(
        &self,
        value: ValueId,
        out: &Columns,
        rows: &Range<usize>,
        space: &mut Workspace,
    ) -> Result<(), RuntimeError> {
        let tensor = self.tensor(space, value)?.to_f32_vec();
        if tensor.len() != rows.len() * out.width {
            return Err(self.error(value, format!("{} elements, not one row per token", tensor.len())));
        }
        self.with_output(space, out, |_, data, stride| {
            let mut out = view_mut(data, stride, out, rows);
            for (row, values) in tensor.chunks_exact(out.columns().max(1)).enumerate() {
                out.row(row).copy_from_slice(values);
            }
        });
        Ok(())
    }

    /// The integer tensor that a value is, from its symbolic elements.
    pub(super) fn sizes(&self, value: ValueId, call: &Call<'_>) -> Result<Tensor, RuntimeError> {
        let fact = self.graph.fact(value);
        let dims = fact.value.as_deref().unwrap_or_default();
        let elements: Option<Vec<i64>> = dims.iter().map(|dim| dim.eval(call.bindings)).collect();
        let (Some(elements), Some(shape)) = (elements, fact.fixed_shape()) else {
            return Err(self.error(value, "a size does not fit".to_owned()));
        };
        Ok(Tensor::from_i64(fact.dtype, shape, &elements)?)
    }

    pub(super) fn generic(&self, id: NodeId, space: &mut Workspace) -> Result<(), RuntimeError> {
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
