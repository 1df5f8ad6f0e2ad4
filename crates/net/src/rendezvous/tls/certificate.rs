//! What is wrong with the certificate that a mediator shows, in words, with what to do about it.

use jiff::Timestamp;
use tokio_rustls::rustls::CertificateError;
use tokio_rustls::rustls::pki_types::UnixTime;
use undertone_core::text::safe::clause;

use super::FILE;

/// Names of a certificate that are shown.
const NAMES_SHOWN: usize = 4;
/// Signature algorithms that nobody takes any more: MD5 and SHA-1 with RSA (RFC 8017 §A.2.4), SHA-1
/// with ECDSA (RFC 3279 §2.2.3), as they begin in DER.
const BROKEN: [(&[u8], &str); 3] = [
    (b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04", "MD5"),
    (b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05", "SHA-1"),
    (b"\x06\x07\x2a\x86\x48\xce\x3d\x04\x01", "SHA-1"),
];

/// Keys that are taken, as a remedy names them.
pub(super) const GOOD_KEYS: &str = "its key must be ECDSA over the curve P-256 or P-384, by its name, or Ed25519, or RSA (not RSA-PSS) with 2048 bits at least";
/// RSASSA-PSS (RFC 4055 §3.1), the algorithm of a signature or of a key.
const PSS: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a";
/// Keys that are not taken, as they begin in DER: elliptic curves (RFC 5480 §2.1.1), those of RFC
/// 8410, DSA (RFC 3279 §2.3.2). The first that fits counts.
const KEYS: [(&[u8], &str); 8] = [
    (PSS, "RSA-PSS"),
    (
        b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x23",
        "the curve P-521",
    ),
    (
        b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x0a",
        "the curve secp256k1",
    ),
    (
        b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x30",
        "its elliptic curve is not named but written out (explicit parameters)",
    ),
    (
        b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01",
        "its elliptic curve, or the digest with it, is an unusual one",
    ),
    (b"\x06\x03\x2b\x65\x71", "Ed448"),
    (b"\x06\x07\x2a\x86\x48\xce\x38\x04\x01", "DSA"),
    (b"", "of another kind than those for servers"),
];

/// What is wrong; said behind "its certificate ".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateFault {
    /// `openssl req -x509` makes such ones.
    #[error("is that of an authority (CA:TRUE), which no server may show")]
    Authority,
    /// Nobody knows who made it.
    #[error("is not signed by anybody whom this machine trusts")]
    UnknownIssuer,
    /// The issuer's name is known, and the signature is not by the key that is known with it.
    #[error("is not signed with the key of the authority that it names, as this machine knows it")]
    Signature,
    /// Signed with what nobody takes any more.
    #[error("is signed with {0}, which is broken and not taken any more")]
    Broken(&'static str),
    /// Signed in another way that is not checked here.
    #[error("is signed in a way that this program cannot check")]
    Algorithm,
    /// RSASSA-PSS with another digest or length of salt than usual.
    #[error("is signed by RSA-PSS in a form that this program cannot check")]
    Pss,
    /// Signed with a key of a kind that is not taken; which.
    #[error("is signed with a key that this program does not take: {0}")]
    Key(&'static str),
    /// Made out to others.
    #[error("is for {0}")]
    OtherName(String),
    /// An IP address is in it as a DNS name.
    #[error("has {0} as a DNS name in it, and an IP address does not count there")]
    AddressAsName(String),
    /// No `subjectAltName`.
    #[error("is for no name at all (the common name, CN, does not count)")]
    NoName,
    /// Not any more.
    #[error("expired on {0}")]
    Expired(String),
    /// Not yet.
    #[error("is valid from {0} on only")]
    NotYetValid(String),
    /// Its `extendedKeyUsage` does not name a server.
    #[error("is not one for a server (its extendedKeyUsage is without serverAuth)")]
    Purpose,
    /// Its issuer may not sign it.
    #[error("is signed by somebody who may not sign it")]
    Issuer,
    /// X.509 version 1, as `openssl x509 -req` makes it without extensions.
    #[error("is of an old kind (X.509 version 1), which has no names")]
    Version,
    /// Taken back by its issuer.
    #[error("was revoked by who signed it")]
    Revoked,
    /// An extension that is marked critical, so that who does not know it must refuse.
    #[error("has an extension, marked critical, that this program does not know")]
    CriticalExtension,
    /// More signatures, names or certificates than are looked at.
    #[error("comes with a chain that is too long to be checked")]
    Chain,
    /// No DER, or not as a certificate has it.
    #[error("is damaged, or not made as the standard wants it")]
    Malformed,
    /// Something else.
    #[error("is not good ({0})")]
    Other(String),
}

impl CertificateFault {
    /// What to do about it, for who knows the server by this name.
    pub(super) fn remedy(&self, host: &str) -> String {
        let name = alternative_name(host);
        match self {
            Self::Authority => format!(
                "Whoever runs the mediator has to make another one, for a server: with openssl by -addext basicConstraints=critical,CA:FALSE and -addext subjectAltName={name}, as its README shows."
            ),
            Self::UnknownIssuer => format!(
                "If you have the mediator's certificate from whoever runs it, name it: {FILE}=cert.pem. Else somebody may be in between."
            ),
            Self::Signature => format!(
                "Does {FILE} name an older certificate, or that of another mediator? Ask whoever runs this one for its present one. Its key must be one of ECDSA, or of RSA with 2048 bits at least. Else somebody may be in between."
            ),
            Self::OtherName(_) => {
                format!("Name the mediator as its certificate does, or have one made for {host}: {name}.")
            }
            Self::AddressAsName(ip) => format!(
                "Whoever runs the mediator has to make another one, with subjectAltName=IP:{ip} in place of DNS:{ip}, as its README shows."
            ),
            Self::NoName | Self::Version => format!(
                "Whoever runs the mediator has to make another one, with subjectAltName={name}, as its README shows."
            ),
            Self::Expired(_) => format!(
                "Whoever runs the mediator has to renew it. Or is this machine's clock wrong? It says {}.",
                in_words(Timestamp::now())
            ),
            Self::NotYetValid(_) => format!(
                "Is this machine's clock wrong? It says {}. Else wait until then.",
                in_words(Timestamp::now())
            ),
            Self::Purpose => "Whoever runs the mediator has to make another one, without extendedKeyUsage or with serverAuth in it, as its README shows.".to_owned(),
            Self::Broken(_) | Self::Algorithm => "Whoever runs the mediator has to make another one, signed with SHA-256 or better (openssl's -sha256), as its README shows.".to_owned(),
            Self::Pss => "Whoever runs the mediator has to make another one, signed in the usual way of RSA (openssl without rsa_padding_mode:pss, and with a key of kind rsa, not rsa-pss) or with an ECDSA key, as its README shows.".to_owned(),
            Self::Key(_) => format!("Whoever runs the mediator has to make another one: {GOOD_KEYS}, as its README shows."),
            Self::CriticalExtension => "Whoever runs the mediator has to make another one, without that extension or with it not critical, as its README shows.".to_owned(),
            Self::Chain => "Whoever runs the mediator has to give it the server's certificate and those between it and the authority, and no others.".to_owned(),
            Self::Issuer | Self::Revoked | Self::Malformed | Self::Other(_) => {
                "Whoever runs the mediator has to make another one, as its README shows.".to_owned()
            }
        }
    }

    /// From what rustls says of it.
    pub(super) fn of(error: &CertificateError) -> Self {
        match error {
            CertificateError::UnknownIssuer => Self::UnknownIssuer,
            CertificateError::ExpiredContext { not_after, .. } => Self::Expired(date(*not_after)),
            CertificateError::NotValidYetContext { not_before, .. } => {
                Self::NotYetValid(date(*not_before))
            }
            CertificateError::NotValidForNameContext { presented, .. } => {
                let names = names(presented);
                match (address_as_name(presented), names) {
                    (Some(ip), _) => Self::AddressAsName(ip),
                    (None, Some(names)) => Self::OtherName(names),
                    (None, None) => Self::NoName,
                }
            }
            CertificateError::BadSignature => Self::Signature,
            CertificateError::UnsupportedSignatureAlgorithmContext {
                signature_algorithm_id,
                ..
            } => Self::signed_by(signature_algorithm_id, None),
            CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext {
                signature_algorithm_id,
                public_key_algorithm_id,
            } => Self::signed_by(signature_algorithm_id, Some(public_key_algorithm_id)),
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
                Self::Purpose
            }
            CertificateError::Revoked => Self::Revoked,
            CertificateError::UnhandledCriticalExtension => Self::CriticalExtension,
            CertificateError::BadEncoding | CertificateError::Expired => Self::Malformed,
            CertificateError::Other(other) => match other.0.downcast_ref() {
                Some(error) => Self::of_webpki(error),
                None => Self::Other(other.0.to_string()),
            },
            error => Self::Other(error.to_string()),
        }
    }

    /// From the algorithms of a signature, and of the key where it is this that does not fit, as
    /// they stand in the certificate.
    fn signed_by(signature: &[u8], key: Option<&Vec<u8>>) -> Self {
        let mut broken = BROKEN.iter();
        if let Some((_, name)) = broken.find(|(oid, _)| signature.starts_with(oid)) {
            return Self::Broken(name);
        }
        let key = key.and_then(|key| KEYS.iter().find(|(oid, _)| key.starts_with(oid)));
        match key {
            Some((_, name)) => Self::Key(name),
            None if signature.starts_with(PSS) => Self::Pss,
            None => Self::Algorithm,
        }
    }

    /// What rustls has no word for.
    fn of_webpki(error: &webpki::Error) -> Self {
        use webpki::Error;
        match error {
            Error::CaUsedAsEndEntity => Self::Authority,
            Error::EndEntityUsedAsCa
            | Error::PathLenConstraintViolated
            | Error::NameConstraintViolation => Self::Issuer,
            Error::UnsupportedCertVersion => Self::Version,
            Error::EmptyEkuExtension => Self::Purpose,
            Error::UnsupportedCriticalExtension => Self::CriticalExtension,
            Error::MaximumNameConstraintComparisonsExceeded
            | Error::MaximumPathBuildCallsExceeded
            | Error::MaximumPathDepthExceeded
            | Error::MaximumSignatureChecksExceeded => Self::Chain,
            Error::ExtensionValueInvalid
            | Error::InvalidSerialNumber
            | Error::MalformedDnsIdentifier
            | Error::MalformedExtensions
            | Error::MalformedNameConstraint
            | Error::SignatureAlgorithmMismatch
            | Error::UnsupportedNameType => Self::Malformed,
            error => Self::Other(error.to_string()),
        }
    }
}

/// The names in a certificate, written as `DnsName("a")` and `IpAddress(10.0.0.1)`.
fn names(presented: &[String]) -> Option<String> {
    let names = presented.iter().filter_map(|name| {
        let (_, name) = name.split_once('(')?;
        clause(name.strip_suffix(')')?.trim_matches('"'))
    });
    let names: Vec<_> = names.take(NAMES_SHOWN + 1).collect();
    match names.get(..NAMES_SHOWN) {
        _ if names.is_empty() => None,
        Some(shown) if names.len() > NAMES_SHOWN => Some(format!("{}, …", shown.join(", "))),
        _ => Some(names.join(", ")),
    }
}

/// The IP address that stands among the names as a DNS name.
fn address_as_name(presented: &[String]) -> Option<String> {
    let mut named = presented
        .iter()
        .filter_map(|name| name.strip_prefix("DnsName(\"")?.strip_suffix("\")"));
    let ip = named.find(|name| name.parse::<std::net::IpAddr>().is_ok());
    ip.map(str::to_owned)
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio_rustls::rustls::OtherError;

    use super::*;

    #[test]
    fn what_only_webpki_has_a_word_for_is_said_in_ours() {
        for (error, said) in [
            (webpki::Error::UnsupportedCertVersion, "version 1"),
            (webpki::Error::EndEntityUsedAsCa, "may not sign it"),
            (webpki::Error::EmptyEkuExtension, "not one for a server"),
            (webpki::Error::MalformedExtensions, "damaged"),
        ] {
            let other = CertificateError::Other(OtherError(Arc::new(error)));
            let fault = CertificateFault::of(&other);
            assert!(fault.to_string().contains(said), "{fault}");
            assert!(fault.remedy("m.example").contains("README"));
        }
    }
}
