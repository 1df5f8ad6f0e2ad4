//! What the handshake of DTLS needs: ECDHE on X25519 and P-256, ECDSA on P-256, SHA-2.

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};

use dimpl::crypto::{
    ActiveKeyExchange, Buf, CryptoProvider, HashAlgorithm, HashContext, HashProvider, HmacProvider,
    KeyProvider, NamedGroup, SecureRandom, SignatureAlgorithm, SignatureVerifier, SigningKey,
    SupportedKxGroup,
};
use dimpl::{CryptoError, CryptoOperation};
use ring::rand::SecureRandom as _;
use ring::signature::{self, EcdsaKeyPair};
use ring::{agreement, digest, hmac};

use super::certificate::point;
use super::random::RANDOM;
use super::suite::{Suite12, Suite13};

pub(super) fn provider() -> CryptoProvider {
    CryptoProvider {
        cipher_suites: &[&Suite12],
        dtls13_cipher_suites: &[&Suite13],
        kx_groups: &[&Group(NamedGroup::X25519), &Group(NamedGroup::Secp256r1)],
        signature_verification: &Ring,
        key_provider: &Ring,
        secure_random: &Ring,
        hash_provider: &Ring,
        hmac_provider: &Ring,
    }
}

fn failed<E>(operation: CryptoOperation) -> impl FnOnce(E) -> CryptoError {
    move |_| CryptoError::OperationFailed(operation)
}

#[derive(Debug)]
struct Group(NamedGroup);

fn algorithm(group: NamedGroup) -> &'static agreement::Algorithm {
    match group {
        NamedGroup::X25519 => &agreement::X25519,
        _ => &agreement::ECDH_P256,
    }
}

impl SupportedKxGroup for Group {
    fn name(&self) -> NamedGroup {
        self.0
    }

    fn start_exchange(&self, mut public: Buf) -> Result<Box<dyn ActiveKeyExchange>, CryptoError> {
        let ours = agreement::EphemeralPrivateKey::generate(algorithm(self.0), &*RANDOM);
        let ours = ours.map_err(failed(CryptoOperation::Sign))?;
        let point = ours.compute_public_key();
        let point = point.map_err(failed(CryptoOperation::Sign))?;
        public.clear();
        public.extend_from_slice(point.as_ref());
        Ok(Box::new(Exchange {
            ours,
            public,
            group: self.0,
        }))
    }
}

struct Exchange {
    ours: agreement::EphemeralPrivateKey,
    public: Buf,
    group: NamedGroup,
}

// It is used up by its one operation, so none sees it after a panic.
impl UnwindSafe for Exchange {}
impl RefUnwindSafe for Exchange {}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            ours: _,
            public: _,
            group,
        } = self;
        f.debug_struct("Exchange")
            .field("group", group)
            .finish_non_exhaustive()
    }
}

impl ActiveKeyExchange for Exchange {
    fn pub_key(&self) -> &[u8] {
        &self.public
    }

    fn complete(self: Box<Self>, theirs: &[u8], shared: &mut Buf) -> Result<(), CryptoError> {
        let Self { ours, group, .. } = *self;
        let theirs = agreement::UnparsedPublicKey::new(algorithm(group), theirs);
        let agreed = agreement::agree_ephemeral(ours, &theirs, |secret| {
            shared.clear();
            shared.extend_from_slice(secret);
        });
        agreed.map_err(|_| CryptoError::InvalidPublicKey(group))
    }

    fn group(&self) -> NamedGroup {
        self.group
    }
}

struct Key(EcdsaKeyPair);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(_) = self;
        f.write_str("Key(..)")
    }
}

impl SigningKey for Key {
    fn sign(&mut self, data: &[u8], _: HashAlgorithm, out: &mut Buf) -> Result<(), CryptoError> {
        let signed = self.0.sign(&*RANDOM, data);
        out.clear();
        out.extend_from_slice(signed.map_err(failed(CryptoOperation::Sign))?.as_ref());
        Ok(())
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ECDSA
    }

    fn hash_algorithm(&self) -> HashAlgorithm {
        HashAlgorithm::SHA256
    }

    fn supported_hash_algorithms(&self) -> &[HashAlgorithm] {
        &[HashAlgorithm::SHA256]
    }
}

struct Hash(digest::Context);

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(_) = self;
        f.write_str("Hash(..)")
    }
}

impl HashContext for Hash {
    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    fn clone_and_finalize(&self, out: &mut Buf) {
        out.clear();
        out.extend_from_slice(self.0.clone().finish().as_ref());
    }
}

#[derive(Debug)]
struct Ring;

impl KeyProvider for Ring {
    fn load_private_key(&self, pkcs8: &[u8]) -> Result<Box<dyn SigningKey>, CryptoError> {
        let algorithm = &signature::ECDSA_P256_SHA256_ASN1_SIGNING;
        let key = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8, &*RANDOM);
        let key = key.map_err(|_| CryptoError::InvalidPrivateKey)?;
        Ok(Box::new(Key(key)))
    }
}

impl SignatureVerifier for Ring {
    /// By the key in a certificate, which nobody vouches for: that it is the peer's is said by its
    /// fingerprint alone.
    fn verify_signature(
        &self,
        certificate: &[u8],
        data: &[u8],
        signed: &[u8],
        hash: HashAlgorithm,
        algorithm: SignatureAlgorithm,
    ) -> Result<(), CryptoError> {
        if algorithm != SignatureAlgorithm::ECDSA || hash != HashAlgorithm::SHA256 {
            return Err(CryptoError::UnsupportedSignatureAlgorithm(algorithm));
        }
        let point = point(certificate).ok_or(CryptoError::CertificateParseFailed)?;
        let key = signature::UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_ASN1, point);
        let verified = key.verify(data, signed);
        verified.map_err(|_| CryptoError::InvalidSignatureFormat)
    }
}

impl SecureRandom for Ring {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), CryptoError> {
        let filled = RANDOM.fill(bytes);
        filled.map_err(failed(CryptoOperation::Sign))
    }
}

impl HashProvider for Ring {
    fn create_hash(&self, algorithm: HashAlgorithm) -> Box<dyn HashContext> {
        Box::new(Hash(digest::Context::new(match algorithm {
            HashAlgorithm::SHA384 => &digest::SHA384,
            _ => &digest::SHA256,
        })))
    }
}

impl HmacProvider for Ring {
    fn hmac(
        &self,
        hash: HashAlgorithm,
        key: &[u8],
        data: &[u8],
        out: &mut [u8],
    ) -> Result<usize, CryptoError> {
        let algorithm = match hash {
            HashAlgorithm::SHA384 => hmac::HMAC_SHA384,
            _ => hmac::HMAC_SHA256,
        };
        let tag = hmac::sign(&hmac::Key::new(algorithm, key), data);
        let tag = tag.as_ref();
        let room = out.get_mut(..tag.len());
        room.ok_or(CryptoError::OperationFailed(CryptoOperation::Sign))?
            .copy_from_slice(tag);
        Ok(tag.len())
    }
}
