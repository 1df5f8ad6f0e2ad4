//! The cryptography of ICE and DTLS on what TLS has already: ring, and `aes` for the one block
//! that ring does not offer. `dtls` is the handshake's, `suite` seals records, `certificate` is
//! the end's own, `media` stands where SRTP would be.

mod certificate;
mod dtls;
mod media;
mod random;
mod suite;

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use ring::{digest, hmac};
use str0m::crypto::dtls::{
    DtlsCert, DtlsImplError, DtlsInstance, DtlsOutput, DtlsProvider, DtlsVersion, ProtocolVersion,
};
use str0m::crypto::{CryptoError, CryptoProvider, Sha1HmacProvider, Sha256Provider};

pub(super) use certificate::certificate;

/// All that str0m asks of a provider.
pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(CryptoProvider {
        srtp_provider: &media::NoMedia,
        sha1_hmac_provider: &Ring,
        sha256_provider: &Ring,
        dtls_provider: &Ring,
    })
}

/// SHA-256, by which a certificate is known to the peer (RFC 8122 §5).
pub(super) fn fingerprint(certificate: &[u8]) -> [u8; 32] {
    taken(digest::digest(&digest::SHA256, certificate).as_ref())
}

/// The first bytes; all of them are there.
fn taken<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.first_chunk().copied().unwrap_or([0; N])
}

#[derive(Debug)]
struct Ring;

impl Sha256Provider for Ring {
    fn sha256(&self, data: &[u8]) -> [u8; 32] {
        fingerprint(data)
    }
}

impl Sha1HmacProvider for Ring {
    /// MESSAGE-INTEGRITY (RFC 8489 §14.5).
    fn sha1_hmac(&self, key: &[u8], payloads: &[&[u8]]) -> [u8; 20] {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key);
        let mut context = hmac::Context::with_key(&key);
        payloads.iter().for_each(|payload| context.update(payload));
        taken(context.sign().as_ref())
    }
}

impl DtlsProvider for Ring {
    fn generate_certificate(&self) -> Option<DtlsCert> {
        certificate()
    }

    fn new_dtls(
        &self,
        certificate: &DtlsCert,
        now: Instant,
        version: DtlsVersion,
        mtu: Option<usize>,
    ) -> Result<Box<dyn DtlsInstance>, CryptoError> {
        // The address of who begins was checked by ICE: a cookie would be a round trip for nothing.
        let mut config = dimpl::Config::builder()
            .use_server_cookie(false)
            .require_client_certificate(true)
            .with_crypto_provider(dtls::provider());
        if let Some(mtu) = mtu {
            config = config.mtu(mtu);
        }
        let config = config
            .build()
            .map_err(|error| CryptoError::Other(error.to_string()))?;
        let (config, certificate) = (Arc::new(config), certificate.clone());
        Ok(Box::new(Dtls(match version {
            DtlsVersion::Dtls12 => dimpl::Dtls::new_12(config, certificate, now),
            DtlsVersion::Dtls13 => dimpl::Dtls::new_13(config, certificate, now),
            _ => dimpl::Dtls::new_auto(config, certificate, now),
        })))
    }
}

struct Dtls(dimpl::Dtls);

impl fmt::Debug for Dtls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(_) = self;
        f.write_str("Dtls(..)")
    }
}

impl DtlsInstance for Dtls {
    fn set_active(&mut self, active: bool) {
        self.0.set_active(active);
    }

    /// Passes over what says in clear that all is over: anybody on the way can say that. Who has
    /// something against us is silent, then.
    fn handle_packet(&mut self, packet: &[u8]) -> Result<(), DtlsImplError> {
        match has_clear_alert(packet) {
            true => Ok(()),
            false => self.0.handle_packet(packet),
        }
    }

    fn poll_output<'a>(&mut self, buf: &'a mut [u8]) -> DtlsOutput<'a> {
        self.0.poll_output(buf)
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), DtlsImplError> {
        self.0.handle_timeout(now)
    }

    fn send_application_data(&mut self, data: &[u8]) -> Result<(), DtlsImplError> {
        self.0.send_application_data(data)
    }

    fn is_active(&self) -> bool {
        self.0.is_active()
    }

    fn protocol_version(&self) -> Option<ProtocolVersion> {
        self.0.protocol_version()
    }

    fn is_closing(&self) -> bool {
        self.0.is_closing()
    }

    fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    fn close(&mut self) -> Result<(), DtlsImplError> {
        self.0.close()
    }
}

/// Whether one of the records is an alert that nothing protects, of epoch 0 (RFC 6347 §4.1):
/// `type(1) ‖ version(2) ‖ epoch(2) ‖ number(6) ‖ length(2) ‖ …`. Those that DTLS 1.3 protects begin
/// otherwise.
fn has_clear_alert(mut packet: &[u8]) -> bool {
    const ALERT: u8 = 21;
    const SEALED_BY_13: u8 = 32;
    while let Some((head, rest)) = packet.split_first_chunk::<13>() {
        let [kind, _, _, epoch @ .., _, _] = *head;
        if kind >= SEALED_BY_13 {
            return false;
        }
        if kind == ALERT && epoch.starts_with(&[0, 0]) {
            return true;
        }
        let len = u16::from_be_bytes([head[11], head[12]]);
        packet = rest.get(usize::from(len)..).unwrap_or_default();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alerts_in_clear_are_found_behind_other_records_too() {
        let record = |kind, epoch, body: &[u8]| {
            let len = body.len() as u8;
            [
                &[kind, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 0, 9, 0, len][..],
                body,
            ]
            .concat()
        };
        let (hello, alert) = (record(22, 0, &[1; 40]), record(21, 0, &[2, 0]));
        assert!(has_clear_alert(&alert) && has_clear_alert(&[&hello[..], &alert].concat()));
        let sealed = record(21, 1, &[7; 26]);
        let sealed_by_13 = [&[0x2f][..], &[0; 30]].concat();
        for other in [&hello[..], &sealed, &sealed_by_13, &alert[..12], &[]] {
            assert!(!has_clear_alert(other));
        }
    }

    #[test]
    fn the_samples_of_rfc_2202() {
        let sign = |key: &[u8], payloads: &[&[u8]]| Ring.sha1_hmac(key, payloads);
        let expected = [
            0xef, 0xfc, 0xdf, 0x6a, 0xe5, 0xeb, 0x2f, 0xa2, 0xd2, 0x74, 0x16, 0xd5, 0xf1, 0x84,
            0xdf, 0x9c, 0x25, 0x9a, 0x7c, 0x79,
        ];
        let parts: [&[u8]; 2] = [b"what do ya want ", b"for nothing?"];
        assert_eq!(sign(b"Jefe", &parts), expected);
        assert_eq!(sign(b"Jefe", &[&parts.concat()]), expected);
    }
}
