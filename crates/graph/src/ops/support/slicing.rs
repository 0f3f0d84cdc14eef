//! Slices by begin, end and stride, as `slice_by_index` and `slice_update` spell them: NumPy's rules, with masks that
//! leave an end open and a mask that drops a dimension after picking one index.

use crate::{
    error::OpError,
    ir::Dim,
    op::{EvalContext, InferContext},
    ops::support::{args, strided, symbolic},
};

/// The four optional arguments, with an entry for each dimension.
struct Modes {
    stride: Vec<i64>,
    begin_open: Vec<bool>,
    end_open: Vec<bool>,
    squeeze: Vec<bool>,
}

impl Modes {
    fn new(
        rank: usize,
        mut ints: impl FnMut(&'static str) -> Result<Option<Vec<i64>>, OpError>,
    ) -> Result<Self, OpError> {
        let mut get = |name, default: i64| {
            let values = ints(name)?.unwrap_or_else(|| vec![default; rank]);
            args::one_per_dimension(name, values.len(), rank)?;
            Ok::<_, OpError>(values)
        };
        let flags = |values: Vec<i64>| values.into_iter().map(|value| value != 0).collect();
        let modes = Self {
            stride: get("stride", 1)?,
            begin_open: flags(get("begin_mask", 0)?),
            end_open: flags(get("end_mask", 0)?),
            squeeze: flags(get("squeeze_mask", 0)?),
        };
        if modes.stride.contains(&0) {
            return Err(OpError::InvalidArgument {
                name: "stride",
                expected: "strides other than 0".into(),
                found: format!("{:?}", modes.stride),
            });
        }
        Ok(modes)
    }
}

/// Shape of the slice of `x` that the arguments describe. Bounds that depend on the inputs are assumed to lie inside
/// the dimension; constants are clamped as NumPy does.
///
/// # Errors
/// [`OpError::Unsupported`] when a bound depends on data, not only on the sizes of the inputs.
pub fn infer_shape(ctx: &mut InferContext<'_>) -> Result<Vec<Dim>, OpError> {
    let x = ctx.fact("x")?.shape.clone();
    let modes = Modes::new(x.len(), |name| ctx.ints(name))?;
    let (begin, end) = (bounds(ctx, "begin", x.len())?, bounds(ctx, "end", x.len())?);
    let mut shape = Vec::with_capacity(x.len());
    for (axis, dim) in x.iter().enumerate() {
        if modes.squeeze[axis] {
            continue;
        }
        let begin = begin.as_deref().map(|begin| &begin[axis]);
        let end = end.as_deref().map(|end| &end[axis]);
        let begin = if modes.begin_open[axis] { Bound::Open } else { begin.map_or(Bound::Unknown, Bound::At) };
        let end = if modes.end_open[axis] { Bound::Open } else { end.map_or(Bound::Unknown, Bound::At) };
        shape.push(infer_len(ctx, dim, begin, end, modes.stride[axis])?);
    }
    Ok(shape)
}

/// Whether a bound of a slice of `x` follows from data and not only from the sizes of the inputs: its shape is known when it
/// runs.
///
/// # Errors
/// Arguments of the wrong length.
pub fn depends_on_data(ctx: &InferContext<'_>) -> Result<bool, OpError> {
    let rank = ctx.fact("x")?.rank();
    let modes = Modes::new(rank, |name| ctx.ints(name))?;
    let unknown = |name, open: &[bool]| Ok::<_, OpError>(bounds(ctx, name, rank)?.is_none() && open.contains(&false));
    Ok(unknown("begin", &modes.begin_open)? || unknown("end", &modes.end_open)?)
}

fn bounds(ctx: &InferContext<'_>, name: &'static str, rank: usize) -> Result<Option<Vec<Dim>>, OpError> {
    ctx.fact(name)?;
    let Some(values) = ctx.symbolic(name).map(<[Dim]>::to_vec) else { return Ok(None) };
    args::one_per_dimension(name, values.len(), rank)?;
    Ok(Some(values))
}

/// One end of a slice.
#[derive(Clone, Copy)]
enum Bound<'a> {
    Open,
    At(&'a Dim),
    Unknown,
}

fn infer_len(
    ctx: &mut InferContext<'_>,
    dim: &Dim,
    begin: Bound<'_>,
    end: Bound<'_>,
    stride: i64,
) -> Result<Dim, OpError> {
    if stride < 0 {
        return infer_reversed_len(ctx, dim, begin, end, stride);
    }
    let begin = match begin {
        Bound::Open => Dim::from(0i64),
        Bound::At(at) => inside(ctx, at, dim),
        Bound::Unknown => return Err(data_dependent("begin")),
    };
    let end = match end {
        Bound::Open => dim.clone(),
        Bound::At(at) => inside(ctx, at, dim),
        Bound::Unknown => return Err(data_dependent("end")),
    };
    let len = end.clone() - begin.clone();
    let len = if len.as_const().is_some() {
        len.larger(&Dim::from(0i64), ctx.symbols())
    } else {
        ctx.assume_at_most(&begin, &end, "the bounds of a slice in order");
        len
    };
    if stride == 1 { Ok(len) } else { Ok((len + (stride - 1).into()).floor_div(&stride.into())) }
}

/// A bound as a position from 0 to `dim`.
fn inside(ctx: &mut InferContext<'_>, at: &Dim, dim: &Dim) -> Dim {
    let zero = Dim::from(0i64);
    if let Some(constant) = at.as_const() {
        let position = if constant < 0 { dim.clone() + at.clone() } else { at.clone() };
        return position.larger(&zero, ctx.symbols()).smaller(dim, ctx.symbols());
    }
    ctx.assume_at_most(&zero, at, "a slice bound that is not negative");
    ctx.assume_at_most(at, dim, "a slice bound inside its dimension");
    at.clone()
}

/// Length of a slice that runs backward; its bounds have to be open or constant.
fn infer_reversed_len(
    ctx: &InferContext<'_>,
    dim: &Dim,
    begin: Bound<'_>,
    end: Bound<'_>,
    stride: i64,
) -> Result<Dim, OpError> {
    if let (Bound::Open, Bound::Open) = (begin, end) {
        let step = stride.saturating_neg();
        return Ok((dim.clone() + (step - 1).into()).floor_div(&step.into()));
    }
    let constant = |bound: Bound<'_>| match bound {
        Bound::Open => Some(None),
        Bound::At(at) => at.as_const().map(Some),
        Bound::Unknown => None,
    };
    match (constant(begin), constant(end), dim.bounds(ctx.symbols()).max.and(dim.as_size())) {
        (Some(begin), Some(end), Some(dim)) => Ok(resolve(dim, begin, end, stride).len.into()),
        _ => Err(OpError::Unsupported { what: "a backward slice whose bounds depend on the inputs".into() }),
    }
}

fn data_dependent(name: &str) -> OpError {
    OpError::Unsupported { what: format!("a slice whose '{name}' depends on data instead of the sizes of the inputs") }
}

/// A slice of one dimension with everything resolved.
struct Range {
    first: isize,
    len: usize,
}

/// NumPy's rule for `begin:end:stride` on a dimension of `dim`; `None` is an open end.
fn resolve(dim: usize, begin: Option<i64>, end: Option<i64>, stride: i64) -> Range {
    let dim = dim as i64;
    // Backward slices run from `dim - 1` down to and not including -1.
    let (lowest, highest) = if stride > 0 { (0, dim) } else { (-1, dim - 1) };
    let clamp = |at: i64| (if at < 0 { at.saturating_add(dim) } else { at }).clamp(lowest, highest);
    let (from, to) = if stride > 0 { (0, dim) } else { (dim - 1, -1) };
    let (begin, end) = (begin.map_or(from, clamp), end.map_or(to, clamp));
    let distance = if stride > 0 { end - begin } else { begin - end };
    let step = stride.unsigned_abs().try_into().unwrap_or(i64::MAX);
    let len = if distance > 0 { (distance - 1) / step + 1 } else { 0 };
    Range { first: begin as isize, len: len as usize }
}

/// The part of a tensor that a slice covers, as a strided view.
pub struct View {
    /// Sizes with dropped dimensions as 1.
    pub kept: Vec<usize>,
    /// Sizes of the result.
    pub shape: Vec<usize>,
    /// Strides of the tensor for [`View::kept`].
    pub strides: Vec<isize>,
    /// First element.
    pub offset: isize,
}

/// Evaluates the arguments for a tensor of `shape`.
///
/// # Errors
/// [`OpError::InvalidArgument`] for an index outside a dimension that is dropped, or lists of the wrong length.
pub fn view(ctx: &EvalContext<'_>, shape: &[usize]) -> Result<View, OpError> {
    let rank = shape.len();
    let modes = Modes::new(rank, |name| Ok(ctx.ints(name)))?;
    let list = |name: &'static str| {
        let values = ctx.ints(name).ok_or(OpError::MissingArgument { name })?;
        args::one_per_dimension(name, values.len(), rank)?;
        Ok::<_, OpError>(values)
    };
    let (begin, end) = (list("begin")?, list("end")?);
    let mut view = View { kept: Vec::new(), shape: Vec::new(), strides: strided::strides(shape), offset: 0 };
    for axis in 0..rank {
        let stride = &mut view.strides[axis];
        if modes.squeeze[axis] {
            let at = if modes.begin_open[axis] { 0 } else { begin[axis] };
            view.offset += args::axis("begin", at, shape[axis])? as isize * *stride;
            view.kept.push(1);
            continue;
        }
        let open = |open: bool, at: i64| (!open).then_some(at);
        let begin = open(modes.begin_open[axis], begin[axis]);
        let end = open(modes.end_open[axis], end[axis]);
        let range = resolve(shape[axis], begin, end, modes.stride[axis]);
        if range.len > 0 {
            view.offset += range.first * *stride;
        }
        // A slice of one element never moves; huge strides, which pick one element, would overflow.
        *stride = if range.len > 1 { *stride * modes.stride[axis] as isize } else { 0 };
        view.kept.push(range.len);
        view.shape.push(range.len);
    }
    Ok(view)
}

/// Elements of the slice, where those of `x` are known: only vectors have them.
pub fn infer_value(ctx: &InferContext<'_>) -> Option<Vec<Dim>> {
    let x = ctx.symbolic("x")?;
    if ctx.opt_fact("x")?.rank() != 1 {
        return None;
    }
    let modes = Modes::new(1, |name| ctx.ints(name)).ok()?;
    let (begin, end) = (symbolic::constants(ctx.symbolic("begin"))?, symbolic::constants(ctx.symbolic("end"))?);
    let (begin, end) = (*begin.first()?, *end.first()?);
    if modes.squeeze[0] {
        let index = args::axis("begin", if modes.begin_open[0] { 0 } else { begin }, x.len()).ok()?;
        return Some(vec![x[index].clone()]);
    }
    let range =
        resolve(x.len(), (!modes.begin_open[0]).then_some(begin), (!modes.end_open[0]).then_some(end), modes.stride[0]);
    (0..range.len as i64)
        .map(|index| x.get(usize::try_from(range.first as i64 + index * modes.stride[0]).ok()?).cloned())
        .collect()
}
