//! One core for all that is measured.

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

/// Keeps this process, and those that it starts, on one core: a wake-up across cores costs more
/// than some of what is measured.
pub(crate) fn pin() {
    let us = Pid::from_raw(0);
    let allowed = sched_getaffinity(us).unwrap();
    let last = (0..CpuSet::count())
        .rfind(|cpu| allowed.is_set(*cpu).unwrap())
        .unwrap();
    let mut one = CpuSet::new();
    one.set(last).unwrap();
    sched_setaffinity(us, &one).unwrap();
}
