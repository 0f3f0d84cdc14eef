//! What this machine has, and what this process takes of it.

use std::{fs, thread};

use anyhow::Context;
use sysinfo::{CpuRefreshKind, MemoryRefreshKind, Pid, ProcessRefreshKind, ProcessesToUpdate, RefreshKind, System};

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

/// Memory that this process has now, in bytes.
///
/// # Errors
/// The system does not tell.
pub fn process_memory() -> anyhow::Result<u64> {
    let pid = Pid::from_u32(std::process::id());
    let mut system = System::new_with_specifics(RefreshKind::nothing())?;
    let memory = ProcessRefreshKind::nothing().with_memory();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), true, memory);
    Ok(system.process(pid).context("this process is not in the system's list")?.memory())
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

/// Sizes of caches, in bytes.
pub struct Caches {
    /// The second level, of one core.
    pub l2: usize,
    /// The last level, all of it.
    pub last: usize,
}

/// The caches of the first CPU. Only Linux tells; elsewhere they are taken to be of a common size.
pub fn caches() -> Caches {
    let size = |index: usize| {
        let text = fs::read_to_string(format!("/sys/devices/system/cpu/cpu0/cache/index{index}/size")).ok()?;
        parse_kibibytes(&text)
    };
    // Entries 0 and 1 are the first level's, for data and for instructions.
    let l2 = size(2).unwrap_or(1 << 20);
    Caches { l2, last: (3..).map_while(size).last().unwrap_or(l2.max(16 << 20)) }
}

fn parse_kibibytes(text: &str) -> Option<usize> {
    text.trim().strip_suffix('K')?.parse::<usize>().ok()?.checked_mul(1024).filter(|&size| size > 0)
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
    fn cache_sizes_are_read() {
        assert_eq!(parse_kibibytes("32768K\n"), Some(32 << 20));
        assert_eq!(["", "K", "0K", "-1K", "12", "99999999999999999999K"].map(parse_kibibytes), [None; 6]);
    }

    #[test]
    fn the_machine_has_memory_and_threads() {
        let memory = memory().unwrap();
        assert!(memory.total > 0 && memory.available <= memory.total);
        assert!(caches().l2 > 0 && caches().l2 <= caches().last);
        assert!(threads() >= 1 && cpu().unwrap().1 >= 1);
        if cfg!(target_os = "linux") {
            assert!(peak_memory().is_some_and(|peak| peak > 1 << 20));
        }
    }
}
