//! Machines: network namespaces, the cables between them, and commands on them.

use std::fs::File;
use std::io::Write;
use std::process::{Command, Stdio};

use nix::sched::{CloneFlags, setns};

use crate::inside::run;

/// Runs `body` on a machine: what it starts or opens is there.
pub(crate) fn within<T: Send>(machine: &str, body: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let there = scope.spawn(|| {
            let space = File::open(format!("/run/netns/{machine}")).unwrap();
            setns(space, CloneFlags::CLONE_NEWNET).unwrap();
            body()
        });
        there.join().unwrap()
    })
}

/// A machine with no cable and no IPv6.
pub(crate) fn add_machine(name: &str) {
    run(Command::new("ip").args(["netns", "add", name]));
    ip(name, "link set lo up");
    sysctl(name, "net/ipv6/conf/all/disable_ipv6", "1");
}

/// A cable from `wan` of `machine` to `cable` of `other`.
pub(crate) fn link(machine: &str, other: &str, cable: &str) {
    ip(
        machine,
        &format!("link add wan type veth peer name {cable} netns {other}"),
    );
    ip(machine, "link set wan up");
    ip(other, &format!("link set {cable} up"));
}

/// Runs ip(8) on a machine; arguments are parted by single spaces.
pub(crate) fn ip(machine: &str, arguments: &str) {
    run(Command::new("ip")
        .args(["-n", machine])
        .args(arguments.split(' ')));
}

/// Sets what stands at this path under /proc/sys on a machine.
pub(crate) fn sysctl(machine: &str, name: &str, value: &str) {
    within(machine, || {
        std::fs::write(format!("/proc/sys/{name}"), value).unwrap_or_else(|e| panic!("{name}: {e}"))
    });
}

/// Hands rules to nft(8) on a machine.
pub(crate) fn nft(machine: &str, rules: &str) {
    let done = within(machine, || {
        let mut nft = Command::new("nft");
        let mut nft = nft
            .args(["-f", "-"])
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = nft.stdin.take().unwrap();
        stdin.write_all(rules.as_bytes()).unwrap();
        drop(stdin);
        nft.wait_with_output().unwrap()
    });
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{machine}: {said} in {rules}");
}
