//! The files of certificate and key, read. `fault` says why they cannot be used, `pem` tells what a
//! file holds instead.

use std::io;
use std::path::Path;
use std::sync::Arc;

use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{self, CertificateError, crypto::ring};
use x509_cert::certificate::Version;
use x509_cert::der::Decode;

use crate::tls::fault::{Fault, Item, TlsError};
use crate::tls::pem::fault;

/// What some editors put before a text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// How a file is read.
pub(super) type Read = fn(&Path) -> io::Result<Vec<u8>>;

/// Reads a PEM certificate chain, the server's own first, and its PEM private key.
///
/// # Errors
/// [`TlsError`].
pub(super) fn read(chain: &Path, key: &Path, by: Read) -> Result<Arc<CertifiedKey>, TlsError> {
    let error = |what, path: &Path| {
        let path = path.into();
        move |fault| TlsError::File { what, path, fault }
    };
    let certificates = certificates(chain, by).map_err(error(Item::Certificate, chain))?;
    let own = certificates
        .first()
        .and_then(|der| x509_cert::Certificate::from_der(der).ok());
    if own.is_some_and(|own| own.tbs_certificate().version() == Version::V1) {
        return Err(error(Item::Certificate, chain)(Fault::Version));
    }
    let private = private_key(key, by).map_err(error(Item::Key, key))?;
    let provider = ring::default_provider();
    if provider
        .key_provider
        .load_private_key(private.clone_key())
        .is_err()
    {
        return Err(error(Item::Key, key)(Fault::Kind));
    }
    match CertifiedKey::from_der(certificates, private, &provider) {
        Ok(pair) => Ok(Arc::new(pair)),
        Err(rustls::Error::InconsistentKeys(_)) => Err(TlsError::Pair {
            chain: chain.into(),
            key: key.into(),
        }),
        Err(rustls::Error::InvalidCertificate(why)) => {
            Err(error(Item::Certificate, chain)(invalid(&why)))
        }
        Err(other) => Err(other.into()),
    }
}

/// What is wrong with a certificate that rustls does not take; some of it in webpki's words.
fn invalid(why: &CertificateError) -> Fault {
    let CertificateError::Other(other) = why else {
        return Fault::Damaged;
    };
    match other.0.downcast_ref() {
        Some(webpki::Error::UnsupportedCriticalExtension) => Fault::Critical,
        _ => Fault::Damaged,
    }
}

fn certificates(path: &Path, by: Read) -> Result<Vec<CertificateDer<'static>>, Fault> {
    let text = text(path, by)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(fault(Item::Certificate, &text)),
    }
}

fn private_key(path: &Path, by: Read) -> Result<PrivateKeyDer<'static>, Fault> {
    let text = text(path, by)?;
    PrivateKeyDer::from_pem_slice(&text).map_err(|_| fault(Item::Key, &text))
}

/// What a file holds, without the mark that some editors put before it.
fn text(path: &Path, by: Read) -> Result<Vec<u8>, Fault> {
    let text = by(path).map_err(|error| Fault::Unreadable(reason(&error)))?;
    match text.strip_prefix(BYTE_ORDER_MARK) {
        Some(text) => Ok(text.to_vec()),
        None => Ok(text),
    }
}

/// The system's words, without the number that people cannot use.
fn reason(error: &io::Error) -> String {
    let words = error.to_string();
    let words = words.split(" (os error ").next().unwrap_or_default();
    words.to_lowercase()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use rcgen::{CertificateParams, CustomExtension, KeyPair};

    use super::*;

    #[test]
    fn a_certificate_that_demands_what_is_not_known_is_not_called_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let [chain, key] = ["cert.pem", "key.pem"].map(|name| folder.path().join(name));
        let signing_key = KeyPair::generate().unwrap();
        std::fs::write(&key, signing_key.serialize_pem()).unwrap();
        for critical in [false, true] {
            let null = vec![0x05, 0x00];
            let mut extension = CustomExtension::from_oid_content(&[1, 2, 3, 4], null);
            extension.set_criticality(critical);
            let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
            params.custom_extensions = vec![extension];
            let made = params.self_signed(&signing_key).unwrap();
            std::fs::write(&chain, made.pem()).unwrap();
            let read = read(&chain, &key, |path| std::fs::read(path));
            match read {
                Ok(_) => assert!(!critical),
                Err(error) => {
                    assert!(critical, "{error}");
                    let said = error.to_string();
                    assert!(said.contains("demands something"), "{said}");
                    assert!(
                        error.remedy().contains("not critical"),
                        "{}",
                        error.remedy()
                    );
                }
            }
        }
    }
}
