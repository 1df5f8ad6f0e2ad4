//! Certificates that a client does not take: those of `tests/certificates`, shown by a server.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use rcgen::KeyPair;
use tokio_rustls::rustls::crypto::ring::{default_provider, sign::any_supported_type};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::sign::{CertifiedKey, SingleCertAndKey};
use tokio_rustls::rustls::{ServerConfig, ServerConnection};

use crate::tls::failure;

fn serve(each: impl Fn(TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    thread::spawn(move || listener.incoming().flatten().for_each(each));
    url
}

/// A server that shows this certificate, and has a key of its own: the client does not come to that.
fn showing(pem: &Path) -> String {
    let key = KeyPair::generate().unwrap().serialize_der();
    let key = any_supported_type(&PrivateKeyDer::Pkcs8(key.into())).unwrap();
    let chain = vec![CertificateDer::from_pem_file(pem).unwrap()];
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(CertifiedKey::new(
            chain, key,
        ))));
    let config = Arc::new(config);
    serve(move |mut stream| {
        let mut connection = ServerConnection::new(Arc::clone(&config)).unwrap();
        let _ = connection.complete_io(&mut stream);
    })
}

#[test]
fn each_fault_of_a_kind_has_its_words_and_its_remedy() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/certificates");
    let good_keys = "P-256 or P-384";
    for (name, said, remedy) in [
        ("explicit-curve", "explicit parameters", good_keys),
        ("p521", "the curve P-521", good_keys),
        ("pss-key", "RSA-PSS", "not rsa-pss"),
        ("pss-signature", "signed by RSA-PSS", "rsa_padding_mode:pss"),
        (
            "address-as-name",
            "has 127.0.0.1 as a DNS name",
            "IP:127.0.0.1 in place of DNS:127.0.0.1",
        ),
        ("critical-extension", "marked critical", "not critical"),
    ] {
        let pem = folder.join(name).with_extension("pem");
        let [message, hint] = failure(&showing(&pem), pem.to_str().unwrap());
        assert!(message.contains(said), "{name}: {message}");
        assert!(hint.contains(remedy), "{name}: {hint}");
        assert!(hint.contains("Whoever runs the mediator"), "{name}: {hint}");
    }
}

#[test]
fn a_server_whose_key_fits_no_client_is_told_from_one_of_another_name() {
    // A fatal alert, handshake_failure: of a server with a key of P-521 or RSA-PSS, or old ciphers.
    let url = serve(|mut stream| {
        let _ = stream.write_all(b"\x15\x03\x03\x00\x02\x02\x28");
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    });
    let trusted = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/certificates/p521.pem");
    let [message, hint] = failure(&url, trusted);
    assert!(
        message.contains("no kind of certificate, in common"),
        "{message}"
    );
    assert!(
        hint.contains("P-256 or P-384") && hint.contains("ECDHE"),
        "{hint}"
    );
}
