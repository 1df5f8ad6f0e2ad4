//! A client started by a shell: with its limits, its redirections and mounts of its own.

use std::process::{Command, Stdio};

use super::Start;

impl Start {
    /// The same, by `sh -c SCRIPT`, in which the command is `"$@"`.
    pub(crate) fn in_shell(self, script: &str) -> Self {
        self.by(&["sh", "-c", script, "sh"])
    }

    /// The same, where mounts are the test's own and end with it.
    pub(crate) fn with_mounts(self, script: &str) -> Self {
        self.by(&["unshare", "--mount", "sh", "-c", script, "sh"])
    }

    fn by(self, before: &[&str]) -> Self {
        let mut command = Command::new(before[0]);
        command
            .args(&before[1..])
            .arg(self.command.get_program())
            .args(self.command.get_args())
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for (name, value) in self.command.get_envs() {
            if let Some(value) = value {
                command.env(name, value);
            }
        }
        Self { command }
    }
}

/// Whether this machine allows mounts of one's own; says so if not.
pub(crate) fn may_mount() -> bool {
    let tried = Command::new("unshare")
        .args(["--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"])
        .output();
    let may = tried.is_ok_and(|tried| tried.status.success());
    if !may {
        eprintln!("skipped: this machine allows no mounts (unshare --mount)");
    }
    may
}
