//! TLS to a mediator: which certificates are trusted. `failure` says in words why there is no TLS,
//! `certificate` what is wrong with a certificate.

mod certificate;
mod failure;

use std::env;
use std::path::Path;
use std::sync::Arc;

use rustls_native_certs::load_native_certs;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};
use undertone_host::read_file;

use super::error::reason;
pub use certificate::CertificateFault;
pub use failure::TlsFailure;

/// The environment variable that names trusted certificates.
const FILE: &str = "SSL_CERT_FILE";

/// Trusts the system's own certificates, or those of `SSL_CERT_FILE` and `SSL_CERT_DIR`.
pub(super) fn config() -> Result<Arc<ClientConfig>, TlsFailure> {
    if let Some(path) = env::var_os(FILE) {
        check(Path::new(&path))?;
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(load_native_certs().certs);
    if roots.is_empty() {
        return Err(TlsFailure::NoAuthorities);
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsFailure::Other(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// What is named and cannot be used is never passed over: who named it relies on it.
fn check(path: &Path) -> Result<(), TlsFailure> {
    if path.as_os_str().is_empty() {
        return Err(TlsFailure::File("is set, yet empty".into()));
    }
    let bad = |why: String| TlsFailure::File(format!("names {}, {why}", path.display()));
    let pem = read_file(path)
        .map_err(|error| bad(format!("which cannot be read ({})", reason(&error))))?;
    let mut found = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|_| bad("which is damaged".into()))?;
        // One that cannot be parsed does no harm beside one that can.
        let _ = found.add(certificate);
    }
    match found.is_empty() {
        true => Err(bad("in which there is no certificate".into())),
        false => Ok(()),
    }
}
