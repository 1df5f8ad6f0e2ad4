//! The files of certificate and key: what is said of them, read at the start and again at SIGHUP.

use std::path::Path;

use nix::sys::signal::Signal;
use undertone_wire::Tag;

use super::{Running, run};
use crate::common::Client;

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
