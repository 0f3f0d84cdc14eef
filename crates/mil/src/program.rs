//! The typed form of an ML Program: functions of blocks of operations over named, typed values.
//!
//! It mirrors Core ML's MIL protobuf message by message, so that reading and writing lose nothing, but its element
//! types, tensors and dimensions are checked Rust values.

use indexmap::IndexMap;
use sottovoce_tensor::{DType, Tensor};

/// An ML Program.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Program {
    /// Version of the MIL language, 1 so far.
    pub version: i64,
    /// Functions by name; `main` unless the package says otherwise.
    pub functions: IndexMap<String, Function>,
    /// Free text.
    pub doc_string: String,
    /// Attributes of the whole program, the build information of the converter for instance.
    pub attributes: IndexMap<String, Value>,
}

/// A function: typed inputs and one block per opset it was written for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Function {
    /// Inputs in order; states have type [`ValueType::State`].
    pub inputs: Vec<NamedValueType>,
    /// The opset whose block runs, `CoreML8` for instance.
    pub opset: String,
    /// Bodies by opset name.
    pub block_specializations: IndexMap<String, Block>,
    /// Attributes of the function.
    pub attributes: IndexMap<String, Value>,
}

impl Function {
    /// The body written for [`Function::opset`].
    pub fn active_block(&self) -> Option<&Block> {
        self.block_specializations.get(&self.opset)
    }
}

/// Operations in execution order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Block {
    /// Values that the enclosing operation passes in (loops and conditions); empty for a function's body.
    pub inputs: Vec<NamedValueType>,
    /// Names of the values that leave the block.
    pub outputs: Vec<String>,
    /// Operations; each may use values of earlier ones and of enclosing blocks.
    pub operations: Vec<Operation>,
    /// Attributes of the block.
    pub attributes: IndexMap<String, Value>,
}

/// One operation, `linear` or `const` for instance.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Operation {
    /// Name of the operation in its opset.
    pub kind: String,
    /// Arguments by parameter name. A variadic parameter (`values` of `concat`) has several bindings.
    pub inputs: IndexMap<String, Vec<Binding>>,
    /// Results in order.
    pub outputs: Vec<NamedValueType>,
    /// Nested blocks of `cond`, `while_loop` and `map`.
    pub blocks: Vec<Block>,
    /// Attributes: `name` usually, `val` of a `const`, the parameters of iOS 16 `constexpr` operations.
    pub attributes: IndexMap<String, Value>,
}

impl Operation {
    /// What messages call the operation: its `name` attribute, else its first result, else its kind.
    pub fn name(&self) -> &str {
        match self.attributes.get("name").map(|value| &value.data) {
            Some(ValueData::Strings(strings)) if !strings.is_empty() => &strings[0],
            _ => self.outputs.first().map_or(&self.kind, |output| &output.name),
        }
    }
}

/// Where an argument comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Binding {
    /// The value of that name.
    Name(String),
    /// A literal in place.
    Value(Value),
}

/// A name with its type.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedValueType {
    /// Name, unique within its function.
    pub name: String,
    /// Type.
    pub ty: ValueType,
}

/// Type of a value.
#[derive(Clone, Debug, PartialEq)]
pub enum ValueType {
    /// A tensor; strings and numbers are tensors of rank 0.
    Tensor(TensorType),
    /// A list.
    List {
        /// Type of the elements.
        element: Box<ValueType>,
        /// Number of elements.
        length: Dimension,
    },
    /// A tuple.
    Tuple(Vec<ValueType>),
    /// A dictionary.
    Dictionary {
        /// Type of the keys.
        key: Box<ValueType>,
        /// Type of the values.
        value: Box<ValueType>,
    },
    /// A mutable buffer that outlives a prediction (opset CoreML8, iOS 18).
    State(Box<ValueType>),
}

/// Element type, shape and attributes of a tensor.
#[derive(Clone, Debug, PartialEq)]
pub struct TensorType {
    /// Element type.
    pub element: ElementType,
    /// Rank, or -1 when the converter did not know it.
    pub rank: i64,
    /// Dimensions, outermost first.
    pub dimensions: Vec<Dimension>,
    /// Attributes.
    pub attributes: IndexMap<String, Value>,
}

/// Element type of a MIL tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ElementType {
    /// A type that [`Tensor`] holds.
    Data(DType),
    /// Text.
    String,
    /// A data type number that this version does not name (an FP8 for instance); kept so that nothing is lost.
    Other(i32),
}

/// One dimension of a tensor type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dimension {
    /// Known size.
    Fixed(u64),
    /// Known only at run time.
    Unknown {
        /// True when it stands for any number of dimensions.
        variadic: bool,
    },
}

/// A literal or a reference into a weight file.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// Free text.
    pub doc_string: String,
    /// Type.
    pub ty: ValueType,
    /// Contents.
    pub data: ValueData,
}

/// Contents of a [`Value`].
#[derive(Clone, Debug, PartialEq)]
pub enum ValueData {
    /// Numbers or booleans in the program itself.
    Tensor(Tensor),
    /// Strings in the program itself, row-major.
    Strings(Vec<String>),
    /// Members of a tuple.
    Tuple(Vec<Value>),
    /// Elements of a list.
    List(Vec<Value>),
    /// Pairs of a dictionary.
    Dictionary(Vec<(Value, Value)>),
    /// A tensor in a weight file.
    Blob {
        /// Name as the program spells it, `@model_path/weights/weight.bin`.
        file: String,
        /// Byte offset of the blob's metadata.
        offset: u64,
    },
}

impl TensorType {
    /// A type whose dimensions are all known.
    pub fn fixed(dtype: DType, shape: &[usize]) -> Self {
        Self::with_dimensions(dtype, shape.iter().map(|&dim| Dimension::Fixed(dim as u64)).collect())
    }

    /// A type with the given dimensions.
    pub fn with_dimensions(dtype: DType, dimensions: Vec<Dimension>) -> Self {
        Self {
            element: ElementType::Data(dtype),
            rank: dimensions.len() as i64,
            dimensions,
            attributes: IndexMap::new(),
        }
    }

    /// Element type, where it is one that tensors hold.
    pub fn dtype(&self) -> Option<DType> {
        match self.element {
            ElementType::Data(dtype) => Some(dtype),
            _ => None,
        }
    }

    /// Shape, where every dimension is known.
    pub fn fixed_shape(&self) -> Option<Vec<usize>> {
        self.dimensions
            .iter()
            .map(|dim| match dim {
                Dimension::Fixed(size) => usize::try_from(*size).ok(),
                Dimension::Unknown { .. } => None,
            })
            .collect()
    }
}

impl ValueType {
    /// The tensor type, looking through a state.
    pub fn as_tensor(&self) -> Option<&TensorType> {
        match self {
            Self::Tensor(ty) => Some(ty),
            Self::State(inner) => inner.as_tensor(),
            _ => None,
        }
    }
}

impl Value {
    /// A tensor literal.
    pub fn tensor(tensor: Tensor) -> Self {
        let ty = ValueType::Tensor(TensorType::fixed(tensor.dtype(), tensor.shape()));
        Self { doc_string: String::new(), ty, data: ValueData::Tensor(tensor) }
    }

    /// A string literal.
    pub fn string(text: impl Into<String>) -> Self {
        let ty =
            TensorType { element: ElementType::String, rank: 0, dimensions: Vec::new(), attributes: IndexMap::new() };
        Self { doc_string: String::new(), ty: ValueType::Tensor(ty), data: ValueData::Strings(vec![text.into()]) }
    }
}
