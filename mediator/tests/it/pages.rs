//! What a load balancer sees, and TLS.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use undertone_mediator::rustls::pki_types::pem::PemObject;
use undertone_mediator::rustls::pki_types::{CertificateDer, ServerName};
use undertone_mediator::rustls::{ClientConfig, RootCertStore, crypto::ring};
use undertone_mediator::{Certificate, Config, Times};

use crate::common::{Client, Mediator, PATIENCE, ROOM, read_to_end};

#[tokio::test]
async fn healthz_is_ok() {
    let mediator = Mediator::start(Config::default());
    let answer = mediator
        .ask("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        .await;
    assert!(
        answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("\r\n\r\nok"),
        "{answer}"
    );
}

#[tokio::test]
async fn it_tells_its_version_and_the_time() {
    let mediator = Mediator::start(Config::default());
    let answer = mediator
        .ask("GET /version HTTP/1.0\r\nHost: a\r\n\r\n")
        .await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert_eq!(
        body,
        concat!("undertone-mediator ", env!("CARGO_PKG_VERSION"), "\n")
    );
    assert!(head.contains("\r\ndate: "), "{head}");
}

#[tokio::test]
async fn a_head_has_the_length_of_the_body_and_none() {
    let mediator = Mediator::start(Config::default());
    let answer = mediator
        .ask("HEAD /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        .await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(
        answer.contains("\r\ncontent-length: 2\r\n") && answer.ends_with("\r\n\r\n"),
        "{answer}"
    );
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_refused_with_the_same_fields() {
    let mediator = Mediator::start(Config::default());
    let upgrade = "Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
    for (request, status, field) in [
        ("GET /x HTTP/1.1".to_owned(), "404", ""),
        (
            "PUT /version HTTP/1.1".into(),
            "405",
            "\r\nallow: GET,HEAD\r\n",
        ),
        (
            format!("POST /v1/rendezvous HTTP/1.1\r\n{upgrade}"),
            "405",
            "",
        ),
        (
            format!("HEAD /v1/rendezvous HTTP/1.1\r\n{upgrade}"),
            "400",
            "\r\nsec-websocket-version: 13\r\n",
        ),
        (
            format!("GET /v1/rendezvous HTTP/1.0\r\n{upgrade}"),
            "400",
            "",
        ),
        (
            format!("GET / HTTP/1.1\r\nA: {}", "b".repeat(9_000)),
            "431",
            "",
        ),
    ] {
        let answer = mediator.ask(&format!("{request}\r\n\r\n")).await;
        let begin = format!("HTTP/1.1 {status} ");
        assert!(answer.starts_with(&begin), "{request}: {answer}");
        assert!(answer.contains(field), "{request}: {answer}");
        assert!(answer.contains("\r\nx-content-type-options: nosniff\r\n"));
    }
}

#[tokio::test]
async fn one_request_a_connection() {
    let mediator = Mediator::start(Config::default());
    let twice = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n".repeat(2);
    assert_eq!(
        mediator.ask(&twice).await.matches("HTTP/1.1 200").count(),
        1
    );
}

/// A mediator with a self-signed certificate for localhost, and a client's trust in it.
pub(crate) struct Tls {
    pub(crate) mediator: Mediator,
    connector: TlsConnector,
}

impl Tls {
    pub(crate) fn start(times: Times) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (cert, key) = (
            folder.path().join("cert.pem"),
            folder.path().join("key.pem"),
        );
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        std::fs::write(&cert, made.cert.pem()).unwrap();
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_file(&cert).unwrap())
            .unwrap();
        let client = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let certificate = Certificate::load(&cert, &key).unwrap();
        let tls = Some(certificate.server_config().unwrap());
        let mediator = Mediator::start(Config {
            tls,
            times,
            ..Config::default()
        });
        Self {
            mediator,
            connector: TlsConnector::from(Arc::new(client)),
        }
    }

    pub(crate) async fn dial(&self) -> TlsStream<tokio::net::TcpStream> {
        let name = ServerName::try_from("localhost").unwrap();
        let stream = self.mediator.dial_from(1).await;
        self.connector.connect(name, stream).await.unwrap()
    }

    async fn connect(&self) -> Client {
        Client::upgrade(Box::new(self.dial().await), None, &[])
            .await
            .unwrap()
    }
}

#[tokio::test]
async fn two_meet_through_tls() {
    let tls = Tls::start(Times::default());
    let (mut host, mut guest) = (tls.connect().await, tls.connect().await);
    host.join(ROOM, b"host").await;
    host.hear_waiting().await;
    guest.join(ROOM, b"guest").await;
    assert_eq!(host.hear_paired().await.1, b"guest");
    assert_eq!(guest.hear_paired().await.1, b"host");
    host.seal(b"sealed").await;
    guest.seal(b"too").await;
    assert_eq!(guest.hear_sealed().await, b"sealed");
}

#[tokio::test]
async fn slow_loris_half_a_tls_handshake() {
    let times = Times {
        handshake: Duration::from_millis(200),
        ..Times::default()
    };
    let tls = Tls::start(times);
    for half in [&b""[..], b"\x16\x03\x01\x02\x00\x01"] {
        let mut stream = tls.mediator.dial_from(1).await;
        stream.write_all(half).await.unwrap();
        assert_eq!(read_to_end(&mut stream).await, "");
    }
}

#[tokio::test]
async fn plain_http_to_a_tls_port_is_closed() {
    let tls = Tls::start(Times::default());
    let answer = tls
        .mediator
        .ask("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        .await;
    assert!(!answer.contains("200 OK"));
    let mut stream = tokio::time::timeout(PATIENCE, tls.dial()).await.unwrap();
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        .await
        .unwrap();
    assert!(read_to_end(&mut stream).await.ends_with("ok"));
}
