//! Why certificate and key cannot be used, in words, with what to do about it.

use std::fmt;
use std::path::PathBuf;

use tokio_rustls::rustls;

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
    /// An extension is marked critical, so that who does not know it must refuse (RFC 5280 §4.2).
    #[error(
        "it demands something that this program does not know (an extension that is marked critical), and clients refuse it"
    )]
    Critical,
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
            (Fault::Critical, _) => {
                "Make another one without that extension, or with it not critical, as the README shows."
            }
            _ => {
                "Give PEM files: the certificate chain, the server's own first, and its private key."
            }
        }
    }
}
