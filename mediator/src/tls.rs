//! The server's certificate: from files, again from them when the operator says so, and how long it
//! is valid. TLS 1.2 and 1.3, HTTP/1.1, ring. `files` reads them, `fault` says
//! why they cannot be used; `stream` is a connection.

mod fault;
mod files;
mod pem;
mod stream;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{ServerConfig, crypto::ring};
use undertone_host::{is_pipe, read_file, read_named};
use x509_cert::der::Decode;
use x509_cert::time::Validity;

pub use fault::{Fault, Item, TlsError};
use files::read;
pub(crate) use stream::TlsStream;

/// How long before its end a certificate is warned of.
const SOON: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// A certificate chain and its key, and the PEM files that they come from.
pub struct Certificate {
    chain: PathBuf,
    key: PathBuf,
    /// The one of them that was a pipe.
    once: Option<PathBuf>,
    current: RwLock<Arc<CertifiedKey>>,
}

/// What clients will refuse a certificate for, now or soon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Concern {
    /// Since this time.
    Expired(String),
    /// Until this time.
    NotYetValid(String),
    /// At this time, within two weeks.
    Expires(String),
}

impl fmt::Display for Concern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired(at) => write!(f, "the certificate expired on {at}: clients refuse it"),
            Self::NotYetValid(at) => write!(
                f,
                "the certificate is not valid before {at}: clients refuse it until then; is this machine's clock right?"
            ),
            Self::Expires(at) => write!(f, "the certificate expires on {at}"),
        }
    }
}

impl Certificate {
    /// Reads a PEM certificate chain, the server's own first, and its PEM private key. Each may be
    /// a pipe.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn load(chain: &Path, key: &Path) -> Result<Arc<Self>, TlsError> {
        Ok(Arc::new(Self {
            chain: chain.into(),
            key: key.into(),
            once: [chain, key]
                .into_iter()
                .find(|path| is_pipe(path))
                .map(Path::to_owned),
            current: RwLock::new(read(chain, key, read_named)?),
        }))
    }

    /// Reads the files again. New connections get what is there now.
    ///
    /// # Errors
    /// [`TlsError`], always where one was a pipe; the former certificate stays.
    pub fn reload(&self) -> Result<(), TlsError> {
        if let Some(pipe) = &self.once {
            return Err(TlsError::Once(pipe.clone()));
        }
        let new = read(&self.chain, &self.key, read_file)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    }

    /// What is to be said about its validity at `now`.
    #[must_use]
    pub fn concern(&self, now: SystemTime) -> Option<Concern> {
        let current = self.current();
        let certificate = x509_cert::Certificate::from_der(current.cert.first()?).ok()?;
        concern(certificate.tbs_certificate().validity(), now)
    }

    /// What a server takes to speak TLS with this certificate.
    ///
    /// # Errors
    /// [`TlsError::Use`].
    pub fn server_config(self: &Arc<Self>) -> Result<Arc<ServerConfig>, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    fn current(&self) -> Arc<CertifiedKey> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&current)
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current())
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            chain,
            key,
            once: _,
            current: _,
        } = self;
        f.debug_struct("Certificate")
            .field("chain", chain)
            .field("key", key)
            .finish_non_exhaustive()
    }
}

fn concern(validity: &Validity, now: SystemTime) -> Option<Concern> {
    let (from, until) = (validity.not_before, validity.not_after);
    if now < from.to_system_time() {
        Some(Concern::NotYetValid(from.to_string()))
    } else if now > until.to_system_time() {
        Some(Concern::Expired(until.to_string()))
    } else if now + SOON > until.to_system_time() {
        Some(Concern::Expires(until.to_string()))
    } else {
        None
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// A certificate for these years, in files.
    fn certificate(folder: &Path, from: i32, until: i32) -> Arc<Certificate> {
        let (chain, key) = (folder.join("chain.pem"), folder.join("key.pem"));
        let mut params = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(from, 1, 1);
        params.not_after = rcgen::date_time_ymd(until, 1, 1);
        let signing_key = rcgen::KeyPair::generate().unwrap();
        let made = params.self_signed(&signing_key).unwrap();
        std::fs::write(&chain, made.pem()).unwrap();
        std::fs::write(&key, signing_key.serialize_pem()).unwrap();
        Certificate::load(&chain, &key).unwrap()
    }

    #[test]
    fn what_clients_would_refuse_is_known_beforehand() {
        let folder = tempfile::tempdir().unwrap();
        // 2020-01-01
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_577_836_800);
        for (from, until, concern) in [
            (
                2015,
                2019,
                Some(Concern::Expired("2019-01-01T00:00:00Z".into())),
            ),
            (
                2021,
                2022,
                Some(Concern::NotYetValid("2021-01-01T00:00:00Z".into())),
            ),
            (
                2015,
                2020,
                Some(Concern::Expires("2020-01-01T00:00:00Z".into())),
            ),
            (2015, 2021, None),
        ] {
            let certificate = certificate(folder.path(), from, until);
            assert_eq!(certificate.concern(now), concern, "{from} to {until}");
        }
    }

    #[test]
    fn a_reload_that_fails_leaves_the_former_certificate() {
        let folder = tempfile::tempdir().unwrap();
        let certificate = certificate(folder.path(), 2015, 2040);
        let former = certificate.current();
        std::fs::write(folder.path().join("chain.pem"), "nothing").unwrap();
        assert!(certificate.reload().is_err());
        assert!(Arc::ptr_eq(&former, &certificate.current()));
        let fresh = self::certificate(folder.path(), 2015, 2041).current();
        certificate.reload().unwrap();
        assert_eq!(certificate.current().cert, fresh.cert);
    }
}
