//! Silero VAD v6 at 16 kHz: its network of 310,000 parameters, computed here. A frame takes no memory.
//!
//! The spectrum of the frame (a convolution, as the model has it), four convolutions over time with ReLU, an LSTM of 128
//! that remembers the stream, and one output. The publication is at <https://github.com/snakers4/silero-vad>; names and
//! shapes are those of `silero_vad_16k_sequence.onnx`.

use std::{array, path::Path};

use super::{FRAME, VoiceActivity};
use crate::{VoiceError, onnx::Initializers};

/// Samples of the frame before that are seen again.
const CONTEXT: usize = 64;
/// The right end is mirrored by this much.
const PADDING: usize = 64;
const WINDOW: usize = 256;
const STRIDE: usize = 128;
/// Spectra of a frame.
const SPECTRA: usize = (CONTEXT + FRAME + PADDING - WINDOW) / STRIDE + 1;
const BINS: usize = WINDOW / 2 + 1;
const HIDDEN: usize = 128;
/// Gates of the LSTM, in ONNX's order: input, output, forget, cell.
const GATES: usize = 4;

/// Silero VAD with the past of a stream.
#[derive(Debug)]
pub struct SileroVad {
    /// Rows of cosines and then of sines, times the window.
    basis: Vec<f32>,
    layers: [Convolution; 4],
    lstm: Lstm,
    output: Vec<f32>,
    output_bias: f32,
    /// The last samples of the frame before.
    context: [f32; CONTEXT],
    /// What the layers pass on.
    signal: [f32; CONTEXT + FRAME + PADDING],
    activations: [Vec<f32>; 5],
}

impl SileroVad {
    /// Reads the weights of `silero_vad_16k_sequence.onnx`.
    ///
    /// # Errors
    /// [`VoiceError::Io`], or [`VoiceError::Malformed`] when the file does not hold this network.
    pub fn load(path: &Path) -> Result<Self, VoiceError> {
        let mut weights = Initializers::read(path)?;
        let basis = weights.take("stft.forward_basis_buffer", &[2 * BINS, 1, WINDOW])?;
        let layers = [
            Convolution::take(&mut weights, 0, BINS, 128, 1)?,
            Convolution::take(&mut weights, 1, 128, 64, 2)?,
            Convolution::take(&mut weights, 2, 64, 64, 2)?,
            Convolution::take(&mut weights, 3, 64, HIDDEN, 1)?,
        ];
        let lstm = Lstm::take(&mut weights)?;
        let output = weights.take("output.weight", &[1, HIDDEN, 1])?;
        let output_bias = weights.take("output.bias", &[1])?[0];
        // As many columns as the layers have: 4, 4, 2, 1, 1.
        let activations = [SPECTRA * BINS, SPECTRA * 128, 2 * 64, 64, HIDDEN].map(|size| vec![0.0; size]);
        let (context, signal) = ([0.0; CONTEXT], [0.0; CONTEXT + FRAME + PADDING]);
        Ok(Self { basis, layers, lstm, output, output_bias, context, signal, activations })
    }

    /// Magnitudes of the spectra of the frame, one after the other.
    fn spectra(&mut self) {
        for (start, magnitudes) in (0..).step_by(STRIDE).zip(self.activations[0].chunks_exact_mut(BINS)) {
            let window = &self.signal[start..start + WINDOW];
            let (cosines, sines) = self.basis.split_at(BINS * WINDOW);
            let rows = cosines.chunks_exact(WINDOW).zip(sines.chunks_exact(WINDOW));
            for (magnitude, (cosine, sine)) in magnitudes.iter_mut().zip(rows) {
                *magnitude = dot(window, cosine).hypot(dot(window, sine));
            }
        }
    }
}

impl VoiceActivity for SileroVad {
    fn probability(&mut self, frame: &[f32; FRAME]) -> Result<f32, VoiceError> {
        self.signal[..CONTEXT].copy_from_slice(&self.context);
        self.signal[CONTEXT..CONTEXT + FRAME].copy_from_slice(frame);
        let last = CONTEXT + FRAME - 1;
        for distance in 1..=PADDING {
            self.signal[last + distance] = self.signal[last - distance];
        }
        self.context.copy_from_slice(&frame[FRAME - CONTEXT..]);
        self.spectra();
        for (index, layer) in self.layers.iter().enumerate() {
            let (inputs, outputs) = self.activations.split_at_mut(index + 1);
            layer.apply(&inputs[index], &mut outputs[0]);
        }
        let hidden = self.lstm.step(&self.activations[4]);
        let sum: f32 = hidden.iter().zip(&self.output).map(|(value, weight)| value.max(0.0) * weight).sum();
        Ok(sigmoid(sum + self.output_bias))
    }

    fn reset(&mut self) {
        self.context.fill(0.0);
        self.lstm.hidden.fill(0.0);
        self.lstm.cell.fill(0.0);
    }
}

/// A convolution over time of three columns, one of zeros beyond either end, with ReLU.
#[derive(Debug)]
struct Convolution {
    inputs: usize,
    outputs: usize,
    stride: usize,
    /// For each output three rows, one for each column.
    weights: Vec<f32>,
    biases: Vec<f32>,
}

impl Convolution {
    fn take(
        weights: &mut Initializers,
        index: usize,
        inputs: usize,
        outputs: usize,
        stride: usize,
    ) -> Result<Self, VoiceError> {
        let file = weights.take(&format!("encoder.{index}.weight"), &[outputs, inputs, 3])?;
        let biases = weights.take(&format!("encoder.{index}.bias"), &[outputs])?;
        // The file has the three columns innermost.
        let row = |output: usize, column: usize| (0..inputs).map(move |input| (output * inputs + input) * 3 + column);
        let order = (0..outputs).flat_map(|output| (0..3).flat_map(move |column| row(output, column)));
        let weights = order.map(|place| file[place]).collect();
        Ok(Self { inputs, outputs, stride, weights, biases })
    }

    /// Columns lie one after the other.
    fn apply(&self, columns: &[f32], results: &mut [f32]) {
        let count = columns.len() / self.inputs;
        for (index, result) in results.chunks_exact_mut(self.outputs).enumerate() {
            let centre = index * self.stride;
            let rows = self.weights.chunks_exact(3 * self.inputs);
            for ((value, rows), bias) in result.iter_mut().zip(rows).zip(&self.biases) {
                let mut sum = *bias;
                for (offset, row) in rows.chunks_exact(self.inputs).enumerate() {
                    // Column centre + offset − 1, where there is one.
                    if let Some(column) = (centre + offset).checked_sub(1).filter(|&column| column < count) {
                        sum += dot(row, &columns[column * self.inputs..][..self.inputs]);
                    }
                }
                *value = sum.max(0.0);
            }
        }
    }
}

/// An LSTM of [`HIDDEN`] inputs and outputs.
#[derive(Debug)]
struct Lstm {
    input_weights: Vec<f32>,
    hidden_weights: Vec<f32>,
    biases: Vec<f32>,
    hidden: [f32; HIDDEN],
    cell: [f32; HIDDEN],
}

impl Lstm {
    fn take(weights: &mut Initializers) -> Result<Self, VoiceError> {
        let shape = [1, GATES * HIDDEN, HIDDEN];
        let input_weights = weights.take("onnx::LSTM_209", &shape)?;
        let hidden_weights = weights.take("onnx::LSTM_210", &shape)?;
        // Those of the inputs, then those of the hidden values; only their sums matter.
        let both = weights.take("onnx::LSTM_211", &[1, 2 * GATES * HIDDEN])?;
        let (of_inputs, of_hidden) = both.split_at(GATES * HIDDEN);
        let biases = of_inputs.iter().zip(of_hidden).map(|(a, b)| a + b).collect();
        Ok(Self { input_weights, hidden_weights, biases, hidden: [0.0; HIDDEN], cell: [0.0; HIDDEN] })
    }

    fn step(&mut self, input: &[f32]) -> &[f32; HIDDEN] {
        let before = self.hidden;
        for unit in 0..HIDDEN {
            let [gate, out, forget, candidate]: [f32; GATES] = array::from_fn(|gate| {
                let row = gate * HIDDEN + unit;
                let weights = row * HIDDEN..(row + 1) * HIDDEN;
                let of_input = dot(&self.input_weights[weights.clone()], input);
                of_input + dot(&self.hidden_weights[weights], &before) + self.biases[row]
            });
            self.cell[unit] = sigmoid(forget) * self.cell[unit] + sigmoid(gate) * candidate.tanh();
            self.hidden[unit] = sigmoid(out) * self.cell[unit].tanh();
        }
        &self.hidden
    }
}

fn sigmoid(value: f32) -> f32 {
    1.0 / (1.0 + (-value).exp())
}

/// The sum of products, in sixteen partial sums that the compiler keeps in vector registers.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<16>(), b.as_chunks::<16>());
    let mut sums = [0.0; 16];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..16 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}
