//! A test in namespaces of its own: the test's program starts itself again under
//! unshare(1), for that one test only. It is process 1 there, so that the kernel ends
//! whatever it started and takes every namespace away with it, and it ends when the
//! program outside is gone, were it by kill -9.

use std::io::{Read, Write};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

/// Set for the program inside.
const INSIDE: &str = "UNDERTONE_TEST_INSIDE";
/// Namespaces of mounts, processes and networks; in one of users too where it needs
/// that.
const SPACES: [&str; 6] = [
    "--mount",
    "--pid",
    "--net",
    "--fork",
    "--kill-child",
    "--mount-proc",
];
const AS_ROOT: &[&str] = &[];
const AS_USER: &[&str] = &["--user", "--map-root-user"];
/// What a laboratory needs, in short.
const PROBE: &str = "mount -t tmpfs tmpfs /run && ip netns add probe && \
    ip netns exec probe nft add table ip probe";

/// Runs `body`, a closure in a test's function, in namespaces of its own. It may use
/// /run, where nothing is, and which nobody else sees.
pub(crate) fn inside<F: FnOnce()>(body: F) {
    if std::env::var_os(INSIDE).is_some() {
        std::thread::spawn(end_with_the_outer);
        run(Command::new("mount").args(["-t", "tmpfs", "tmpfs", "/run"]));
        return body();
    }
    let users = match privileges() {
        Ok(users) => *users,
        Err(why) => return skip(why),
    };
    let name = test_name::<F>();
    let mut unshare = unshare(users);
    unshare.arg("--").arg(std::env::current_exe().unwrap());
    unshare.args(["--exact", name, "--include-ignored", "--nocapture"]);
    unshare.env(INSIDE, "1").env("TMPDIR", "/run");
    let mut child = unshare
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Held open as long as this program lives.
    let _alive = child.stdin.take();
    let done = child.wait_with_output().unwrap();
    let told = said(&done);
    assert!(done.status.success(), "{told}");
    assert!(told.contains("1 passed"), "no test {name}: {told}");
    // For whoever asked to see it.
    print!("{told}");
}

/// How unshare is to be called here, or why it cannot be.
fn privileges() -> Result<&'static &'static [&'static str], &'static str> {
    static FOUND: OnceLock<Result<&[&str], String>> = OnceLock::new();
    let found = FOUND.get_or_init(|| {
        let mut why = String::new();
        for users in [AS_ROOT, AS_USER] {
            let mut unshare = unshare(users);
            match unshare.args(["--", "sh", "-c", PROBE]).output() {
                Ok(done) if done.status.success() => return Ok(users),
                Ok(done) => why = String::from_utf8_lossy(&done.stderr).trim().to_owned(),
                Err(error) => why = format!("unshare: {error}"),
            }
        }
        Err(why)
    });
    found.as_ref().map_err(String::as_str)
}

fn unshare(users: &[&str]) -> Command {
    let mut unshare = Command::new("unshare");
    // Users often have no path to where ip and nft are.
    let path = std::env::var("PATH").unwrap_or_default();
    unshare.env("PATH", format!("{path}:/usr/sbin:/sbin"));
    unshare.args(users).args(SPACES);
    unshare
}

/// Says on the real stderr, which the test harness does not keep to itself, that
/// nothing was tested; once a program, whatever the number of tests.
fn skip(why: &str) {
    static SAID: OnceLock<()> = OnceLock::new();
    SAID.get_or_init(|| {
        let why = why.replace('\n', "; ");
        let line = format!(
            "SKIPPED: all tests of NATs: no network namespaces here ({why}). They need iproute2, \
             nftables and util-linux, and root or a kernel that gives namespaces to users\n"
        );
        std::io::stderr().write_all(line.as_bytes()).unwrap();
    });
}

/// The test that a closure of its function stands in, without the crate's name.
fn test_name<F>() -> &'static str {
    let path = std::any::type_name::<F>();
    let (_, path) = path.split_once("::").unwrap();
    path.split("::{{").next().unwrap()
}

fn end_with_the_outer() {
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    std::process::exit(1);
}

/// Runs a command to its end, which must be a good one, and gives its stdout.
pub(crate) fn run(command: &mut Command) -> String {
    let done = command.output().unwrap();
    assert!(done.status.success(), "{command:?}: {}", said(&done));
    String::from_utf8(done.stdout).unwrap()
}

fn said(done: &Output) -> String {
    [&done.stdout, &done.stderr]
        .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        .join("\n")
}
