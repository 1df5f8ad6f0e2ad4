//! A mediator behind TLS.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    date_time_ymd,
};
use serde_json::Value;

use crate::common::acts::homes;
use crate::common::certificates::SelfSigned;
use crate::common::{Home, Mediator, Start, free_port, meet};

/// A mediator with a certificate for 127.0.0.1, and the file of who signed it.
fn mediator(home: &Home) -> (Mediator, PathBuf) {
    let mut ca = CertificateParams::new([]).unwrap();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_key = KeyPair::generate().unwrap();
    let ca_certificate = ca.self_signed(&ca_key).unwrap();
    let issuer = Issuer::new(ca, ca_key);
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();
    let write = |name: &str, pem: String| {
        let path = home.path().join(name);
        fs::write(&path, pem).unwrap();
        path
    };
    let chain = write("chain.pem", certificate.pem());
    let key = write("key.pem", key.serialize_pem());
    let files = [chain.to_str().unwrap(), key.to_str().unwrap()];
    let mediator = Mediator::start_with(&["--tls-cert", files[0], "--tls-key", files[1]]);
    assert!(mediator.url.starts_with("https://"));
    (mediator, write("ca.pem", ca_certificate.pem()))
}

#[test]
fn a_mediator_with_a_known_certificate_pairs() {
    let (files, homes) = (Home::new(), homes());
    let (mediator, ca) = mediator(&files);
    let mut host = Start::chat(&homes[0], &mediator.url, "ada", "lab#otter");
    host.command.env("SSL_CERT_FILE", &ca);
    // By the invite, as one gets it.
    let mut guest = Start::new(&homes[1], &["chat", "--json", "--name", "bob"]);
    guest.command.env("SSL_CERT_FILE", &ca);
    let invite = format!("{}/#lab#otter", mediator.url);
    guest.command.env("UNDERTONE_ROOM", invite);
    let [(mut host, _), (guest, _)] = meet(host, guest);
    host.say("hello");
    assert_eq!(guest.await_message(), "hello");
}

#[test]
fn an_unknown_certificate_is_refused() {
    let (files, homes) = (Home::new(), homes());
    let (mediator, ca) = mediator(&files);
    let (code, out, _) = Start::chat(&homes[0], &mediator.url, "ada", "lab").finish(b"");
    assert_eq!(code, 3);
    assert!(
        out.contains("no-mediator") && out.contains("certificate"),
        "{out}"
    );
    // Known, but made out to another name.
    let port = mediator.url.rsplit(':').next().unwrap();
    let other = format!("https://localhost:{port}");
    let mut start = Start::chat(&homes[0], &other, "ada", "lab");
    start.command.env("SSL_CERT_FILE", &ca);
    let (code, out, _) = start.finish(b"");
    assert!(code == 3 && out.contains("certificate"), "{out}");
    // And spoken to without TLS.
    let plain = mediator.url.replace("https", "http");
    let (code, out, _) = Start::chat(&homes[0], &plain, "ada", "lab").finish(b"");
    assert!(code == 3 && out.contains("no-mediator"), "{out}");
}

/// A mediator that shows this certificate.
fn showing(files: &SelfSigned) -> Mediator {
    let [certificate, key] = [&files.certificate, &files.key].map(|path| path.to_str().unwrap());
    Mediator::start_with(&["--tls-cert", certificate, "--tls-key", key])
}

/// What is said, and what to do, where this address and this `SSL_CERT_FILE` are named.
pub(crate) fn failure(url: &str, trusted: &str) -> [String; 2] {
    let mut start = Start::chat(&Home::new(), url, "ada", "lab");
    start.command.env("SSL_CERT_FILE", trusted);
    let (code, out, err) = start.finish(b"");
    assert_eq!(code, 3, "{out} {err}");
    let error: Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
    ["message", "hint"].map(|field| error[field].as_str().unwrap().to_owned())
}

#[test]
fn each_fault_of_a_certificate_has_its_words_and_its_remedy() {
    type Change = fn(&mut CertificateParams);
    let cases: [(Change, &str, &str); 6] = [
        (
            |params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained),
            "an authority (CA:TRUE)",
            "basicConstraints=critical,CA:FALSE and -addext subjectAltName=IP:127.0.0.1",
        ),
        (
            |params| params.not_after = date_time_ymd(2020, 2, 3),
            "expired on 3 February 2020",
            "renew it",
        ),
        (
            |params| params.not_before = date_time_ymd(4000, 12, 31),
            "valid from 31 December 4000",
            "clock",
        ),
        (
            |params| {
                params.subject_alt_names = CertificateParams::new(["m.example".to_owned()])
                    .unwrap()
                    .subject_alt_names
            },
            "is for m.example",
            "made for 127.0.0.1: IP:127.0.0.1",
        ),
        (
            |params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth],
            "not one for a server",
            "with serverAuth",
        ),
        (
            |params| params.subject_alt_names.clear(),
            "for no name",
            "subjectAltName=IP:127.0.0.1",
        ),
    ];
    for (change, said, remedy) in cases {
        let folder = Home::new();
        let files = SelfSigned::with(folder.path(), change);
        let mediator = showing(&files);
        let [message, hint] = failure(&mediator.url, files.certificate.to_str().unwrap());
        assert!(message.contains(said), "{message}");
        assert!(hint.contains(remedy), "{hint}");
        assert!(
            !message.contains('{') && !message.contains("Other"),
            "{message}"
        );
    }
}

#[test]
fn a_certificate_signed_with_sha_1_has_its_words_and_its_remedy() {
    let folder = Home::new();
    let mut made = Command::new("openssl");
    made.current_dir(folder.path())
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-sha1"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .args(["-addext", "subjectAltName=IP:127.0.0.1", "-subj", "/CN=m"])
        .args(["-keyout", "key.pem", "-out", "cert.pem"]);
    // Where there is no openssl, or one that makes no such certificate any more, nobody has one.
    if !made.output().is_ok_and(|made| made.status.success()) {
        return;
    }
    let files = SelfSigned {
        certificate: folder.path().join("cert.pem"),
        key: folder.path().join("key.pem"),
    };
    let mediator = showing(&files);
    let [message, hint] = failure(&mediator.url, files.certificate.to_str().unwrap());
    assert!(message.contains("signed with SHA-1"), "{message}");
    assert!(hint.contains("-sha256"), "{hint}");
}

#[test]
fn a_certificate_of_the_same_name_and_another_key_is_no_proof() {
    let (folder, other) = (Home::new(), Home::new());
    let (shown, former) = (
        SelfSigned::new(folder.path()),
        SelfSigned::new(other.path()),
    );
    let mediator = showing(&shown);
    let [message, hint] = failure(&mediator.url, former.certificate.to_str().unwrap());
    assert!(message.contains("not signed with the key"), "{message}");
    assert!(
        hint.contains("SSL_CERT_FILE name an older certificate"),
        "{hint}"
    );
}

/// Two meet where this certificate is named.
fn assert_good(files: &SelfSigned) {
    let (mediator, homes) = (showing(files), homes());
    let start = |home, name| {
        let mut start = Start::chat(home, &mediator.url, name, "lab#otter");
        start.command.env("SSL_CERT_FILE", &files.certificate);
        start
    };
    meet(start(&homes[0], "ada"), start(&homes[1], "bob"));
}

#[test]
fn a_certificate_that_signs_itself_is_good_where_it_is_named() {
    let folder = Home::new();
    assert_good(&SelfSigned::new(folder.path()));
}

#[test]
fn the_certificate_that_the_readme_makes_is_good() {
    // Where there is no openssl, there is nothing to hold the README to.
    if Command::new("openssl").arg("version").output().is_err() {
        return;
    }
    let readme = fs::read_to_string("README.md").unwrap();
    let block = readme
        .split("```sh\n")
        .find(|block| block.starts_with("openssl req"));
    let (line, _) = block.unwrap().split_once("\nundertone-mediator").unwrap();
    assert!(line.contains("IP:192.168.1.20"));
    let folder = Home::new();
    let line = line.replace("192.168.1.20", "127.0.0.1");
    let mut made = Command::new("sh");
    made.args(["-c", &line]).current_dir(folder.path());
    assert!(made.output().unwrap().status.success());
    let files = SelfSigned {
        certificate: folder.path().join("cert.pem"),
        key: folder.path().join("key.pem"),
    };
    assert_good(&files);
}

#[test]
fn a_file_of_certificates_that_cannot_be_used_is_never_passed_over() {
    let folder = Home::new();
    let files = SelfSigned::new(folder.path());
    let mediator = showing(&files);
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let pem = fs::read_to_string(&files.certificate).unwrap();
    let half = file("half.pem", &pem[..pem.len() / 2]);
    let empty = file("empty.pem", "");
    for (trusted, said) in [
        ("/nowhere/cert.pem", "cannot be read"),
        (folder.path().to_str().unwrap(), "cannot be read"),
        (files.key.to_str().unwrap(), "no certificate"),
        (&empty, "no certificate"),
        (&half, "damaged"),
        ("", "yet empty"),
    ] {
        let [message, hint] = failure(&mediator.url, trusted);
        assert!(
            message.contains(said) && message.contains(trusted),
            "{message}"
        );
        assert!(
            message.contains("SSL_CERT_FILE") && !message.contains("os error"),
            "{message}"
        );
        assert!(hint.contains("PEM"), "{hint}");
    }
}

#[test]
fn the_other_scheme_is_named_where_it_is_spoken() {
    let folder = Home::new();
    let files = SelfSigned::new(folder.path());
    let trusted = files.certificate.to_str().unwrap();
    let (with, without) = (showing(&files), Mediator::start());
    let [message, hint] = failure(&with.url.replace("https", "http"), trusted);
    assert!(
        message.contains("speaks TLS") && hint.contains(&with.url),
        "{message} {hint}"
    );
    let [message, hint] = failure(&without.url.replace("http", "https"), trusted);
    assert!(message.contains("does not speak TLS"), "{message}");
    assert!(hint.contains(&without.url), "{hint}");
    // Nobody there is neither.
    let [message, _] = failure(&format!("https://127.0.0.1:{}", free_port()), trusted);
    assert!(message.contains("connection refused"), "{message}");
}
