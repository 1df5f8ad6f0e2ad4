//! Certificate files to a rustls configuration: TLS 1.2 and 1.3, HTTP/1.1, ring.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig, crypto::ring};

/// Why certificate and key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// Not there, not readable, or no PEM.
    #[error("cannot read {what} from {}: {cause}", path.display())]
    Read {
        /// "a certificate" or "a private key".
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What went wrong.
        cause: pem::Error,
    },
    /// The two do not fit, or rustls does not take them.
    #[error("certificate and key cannot be used: {0}")]
    Use(#[from] rustls::Error),
}

/// Reads a PEM certificate chain, the server's own first, and its PEM private key.
///
/// # Errors
/// [`TlsError`].
pub fn load_tls(cert: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let cert_error = |cause| TlsError::Read {
        what: "a certificate",
        path: cert.into(),
        cause,
    };
    let chain = CertificateDer::pem_file_iter(cert)
        .map_err(cert_error)?
        .collect::<Result<Vec<_>, _>>()
        .map_err(cert_error)?;
    if chain.is_empty() {
        return Err(cert_error(pem::Error::NoItemsFound));
    }
    let key = PrivateKeyDer::from_pem_file(key).map_err(|cause| TlsError::Read {
        what: "a private key",
        path: key.into(),
        cause,
    })?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
