//! A mediator behind TLS.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod common;

use std::fs;
use std::path::PathBuf;

use common::acts::homes;
use common::{Home, Mediator, Start, meet};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

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
