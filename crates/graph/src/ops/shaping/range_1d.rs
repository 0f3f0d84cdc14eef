use sottovoce_tensor::Tensor;

use crate::{
    error::OpError,
    ir::{Dim, Fact, MAX_SYMBOLIC_ELEMENTS},
    op::{EvalContext, InferContext, OpDef, required},
    ops::support::{output, strided::checked_len, symbolic},
};

/// `start`, `start + step`, … up to and not including `end`.
pub static OP: OpDef =
    OpDef { name: "range_1d", params: &[required("end"), required("start"), required("step")], infer, eval };

fn infer(ctx: &mut InferContext<'_>) -> Result<Vec<Fact>, OpError> {
    let dtype = ctx.fact("start")?.dtype;
    if ctx.fact("end")?.dtype != dtype || ctx.fact("step")?.dtype != dtype {
        return Err(OpError::Unsupported { what: "a range of mixed types".into() });
    }
    if dtype.is_float() {
        let float = |name| Ok::<_, OpError>(ctx.constant(name)?.map_or(f32::NAN, first_float));
        let (start, end, step) = (float("start")?, float("end")?, float("step")?);
        return Ok(vec![Fact::new(dtype, vec![float_len(start, end, step)?.into()])]);
    }
    let scalar = |name| ctx.symbolic(name).and_then(<[Dim]>::first).cloned();
    let (Some(start), Some(end), Some(step)) = (scalar("start"), scalar("end"), scalar("step")) else {
        return Err(OpError::Unsupported { what: "a range whose bounds depend on data".into() });
    };
    let step = step.as_const().filter(|&step| step != 0 && step != i64::MIN).ok_or_else(bad_step)?;
    let (low, high) = if step > 0 { (&start, &end) } else { (&end, &start) };
    let distance = high.clone() - low.clone();
    let len = match distance.as_const() {
        Some(constant) => Dim::from(int_len(0, constant, step.abs())?),
        None => {
            ctx.assume_at_most(low, high, "the bounds of a range in order");
            (distance + (step.abs() - 1).into()).floor_div(&step.abs().into())
        }
    };
    let known = len.as_size().filter(|&len| len <= MAX_SYMBOLIC_ELEMENTS);
    let value = known.map(|len| (0..len as i64).map(|index| start.clone() + Dim::from(index) * step.into()).collect());
    Ok(vec![symbolic::fact(dtype, vec![len], value)])
}

fn eval(ctx: &EvalContext<'_>) -> Result<Vec<Tensor>, OpError> {
    let (start, end, step) = (ctx.tensor("start")?, ctx.tensor("end")?, ctx.tensor("step")?);
    let dtype = ctx.output_type(0);
    if dtype.is_float() {
        let (start, end, step) = (first_float(start), first_float(end), first_float(step));
        let len = float_len(start, end, step)?;
        let data: Vec<f32> = (0..len).map(|index| start + index as f32 * step).collect();
        return Ok(vec![ctx.float_output(&[len], &data)?]);
    }
    let (start, end, step) = (ctx.int("start", 0)?, ctx.int("end", 0)?, ctx.int("step", 1)?);
    let len = int_len(start, end, step)?;
    let data: Vec<i64> = (0..len as i64).map(|index| start.wrapping_add(index.wrapping_mul(step))).collect();
    Ok(vec![output::integers(dtype, &[len], &data)?])
}

fn first_float(tensor: &Tensor) -> f32 {
    tensor.to_f32_vec().first().copied().unwrap_or(f32::NAN)
}

fn float_len(start: f32, end: f32, step: f32) -> Result<usize, OpError> {
    let len = ((f64::from(end) - f64::from(start)) / f64::from(step)).ceil();
    if !len.is_finite() {
        return Err(bad_step());
    }
    checked_len(&[len.max(0.0) as usize])
}

fn int_len(start: i64, end: i64, step: i64) -> Result<usize, OpError> {
    let (start, end, step) = (i128::from(start), i128::from(end), i128::from(step));
    if step == 0 {
        return Err(bad_step());
    }
    let distance = if step > 0 { end - start } else { start - end };
    let len = if distance > 0 { (distance - 1) / step.abs() + 1 } else { 0 };
    checked_len(&[usize::try_from(len).unwrap_or(usize::MAX)])
}

fn bad_step() -> OpError {
    OpError::InvalidArgument {
        name: "step",
        expected: "a constant other than 0, with finite bounds".into(),
        found: "something else".into(),
    }
}
