//! The files of certificate and key: what is in them, and where that cannot be used why not, in
//! words, with what to do about it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{self, crypto::ring};
use x509_cert::certificate::Version;
use x509_cert::der::Decode;

/// What some editors put before a text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Why certificate and key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// One of the files.
    #[error("cannot read a {what} from {}: {fault}", path.display())]
    File {
        /// What is wanted of it.
        what: Item,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        fault: Fault,
    },
    /// A pipe, where what was read of it is to be read again.
    #[error("{} was a pipe, which can be read once only", .0.display())]
    Once(PathBuf),
    /// Made for different keys.
    #[error("the key in {} is not that of the first certificate in {}", key.display(), chain.display())]
    Pair {
        /// The certificates.
        chain: PathBuf,
        /// The key.
        key: PathBuf,
    },
    /// rustls does not take them.
    #[error("certificate and key cannot be used: {0}")]
    Use(#[from] rustls::Error),
}

/// What a file is to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Item {
    /// A chain of certificates, the server's own first.
    Certificate,
    /// Its private key.
    Key,
}

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The system's word for it.
    #[error("{0}")]
    Unreadable(String),
    /// Nothing.
    #[error("the file is empty")]
    Empty,
    /// DER, where PEM is wanted.
    #[error("it is in DER, not in PEM")]
    Der,
    /// A whole store of certificates and keys.
    #[error("it is a PKCS#12 store, not PEM")]
    Pkcs12,
    /// A text in UTF-16.
    #[error("it is a text in UTF-16, and PEM is ASCII")]
    Utf16,
    /// Needs a passphrase.
    #[error("the key is encrypted, and nobody is here to type its passphrase")]
    Encrypted,
    /// PEM of something else.
    #[error("it holds {0}")]
    Another(&'static str),
    /// PEM that does not add up.
    #[error("it is damaged")]
    Damaged,
    /// No PEM at all.
    #[error("it is no PEM")]
    NoPem,
    /// A key of another kind or size.
    #[error(
        "the key is none of RSA with 2048 to 8192 bits, ECDSA over P-256 or P-384, and Ed25519"
    )]
    Kind,
    /// X.509 version 1.
    #[error("it is of an old kind (X.509 version 1), which has no names, and clients refuse it")]
    Version,
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Certificate => "certificate",
            Self::Key => "private key",
        })
    }
}

impl TlsError {
    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        if let Self::Once(_) = self {
            return "Name files to have them read again, or start the mediator anew.";
        }
        let Self::File { what, fault, .. } = self else {
            return "Name the two that were made together; in a chain the server's own certificate comes first.";
        };
        match (fault, what) {
            (Fault::Unreadable(_), _) => "Is that its name, and may this user read it?",
            (Fault::Der, Item::Certificate) => {
                "Turn it into PEM: openssl x509 -inform DER -in FILE -out cert.pem"
            }
            (Fault::Der, Item::Key) => {
                "Turn it into PEM: openssl pkey -inform DER -in FILE -out key.pem"
            }
            (Fault::Pkcs12, _) => {
                "Take the two out of it: openssl pkcs12 -in FILE -nokeys -out cert.pem, and -nocerts -nodes -out key.pem"
            }
            (Fault::Utf16, _) => "Save it as ASCII or UTF-8.",
            (Fault::Encrypted, _) => {
                "Take the passphrase off, and let nobody else read the file: openssl pkey -in FILE -out key.pem"
            }
            (Fault::Kind | Fault::Version, _) => {
                "Make a key and a certificate as the README shows, or have them made so."
            }
            _ => {
                "Give PEM files: the certificate chain, the server's own first, and its private key."
            }
        }
    }
}

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
        Err(rustls::Error::InvalidCertificate(_)) => {
            Err(error(Item::Certificate, chain)(Fault::Damaged))
        }
        Err(other) => Err(other.into()),
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

/// Why a file is of no use in which what is wanted was not found.
fn fault(wanted: Item, text: &[u8]) -> Fault {
    let has = |part: &[u8]| text.windows(part.len()).any(|window| window == part);
    let begins = |label: &str| has(format!("-----BEGIN {label}-----").as_bytes());
    if text.trim_ascii().is_empty() {
        return Fault::Empty;
    }
    if text.starts_with(b"\xff\xfe") || text.starts_with(b"\xfe\xff") {
        return Fault::Utf16;
    }
    if let [0x30, long, inner @ ..] = text {
        // The length may take bytes of its own (X.690 §8.1.3).
        let further = usize::from(if *long > 0x80 { long & 0x7f } else { 0 });
        let inner = inner.get(further..).unwrap_or_default();
        return match inner.starts_with(&[0x02, 0x01, 0x03]) {
            true => Fault::Pkcs12,
            false => Fault::Der,
        };
    }
    let encrypted = begins("ENCRYPTED PRIVATE KEY") || has(b"Proc-Type: 4,ENCRYPTED");
    if wanted == Item::Key && encrypted {
        return Fault::Encrypted;
    }
    let labels: &[&str] = match wanted {
        Item::Certificate => &["CERTIFICATE"],
        Item::Key => &["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"],
    };
    let others = OTHERS.iter().find(|(label, _)| begins(label));
    match others {
        _ if labels.iter().any(|label| begins(label)) => Fault::Damaged,
        Some((_, another)) => Fault::Another(another),
        None if has(b"-----BEGIN ") => Fault::Damaged,
        None => Fault::NoPem,
    }
}

/// What else PEM files hold (RFC 7468).
const OTHERS: [(&str, &str); 13] = [
    (
        "CERTIFICATE REQUEST",
        "a request for a certificate, not the certificate",
    ),
    (
        "NEW CERTIFICATE REQUEST",
        "a request for a certificate, not the certificate",
    ),
    (
        "TRUSTED CERTIFICATE",
        "a certificate in a form of openssl's own",
    ),
    ("PUBLIC KEY", "the public key, not the private one"),
    ("RSA PUBLIC KEY", "the public key, not the private one"),
    ("OPENSSH PRIVATE KEY", "a key for SSH"),
    (
        "DSA PRIVATE KEY",
        "a key for DSA, which TLS does not take any more",
    ),
    ("CERTIFICATE", "a certificate, not a key"),
    ("PRIVATE KEY", "a key, not a certificate"),
    ("RSA PRIVATE KEY", "a key, not a certificate"),
    ("EC PRIVATE KEY", "a key, not a certificate"),
    ("ENCRYPTED PRIVATE KEY", "a key, not a certificate"),
    ("X509 CRL", "a list of revoked certificates"),
];

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_or_key_is_told_apart() {
        let pem =
            |label: &str| format!("x\n-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n");
        let (key, certificate) = (pem("PRIVATE KEY"), pem("CERTIFICATE"));
        let old = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: x\n\nAAAA\n";
        for (wanted, text, is) in [
            (Item::Key, &b" \n"[..], Fault::Empty),
            (Item::Key, b"\x30\x03\x02\x01\x00", Fault::Der),
            (Item::Certificate, b"\x30\x82\x01\x02\x30", Fault::Der),
            (Item::Key, b"\x30\x82\x01\x02\x02\x01\x03", Fault::Pkcs12),
            (Item::Key, b"\xff\xfe-\0", Fault::Utf16),
            (
                Item::Key,
                pem("ENCRYPTED PRIVATE KEY").as_bytes(),
                Fault::Encrypted,
            ),
            (Item::Key, old.as_bytes(), Fault::Encrypted),
            (
                Item::Key,
                certificate.as_bytes(),
                Fault::Another("a certificate, not a key"),
            ),
            (
                Item::Certificate,
                key.as_bytes(),
                Fault::Another("a key, not a certificate"),
            ),
            (Item::Key, &key.as_bytes()[..40], Fault::Damaged),
            (Item::Key, pem("SOMETHING").as_bytes(), Fault::Damaged),
            (Item::Certificate, b"hello", Fault::NoPem),
            (Item::Key, b"\x30", Fault::NoPem),
        ] {
            assert_eq!(
                fault(wanted, text),
                is,
                "{:?}",
                String::from_utf8_lossy(text)
            );
        }
    }
}
