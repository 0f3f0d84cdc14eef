//! Conversions by statistics of activations.

use std::{collections::HashSet, ops::ControlFlow, path::Path, sync::Arc};

use sottovoce_convert::{
    Calibration, Checkpoint, ConvertError, ConvertOptions, OutputMoments, Quantize, Report, Rounded, SecondMoments,
    convert, convert_calibrated, quantize::CalibrationError,
};

/// Inputs that are all the same, so that only the sum of a row's errors counts, and how many of them there are.
struct Common {
    width: Option<usize>,
    asked: Vec<String>,
    /// Weights that were rounded, and whether the sums of their rows are kept.
    rounded: Vec<(String, bool)>,
}

impl Common {
    fn new(width: Option<usize>) -> Self {
        Self { width, asked: Vec::new(), rounded: Vec::new() }
    }
}

impl Calibration for Common {
    fn moments(&mut self, weight: &str) -> Result<Option<Arc<SecondMoments>>, CalibrationError> {
        self.asked.push(weight.to_owned());
        let inputs = if weight.contains("down_proj") { 96 } else { 64 };
        let width = self.width.unwrap_or(inputs);
        Ok(Some(Arc::new(SecondMoments::new(width, vec![1.0; width * width])?)))
    }

    fn rounded(&mut self, weight: &str, rounded: Rounded<'_>) -> Result<(), CalibrationError> {
        let checkpoint = llama();
        let (_, tensor) = checkpoint.matrices().find(|(name, _)| name.replace('.', "_") == weight).unwrap();
        let exact = tensor.to_f32_vec()?;
        let code = |at: usize| f32::from((rounded.codes[at / 2] << (4 - at % 2 * 4)).cast_signed() >> 4);
        let value = |at: usize| rounded.scales[at / rounded.block].to_f32() * code(at);
        assert_eq!((exact.len(), rounded.codes.len()), (rounded.rows * rounded.columns, exact.len() / 2));
        // With inputs that are all the same, errors of a row can make each other up to less than a step.
        let kept = (0..rounded.rows).all(|row| {
            let row = row * rounded.columns..(row + 1) * rounded.columns;
            let step = rounded.scales[row.start / rounded.block].to_f32().abs();
            (exact[row.clone()].iter().sum::<f32>() - row.map(value).sum::<f32>()).abs() < step
        });
        self.rounded.push((weight.to_owned(), kept));
        Ok(())
    }
}

/// Besides, gradients of outputs: those of `outputs` if that is given, else of as many as there are, with nothing in common.
struct Apart {
    inputs: Common,
    outputs: Option<usize>,
}

impl Calibration for Apart {
    fn moments(&mut self, weight: &str) -> Result<Option<Arc<SecondMoments>>, CalibrationError> {
        self.inputs.moments(weight)
    }

    fn output_moments(&mut self, weight: &str) -> Result<Option<Arc<OutputMoments>>, CalibrationError> {
        assert_eq!(self.inputs.asked.last().map(String::as_str), Some(weight), "after those of its inputs");
        let checkpoint = llama();
        let (_, tensor) = checkpoint.matrices().find(|(name, _)| name.replace('.', "_") == weight).unwrap();
        let outputs = self.outputs.unwrap_or(tensor.rows());
        let diagonal = |at: usize, len: usize| if at.is_multiple_of(len + 1) { 2.0 } else { 0.0 };
        let groups = OutputMoments::groups(outputs).map(|group| group.len());
        let values = groups.flat_map(|len| (0..len * len).map(move |at| diagonal(at, len))).collect();
        Ok(Some(Arc::new(OutputMoments::new(outputs, values)?)))
    }
}

struct Failing;

impl Calibration for Failing {
    fn moments(&mut self, _: &str) -> Result<Option<Arc<SecondMoments>>, CalibrationError> {
        Err("the text is gone".into())
    }
}

struct Nothing;

impl Calibration for Nothing {
    fn moments(&mut self, _: &str) -> Result<Option<Arc<SecondMoments>>, CalibrationError> {
        Ok(None)
    }
}

fn llama() -> Checkpoint {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/checkpoints/llama.gguf");
    Checkpoint::open(&path).unwrap()
}

fn calibrated(quantize: Quantize, calibration: &mut dyn Calibration) -> Result<Report, ConvertError> {
    let folder = tempfile::tempdir().unwrap();
    let options = ConvertOptions { quantize, ..ConvertOptions::default() };
    let target = folder.path().join("model.mlpackage");
    convert_calibrated(&llama(), &target, &options, calibration, &mut |_| ControlFlow::Continue(()))
}

#[test]
fn every_int4_matrix_asks_once_by_the_program_s_name() {
    let mut calibration = Common::new(None);
    calibrated(Quantize::Int4, &mut calibration).unwrap();
    let Common { asked, rounded, .. } = calibration;
    // Each is told of before the next is asked for.
    assert!(rounded.iter().map(|(name, _)| name).eq(&asked) && rounded.iter().all(|(_, kept)| *kept), "{rounded:?}");
    assert_eq!(asked.len(), llama().matrices().count());
    assert_eq!(asked.iter().collect::<HashSet<_>>().len(), asked.len());
    let layer = [
        "model_embed_tokens_weight",
        "model_layers_0_self_attn_q_proj_weight",
        "model_layers_0_self_attn_k_proj_weight",
        "model_layers_0_self_attn_v_proj_weight",
        "model_layers_0_self_attn_o_proj_weight",
        "model_layers_0_mlp_gate_proj_weight",
        "model_layers_0_mlp_up_proj_weight",
        "model_layers_0_mlp_down_proj_weight",
    ];
    assert_eq!(asked[..layer.len()], layer);
    for quantize in [Quantize::Keep, Quantize::F16, Quantize::Int8, Quantize::Int4Plain] {
        let mut calibration = Common::new(None);
        calibrated(quantize, &mut calibration).unwrap();
        assert!(calibration.asked.is_empty(), "{quantize:?}");
    }
}

#[test]
fn without_an_answer_it_is_int4_as_ever() {
    let folder = tempfile::tempdir().unwrap();
    let options = ConvertOptions { quantize: Quantize::Int4, ..ConvertOptions::default() };
    let target = folder.path().join("model.mlpackage");
    let report = convert(&llama(), &target, &options, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(calibrated(Quantize::Int4, &mut Nothing).unwrap(), report);
    let other = calibrated(Quantize::Int4, &mut Common::new(None)).unwrap();
    assert_ne!(other, report);
}

#[test]
fn outputs_with_nothing_in_common_are_rounded_one_by_one() {
    let expected = calibrated(Quantize::Int4, &mut Common::new(None)).unwrap();
    let mut apart = Apart { inputs: Common::new(None), outputs: None };
    assert_eq!(calibrated(Quantize::Int4, &mut apart).unwrap(), expected);
}

#[test]
fn what_cannot_be_calibrated_ends_the_conversion() {
    let error = calibrated(Quantize::Int4, &mut Failing).unwrap_err().to_string();
    assert_eq!(error, "cannot calibrate model_embed_tokens_weight: the text is gone");
    let error = calibrated(Quantize::Int4, &mut Common::new(Some(32))).unwrap_err().to_string();
    assert_eq!(error, "the moments given for model_embed_tokens_weight are of 32 inputs, it has 64");
    let error = calibrated(Quantize::Int4, &mut Apart { inputs: Common::new(None), outputs: Some(7) });
    let error = error.unwrap_err().to_string();
    let rows = llama().matrices().find(|(name, _)| name.contains("embed")).unwrap().1.rows();
    assert_eq!(error, format!("the moments given for model_embed_tokens_weight are of 7 outputs, it has {rows}"));
}
