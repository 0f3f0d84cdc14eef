//! Linear steps backwards, with the norms and gates that they compute on the way.

use sottovoce_kernels::{Gate, Rows, RowsMut};

use super::{Backward, Visit};
use crate::{
    LinearGradient,
    cpu::{
        exec::linear::kernel_gate,
        plan::{Columns, Epilogue, Segment, Source},
    },
    error::RuntimeError,
};

impl Backward<'_> {
    pub(super) fn linear(
        &mut self,
        source: &Source,
        segments: &[Segment],
        (out, mut gradient): (&Columns, Vec<f32>),
        epilogue: &Epilogue,
        visit: Visit<'_>,
    ) -> Result<(), RuntimeError> {
        let executor = self.executor;
        let products = match epilogue {
            Epilogue::Gate(activation) => {
                let halves = self.halves(source, segments);
                self.gate(kernel_gate(*activation), [&halves[0], &halves[1]], &gradient).into()
            }
            Epilogue::SoftCap { factor, cap } => {
                let values = self.values(out);
                for (row, gradient) in gradient.chunks_exact_mut(out.width).enumerate() {
                    for (gradient, value) in gradient.iter_mut().zip(values.row(row)) {
                        *gradient *= cap * factor * (1.0 - (value / cap).powi(2));
                    }
                }
                vec![gradient]
            }
            Epilogue::Add(residual) => {
                self.add(residual, &gradient);
                vec![gradient]
            }
            Epilogue::Write => segments.iter().map(|segment| columns_of(&gradient, out.width, segment)).collect(),
        };
        let mut input = Vec::new();
        for (segment, product) in segments.iter().zip(&products) {
            visit(&LinearGradient {
                weight: executor.weight_name(segment.weight),
                width: segment.width,
                rows: product,
            });
            let part = executor.product(Rows::dense(product, segment.width), &executor.turned_weight(segment.weight)?);
            if input.is_empty() {
                input = part;
            } else {
                executor.kernels().add(&mut input, &part);
            }
        }
        self.source(source, &input);
        Ok(())
    }

    /// The products of a step that did not keep them.
    fn halves(&self, source: &Source, segments: &[Segment]) -> Vec<Vec<f32>> {
        let executor = self.executor;
        let width = segments.first().map_or(0, |segment| executor.matrix(segment.weight).columns());
        let mut input = vec![0.0; self.rows() * width];
        executor.apply(self.arena, source, &self.lane.rows, RowsMut::dense(&mut input, width));
        let product = |segment: &Segment| {
            let mut product = executor.product(Rows::dense(&input, width), executor.matrix(segment.weight));
            if let Some(bias) = segment.bias.and_then(|bias| executor.bias(bias)) {
                product.chunks_exact_mut(bias.len()).for_each(|row| executor.kernels().add(row, bias));
            }
            product
        };
        segments.iter().map(product).collect()
    }

    /// Adds to the gradients of what a source is computed from.
    pub(super) fn source(&mut self, source: &Source, gradient: &[f32]) {
        match source {
            Source::Rows(x) => self.add(x, gradient),
            Source::RmsNorm { x, weight, epsilon } => {
                let (values, factors) = (self.values(x), self.executor.vector(*weight));
                let rows = gradient.chunks_exact(x.width).enumerate();
                let norm = |(row, gradient)| rms_norm(values.row(row), factors, *epsilon, gradient);
                let gradient: Vec<f32> = rows.flat_map(norm).collect();
                self.add(x, &gradient);
            }
            Source::Gate { gate, up, activation } => {
                let dense = |columns: &Columns| -> Vec<f32> {
                    let values = self.values(columns);
                    (0..self.rows()).flat_map(|row| values.row(row)).copied().collect()
                };
                let gradients = self.gate(kernel_gate(*activation), [&dense(gate), &dense(up)], gradient);
                self.add(gate, &gradients[0]);
                self.add(up, &gradients[1]);
            }
        }
    }

    /// Gradients of both operands of act(gate) · up.
    fn gate(&self, activation: Gate, [gate, up]: [&[f32]; 2], gradient: &[f32]) -> [Vec<f32>; 2] {
        let mut activated = vec![0.0; gate.len()];
        self.executor.kernels().gate(activation, gate, &vec![1.0; gate.len()], &mut activated);
        let of_up = gradient.iter().zip(&activated).map(|(gradient, activated)| gradient * activated).collect();
        let of_gate = gate.iter().zip(&activated).zip(up.iter().zip(gradient));
        let of_gate = of_gate.map(|((&gate, &act), (up, gradient))| gradient * up * slope(activation, gate, act));
        [of_gate.collect(), of_up]
    }
}

/// The columns of a segment, row by row.
fn columns_of(gradient: &[f32], width: usize, segment: &Segment) -> Vec<f32> {
    let columns = segment.offset..segment.offset + segment.width;
    gradient.chunks_exact(width).flat_map(|row| &row[columns.clone()]).copied().collect()
}

/// The gradient of x behind x ∕ √(mean(x²) + ε) · w.
pub(super) fn rms_norm(x: &[f32], weight: &[f32], epsilon: f32, gradient: &[f32]) -> Vec<f32> {
    let len = x.len() as f32;
    let inverse = (x.iter().map(|x| x * x).sum::<f32>() / len + epsilon).sqrt().recip();
    let along: f32 = x.iter().zip(weight).zip(gradient).map(|((x, weight), gradient)| x * weight * gradient).sum();
    let shrink = along * inverse.powi(3) / len;
    let element = |((x, weight), gradient): ((&f32, &f32), &f32)| gradient * weight * inverse - x * shrink;
    x.iter().zip(weight).zip(gradient).map(element).collect()
}

/// The derivative of an activation at `x`, where it is `value`.
fn slope(activation: Gate, x: f32, value: f32) -> f32 {
    match activation {
        Gate::Silu => {
            let sigmoid = 1.0 / (1.0 + (-x).exp());
            sigmoid * (1.0 + x * (1.0 - sigmoid))
        }
        Gate::GeluErf => {
            let density = (-0.5 * x * x).exp() / std::f32::consts::TAU.sqrt();
            // Φ, the value over x; near 0 it goes up by the density there.
            let cumulative = if x.abs() < 1e-2 { 0.5 + x * density } else { value / x };
            cumulative + x * density
        }
        Gate::GeluTanh => {
            let root = (2.0 / std::f32::consts::PI).sqrt();
            let tanh = (root * (x + 0.044_715 * x.powi(3))).tanh();
            0.5 * (1.0 + tanh) + 0.5 * x * (1.0 - tanh * tanh) * root * (1.0 + 3.0 * 0.044_715 * x * x)
        }
    }
}
