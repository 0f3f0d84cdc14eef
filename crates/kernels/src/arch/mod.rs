//! The kernels of each instruction set. Modules of different sets have the same functions.

pub(crate) mod scalar;

// In a kernel everything rests on the one promise of its caller, so that marking single lines would mark all of them.
#[cfg(target_arch = "aarch64")]
#[allow(unsafe_op_in_unsafe_fn, clippy::needless_range_loop)]
mod aarch64;
#[allow(unsafe_op_in_unsafe_fn, clippy::int_plus_one, clippy::needless_range_loop)]
mod generic;
mod level;
#[allow(unsafe_op_in_unsafe_fn)]
mod simd;
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_op_in_unsafe_fn, clippy::needless_range_loop)]
mod x86_64;

/// AVX-512.
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_op_in_unsafe_fn)]
pub(crate) mod avx512 {
    super::level::level!(
        crate::arch::x86_64::avx512::Avx512,
        "avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"
    );
}

/// AVX2.
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_op_in_unsafe_fn)]
pub(crate) mod avx2 {
    super::level::level!(crate::arch::x86_64::avx2::Plain, "avx2,fma,f16c");
}

/// AVX2 with AVX-VNNI.
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_op_in_unsafe_fn)]
pub(crate) mod avx_vnni {
    pub(crate) use super::avx2::{attention, attention_rounded, float, rows};
    super::level::level!(integers of crate::arch::x86_64::avx2::AvxVnni, "avx2,fma,f16c,avxvnni");
}

/// The same with the 256-bit instructions of AVX-512 VNNI.
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_op_in_unsafe_fn)]
pub(crate) mod avx_vnni_vl {
    pub(crate) use super::avx2::{attention, attention_rounded, float, rows};
    super::level::level!(integers of crate::arch::x86_64::avx2::Avx512Vnni, "avx2,fma,f16c,avx512f,avx512vl,avx512vnni");
}

/// NEON.
#[cfg(target_arch = "aarch64")]
#[allow(unsafe_op_in_unsafe_fn)]
pub(crate) mod neon {
    super::level::level!(crate::arch::aarch64::neon::DotProd, "neon,dotprod");
}

/// NEON with matrix products of bytes.
#[cfg(target_arch = "aarch64")]
#[allow(unsafe_op_in_unsafe_fn)]
pub(crate) mod i8mm {
    pub(crate) use super::neon::{attention, attention_rounded, float, rows};
    super::level::level!(integers of crate::arch::aarch64::neon::I8mm, "neon,dotprod,i8mm");
}
