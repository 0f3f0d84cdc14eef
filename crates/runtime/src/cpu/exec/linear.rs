//! Linear steps, and the norms and gates that they compute on the way.

use std::ops::Range;

use sottovoce_kernels::{self as kernels, ActivationKind, Activations, Gate, PackedLinear, Precision, Rows, RowsMut};

use super::Executor;
use crate::{
    cpu::{
        plan::{Activation, Columns, Epilogue, Segment, Source, WeightId},
        weights::Loaded,
        workspace::{Arena, Span, view_mut},
    },
    observer::{LinearInput, Observer},
};

impl Executor {
    /// Linear layers over the same input, side by side.
    pub(super) fn linear(
        &self,
        source: &Source,
        segments: &[Segment],
        out: &Columns,
        epilogue: &Epilogue,
        span: &Span,
        arena: &mut Arena,
    ) {
        if let Some(observer) = arena.observer.clone() {
            self.show(source, segments, &span.rows, arena, &observer);
        }
        // Empty, which takes no memory, but for calibration.
        let stand_ins: Vec<Option<PackedLinear>> = match arena.stand_ins {
            Some(_) => segments.iter().map(|segment| self.stand_in(segment.weight, arena)).collect(),
            None => Vec::new(),
        };
        let matrix = |index: usize| {
            let own = self.matrix(segments[index].weight);
            stand_ins.get(index).and_then(Option::as_ref).unwrap_or(own)
        };
        let integers = (0..segments.len()).filter(|&index| self.takes_integers(matrix(index))).count();
        for rows in span.parts(integers < segments.len()) {
            self.linear_rows(source, (segments, &matrix, integers), out, epilogue, (&rows, span.precision), arena);
        }
    }

    /// What is used instead of a matrix of the model's, if anything.
    pub(super) fn stand_in(&self, id: WeightId, arena: &Arena) -> Option<PackedLinear> {
        arena.stand_ins.as_ref()?.get(self.weight_name(id), self.matrix(id))
    }

    /// Shows the input of a linear step.
    fn show(&self, source: &Source, segments: &[Segment], rows: &Range<usize>, arena: &Arena, observer: &Observer) {
        let weights: Vec<&str> = segments.iter().map(|segment| self.weight_name(segment.weight)).collect();
        let width = segments.first().map_or(0, |segment| self.matrix(segment.weight).columns());
        let mut input = vec![0.0; rows.len() * width];
        self.apply(arena, source, rows, RowsMut::dense(&mut input, width));
        observer.show(&LinearInput { weights: &weights, width, rows: &input });
    }

    pub(super) fn weight_name(&self, id: WeightId) -> &str {
        &self.graph.value(self.plan.weights[id.0].value).name
    }

    /// Some rows of a linear step, whose segments multiply by `matrix`, `integers` of them in integers.
    fn linear_rows<'m>(
        &self,
        source: &Source,
        (segments, matrix, integers): (&[Segment], &(impl Fn(usize) -> &'m PackedLinear + Sync), usize),
        out: &Columns,
        epilogue: &Epilogue,
        (rows, precision): (&Range<usize>, Precision),
        arena: &mut Arena,
    ) {
        let width = segments.first().map_or(0, |segment| self.matrix(segment.weight).columns());
        let mut quantized = std::mem::take(&mut arena.quantized);
        let mut scratch = std::mem::take(&mut arena.scratch);
        let mut halves = std::mem::take(&mut arena.halves);
        // Norms and gates go through memory in f32 only for weights that need them so.
        if !matches!(source, Source::Rows(_)) && integers < segments.len() {
            let needed = rows.len() * width;
            scratch.resize(scratch.len().max(needed), 0.0);
            let job = self.source_row(arena, source, rows);
            self.compute.for_each_row(RowsMut::dense(&mut scratch[..needed], width), job);
        }
        if integers > 0 {
            let job = self.source_row(arena, source, rows);
            self.compute.quantize_rows(rows.len(), width, precision, job, &mut quantized);
        }
        self.with_output(arena, out, |arena, data, stride| {
            let input = |columns: &Columns| self.view(arena, columns, rows);
            let floats = match source {
                Source::Rows(x) => input(x),
                _ if integers < segments.len() => Rows::dense(&scratch[..rows.len() * width], width),
                _ => Rows::dense(&[], width),
            };
            let segment = |index: usize| {
                let Segment { bias, offset, .. } = segments[index];
                let weights = matrix(index);
                let x = match self.takes_integers(weights) {
                    true => Activations::Quantized(&quantized),
                    false => Activations::Float(floats),
                };
                kernels::Segment { weights, bias: bias.and_then(|bias| self.bias(bias)), x, column: offset }
            };
            let out = &mut view_mut(data, stride, out, rows);
            match epilogue {
                Epilogue::Write => self.compute.linear(segments.len(), segment, None, out),
                Epilogue::Add(residual) => self.compute.linear(segments.len(), segment, Some(input(residual)), out),
                Epilogue::Gate(activation) => {
                    self.compute.gated(kernel_gate(*activation), [segment(0), segment(1)], &mut halves, out);
                }
                Epilogue::SoftCap { factor, cap } => {
                    self.compute.linear(segments.len(), segment, None, out);
                    let whole = 0..out.columns();
                    self.compute.for_each_row(out.columns_range(whole), |_, row| {
                        self.kernels().soft_cap(row, *factor, *cap);
                    });
                }
            }
        });
        arena.halves = halves;
        arena.quantized = quantized;
        arena.scratch = scratch;
    }

    /// Computes rows, a norm or a gate into `out`.
    pub(super) fn apply(&self, arena: &Arena, source: &Source, rows: &Range<usize>, out: RowsMut<'_>) {
        self.compute.for_each_row(out, self.source_row(arena, source, rows));
    }

    /// What computes a row of `source`, by its number in `rows`.
    pub(super) fn source_row<'a>(
        &'a self,
        arena: &'a Arena,
        source: &'a Source,
        rows: &Range<usize>,
    ) -> impl Fn(usize, &mut [f32]) + Sync + 'a {
        let input = |columns: &Columns| self.view(arena, columns, rows);
        let (x, other) = match source {
            Source::Rows(x) | Source::RmsNorm { x, .. } => (input(x), None),
            Source::Gate { gate, up, .. } => (input(gate), Some(input(up))),
        };
        let kernels = self.kernels();
        move |row, out| match (source, other) {
            (Source::RmsNorm { weight, epsilon, .. }, _) => {
                kernels.rms_norm(x.row(row), self.vector(*weight), *epsilon, out);
            }
            (Source::Gate { activation, .. }, Some(up)) => {
                kernels.gate(kernel_gate(*activation), x.row(row), up.row(row), out);
            }
            _ => out.copy_from_slice(x.row(row)),
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

    pub(super) fn vector(&self, id: WeightId) -> &[f32] {
        match &self.weights[id.0] {
            Loaded::Vector(vector) => vector,
            _ => unreachable!("the plan gives each weight one role"),
        }
    }

    pub(super) fn bias(&self, id: WeightId) -> Option<&[f32]> {
        match &self.weights[id.0] {
            Loaded::Bias(bias) => bias.as_deref(),
            _ => unreachable!("the plan gives each weight one role"),
        }
    }
}

pub(super) fn kernel_gate(activation: Activation) -> Gate {
    match activation {
        Activation::Silu => Gate::Silu,
        Activation::Gelu => Gate::GeluErf,
        Activation::GeluTanh => Gate::GeluTanh,
    }
}
