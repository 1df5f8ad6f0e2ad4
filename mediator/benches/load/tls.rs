//! A certificate for those who wait over TLS, and their way through it.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// Where the certificate and its key are.
static FOLDER: OnceLock<PathBuf> = OnceLock::new();
static CLIENTS: OnceLock<Arc<ClientConfig>> = OnceLock::new();

pub(crate) fn certificate() -> PathBuf {
    folder().join("certificate.pem")
}

pub(crate) fn key() -> PathBuf {
    folder().join("key.pem")
}

pub(crate) fn folder() -> &'static Path {
    FOLDER.get().unwrap()
}

/// Takes what was made there.
pub(crate) fn use_folder(folder: PathBuf) {
    FOLDER.set(folder).unwrap();
}

/// Makes a certificate in this folder.
pub(crate) fn make(folder: &Path) {
    use_folder(folder.to_owned());
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(certificate(), made.cert.pem()).unwrap();
    fs::write(key(), made.signing_key.serialize_pem()).unwrap();
}

/// A client's end, its handshake done with the first bytes that it writes.
pub(crate) fn client(stream: TcpStream) -> StreamOwned<ClientConnection, TcpStream> {
    let config = CLIENTS.get_or_init(|| {
        let mut roots = RootCertStore::empty();
        let certificate = CertificateDer::from_pem_file(certificate()).unwrap();
        roots.add(certificate).unwrap();
        let provider = Arc::new(ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Arc::new(config)
    });
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(Arc::clone(config), name).unwrap();
    StreamOwned::new(connection, stream)
}
