use half::{bf16, f16};

/// Element type of a tensor.
///
/// Names follow Core ML's MIL data types. Sub-byte integers are packed low bits first, without padding between elements,
/// as Core ML's weight files hold them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum DType {
    Bool,
    F16,
    F32,
    F64,
    BF16,
    I4,
    I8,
    I16,
    I32,
    I64,
    U1,
    U2,
    U3,
    U4,
    U6,
    U8,
    U16,
    U32,
    U64,
}

impl DType {
    /// Every element type.
    pub const ALL: [Self; 19] = [
        Self::Bool,
        Self::F16,
        Self::F32,
        Self::F64,
        Self::BF16,
        Self::I4,
        Self::I8,
        Self::I16,
        Self::I32,
        Self::I64,
        Self::U1,
        Self::U2,
        Self::U3,
        Self::U4,
        Self::U6,
        Self::U8,
        Self::U16,
        Self::U32,
        Self::U64,
    ];

    /// Width of one element in bits.
    pub const fn bits(self) -> usize {
        match self {
            Self::U1 => 1,
            Self::U2 => 2,
            Self::U3 => 3,
            Self::U4 | Self::I4 => 4,
            Self::U6 => 6,
            Self::Bool | Self::I8 | Self::U8 => 8,
            Self::F16 | Self::BF16 | Self::I16 | Self::U16 => 16,
            Self::F32 | Self::I32 | Self::U32 => 32,
            Self::F64 | Self::I64 | Self::U64 => 64,
        }
    }

    /// Bytes that `count` packed elements take, or `None` when that overflows.
    pub fn packed_len(self, count: usize) -> Option<usize> {
        Some(count.checked_mul(self.bits())?.div_ceil(8))
    }

    /// True for elements narrower than a byte.
    pub const fn is_sub_byte(self) -> bool {
        self.bits() < 8
    }

    /// True for floating-point types.
    pub const fn is_float(self) -> bool {
        matches!(self, Self::F16 | Self::F32 | Self::F64 | Self::BF16)
    }

    /// True for integers; booleans are not integers.
    pub const fn is_int(self) -> bool {
        !self.is_float() && !matches!(self, Self::Bool)
    }

    /// True for integers that can be negative.
    pub const fn is_signed_int(self) -> bool {
        matches!(self, Self::I4 | Self::I8 | Self::I16 | Self::I32 | Self::I64)
    }

    /// Name as MIL text writes it, `fp16` or `int4` for instance.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::F16 => "fp16",
            Self::F32 => "fp32",
            Self::F64 => "fp64",
            Self::BF16 => "bf16",
            Self::I4 => "int4",
            Self::I8 => "int8",
            Self::I16 => "int16",
            Self::I32 => "int32",
            Self::I64 => "int64",
            Self::U1 => "uint1",
            Self::U2 => "uint2",
            Self::U3 => "uint3",
            Self::U4 => "uint4",
            Self::U6 => "uint6",
            Self::U8 => "uint8",
            Self::U16 => "uint16",
            Self::U32 => "uint32",
            Self::U64 => "uint64",
        }
    }

    /// The type that [`DType::name`] names.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dtype| dtype.name() == name)
    }
}

impl std::fmt::Display for DType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// A Rust type that is the in-memory form of one [`DType`].
pub trait Element: bytemuck::Pod + Send + Sync {
    /// The element type this is the form of. `bool` tensors are read as [`u8`] through [`crate::Tensor::to_i64_vec`].
    const DTYPE: DType;
}

macro_rules! element {
    ($($ty:ty => $dtype:ident),* $(,)?) => {$(
        impl Element for $ty {
            const DTYPE: DType = DType::$dtype;
        }
    )*};
}

element! {
    f16 => F16, f32 => F32, f64 => F64, bf16 => BF16,
    i8 => I8, i16 => I16, i32 => I32, i64 => I64,
    u8 => U8, u16 => U16, u32 => U32, u64 => U64,
}
