//! What a process holds in memory.

/// The most that the process has ever had in memory, in KiB.
pub(crate) fn peak_kib(pid: i32) -> u64 {
    kib(pid, "VmHWM:")
}

/// The same without the program itself, whose size depends on how it was built.
pub(crate) fn peak_beside_program_kib(pid: i32) -> u64 {
    peak_kib(pid) - kib(pid, "RssFile:")
}

fn kib(pid: i32, what: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with(what));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    number.unwrap().parse().unwrap()
}
