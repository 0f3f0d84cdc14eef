use crate::{
    op::{OpDef, optional, required},
    ops::{
        elementwise::same_as_x,
        support::{args, lanes, output},
    },
};

/// Running sum of `x` along `axis` (0 by default); `exclusive` leaves each element itself out, `reverse` runs from the
/// end.
pub static OP: OpDef = OpDef {
    name: "cumsum",
    params: &[required("x"), optional("axis"), optional("exclusive"), optional("reverse")],
    infer: |ctx| {
        args::axis("axis", ctx.int("axis", 0)?, ctx.fact("x")?.rank())?;
        same_as_x(ctx)
    },
    eval: |ctx| {
        let x = ctx.tensor("x")?;
        let axis = args::axis("axis", ctx.int("axis", 0)?, x.rank())?;
        let (exclusive, reverse) = (ctx.flag("exclusive", false)?, ctx.flag("reverse", false)?);
        if x.dtype().is_float() {
            let mut data = x.to_f32_vec();
            lanes::for_each_mut(&mut data, x.shape(), axis, |lane| {
                accumulate(lane, 0.0, exclusive, reverse, |a, b| a + b)
            });
            return Ok(vec![ctx.float_output(x.shape(), &data)?]);
        }
        let mut data = x.to_i64_vec();
        lanes::for_each_mut(&mut data, x.shape(), axis, |lane| {
            accumulate(lane, 0, exclusive, reverse, i64::wrapping_add)
        });
        Ok(vec![output::integers(x.dtype(), x.shape(), &data)?])
    },
};

fn accumulate<T: Copy>(lane: &mut [T], zero: T, exclusive: bool, reverse: bool, add: fn(T, T) -> T) {
    if reverse {
        lane.reverse();
    }
    let mut sum = zero;
    for value in lane.iter_mut() {
        let before = sum;
        sum = add(sum, *value);
        *value = if exclusive { before } else { sum };
    }
    if reverse {
        lane.reverse();
    }
}
