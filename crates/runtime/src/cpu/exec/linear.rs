//! Linear steps, and the norms and gates that they compute on the way.

use std::ops::Range;

use sottovoce_kernels::{
    ActivationKind, Activations, Epilogue, Gate, PackedLinear, Precision, QuantizedRows, Rows, RowsMut,
};

use super::Executor;
use crate::cpu::{
    plan::{Activation, Columns, Segment, Source, WeightId},
    weights::Loaded,
    workspace::{Workspace, view, view_mut},
};

/// The rows that a linear step multiplies; the integers are only there if one of its weights takes them.
struct LinearInput<'a> {
    floats: Rows<'a>,
    quantized: &'a QuantizedRows,
}

impl Executor {
    /// Linear layers over the same input, side by side.
    pub(super) fn linear(
        &self,
        source: &Source,
        segments: &[Segment],
        out: &Columns,
        residual: Option<&Columns>,
        rows: &Range<usize>,
        space: &mut Workspace,
    ) {
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
                    let columns =
                        Columns { buffer: out.buffer, offset: out.offset + segment.offset, width: segment.width };
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

    /// Computes a norm or a gate into `out`.
    pub(super) fn apply(&self, space: &Workspace, source: &Source, rows: &Range<usize>, out: RowsMut<'_>) {
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
    pub(super) fn takes_integers(&self, weights: &PackedLinear) -> bool {
        !self.exact && weights.activation_kind() == ActivationKind::Quantized
    }

    pub(super) fn matrix(&self, id: WeightId) -> &PackedLinear {
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
}

fn kernel_gate(activation: Activation) -> Gate {
    match activation {
        Activation::Silu => Gate::Silu,
        Activation::Gelu => Gate::GeluErf,
        Activation::GeluTanh => Gate::GeluTanh,
    }
}
