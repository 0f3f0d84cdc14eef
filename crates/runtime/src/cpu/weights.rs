//! Weights as the package holds them, in the forms that the kernels take.

use half::{bf16, f16};
use sottovoce_graph::{
    ir::{Arg, Constant, Definition, Graph, Node, ValueId},
    op::EvalContext,
};
use sottovoce_kernels::{BlockWeights, Codes, Floats, PackedLinear, Packer, PaletteWeights, WeightSource};
use sottovoce_mil::Package;
use sottovoce_tensor::{DType, Tensor};

use crate::error::RuntimeError;

/// A weight as steps use it.
pub enum Loaded {
    /// A matrix for linear layers and lookups.
    Matrix(PackedLinear),
    /// A vector in f32.
    Vector(Vec<f32>),
    /// A bias in f32; none when it is zero.
    Bias(Option<Vec<f32>>),
}

/// Reads a weight as a dense tensor of its declared type, computing `constexpr` operations as their reference defines.
///
/// # Errors
/// When the weight file is missing or damaged, or the operation fails on its values.
pub fn materialise(graph: &Graph, package: &Package, value: ValueId) -> Result<Tensor, RuntimeError> {
    Loader { graph, package }.materialise(value)
}

/// Packs a matrix and tells where it has put it.
type Place<'p, R> = &'p mut dyn FnMut(&Packer<'_>) -> Result<R, RuntimeError>;

/// Gives `place` a matrix in the form that it is packed from, straight from the memory-mapped package where that is one.
///
/// # Errors
/// As [`materialise`], and those of `place`.
pub fn matrix<R>(graph: &Graph, package: &Package, value: ValueId, place: Place<'_, R>) -> Result<R, RuntimeError> {
    Loader { graph, package }.matrix(value, place)
}

struct Loader<'a> {
    graph: &'a Graph,
    package: &'a Package,
}

impl Loader<'_> {
    fn name(&self, value: ValueId) -> &str {
        &self.graph.value(value).name
    }

    fn materialise(&self, value: ValueId) -> Result<Tensor, RuntimeError> {
        match &self.graph.value(value).definition {
            Definition::Constant(Constant::Tensor(tensor)) => Ok(tensor.clone()),
            Definition::Constant(Constant::Blob(blob)) => {
                let fact = self.graph.fact(value);
                let shape = fact.fixed_shape().ok_or_else(|| self.error(value, "its shape is not fixed".to_owned()))?;
                Ok(self.package.blob(&blob.file, blob.offset, fact.dtype, &shape)?)
            }
            Definition::Node(id, index) => {
                let node = self.graph.node(*id);
                let mut operands = Vec::new();
                for operand in node.operands() {
                    operands.push((operand, self.materialise(operand)?));
                }
                let find = |value| operands.iter().find(|(operand, _)| *operand == value).map(|(_, tensor)| tensor);
                let results = (node.op.eval)(&EvalContext::new(self.graph, node, &find, false))
                    .map_err(|source| self.error(value, source.to_string()))?;
                let result = results.into_iter().nth(*index);
                result.ok_or_else(|| self.error(value, "its operation has fewer results".to_owned()))
            }
            Definition::Input(_) | Definition::State(_) => Err(self.error(value, "it is not a weight".to_owned())),
        }
    }

    fn error(&self, value: ValueId, reason: String) -> RuntimeError {
        RuntimeError::Weight { name: self.name(value).to_owned(), reason }
    }

    fn matrix<R>(&self, value: ValueId, place: Place<'_, R>) -> Result<R, RuntimeError> {
        if let Definition::Node(id, _) = self.graph.value(value).definition {
            let node = self.graph.node(id);
            let packed = match node.op.name {
                "constexpr_blockwise_shift_scale" => self.blocks(node, place)?,
                "constexpr_lut_to_dense" => self.palettes(node, place)?,
                _ => None,
            };
            if let Some(packed) = packed {
                return Ok(packed);
            }
        }
        let dense = self.materialise(value)?;
        let &[rows, columns] = dense.shape() else {
            return Err(self.error(value, format!("a matrix is expected, its shape is {:?}", dense.shape())));
        };
        let data = self.floats(value, &dense)?;
        self.pack(value, &WeightSource::Float { rows, columns, data: data.borrow() }, place)
    }

    fn pack<R>(&self, value: ValueId, source: &WeightSource<'_>, place: Place<'_, R>) -> Result<R, RuntimeError> {
        place(&Packer::new(source).map_err(|error| self.error(value, error.to_string()))?)
    }

    /// An operand that is a constant, not the result of another `constexpr` operation.
    fn constant(&self, node: &Node, name: &str) -> Result<Option<Tensor>, RuntimeError> {
        match node.arg(name) {
            Some(Arg::Value(value)) if matches!(self.graph.value(*value).definition, Definition::Constant(_)) => {
                self.materialise(*value).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Integers with a scale per block of columns. `None` for forms that the kernels have no layout for.
    fn blocks<R>(&self, node: &Node, place: Place<'_, R>) -> Result<Option<R>, RuntimeError> {
        let (Some(data), Some(scale)) = (self.constant(node, "data")?, self.constant(node, "scale")?) else {
            return Ok(None);
        };
        let (&[rows, columns], &[scale_rows, groups]) = (data.shape(), scale.shape()) else { return Ok(None) };
        let divides = |whole: usize, part: usize| part > 0 && whole.is_multiple_of(part);
        if !divides(rows, scale_rows) || !divides(columns, groups) {
            return Ok(None);
        }
        let block = columns / groups;
        if !block.is_multiple_of(16) && groups != 1 {
            return Ok(None);
        }
        let codes = match data.dtype() {
            DType::I4 => Codes::I4(data.bytes()),
            DType::U4 => Codes::U4(data.bytes()),
            DType::U8 => Codes::U8(data.bytes()),
            DType::I8 => Codes::I8(data.as_slice::<i8>()?),
            _ => return Ok(None),
        };
        let result = node.outputs[0];
        let scales = self.floats(result, &repeat_rows(&scale, rows)?)?;
        let offsets = match node.arg("offset") {
            None => None,
            Some(_) => match self.constant(node, "offset")? {
                Some(offset) if offset.shape() == scale.shape() => Some(repeat_rows(&offset, rows)?),
                _ => return Ok(None),
            },
        };
        // Offsets are integers of the codes' type or floats; both are exact in f16 as far as Core ML allows them.
        let offsets = offsets.map(|offset| OwnedFloats::from_f32(scale.dtype(), &offset.to_f32_vec()));
        let source = BlockWeights {
            rows,
            columns,
            codes,
            block,
            scales: scales.borrow(),
            offsets: offsets.as_ref().map(OwnedFloats::borrow),
        };
        self.pack(result, &WeightSource::Blocks(source), place).map(Some)
    }

    /// Indices into one palette for all rows, or one for each group of rows.
    fn palettes<R>(&self, node: &Node, place: Place<'_, R>) -> Result<Option<R>, RuntimeError> {
        let (Some(indices), Some(lut)) = (self.constant(node, "indices")?, self.constant(node, "lut")?) else {
            return Ok(None);
        };
        let (&[rows, columns], &[palettes, 1, entries, 1]) = (indices.shape(), lut.shape()) else { return Ok(None) };
        let bits = indices.dtype().bits();
        if palettes == 0 || !rows.is_multiple_of(palettes) || entries != 1 << bits || bits > 8 {
            return Ok(None);
        }
        let result = node.outputs[0];
        let floats = self.floats(result, &lut)?;
        let source = PaletteWeights {
            rows,
            columns,
            bits: bits as u32,
            indices: indices.bytes(),
            palettes: floats.borrow(),
            rows_per_palette: rows / palettes,
        };
        self.pack(result, &WeightSource::Palettes(source), place).map(Some)
    }

    fn floats(&self, value: ValueId, tensor: &Tensor) -> Result<OwnedFloats, RuntimeError> {
        match tensor.dtype() {
            DType::F16 | DType::BF16 | DType::F32 => Ok(OwnedFloats(tensor.clone())),
            other => Err(self.error(value, format!("floats are expected, found {other}"))),
        }
    }
}

/// A float tensor that lends its elements to the packer; mapped ones are not copied.
struct OwnedFloats(Tensor);

impl OwnedFloats {
    fn from_f32(dtype: DType, data: &[f32]) -> Self {
        let dtype = if dtype == DType::F16 { DType::F16 } else { DType::F32 };
        // The element count is the slice's own, so that only the type could be refused, and both are floats.
        let tensor = Tensor::from_f32(dtype, [data.len()], data);
        Self(tensor.unwrap_or_else(|_| Tensor::scalar(0.0f32)))
    }

    fn borrow(&self) -> Floats<'_> {
        let tensor = &self.0;
        if let Ok(data) = tensor.as_slice::<f16>() {
            Floats::F16(data)
        } else if let Ok(data) = tensor.as_slice::<bf16>() {
            Floats::Bf16(data)
        } else {
            Floats::F32(tensor.as_slice::<f32>().unwrap_or_default())
        }
    }
}

/// Repeats each row of a matrix so that it has `rows` of them: a scale for a group of rows becomes one for each.
fn repeat_rows(tensor: &Tensor, rows: usize) -> Result<Tensor, RuntimeError> {
    let &[count, columns] = tensor.shape() else { return Ok(tensor.clone()) };
    if count == rows {
        return Ok(tensor.clone());
    }
    let data = tensor.to_f32_vec();
    let repeated: Vec<f32> =
        (0..rows).flat_map(|row| data[row * count / rows * columns..][..columns].iter().copied()).collect();
    let dtype = if tensor.dtype().is_float() { tensor.dtype() } else { DType::F32 };
    Ok(Tensor::from_f32(dtype, [rows, columns], &repeated)?)
}
