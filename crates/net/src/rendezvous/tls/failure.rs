//! Why there is no TLS, in words, with what to do about it.

use std::io;

use tokio_rustls::rustls::{self, AlertDescription, InvalidMessage, PeerIncompatible};
use undertone_core::mediator_url::MediatorUrl;

use super::certificate::GOOD_KEYS;
use super::{CertificateFault, FILE};
use crate::rendezvous::error::reason;

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
    /// The certificate that it shows is not taken.
    #[error("its certificate {0}")]
    Certificate(CertificateFault),
    /// Neither TLS 1.2 nor TLS 1.3.
    #[error("it speaks neither TLS 1.2 nor TLS 1.3 as this program does")]
    Incompatible,
    /// It has nothing to offer that this program takes.
    #[error("it has no cipher, or no kind of certificate, in common with this program")]
    NothingInCommon,
    /// It does not want to.
    #[error("it refused the handshake: {0}")]
    Refused(&'static str),
    /// It says what no server says at that point.
    #[error("it breaks the protocol of TLS")]
    Misbehaved,
    /// Something else.
    #[error("the handshake failed ({0})")]
    Other(String),
}

impl TlsFailure {
    /// What to do about it.
    #[must_use]
    pub fn remedy(&self, url: &MediatorUrl) -> String {
        match self {
            Self::File(_) => format!(
                "Let {FILE} name a readable file of certificates in PEM, or take it away: then those count that this machine trusts."
            ),
            Self::NoAuthorities => format!(
                "Install the package ca-certificates, or name the mediator's certificate: {FILE}=cert.pem."
            ),
            Self::NotTls => format!(
                "If that is a mediator without TLS, write http://{}; else check address and port.",
                url.authority()
            ),
            Self::HungUp(_) | Self::Incompatible | Self::Misbehaved | Self::Other(_) => format!(
                "Check address and port. If the mediator there has no TLS, write http://{}.",
                url.authority()
            ),
            Self::NothingInCommon => format!(
                "Whoever runs the mediator: {GOOD_KEYS}. In front of one, let the proxy offer TLS 1.3, or 1.2 with ECDHE and AES-GCM or ChaCha20."
            ),
            Self::Refused(_) => format!(
                "Is {} the name that the server goes by? Else ask whoever runs it.",
                url.host()
            ),
            Self::Certificate(fault) => fault.remedy(url.host()),
        }
    }

    /// From what a handshake ended with.
    pub(in crate::rendezvous) fn of(error: &io::Error) -> Self {
        let inner = error.get_ref();
        let Some(error) = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()) else {
            return Self::HungUp(reason(error));
        };
        match error {
            rustls::Error::InvalidCertificate(error) => {
                Self::Certificate(CertificateFault::of(error))
            }
            rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => Self::NotTls,
            rustls::Error::PeerIncompatible(
                PeerIncompatible::ServerDoesNotSupportTls12Or13
                | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
            )
            | rustls::Error::AlertReceived(AlertDescription::ProtocolVersion) => Self::Incompatible,
            rustls::Error::AlertReceived(
                AlertDescription::HandshakeFailure | AlertDescription::InsufficientSecurity,
            )
            | rustls::Error::PeerIncompatible(_) => Self::NothingInCommon,
            rustls::Error::AlertReceived(alert) => Self::Refused(in_words(*alert)),
            rustls::Error::InvalidMessage(_)
            | rustls::Error::PeerMisbehaved(_)
            | rustls::Error::InappropriateMessage { .. }
            | rustls::Error::InappropriateHandshakeMessage { .. }
            | rustls::Error::DecryptError
            | rustls::Error::PeerSentOversizedRecord => Self::Misbehaved,
            error => Self::Other(error.to_string()),
        }
    }

    /// Whether TLS was spoken, whatever came of it.
    pub(in crate::rendezvous) fn is_tls(&self) -> bool {
        match self {
            Self::File(_)
            | Self::NoAuthorities
            | Self::NotTls
            | Self::HungUp(_)
            | Self::Misbehaved
            | Self::Other(_) => false,
            Self::Certificate(_)
            | Self::Incompatible
            | Self::NothingInCommon
            | Self::Refused(_) => true,
        }
    }
}

/// What a server means by an alert (RFC 8446 §6.2).
fn in_words(alert: AlertDescription) -> &'static str {
    match alert {
        AlertDescription::UnrecognisedName => "it does not go by that name",
        AlertDescription::CertificateRequired
        | AlertDescription::AccessDenied
        | AlertDescription::NoCertificate => {
            "it wants to see a certificate of ours, and undertone has none"
        }
        AlertDescription::NoApplicationProtocol => "it speaks another protocol than HTTP/1.1",
        AlertDescription::InternalError => "it has failed",
        _ => "it does not take what this program says",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_is_one_of_the_library() {
        for alert in 0..=u8::MAX {
            let alert = rustls::Error::AlertReceived(AlertDescription::from(alert));
            let said = TlsFailure::of(&io::Error::other(alert)).to_string();
            assert!(!said.contains("Received") && !said.contains('('), "{said}");
        }
        let broken = rustls::Error::InvalidMessage(InvalidMessage::MessageTooLarge);
        let said = TlsFailure::of(&io::Error::other(broken)).to_string();
        assert_eq!(said, "it breaks the protocol of TLS");
    }
}
