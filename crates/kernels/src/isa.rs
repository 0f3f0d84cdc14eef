//! Instruction sets: which exist, which this CPU has, which one runs.

use std::fmt;

use crate::KernelError;

/// The environment variable that forces an instruction set.
pub const ISA_VARIABLE: &str = "SOTTOVOCE_ISA";

/// A level of SIMD instructions for which kernels exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Isa {
    /// Plain Rust: the reference that the other levels are tested against.
    Scalar,
    /// x86-64 with AVX2, FMA and F16C.
    Avx2,
    /// [`Isa::Avx2`] with dot products of bytes in 256 bits (VNNI), be they encoded as AVX-VNNI or AVX-512 has them.
    AvxVnni,
    /// x86-64 with AVX-512 F, BW, VL, DQ and VNNI (and everything of [`Isa::Avx2`]).
    Avx512,
    /// AArch64 with NEON and the dot product extension.
    Neon,
    /// [`Isa::Neon`] with the matrix product extension for bytes (i8mm).
    NeonI8mm,
}

impl Isa {
    /// Every level, worst first.
    pub const ALL: [Self; 6] = [Self::Scalar, Self::Avx2, Self::AvxVnni, Self::Avx512, Self::Neon, Self::NeonI8mm];

    /// The name that [`ISA_VARIABLE`] takes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Avx2 => "avx2",
            Self::AvxVnni => "avxvnni",
            Self::Avx512 => "avx512",
            Self::Neon => "neon",
            Self::NeonI8mm => "i8mm",
        }
    }

    /// Whether this CPU (and operating system) can run this level.
    pub fn is_available(self) -> bool {
        match self {
            Self::Scalar => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => {
                is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && is_x86_feature_detected!("f16c")
            }
            #[cfg(target_arch = "x86_64")]
            Self::AvxVnni => {
                Self::Avx2.is_available()
                    && (is_x86_feature_detected!("avxvnni")
                        || is_x86_feature_detected!("avx512vl") && is_x86_feature_detected!("avx512vnni"))
            }
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                Self::Avx2.is_available()
                    && is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vnni")
            }
            #[cfg(target_arch = "aarch64")]
            Self::Neon => {
                std::arch::is_aarch64_feature_detected!("neon") && std::arch::is_aarch64_feature_detected!("dotprod")
            }
            #[cfg(target_arch = "aarch64")]
            Self::NeonI8mm => Self::Neon.is_available() && std::arch::is_aarch64_feature_detected!("i8mm"),
            #[allow(unreachable_patterns)]
            _ => false,
        }
    }

    /// The levels of this machine, worst first; never empty.
    pub fn available() -> Vec<Self> {
        Self::ALL.into_iter().filter(|isa| isa.is_available()).collect()
    }

    /// The level to run: what [`ISA_VARIABLE`] asks for, else the best that the CPU has.
    ///
    /// # Errors
    /// [`KernelError::UnknownIsa`] or [`KernelError::IsaUnavailable`] when the variable cannot be obeyed.
    pub fn detect() -> Result<Self, KernelError> {
        match std::env::var(ISA_VARIABLE) {
            Ok(name) if !name.is_empty() => Self::from_name(&name),
            _ => Ok(Self::best()),
        }
    }

    fn best() -> Self {
        *Self::available().last().unwrap_or(&Self::Scalar)
    }

    fn from_name(name: &str) -> Result<Self, KernelError> {
        let isa = Self::ALL
            .into_iter()
            .find(|isa| isa.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| KernelError::UnknownIsa { found: name.to_owned() })?;
        if !isa.is_available() {
            let available = Self::available().iter().map(|isa| isa.name()).collect::<Vec<_>>().join(", ");
            return Err(KernelError::IsaUnavailable { asked: isa.name(), available });
        }
        Ok(isa)
    }
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One CPU feature that matters to inference, and whether this CPU has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CpuFeature {
    /// The name Rust and compilers use, for instance `avx512vnni`.
    pub name: &'static str,
    /// Whether the CPU and operating system offer it.
    pub present: bool,
}

/// The features that matter to inference on this architecture, for `doctor` to print.
pub fn cpu_features() -> Vec<CpuFeature> {
    macro_rules! features {
        ($detect:path: $($name:tt),*) => { vec![$(CpuFeature { name: $name, present: detected!($detect, $name) }),*] };
    }
    macro_rules! detected {
        ($detect:path, $name:tt) => {{
            use $detect as detect;
            detect!($name)
        }};
    }
    #[cfg(target_arch = "x86_64")]
    return features!(std::arch::is_x86_feature_detected:
        "avx2", "fma", "f16c", "avxvnni", "avx512f", "avx512bw", "avx512vl", "avx512dq", "avx512vnni", "avx512bf16",
        "avx512fp16", "avx512vbmi");
    #[cfg(target_arch = "aarch64")]
    return features!(std::arch::is_aarch64_feature_detected: "neon", "dotprod", "i8mm", "fp16", "bf16", "sve");
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    return Vec::new();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_any_case_and_unknown_ones_refused() {
        assert_eq!(Isa::from_name("Scalar"), Ok(Isa::Scalar));
        assert_eq!(Isa::from_name("sse9"), Err(KernelError::UnknownIsa { found: "sse9".into() }));
    }

    #[test]
    fn a_level_of_another_architecture_is_refused_by_name() {
        let foreign = if cfg!(target_arch = "aarch64") { Isa::Avx2 } else { Isa::Neon };
        let message = Isa::from_name(foreign.name()).unwrap_err().to_string();
        assert!(message.contains(foreign.name()) && message.contains("scalar"), "{message}");
    }

    /// Where the environment asks for a level, as it does in an emulator, the tests of all levels are to have run that one.
    #[test]
    fn the_level_that_is_asked_for_is_available() {
        assert!(Isa::detect().is_ok_and(Isa::is_available));
    }

    #[test]
    fn the_best_level_is_available() {
        assert!(Isa::best().is_available());
        assert_eq!(Isa::available()[0], Isa::Scalar);
    }
}
