//! A certificate of an end's own for one pairing: P-256, signed by itself (RFC 5280, RFC 5480).
//! Nobody looks at what it says: the peer knows its hash.

use std::iter;

use ring::rand::SecureRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use str0m::crypto::dtls::DtlsCert;

use super::random::RANDOM;

/// What stands before the point of a P-256 key in a SubjectPublicKeyInfo: id-ecPublicKey,
/// prime256v1, and the head of the bit string.
const SPKI: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
/// An uncompressed point.
const POINT: usize = 65;
const ECDSA_WITH_SHA256: [u8; 8] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const COMMON_NAME: [u8; 3] = [0x55, 0x04, 0x03];

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OID: u8 = 0x06;
const UTF8: u8 = 0x0c;
const UTC_TIME: u8 = 0x17;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
/// The version's, `[0]`.
const CONTEXT_0: u8 = 0xa0;

/// A new one, with its key; `None` where the system has no randomness.
pub(in crate::link::ice) fn certificate() -> Option<DtlsCert> {
    let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &*RANDOM).ok()?;
    let key = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &*RANDOM).ok()?;
    let mut serial = [0; 8];
    RANDOM.fill(&mut serial).ok()?;
    // Positive, and without a leading zero.
    serial[0] = serial[0] & 0x7f | 0x40;
    let signed_by = der(SEQUENCE, &[&der(OID, &[&ECDSA_WITH_SHA256])]);
    let named = der(
        SEQUENCE,
        &[&der(OID, &[&COMMON_NAME]), &der(UTF8, &[b"undertone"])],
    );
    let name = der(SEQUENCE, &[&der(SET, &[&named])]);
    // Always the same: the time of this machine is nobody's business.
    let [from, to] = [b"250101000000Z", b"491231235959Z"].map(|time| der(UTC_TIME, &[time]));
    let validity = der(SEQUENCE, &[&from, &to]);
    let version = der(CONTEXT_0, &[&der(INTEGER, &[&[2]])]);
    let serial = der(INTEGER, &[&serial]);
    let public = [&SPKI[..], key.public_key().as_ref()].concat();
    let body = [
        &version, &serial, &signed_by, &name, &validity, &name, &public,
    ];
    let body = der(SEQUENCE, &body.map(Vec::as_slice));
    let signature = key.sign(&*RANDOM, &body).ok()?;
    let signature = der(BIT_STRING, &[&[0], signature.as_ref()]);
    Some(DtlsCert {
        certificate: der(SEQUENCE, &[&body, &signed_by, &signature]),
        private_key: pkcs8.as_ref().to_vec(),
    })
}

/// The point of the P-256 key in a certificate, if there is one.
pub(super) fn point(certificate: &[u8]) -> Option<&[u8]> {
    let at = certificate
        .windows(SPKI.len())
        .position(|bytes| bytes == SPKI)?;
    certificate.get(at + SPKI.len()..)?.get(..POINT)
}

/// A value in DER: `tag ‖ length ‖ parts`.
fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let bytes = body.len().to_be_bytes();
    let significant = bytes.iter().skip_while(|byte| **byte == 0);
    let significant: Vec<u8> = significant.copied().collect();
    let mut long = Vec::new();
    if body.len() > 0x7f {
        // No value of ours has a length of more than two bytes.
        long.push(0x80 | if significant.len() > 1 { 2 } else { 1 });
    }
    let len = if body.is_empty() {
        vec![0]
    } else {
        significant
    };
    iter::once(tag).chain(long).chain(len).chain(body).collect()
}

#[cfg(test)]
mod tests {
    use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};

    use super::*;

    #[test]
    fn it_is_signed_by_its_own_key_and_no_two_are_alike() {
        let [one, other] = [(); 2].map(|()| certificate().unwrap());
        assert_ne!(one.certificate, other.certificate);
        for DtlsCert { certificate, .. } in [one, other] {
            // SEQUENCE ‖ 0x82 ‖ 2 bytes, or 0x81 ‖ 1: then the signed part, as long as it says.
            let after = |bytes: &[u8]| match bytes[1] {
                0x82 => (4, usize::from(bytes[2]) << 8 | usize::from(bytes[3])),
                0x81 => (3, usize::from(bytes[2])),
                len => (2, usize::from(len)),
            };
            let (head, len) = after(&certificate);
            assert_eq!(head + len, certificate.len());
            let body = &certificate[head..];
            let (head, len) = after(body);
            let (body, rest) = body.split_at(head + len);
            // The algorithm's 12 bytes, then the bit string.
            let signature = &rest[12..];
            let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point(&certificate).unwrap());
            key.verify(body, &signature[3..]).unwrap();
        }
    }

    #[test]
    fn what_holds_no_key_has_no_point() {
        let sound = certificate().unwrap().certificate;
        assert!(point(&sound).is_some());
        assert_eq!(point(&[]), None);
        assert_eq!(point(&SPKI), None);
        assert_eq!(point(&[&SPKI[..], &[4; POINT - 1]].concat()), None);
    }

    #[test]
    fn lengths_are_the_shortest_there_are() {
        for (len, head) in [
            (0, &[7, 0][..]),
            (127, &[7, 127]),
            (128, &[7, 0x81, 128]),
            (300, &[7, 0x82, 1, 44]),
        ] {
            let value = der(7, &[&vec![1; len]]);
            assert!(value.starts_with(head) && value.len() == head.len() + len);
        }
    }
}
