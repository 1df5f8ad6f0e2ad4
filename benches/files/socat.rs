//! The same through socat: TLS 1.3, which is AES-256-GCM where nobody says otherwise.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// socat, and a certificate of its own.
pub(crate) struct Socat {
    folder: PathBuf,
}

impl Socat {
    /// `None`: it is not here, or openssl is not.
    pub(crate) fn find(folder: &Path) -> Option<Self> {
        let [key, cert, both] = ["key", "cert", "pem"].map(|name| folder.join(name));
        let made = Command::new("openssl")
            .args([
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
            ])
            .args(["-nodes", "-days", "1", "-subj", "/CN=bench", "-keyout"])
            .arg(&key)
            .arg("-out")
            .arg(&cert)
            .stderr(Stdio::null())
            .status();
        let here = Command::new("socat")
            .arg("-V")
            .stdout(Stdio::null())
            .status();
        if !made.is_ok_and(|made| made.success()) || here.is_err() {
            return None;
        }
        fs::write(
            &both,
            [fs::read(&key).unwrap(), fs::read(&cert).unwrap()].concat(),
        )
        .unwrap();
        Some(Self {
            folder: folder.to_owned(),
        })
    }

    /// From file to file; how long it took.
    pub(crate) fn send_file(&self, path: &Path) -> Duration {
        let to = self.folder.join("copy");
        let took = self.send(
            &format!("OPEN:{}", path.display()),
            &format!("CREATE:{}", to.display()),
        );
        fs::remove_file(&to).unwrap();
        took
    }

    /// From tar to tar; how long it took.
    pub(crate) fn send_folder(&self, path: &Path) -> Duration {
        let to = self.folder.join("copy");
        fs::create_dir(&to).unwrap();
        let took = self.send(
            &format!("EXEC:tar c -C {} .", path.display()),
            &format!("EXEC:tar x -C {}", to.display()),
        );
        fs::remove_dir_all(&to).unwrap();
        took
    }

    fn send(&self, from: &str, to: &str) -> Duration {
        let any = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = any.local_addr().unwrap().port();
        drop(any);
        let tls = "verify=0,openssl-min-proto-version=TLS1.3";
        let cert = self.folder.join("pem");
        let listens = format!(
            "OPENSSL-LISTEN:{port},bind=127.0.0.1,reuseaddr,cert={},{tls}",
            cert.display()
        );
        let socat = |from: &str, to: &str| {
            let mut command = Command::new("socat");
            command.args(["-u", "-b", "131072", from, to]);
            command.spawn().unwrap()
        };
        let mut receiver = socat(&listens, to);
        // It waits for the receiver to listen.
        let dials = format!("OPENSSL:127.0.0.1:{port},{tls},retry=500,interval=0.01");
        let begun = Instant::now();
        let mut sender = socat(from, &dials);
        assert!(sender.wait().unwrap().success());
        assert!(receiver.wait().unwrap().success());
        begun.elapsed()
    }
}
