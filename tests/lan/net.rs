//! Two hosts, 10.77.0.1 and 10.77.0.2, on one bridge: three network namespaces in a user
//! namespace of their own, so that no rights are needed where the system allows that. They end
//! with the processes that hold them.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};

use crate::common::{Client, Start};

pub(crate) struct Lan {
    hosts: [Holder; 2],
    bridge: Holder,
}

/// A process that does nothing but keep its namespaces; it ends with its stdin.
struct Holder {
    child: Child,
    _stdin: ChildStdin,
}

impl Holder {
    /// `command`, which makes namespaces and then runs what is added; `None` where it cannot.
    fn start(mut command: Command) -> Option<Self> {
        let mut child = command
            .args(["sh", "-c", "echo made; exec cat"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let stdin = child.stdin.take().unwrap();
        let mut line = String::new();
        let _ = BufReader::new(child.stdout.take().unwrap()).read_line(&mut line);
        let holder = Self {
            child,
            _stdin: stdin,
        };
        (line == "made\n").then_some(holder)
    }

    /// A command that runs in these namespaces.
    fn enter(&self) -> Command {
        let mut command = Command::new("nsenter");
        let pid = self.child.id().to_string();
        command.args(["-t", &pid, "-U", "-n", "--preserve-credentials", "--"]);
        command
    }

    fn does(&self, line: &str) -> bool {
        let status = self.enter().args(["sh", "-ec", line]).status();
        status.is_ok_and(|status| status.success())
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Lan {
    /// `None`, and a line that says so, where namespaces cannot be made.
    pub(crate) fn lay() -> Option<Self> {
        let laid = Self::try_to_lay();
        if laid.is_none() {
            eprintln!("skipped: no network namespaces here (needs ip, nsenter, and rights)");
        }
        laid
    }

    fn try_to_lay() -> Option<Self> {
        let mut unshare = Command::new("unshare");
        unshare.args(["--user", "--map-root-user", "--net"]);
        let bridge = Holder::start(unshare)?;
        let host = || {
            let mut unshare = bridge.enter();
            unshare.args(["unshare", "--net"]);
            Holder::start(unshare)
        };
        let hosts = [host()?, host()?];
        bridge
            .does("ip link add br0 type bridge; ip link set br0 up")
            .then_some(())?;
        let lan = Self { hosts, bridge };
        for host in 0..lan.hosts.len() {
            lan.wire(host).then_some(())?;
        }
        Some(lan)
    }

    /// Gives a host its cable, and the address on it.
    fn wire(&self, host: usize) -> bool {
        let (n, pid) = (host + 1, self.hosts[host].child.id());
        // Without IPv6: its duplicate address detection would take a second.
        let wire = format!(
            "ip link add v{n} type veth peer name eth0 netns {pid}; \
             ip link set v{n} master br0 up"
        );
        let address = format!(
            "echo 1 > /proc/sys/net/ipv6/conf/eth0/disable_ipv6 || true; \
             ip link set lo up; ip addr add 10.77.0.{n}/24 dev eth0; ip link set eth0 up"
        );
        self.bridge.does(&wire) && self.hosts[host].does(&address)
    }

    /// Gives a host this many bridges before its cable, as the interfaces are numbered; on each
    /// host they have the same addresses.
    pub(crate) fn add_bridges(&self, host: usize, many: usize) {
        self.on(host, "ip link del eth0");
        for n in 0..many {
            self.on(
                host,
                &format!(
                    "ip link add other{n} type bridge; ip addr add 172.{}.0.1/16 dev other{n}; \
                     ip link set other{n} up",
                    17 + n
                ),
            );
        }
        assert!(self.wire(host));
        self.on(host, "ip route add default via 10.77.0.9");
    }

    /// Runs this on a host; it must do well.
    pub(crate) fn on(&self, host: usize, line: &str) {
        assert!(self.hosts[host].does(line), "{line}");
    }

    /// Takes this host's cable out of the bridge.
    pub(crate) fn unplug(&self, host: usize) {
        let line = format!("ip link set v{} nomaster", host + 1);
        assert!(self.bridge.does(&line));
    }

    /// Puts it back.
    pub(crate) fn plug(&self, host: usize) {
        let line = format!("ip link set v{} master br0", host + 1);
        assert!(self.bridge.does(&line));
    }

    /// The same, started on this host.
    pub(crate) fn inside(&self, host: usize, start: Start) -> Start {
        let mut command = self.hosts[host].enter();
        command.env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap());
        command.arg(start.command.get_program());
        command.args(start.command.get_args());
        for (name, value) in start.command.get_envs() {
            if let Some(value) = value {
                command.env(name, value);
            }
        }
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Start { command }
    }

    /// A mediator on this host, once it listens.
    pub(crate) fn mediator(&self, host: usize, flags: &[&str]) -> Client {
        let mut program = std::path::PathBuf::from(env!("CARGO_BIN_EXE_undertone"));
        program.set_file_name("undertone-mediator");
        let mut command = Command::new(program);
        command.args(flags);
        let client = self.inside(host, Start { command }).run();
        client
            .err
            .find(|line| line.contains("listening on"), "its address");
        client
    }

    /// Datagrams of UDP that this host has sent, ever.
    pub(crate) fn udp_sent(&self, host: usize) -> u64 {
        let mut cat = self.hosts[host].enter();
        let out = cat
            .args(["cat", "/proc/net/snmp", "/proc/net/snmp6"])
            .output()
            .unwrap();
        let text = String::from_utf8(out.stdout).unwrap();
        let mut udp = text.lines().filter(|line| line.starts_with("Udp:"));
        let (names, values) = (udp.next().unwrap(), udp.next().unwrap());
        let at = names.split(' ').position(|name| name == "OutDatagrams");
        let v4: u64 = values.split(' ').nth(at.unwrap()).unwrap().parse().unwrap();
        let v6 = text
            .lines()
            .find_map(|line| line.strip_prefix("Udp6OutDatagrams"));
        v4 + v6.map_or(0, |count| count.trim().parse().unwrap())
    }
}
