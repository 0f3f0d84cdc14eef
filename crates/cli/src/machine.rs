//! What this machine has, and what this process takes of it.

use std::{fs, thread};

use sysinfo::{CpuRefreshKind, MemoryRefreshKind, RefreshKind, System};

/// Memory of the machine and what this process may use of it, in bytes.
pub struct Memory {
    /// Built in.
    pub total: u64,
    /// Free, or freed when needed.
    pub available: u64,
    /// The cgroup's limit, when it is lower.
    pub limit: Option<u64>,
}

/// Measures the memory.
///
/// # Errors
/// The system does not tell.
pub fn memory() -> anyhow::Result<Memory> {
    let memory = RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram());
    let system = System::new_with_specifics(memory)?;
    let total = system.total_memory();
    let limit = system.cgroup_limits().map(|limits| limits.total_memory).filter(|&limit| limit < total);
    Ok(Memory { total, available: system.available_memory(), limit })
}

/// Threads that this process may run at once: the smaller of its CPU affinity and its cgroup's quota.
pub fn threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Name of the CPU and the number of logical CPUs of the machine.
///
/// # Errors
/// The system does not tell.
pub fn cpu() -> anyhow::Result<(String, usize)> {
    let system = System::new_with_specifics(RefreshKind::nothing().with_cpu(CpuRefreshKind::nothing()))?;
    let name = system.cpus().first().map(|cpu| cpu.brand().trim().to_owned());
    Ok((name.unwrap_or_default(), system.cpus().len()))
}

/// The most memory this process ever had in RAM, memory-mapped files included; only Linux tells.
pub fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_has_memory_and_threads() {
        let memory = memory().unwrap();
        assert!(memory.total > 0 && memory.available <= memory.total);
        assert!(threads() >= 1 && cpu().unwrap().1 >= 1);
        if cfg!(target_os = "linux") {
            assert!(peak_memory().is_some_and(|peak| peak > 1 << 20));
        }
    }
}
