use sottovoce_tensor::{DType, Tensor};

use crate::{
    error::OpError,
    ir::Dim,
    op::{InferContext, OpDef, required},
    ops::support::{output, symbolic},
};

/// `x` as another element type, `dtype`: floats are truncated toward zero to integers, integers wrap, booleans are 0
/// and 1.
pub static OP: OpDef = OpDef {
    name: "cast",
    params: &[required("x"), required("dtype")],
    infer: |ctx| {
        let dtype = target(ctx.text("dtype"))?;
        let x = ctx.fact("x")?.clone();
        let value = match x.value {
            Some(value) if x.dtype != DType::Bool => wrapped(ctx, value, dtype),
            value => value,
        };
        Ok(vec![symbolic::fact(dtype, x.shape, value)])
    },
    eval: |ctx| {
        let x = ctx.tensor("x")?;
        Ok(vec![match target(ctx.text("dtype"))? {
            dtype if dtype.is_float() => ctx.float_output(x.shape(), &x.to_f32_vec())?,
            dtype if x.dtype().is_float() => Tensor::from_f32(dtype, x.shape(), &x.to_f32_vec())?,
            dtype => output::integers(dtype, x.shape(), &x.to_i64_vec())?,
        }])
    },
};

fn target(name: Option<&str>) -> Result<DType, OpError> {
    let dtype = name.and_then(DType::from_name).filter(|dtype| !dtype.is_sub_byte());
    dtype.ok_or_else(|| OpError::InvalidArgument {
        name: "dtype",
        expected: "the name of an element type of a byte or more".into(),
        found: name.unwrap_or("nothing").to_owned(),
    })
}

/// Symbolic elements as a narrower integer type. Converters pass shapes through 16 bits; where the bounds of a size
/// allow it to wrap, it is assumed not to.
fn wrapped(ctx: &mut InferContext<'_>, value: Vec<Dim>, dtype: DType) -> Option<Vec<Dim>> {
    let (min, max) = match dtype {
        DType::I8 => (i64::from(i8::MIN), i64::from(i8::MAX)),
        DType::U8 => (0, i64::from(u8::MAX)),
        DType::I16 => (i64::from(i16::MIN), i64::from(i16::MAX)),
        DType::U16 => (0, i64::from(u16::MAX)),
        DType::I32 => (i64::from(i32::MIN), i64::from(i32::MAX)),
        DType::U32 => (0, i64::from(u32::MAX)),
        DType::I64 | DType::U64 => return Some(value),
        _ => return None,
    };
    for element in &value {
        if element.as_const().is_some_and(|constant| !(min..=max).contains(&constant)) {
            return None;
        }
        if element.as_const().is_none() {
            ctx.assume_at_most(&min.into(), element, "a value that fits the type");
            ctx.assume_at_most(element, &max.into(), "a value that fits the type");
        }
    }
    Some(value)
}
