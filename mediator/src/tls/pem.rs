//! What a file holds in which no certificate or key was found.

use crate::tls::fault::{Fault, Item};

/// Why a file is of no use in which what is wanted was not found.
pub(super) fn fault(wanted: Item, text: &[u8]) -> Fault {
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
