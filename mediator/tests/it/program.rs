//! The real program: what it prints, what it never logs, signals and exit codes.
#![cfg(unix)]

use std::path::Path;
use std::process::{ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use futures_util::future::join_all;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};
use tokio::process::{Child, ChildStderr, Command};
use tokio::time::timeout;
use undertone_wire::{ClientMessage, ErrorCode, MediatorMessage, RELAY_HELD, Tag};

use crate::common::{Client, PATIENCE, agree, fill, swap_sealed};

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_undertone-mediator"));
    command
        .kill_on_drop(true)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A running program and the address that it printed.
struct Running {
    child: Child,
    stderr: BufReader<ChildStderr>,
    address: std::net::SocketAddr,
}

impl Running {
    async fn start(arguments: &[&str]) -> Self {
        Self::run(program().args(arguments)).await
    }

    async fn run(command: &mut Command) -> Self {
        let mut child = command.args(["--listen", "127.0.0.1:0"]).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        timeout(PATIENCE, stderr.read_line(&mut line))
            .await
            .unwrap()
            .unwrap();
        let address = line
            .trim_end()
            .strip_prefix("undertone-mediator listening on ")
            .and_then(|url| url.rsplit('/').next());
        let address = address.unwrap_or_else(|| panic!("{line}")).parse().unwrap();
        Self {
            child,
            stderr,
            address,
        }
    }

    async fn dial(&self, host: [u8; 4]) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((host, 0).into()).unwrap();
        socket.connect(self.address).await.unwrap()
    }

    async fn connect(&self, host: [u8; 4]) -> Client {
        Client::over(self.dial(host).await, &[]).await.unwrap()
    }

    /// Reads the log up to a line with these words.
    async fn log_until(&mut self, words: &str) {
        let mut log = String::new();
        while !log.lines().last().is_some_and(|line| line.contains(words)) {
            let line = timeout(PATIENCE, self.stderr.read_line(&mut log));
            assert!(
                line.await.expect("a line of the log").unwrap() > 0,
                "{words}: {log}"
            );
        }
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().unwrap() as i32), signal).unwrap();
    }

    /// Its status, and what it wrote to stderr after the first line.
    async fn finish(mut self) -> (ExitStatus, String) {
        let mut log = String::new();
        timeout(PATIENCE, self.stderr.read_to_string(&mut log))
            .await
            .unwrap()
            .unwrap();
        (
            timeout(PATIENCE, self.child.wait()).await.unwrap().unwrap(),
            log,
        )
    }
}

async fn run(arguments: &[&str]) -> Output {
    timeout(PATIENCE, program().args(arguments).output())
        .await
        .unwrap()
        .unwrap()
}

#[tokio::test]
async fn at_trace_level_nothing_of_a_client_is_logged() {
    let running = Running::start(&["-vv", "--relay"]).await;
    let tag = *b"the tag of a room, 32 bytes long";
    let offers = [b"offer-of-ada".as_slice(), b"offer-of-bob"];
    let (mut ada, mut bob) = (
        running.connect([127, 11, 22, 33]).await,
        running.connect([127, 44, 55, 66]).await,
    );
    ada.join(Tag(tag), offers[0]).await;
    ada.hear_waiting().await;
    bob.join(Tag(tag), offers[1]).await;
    ada.hear_paired().await;
    bob.hear_paired().await;
    ada.seal(b"sealed-of-ada").await;
    bob.seal(b"sealed-of-bob").await;
    ada.hear_sealed().await;
    bob.hear_sealed().await;
    // Names travel sealed; a client that sends one in the clear, or garbage, is not quoted either.
    let mut mallory = running.connect([127, 77, 88, 99]).await;
    mallory.text(r#"{"type":"mallory's name"}"#).await;
    assert_eq!(mallory.hear_refusal().await.0, ErrorCode::BadRequest);
    agree(&mut ada, &mut bob).await;
    ada.relay(b"relayed-of-ada").await;
    assert_eq!(bob.hear_relayed().await, b"relayed-of-ada");
    ada.say(&ClientMessage::Done).await;
    ada.hear_close().await;
    bob.hear_relay_over().await;
    running.signal(Signal::SIGTERM);
    let (status, log) = running.finish().await;
    assert_eq!(status.code(), Some(0));
    // It did log, down to trace.
    assert!(
        log.contains("TRACE") && log.contains("DEBUG") && log.contains("stopped"),
        "{log}"
    );
    let mut secrets = vec![String::from_utf8(tag.to_vec()).unwrap(), "mallory".into()];
    for bytes in [
        tag.as_slice(),
        offers[0],
        offers[1],
        b"sealed-of-ada",
        b"relayed-of-ada",
    ] {
        secrets.push(BASE64URL_NOPAD.encode(bytes));
        secrets.push(HEXLOWER.encode(bytes));
        secrets.push(format!("{bytes:?}"));
        secrets.push(String::from_utf8_lossy(bytes).into_owned());
    }
    for client in [&ada, &bob, &mallory] {
        let local = client.local.unwrap();
        secrets.extend([local.ip().to_string(), format!(":{}", local.port())]);
    }
    for secret in secrets {
        assert!(!log.contains(&secret), "{secret} is in the log:\n{log}");
    }
}

/// Bytes of user space in memory.
#[cfg(target_os = "linux")]
fn memory(running: &Running) -> usize {
    let status = format!("/proc/{}/status", running.child.id().unwrap());
    let status = std::fs::read_to_string(status).unwrap();
    let line = status.lines().find(|line| line.starts_with("RssAnon:"));
    let kilobytes = line.unwrap().split_whitespace().nth(1).unwrap();
    kilobytes.parse::<usize>().unwrap() * 1024
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn stalled_readers_cost_no_more_memory_than_is_written_down() {
    let rate = [
        "--relay-rate",
        "1000000000",
        "--relay-total-rate",
        "1000000000",
    ];
    let running = Running::start(&[&["--relay"], &rate[..]].concat()).await;
    let mut clients = Vec::new();
    for n in 0..8 {
        let mut host = running.connect([127, 0, 1, n]).await;
        host.join(Tag([n; 32]), b"a").await;
        host.hear_waiting().await;
        let mut guest = running.connect([127, 0, 2, n]).await;
        guest.join(Tag([n; 32]), b"b").await;
        host.hear_paired().await;
        guest.hear_paired().await;
        swap_sealed(&mut host, &mut guest).await;
        agree(&mut host, &mut guest).await;
        clients.extend([host, guest]);
    }
    let before = memory(&running);
    let directions = clients.len();
    let sent: usize = join_all(clients.iter_mut().map(fill)).await.iter().sum();
    let held = memory(&running).saturating_sub(before) / directions;
    println!("held of a stalled direction: {held} B, of {RELAY_HELD} B");
    assert!(sent / directions > 2 * RELAY_HELD, "not stalled");
    assert!(held <= RELAY_HELD, "{held} B");
}

#[tokio::test]
async fn sigterm_and_sigint_tell_the_waiting_and_exit_0_within_5_s() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let running = Running::start(&[]).await;
        let mut waiting = running.connect([127, 0, 0, 1]).await;
        waiting.join(Tag([1; 32]), b"offer").await;
        waiting.hear_waiting().await;
        let mut paired = Vec::new();
        for offer in [b"a", b"b"] {
            let mut client = running.connect([127, 0, 0, 1]).await;
            client.join(Tag([2; 32]), offer).await;
            paired.push(client);
        }
        paired[1].hear_paired().await;
        let began = Instant::now();
        running.signal(signal);
        assert_eq!(waiting.hear_refusal().await.0, ErrorCode::ShuttingDown);
        assert_eq!(running.finish().await.0.code(), Some(0));
        assert!(began.elapsed() < Duration::from_secs(5));
    }
}

#[tokio::test]
async fn a_taken_port_is_exit_3_with_a_remedy() {
    let running = Running::start(&[]).await;
    let output = run(&["--listen", &running.address.to_string()]).await;
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{stderr}");
    assert!(
        stderr.contains("cannot listen") && stderr.contains("--listen"),
        "{stderr}"
    );
}

#[tokio::test]
async fn bad_usage_is_exit_2() {
    for arguments in [
        &["--listen", "127.0.0.1:x"][..],
        &["--tls-cert", "only.pem"],
        &[
            "--tls-cert",
            "/nowhere/cert.pem",
            "--tls-key",
            "/nowhere/key.pem",
        ],
        &["--max-rooms", "0"],
        &["--relay-rate", "1000000"],
        &["--lan", "--trust-proxy"],
        &["--relay", "--relay-pairs", "0"],
        &["--joins-per-minute", "many"],
        &["--no-such-flag"],
        &["-q", "-v"],
    ] {
        let output = run(arguments).await;
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
        assert!(stderr.starts_with("error: "), "{stderr}");
    }
}

#[tokio::test]
async fn sighup_without_a_certificate_changes_nothing() {
    let running = Running::start(&[]).await;
    running.signal(Signal::SIGHUP);
    let mut client = running.connect([127, 0, 0, 1]).await;
    client.join(Tag([1; 32]), b"offer").await;
    client.hear_waiting().await;
    running.signal(Signal::SIGTERM);
    let (status, log) = running.finish().await;
    assert_eq!(status.code(), Some(0));
    assert!(log.contains("no certificate to read again"), "{log}");
}

/// Writes a certificate that is valid until this year, and its key.
fn certify(cert: &Path, key: &Path, expires: i32) {
    let mut params = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.not_after = rcgen::date_time_ymd(expires, 1, 1);
    let signing_key = rcgen::KeyPair::generate().unwrap();
    std::fs::write(cert, params.self_signed(&signing_key).unwrap().pem()).unwrap();
    std::fs::write(key, signing_key.serialize_pem()).unwrap();
}

#[tokio::test]
async fn a_certificate_that_is_no_file_holds_up_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let [cert, key] = ["cert.pem", "key.pem"].map(|name| folder.path().join(name));
    let files = [cert.to_str().unwrap(), key.to_str().unwrap()];
    let flags = ["--tls-cert", files[0], "--tls-key", files[1]];
    certify(&cert, &key, 2080);
    let mut running = Running::start(&flags).await;
    for place in [&cert, &key] {
        certify(&cert, &key, 2080);
        std::fs::remove_file(place).unwrap();
        let made = std::process::Command::new("mkfifo").arg(place).status();
        assert!(made.unwrap().success());
        running.signal(Signal::SIGHUP);
        running
            .log_until("it is no file; the former certificate stays")
            .await;
        let started = run(&flags).await;
        let stderr = String::from_utf8(started.stderr).unwrap();
        assert_eq!(started.status.code(), Some(2), "{stderr}");
        assert!(
            stderr.contains("nothing came through it within"),
            "{stderr}"
        );
        std::fs::remove_file(place).unwrap();
    }
    running.signal(Signal::SIGTERM);
    assert_eq!(running.finish().await.0.code(), Some(0));
}

#[tokio::test]
async fn a_certificate_through_a_pipe_is_read_once() {
    let folder = tempfile::tempdir().unwrap();
    let [cert, key] = ["cert.pem", "key.pem"].map(|name| folder.path().join(name));
    certify(&cert, &key, 2020);
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let text = std::fs::read(&key).unwrap();
    let writing = std::thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::write(pipe, text)
    });
    let files = [cert.to_str().unwrap(), pipe.to_str().unwrap()];
    let mut running = Running::start(&["--tls-cert", files[0], "--tls-key", files[1]]).await;
    writing.join().unwrap().unwrap();
    running.log_until("the certificate expired on").await;
    running.signal(Signal::SIGHUP);
    let once = "was a pipe, which can be read once only; the former certificate stays";
    running.log_until(once).await;
    running.signal(Signal::SIGTERM);
    assert_eq!(running.finish().await.0.code(), Some(0));
}

#[tokio::test]
async fn sighup_reads_the_certificate_again() {
    let folder = tempfile::tempdir().unwrap();
    let [cert, key] = ["cert.pem", "key.pem"].map(|name| folder.path().join(name));
    let write = |expires| certify(&cert, &key, expires);
    write(2020);
    let files = [cert.to_str().unwrap(), key.to_str().unwrap()];
    let mut running = Running::start(&["--tls-cert", files[0], "--tls-key", files[1]]).await;
    running
        .log_until("the certificate expired on 2020-01-01")
        .await;
    write(2080);
    running.signal(Signal::SIGHUP);
    running.log_until("read the certificate again").await;
    std::fs::write(&cert, "no certificate").unwrap();
    running.signal(Signal::SIGHUP);
    running.log_until("the former certificate stays").await;
    // Plain HTTP to it fails in the handshake, and is said.
    assert!(
        Client::over(running.dial([127, 0, 0, 1]).await, &[])
            .await
            .is_err()
    );
    running
        .log_until("TLS handshake: a client spoke no TLS")
        .await;
}

/// How openssl makes `cert.pem` and `key.pem`; what the mediator says of them, and to do.
const UNUSABLE: [(&str, &str, &str); 9] = [
    (
        "genrsa -out key.pem 1024",
        "none of RSA with 2048",
        "as the README shows",
    ),
    (
        "ecparam -name secp521r1 -genkey -noout -out key.pem",
        "P-256 or P-384",
        "as the README shows",
    ),
    (
        "genpkey -algorithm ed448 -out key.pem",
        "and Ed25519",
        "as the README shows",
    ),
    (
        "ec -in good.pem -aes256 -passout pass:x -out key.pem",
        "is encrypted",
        "openssl pkey -in",
    ),
    (
        "ec -in good.pem -outform DER -out key.pem",
        "DER, not in PEM",
        "openssl pkey -inform DER",
    ),
    (
        "ec -in good.pem -pubout -out key.pem",
        "the public key, not",
        "Give PEM files",
    ),
    (
        "ecparam -name prime256v1 -genkey -noout -out key.pem",
        "not that of the first",
        "made together",
    ),
    (
        "x509 -in cert.pem -outform DER -out cert.pem",
        "DER, not in PEM",
        "openssl x509 -inform DER",
    ),
    (
        "pkcs12 -export -in cert.pem -inkey good.pem -passout pass:x -out cert.pem",
        "PKCS#12",
        "-nokeys",
    ),
];

#[tokio::test]
async fn files_that_are_no_certificate_and_key_have_their_words() {
    let folder = tempfile::tempdir().unwrap();
    let [cert, key] = ["cert.pem", "key.pem"].map(|name| folder.path().join(name));
    let openssl = |options: &str| {
        let mut openssl = std::process::Command::new("openssl");
        openssl.args(options.split(' ')).current_dir(folder.path());
        openssl.output().is_ok_and(|made| made.status.success())
    };
    let files = [
        "--tls-cert",
        cert.to_str().unwrap(),
        "--tls-key",
        key.to_str().unwrap(),
    ];
    for (made, said, remedy) in UNUSABLE {
        let signing_key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
        let made_out = params.self_signed(&signing_key).unwrap();
        std::fs::write(&cert, made_out.pem()).unwrap();
        for name in ["good.pem", "key.pem"] {
            std::fs::write(folder.path().join(name), signing_key.serialize_pem()).unwrap();
        }
        // Where there is no openssl, nobody has such files.
        if !openssl(made) {
            continue;
        }
        let output = run(&files).await;
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{made}: {stderr}");
        assert!(
            stderr.contains(said) && stderr.contains(remedy),
            "{made}: {stderr}"
        );
        assert!(!stderr.contains("unexpected error"), "{stderr}");
    }
}

#[tokio::test]
async fn files_that_an_editor_put_a_mark_before_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let signing_key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
    let made_out = params.self_signed(&signing_key).unwrap();
    let [cert, key] = [
        ("cert.pem", made_out.pem()),
        ("key.pem", signing_key.serialize_pem()),
    ]
    .map(|(name, pem)| {
        let path = folder.path().join(name);
        std::fs::write(&path, format!("\u{feff}{}", pem.replace('\n', "\r\n"))).unwrap();
        path
    });
    let files = [
        "--tls-cert",
        cert.to_str().unwrap(),
        "--tls-key",
        key.to_str().unwrap(),
    ];
    Running::start(&files).await;
}

#[tokio::test]
async fn refusals_are_counted_in_the_log() {
    let mut running = Running::start(&["--joins-per-minute", "1", "--trust-proxy"]).await;
    for (n, refused) in [(0, false), (1, true), (2, true)] {
        let mut client = running.connect([127, 0, 0, 1]).await;
        client.join(Tag([n; 32]), b"offer").await;
        match refused {
            false => drop(client.hear_waiting().await),
            true => assert_eq!(client.hear_refusal().await.0, ErrorCode::RateLimited),
        }
    }
    running
        .log_until("--trust-proxy: the proxy sets no X-Forwarded-For")
        .await;
    running.log_until("refused: rate-limited").await;
    running.signal(Signal::SIGTERM);
    let (_, log) = running.finish().await;
    assert_eq!(
        log.matches("refused: rate-limited more=1").count(),
        1,
        "{log}"
    );
}

/// Logs may fill up the disk that they are on.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn it_serves_on_where_stderr_is_full() {
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let mut child = program()
        .args(["--listen", &port.to_string(), "-vv"])
        .stderr(full)
        .spawn()
        .unwrap();
    let connected = timeout(PATIENCE, async {
        loop {
            match TcpSocket::new_v4().unwrap().connect(port).await {
                Ok(stream) => return stream,
                Err(_) => tokio::task::yield_now().await,
            }
        }
    });
    let mut client = Client::over(connected.await.unwrap(), &[]).await.unwrap();
    client.join(Tag([1; 32]), b"offer").await;
    client.hear_waiting().await;
    kill(Pid::from_raw(child.id().unwrap() as i32), Signal::SIGTERM).unwrap();
    assert_eq!(child.wait().await.unwrap().code(), Some(0));
}

#[tokio::test]
async fn the_environment_says_yes_and_no_as_the_clients_does() {
    for (value, relays) in [("yes", true), ("1", true), ("off", false), ("0", false)] {
        let running = Running::run(program().env("UNDERTONE_MEDIATOR_RELAY", value)).await;
        let mut host = running.connect([127, 0, 0, 1]).await;
        host.join(Tag([1; 32]), b"a").await;
        host.hear_waiting().await;
        let mut guest = running.connect([127, 0, 0, 1]).await;
        guest.join(Tag([1; 32]), b"b").await;
        let paired = guest.hear().await;
        assert!(
            matches!(paired, MediatorMessage::Paired { relay, .. } if relay == relays),
            "{value}: {paired:?}"
        );
    }
}

#[tokio::test]
async fn the_manual_and_the_completions_know_every_option() {
    for arguments in [&["man"][..], &["completions", "bash"]] {
        let output = run(arguments).await;
        assert_eq!(output.status.code(), Some(0));
        let text = String::from_utf8(output.stdout)
            .unwrap()
            .replace(r"\-", "-");
        for option in [
            "--listen",
            "--tls-cert",
            "--trust-proxy",
            "--lan",
            "--max-rooms",
            "--relay-bytes",
        ] {
            assert!(text.contains(option), "{option}: {text}");
        }
        if arguments == ["man"] {
            for section in [
                "ENVIRONMENT",
                "EXAMPLES",
                "SIGHUP",
                "UNDERTONE_MEDIATOR_LISTEN",
                "Exit codes",
            ] {
                assert!(text.contains(section), "{section}: {text}");
            }
        }
    }
}

#[tokio::test]
async fn help_fits_80_columns_and_shows_examples() {
    let output = run(&["--help"]).await;
    assert_eq!(output.status.code(), Some(0));
    let help = String::from_utf8(output.stdout).unwrap();
    assert!(help.contains("Examples:"));
    for line in help.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
}
