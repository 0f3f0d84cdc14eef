//! The handle through which every kernel is reached.

use crate::{Isa, KernelError};

/// The kernels of one instruction set. Holding one proves that the CPU has it; it is a byte to copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kernels {
    isa: Isa,
}

impl Kernels {
    /// The kernels of `isa`, or none if the CPU lacks it.
    pub fn new(isa: Isa) -> Option<Self> {
        isa.is_available().then_some(Self { isa })
    }

    /// The kernels of [`Isa::detect`].
    ///
    /// # Errors
    /// When `SOTTOVOCE_ISA` cannot be obeyed.
    pub fn detect() -> Result<Self, KernelError> {
        Isa::detect().map(|isa| Self { isa })
    }

    /// The kernels of every instruction set of this machine, the scalar ones first.
    pub fn all() -> Vec<Self> {
        Isa::available().into_iter().map(|isa| Self { isa }).collect()
    }

    /// Which instruction set.
    pub fn isa(self) -> Isa {
        self.isa
    }
}

/// Runs a function of the module of the handle's instruction set, in `crate::arch`. The SIMD ones are `unsafe` only because
/// they are compiled for features that must be present. With `simd` the scalar level, which has no such function, is out.
macro_rules! dispatch {
    (simd $kernels:expr, $($call:tt)*) => {
        dispatch!(@ $kernels, unreachable!("the scalar level has its own way"), $($call)*)
    };
    (@ $kernels:expr, $scalar:expr, $($path:ident)::+ ( $($argument:expr),* $(,)? )) => {
        match $kernels.isa() {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `Kernels` exists for this level only if the CPU has its features.
            $crate::Isa::Avx512 => unsafe { $crate::arch::avx512::$($path)::+($($argument),*) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the CPU was just asked.
            $crate::Isa::AvxVnni if is_x86_feature_detected!("avxvnni") => unsafe {
                $crate::arch::avx_vnni::$($path)::+($($argument),*)
            },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: without AVX-VNNI, `Kernels` exists for this level only if the CPU has the features of AVX-512.
            $crate::Isa::AvxVnni => unsafe { $crate::arch::avx_vnni_vl::$($path)::+($($argument),*) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `Kernels` exists for this level only if the CPU has its features.
            $crate::Isa::Avx2 => unsafe { $crate::arch::avx2::$($path)::+($($argument),*) },
            #[cfg(target_arch = "aarch64")]
            // SAFETY: `Kernels` exists for this level only if the CPU has its features.
            $crate::Isa::Neon => unsafe { $crate::arch::neon::$($path)::+($($argument),*) },
            #[cfg(target_arch = "aarch64")]
            // SAFETY: `Kernels` exists for this level only if the CPU has its features.
            $crate::Isa::NeonI8mm => unsafe { $crate::arch::i8mm::$($path)::+($($argument),*) },
            _ => $scalar,
        }
    };
    ($kernels:expr, $($path:ident)::+ ( $($argument:expr),* $(,)? )) => {
        dispatch!(@ $kernels, $crate::arch::scalar::$($path)::+($($argument),*), $($path)::+($($argument),*))
    };
}
pub(crate) use dispatch;
