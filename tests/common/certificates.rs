//! Certificates for tests.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{CertificateParams, KeyPair};

/// A certificate that signs itself, made out to 127.0.0.1, and its key, as files.
pub(crate) struct SelfSigned {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl SelfSigned {
    pub(crate) fn new(folder: &Path) -> Self {
        Self::with(folder, |_| {})
    }

    /// The same, changed.
    pub(crate) fn with(folder: &Path, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let files = Self {
            certificate: folder.join("cert.pem"),
            key: folder.join("key.pem"),
        };
        fs::write(&files.certificate, certificate.pem()).unwrap();
        fs::write(&files.key, key.serialize_pem()).unwrap();
        files
    }
}
