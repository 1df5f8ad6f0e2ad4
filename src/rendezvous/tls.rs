//! TLS to a mediator: which certificates are trusted; why there is no TLS, in words, with what
//! to do about it.

use std::env;
use std::io;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use rustls_native_certs::load_native_certs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, UnixTime};
use tokio_rustls::rustls::{
    self, AlertDescription, CertificateError, ClientConfig, InvalidMessage, PeerIncompatible,
    RootCertStore,
};

use super::error::reason;
use crate::mediator_url::MediatorUrl;

/// The environment variable that names trusted certificates.
const FILE: &str = "SSL_CERT_FILE";
/// Names of a certificate that are shown.
const NAMES_SHOWN: usize = 4;

/// Why there is no TLS; said behind "no TLS with URL: ".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlsFailure {
    /// The file that names trusted certificates cannot be used.
    #[error("{FILE} {0}")]
    File(String),
    /// This machine trusts nobody.
    #[error("this machine has no list of authorities that it trusts")]
    NoAuthorities,
    /// The answer was none of TLS.
    #[error("what answers there does not speak TLS")]
    NotTls,
    /// The connection ended.
    #[error("the connection ended in the middle of the handshake ({0})")]
    HungUp(String),
    /// `openssl req -x509` makes such ones.
    #[error("its certificate is that of an authority (CA:TRUE), which no server may show")]
    Authority,
    /// Nobody knows who made it.
    #[error("its certificate is not signed by anybody whom this machine trusts")]
    UnknownIssuer,
    /// Made out to others.
    #[error("its certificate is for {0}")]
    OtherName(String),
    /// No `subjectAltName`.
    #[error("its certificate is for no name at all (the common name, CN, does not count)")]
    NoName,
    /// Not any more.
    #[error("its certificate expired on {0}")]
    Expired(String),
    /// Not yet.
    #[error("its certificate is valid from {0} on only")]
    NotYetValid(String),
    /// Neither TLS 1.2 nor TLS 1.3.
    #[error("it speaks neither TLS 1.2 nor TLS 1.3 as this program does")]
    Incompatible,
    /// It does not want to.
    #[error("it refused the handshake ({0})")]
    Refused(String),
    /// Something else about the certificate.
    #[error("its certificate is not good ({0})")]
    Certificate(String),
    /// Something else.
    #[error("the handshake failed ({0})")]
    Other(String),
}

impl TlsFailure {
    /// What to do about it.
    #[must_use]
    pub fn remedy(&self, url: &MediatorUrl) -> String {
        let host = url.host();
        match self {
            TlsFailure::File(_) => format!(
                "Let {FILE} name a readable file of certificates in PEM, or take it away: then those count that this machine trusts."
            ),
            TlsFailure::NoAuthorities => format!(
                "Install the package ca-certificates, or name the mediator's certificate: {FILE}=cert.pem."
            ),
            TlsFailure::NotTls => format!(
                "If that is a mediator without TLS, write http://{}; else check address and port.",
                url.authority()
            ),
            TlsFailure::HungUp(_) | TlsFailure::Incompatible | TlsFailure::Other(_) => format!(
                "Check address and port. If the mediator there has no TLS, write http://{}.",
                url.authority()
            ),
            TlsFailure::Refused(_) => {
                format!("Is {host} the name that the server goes by? Else ask whoever runs it.")
            }
            TlsFailure::Authority => format!(
                "Whoever runs the mediator has to make another one, for a server: with openssl by -addext basicConstraints=critical,CA:FALSE and -addext subjectAltName={}, as its README shows.",
                alternative_name(host)
            ),
            TlsFailure::UnknownIssuer => format!(
                "If you have the mediator's certificate from whoever runs it, name it: {FILE}=cert.pem. Else somebody may be in between."
            ),
            TlsFailure::OtherName(_) => format!(
                "Name the mediator as its certificate does, or have one made for {host}: {}.",
                alternative_name(host)
            ),
            TlsFailure::NoName => format!(
                "Whoever runs the mediator has to make another one, with subjectAltName={}, as its README shows.",
                alternative_name(host)
            ),
            TlsFailure::Expired(_) => format!(
                "Whoever runs the mediator has to renew it. Or is this machine's clock wrong? It says {}.",
                in_words(Timestamp::now())
            ),
            TlsFailure::NotYetValid(_) => format!(
                "Is this machine's clock wrong? It says {}. Else wait until then.",
                in_words(Timestamp::now())
            ),
            TlsFailure::Certificate(_) => {
                "Whoever runs the mediator has to make another one, as its README shows.".to_owned()
            }
        }
    }

    /// From what a handshake ended with.
    pub(super) fn of(error: &io::Error) -> Self {
        let inner = error.get_ref();
        let Some(error) = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()) else {
            return TlsFailure::HungUp(reason(error));
        };
        match error {
            rustls::Error::InvalidCertificate(error) => certificate(error),
            rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => TlsFailure::NotTls,
            rustls::Error::PeerIncompatible(
                PeerIncompatible::ServerDoesNotSupportTls12Or13
                | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
            )
            | rustls::Error::AlertReceived(AlertDescription::ProtocolVersion) => {
                TlsFailure::Incompatible
            }
            rustls::Error::AlertReceived(alert) => TlsFailure::Refused(format!("{alert:?}")),
            error => TlsFailure::Other(error.to_string()),
        }
    }

    /// Whether TLS was spoken, whatever came of it.
    pub(super) fn is_tls(&self) -> bool {
        match self {
            TlsFailure::File(_)
            | TlsFailure::NoAuthorities
            | TlsFailure::NotTls
            | TlsFailure::HungUp(_)
            | TlsFailure::Other(_) => false,
            TlsFailure::Authority
            | TlsFailure::UnknownIssuer
            | TlsFailure::OtherName(_)
            | TlsFailure::NoName
            | TlsFailure::Expired(_)
            | TlsFailure::NotYetValid(_)
            | TlsFailure::Incompatible
            | TlsFailure::Refused(_)
            | TlsFailure::Certificate(_) => true,
        }
    }
}

/// What is wrong with a certificate.
fn certificate(error: &CertificateError) -> TlsFailure {
    match error {
        CertificateError::UnknownIssuer => TlsFailure::UnknownIssuer,
        CertificateError::ExpiredContext { not_after, .. } => TlsFailure::Expired(date(*not_after)),
        CertificateError::NotValidYetContext { not_before, .. } => {
            TlsFailure::NotYetValid(date(*not_before))
        }
        CertificateError::NotValidForNameContext { presented, .. } => match names(presented) {
            None => TlsFailure::NoName,
            Some(names) => TlsFailure::OtherName(names),
        },
        CertificateError::Other(other) => match other.0.downcast_ref() {
            Some(webpki::Error::CaUsedAsEndEntity) => TlsFailure::Authority,
            _ => TlsFailure::Certificate(other.0.to_string()),
        },
        error => TlsFailure::Certificate(error.to_string()),
    }
}

/// The names in a certificate, written as `DnsName("a")` and `IpAddress(10.0.0.1)`.
fn names(presented: &[String]) -> Option<String> {
    let names = presented.iter().filter_map(|name| {
        let (_, name) = name.split_once('(')?;
        Some(name.strip_suffix(')')?.trim_matches('"'))
    });
    let names: Vec<_> = names.take(NAMES_SHOWN + 1).collect();
    match names.get(..NAMES_SHOWN) {
        _ if names.is_empty() => None,
        Some(shown) if names.len() > NAMES_SHOWN => Some(format!("{}, …", shown.join(", "))),
        _ => Some(names.join(", ")),
    }
}

/// As openssl writes it.
fn alternative_name(host: &str) -> String {
    match host.parse::<std::net::IpAddr>() {
        Ok(ip) => format!("IP:{ip}"),
        Err(_) => format!("DNS:{host}"),
    }
}

fn date(time: UnixTime) -> String {
    let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    match Timestamp::from_second(seconds) {
        Ok(time) => in_words(time),
        Err(_) => "a day that no calendar has".to_owned(),
    }
}

fn in_words(time: Timestamp) -> String {
    time.strftime("%-d %B %Y, %H:%M UTC").to_string()
}

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
    let pem = std::fs::read(path)
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
