//! Weights on their way from the checkpoint into the package.

use std::{
    collections::HashMap,
    ops::{ControlFlow, Range},
    panic,
    thread::{self, ScopedJoinHandle},
};

use half::f16;
use sottovoce_mil::{
    PackageWriter,
    builder::{FunctionBuilder, Var},
    program::{TensorType, Value},
};
use sottovoce_tensor::DType;

use crate::{
    ConvertError, ConvertOptions, Progress, Report,
    checkpoint::Checkpoint,
    quantize::{
        Calibration, Encoded, Encoder, ErrorSum, ExpectedInputs, Form, Metric, Quantize, Rounded, first_not_finite,
    },
    weights::{StoredTensor, dequantise},
};

/// Weights that a thread encodes at a time. Together with the scales of a tensor this bounds the memory of a conversion,
/// whatever the model's size.
const CHUNK: usize = 1 << 18;
/// Most threads that encode: memory grows with them, and from some number on writing is the limit.
const MAX_THREADS: usize = 16;

/// Writes each weight to the package the first time a program asks for it.
pub(crate) struct WeightStore<'a> {
    checkpoint: &'a Checkpoint,
    options: &'a ConvertOptions,
    calibration: Option<&'a mut dyn Calibration>,
    expected_inputs: ExpectedInputs,
    writer: &'a mut PackageWriter,
    progress: &'a mut dyn FnMut(Progress<'_>) -> ControlFlow<()>,
    /// What the operations already written are called, by weight.
    written: HashMap<String, Var>,
    /// One for each thread that encodes.
    workers: Vec<Worker>,
    report: Report,
    done: u64,
    total: u64,
}

impl<'a> WeightStore<'a> {
    pub(crate) fn new(
        checkpoint: &'a Checkpoint,
        options: &'a ConvertOptions,
        calibration: Option<&'a mut dyn Calibration>,
        writer: &'a mut PackageWriter,
        progress: &'a mut dyn FnMut(Progress<'_>) -> ControlFlow<()>,
    ) -> Self {
        let total = checkpoint.stored_bytes();
        let threads = thread::available_parallelism().map_or(1, usize::from).min(MAX_THREADS);
        Self {
            checkpoint,
            options,
            calibration,
            expected_inputs: ExpectedInputs::default(),
            writer,
            progress,
            written: HashMap::new(),
            workers: std::iter::repeat_with(Worker::default).take(threads).collect(),
            report: Report::default(),
            done: 0,
            total,
        }
    }

    /// What was done to the weights.
    pub(crate) fn into_report(self) -> Report {
        self.report
    }

    /// A matrix of the checkpoint, by its name without `.weight`, [rows, row length].
    pub(crate) fn matrix(&mut self, function: &mut FunctionBuilder, name: &str) -> Result<Var, ConvertError> {
        if let Some(var) = self.written.get(name) {
            return Ok(var.clone());
        }
        let checkpoint = self.checkpoint;
        let tensor = checkpoint.tensor(&format!("{name}.weight"))?;
        let mut encoder = Encoder::new(tensor.format, tensor.row_len(), self.options.quantize_for(name));
        let mut codes = None;
        if encoder.looks_at_inputs() {
            if let Some(metric) =
                self.metric(&identifier(&format!("{name}.weight")), (tensor.rows(), tensor.row_len()))?
            {
                encoder.measure_by(metric);
                codes = Some(Vec::new());
            } else if let Some(squares) = self.expected_inputs.squares(checkpoint, name)? {
                encoder.weigh_by(squares);
            }
        }
        let var = match encoder.form() {
            Form::F16 => {
                let (value, ..) = self.stream(tensor, &encoder, DType::F16, None)?;
                function.constant(&identifier(&format!("{name}.weight")), value)
            }
            Form::Blocks { codes: dtype, block, offsets } => {
                self.blocks(function, name, tensor, &encoder, (dtype, block, offsets), codes)?
            }
        };
        self.written.insert(name.to_owned(), var.clone());
        Ok(var)
    }

    /// The metric in which the errors of a weight count, where there are statistics of its inputs.
    fn metric(&mut self, weight: &str, (rows, width): (usize, usize)) -> Result<Option<Metric>, ConvertError> {
        let Some(calibration) = &mut self.calibration else { return Ok(None) };
        let failed = |source| ConvertError::Calibration { weight: weight.to_owned(), source };
        let fits = |side, found, expected| match found == expected {
            true => Ok(()),
            false => Err(ConvertError::MomentsWidth { weight: weight.to_owned(), side, found, expected }),
        };
        let Some(inputs) = calibration.moments(weight).map_err(failed)? else { return Ok(None) };
        fits("inputs", inputs.width(), width)?;
        let mut metric = Metric::new(&inputs)?;
        if let Some(outputs) = calibration.output_moments(weight).map_err(failed)? {
            fits("outputs", outputs.outputs(), rows)?;
            metric.couple(&outputs);
        }
        Ok(Some(metric))
    }

    /// The factors of a norm, by its name without `.weight`, f16.
    pub(crate) fn norm(&mut self, function: &mut FunctionBuilder, name: &str) -> Result<Var, ConvertError> {
        let full = format!("{name}.weight");
        let factors = self.checkpoint.norm_factors(&full)?;
        self.vector(function, &full, self.checkpoint.tensor(&full)?, &factors)
    }

    /// The bias of a linear layer with `len` outputs, by its name without `.bias`, f16: zeros where the model has none, as
    /// Apple's converter writes.
    pub(crate) fn bias(&mut self, function: &mut FunctionBuilder, name: &str, len: usize) -> Result<Var, ConvertError> {
        let full = format!("{name}.bias");
        match self.checkpoint.optional_tensor(&full) {
            Some(tensor) => self.vector(function, &full, tensor, &tensor.to_f32_vec()?),
            None => self.zeros(function, len),
        }
    }

    fn vector(
        &mut self,
        function: &mut FunctionBuilder,
        name: &str,
        tensor: &StoredTensor,
        values: &[f32],
    ) -> Result<Var, ConvertError> {
        check_finite(tensor, values)?;
        let bytes: Vec<u8> = values.iter().flat_map(|&value| f16::from_f32(value).to_le_bytes()).collect();
        let mut errors = ErrorSum::default();
        errors.add(values, values.iter().map(|&value| f16::from_f32(value).to_f32()));
        let value = self.writer.add_blob(DType::F16, &[values.len()], &bytes)?;
        self.report.add(tensor.format, Form::F16, tensor.stored_bytes() as u64, bytes.len() as u64, &errors);
        self.done += tensor.stored_bytes() as u64;
        report_progress(self.progress, tensor, self.done, self.total)?;
        Ok(function.constant(&identifier(name), value))
    }

    /// A vector of zeros, shared by all that ask for the same length.
    fn zeros(&mut self, function: &mut FunctionBuilder, len: usize) -> Result<Var, ConvertError> {
        let name = format!("zeros_{len}");
        if let Some(var) = self.written.get(&name) {
            return Ok(var.clone());
        }
        let value = self.writer.add_blob(DType::F16, &[len], &vec![0; len * 2])?;
        let var = function.constant(&name, value);
        self.written.insert(name, var.clone());
        Ok(var)
    }

    /// Codes, scales and offsets, and the operation that puts them together. Where `kept` is given, the calibration gets to see
    /// them.
    fn blocks(
        &mut self,
        function: &mut FunctionBuilder,
        name: &str,
        tensor: &StoredTensor,
        encoder: &Encoder,
        (codes, block, offsets): (DType, usize, bool),
        mut kept: Option<Vec<u8>>,
    ) -> Result<Var, ConvertError> {
        let (data, scales, shifts) = self.stream(tensor, encoder, codes, kept.as_mut())?;
        let name = identifier(&format!("{name}.weight"));
        if let (Some(codes), Some(calibration)) = (&kept, &mut self.calibration) {
            let (rows, columns) = (tensor.rows(), tensor.row_len());
            calibration
                .rounded(&name, Rounded { rows, columns, block, codes, scales: &scales })
                .map_err(|source| ConvertError::Calibration { weight: name.clone(), source })?;
        }
        let shape = [tensor.rows(), tensor.row_len() / block];
        let scales = self.writer.add_blob(DType::F16, &shape, bytemuck::cast_slice(&scales))?;
        let mut op =
            function.op("constexpr_blockwise_shift_scale", &name).literal("data", data).literal("scale", scales);
        if offsets {
            op = op.literal("offset", self.writer.add_blob(DType::F16, &shape, bytemuck::cast_slice(&shifts))?);
        }
        Ok(op.out(TensorType::fixed(DType::F16, &tensor.shape)))
    }

    /// Encodes a matrix chunk by chunk into a blob of `dtype`; returns it with the scales and offsets of all blocks. What the
    /// blob gets goes to `kept` too.
    fn stream(
        &mut self,
        tensor: &StoredTensor,
        encoder: &Encoder,
        dtype: DType,
        mut kept: Option<&mut Vec<u8>>,
    ) -> Result<(Value, Vec<f16>, Vec<f16>), ConvertError> {
        let of_chunk = (CHUNK / tensor.row_len().max(1)).max(encoder.fewest_rows());
        let rows_at_once = encoder.rows_together().unwrap_or(of_chunk);
        let starts: Vec<usize> = (0..tensor.rows()).step_by(rows_at_once).collect();
        let rows = |&start: &usize| start..(start + rows_at_once).min(tensor.rows());
        let mut errors = ErrorSum::default();
        let (mut scales, mut offsets) = (Vec::new(), Vec::new());
        let mut sink = self.writer.begin_blob(dtype, &tensor.shape)?;
        let mut package_bytes = 0;
        for starts in starts.chunks(self.workers.len()) {
            let workers = &mut self.workers[..starts.len()];
            thread::scope(|scope| {
                let chunks = workers.iter_mut().zip(starts.iter().map(rows));
                let threads: Vec<_> =
                    chunks.map(|(worker, rows)| scope.spawn(|| worker.encode(tensor, encoder, rows))).collect();
                // A panic goes on in the thread that asked for the conversion.
                let join =
                    |thread: ScopedJoinHandle<_>| thread.join().unwrap_or_else(|cause| panic::resume_unwind(cause));
                threads.into_iter().try_for_each(join)
            })?;
            for worker in workers {
                let encoded = &mut worker.encoded;
                sink.write(&encoded.data)?;
                if let Some(kept) = &mut kept {
                    kept.extend_from_slice(&encoded.data);
                }
                package_bytes += encoded.data.len() + 2 * (encoded.scales.len() + encoded.offsets.len());
                scales.append(&mut encoded.scales);
                offsets.append(&mut encoded.offsets);
                errors.merge(&worker.errors);
                self.done += worker.stored.len() as u64;
                report_progress(self.progress, tensor, self.done, self.total)?;
            }
        }
        let value = sink.finish()?;
        self.report.add(tensor.format, encoder.form(), tensor.stored_bytes() as u64, package_bytes as u64, &errors);
        Ok((value, scales, offsets))
    }
}

/// What a thread needs to encode a chunk, kept from chunk to chunk.
#[derive(Default)]
struct Worker {
    stored: Vec<u8>,
    weights: Vec<f32>,
    encoded: Encoded,
    errors: ErrorSum,
}

impl Worker {
    fn encode(&mut self, tensor: &StoredTensor, encoder: &Encoder, rows: Range<usize>) -> Result<(), ConvertError> {
        let first = rows.start;
        tensor.read_rows(rows, &mut self.stored)?;
        dequantise(tensor.format, &self.stored, &mut self.weights);
        check_finite(tensor, &self.weights)?;
        self.errors = ErrorSum::default();
        encoder.encode(first, (&self.stored, &self.weights), &mut self.encoded, &mut self.errors);
        Ok(())
    }
}

fn report_progress(
    progress: &mut dyn FnMut(Progress<'_>) -> ControlFlow<()>,
    tensor: &StoredTensor,
    done: u64,
    total: u64,
) -> Result<(), ConvertError> {
    match progress(Progress { tensor: &tensor.name, done, total }) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(ConvertError::Cancelled),
    }
}

fn check_finite(tensor: &StoredTensor, weights: &[f32]) -> Result<(), ConvertError> {
    match first_not_finite(weights) {
        None => Ok(()),
        Some(value) => Err(ConvertError::NotFinite { name: tensor.name.clone(), value }),
    }
}

/// A name of a program's value: letters, digits and underscores.
pub(crate) fn identifier(name: &str) -> String {
    name.replace('.', "_")
}

/// The form that each matrix of a checkpoint will have.
pub(crate) fn form_of(tensor: &StoredTensor, quantize: Quantize) -> Form {
    Encoder::new(tensor.format, tensor.row_len(), quantize).form()
}
