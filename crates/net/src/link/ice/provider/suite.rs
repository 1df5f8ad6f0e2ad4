//! How DTLS seals records: AES-128-GCM, in the one suite of each version that all browsers have
//! (RFC 8827 §6.5, RFC 9147 §4.2.3).

use std::fmt;

use aes::cipher::{BlockCipherEncrypt, KeyInit};
use dimpl::crypto::{
    Aad, Buf, Cipher, Dtls12CipherSuite, Dtls13CipherSuite, HashAlgorithm, Nonce,
    SupportedDtls12CipherSuite, SupportedDtls13CipherSuite, TmpBuf,
};
use dimpl::{CryptoError, CryptoOperation};
use ring::aead::{self, LessSafeKey};

const KEY: usize = 16;
const TAG: usize = 16;
const NONCE: usize = 12;

struct Aes128Gcm(LessSafeKey);

impl fmt::Debug for Aes128Gcm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(_) = self;
        f.write_str("Aes128Gcm(..)")
    }
}

fn nonce(nonce: Nonce) -> Result<aead::Nonce, CryptoError> {
    let nonce = nonce.get(..NONCE).unwrap_or_default();
    aead::Nonce::try_assume_unique_for_key(nonce).map_err(|_| CryptoError::InvalidNonce)
}

impl Cipher for Aes128Gcm {
    fn encrypt(&mut self, text: &mut Buf, aad: Aad, with: Nonce) -> Result<(), CryptoError> {
        let (nonce, aad) = (nonce(with)?, aead::Aad::from(&*aad));
        let tag = self.0.seal_in_place_separate_tag(nonce, aad, text.as_mut());
        let tag = tag.map_err(|_| CryptoError::OperationFailed(CryptoOperation::Encrypt))?;
        text.extend_from_slice(tag.as_ref());
        Ok(())
    }

    fn decrypt(&mut self, text: &mut TmpBuf, aad: Aad, with: Nonce) -> Result<(), CryptoError> {
        let (nonce, aad) = (nonce(with)?, aead::Aad::from(&*aad));
        let opened = self.0.open_in_place(nonce, aad, text.as_mut());
        let opened = opened.map_err(|_| CryptoError::OperationFailed(CryptoOperation::Decrypt))?;
        let len = opened.len();
        text.truncate(len);
        Ok(())
    }
}

fn cipher(key: &[u8]) -> Result<Box<dyn Cipher>, CryptoError> {
    let key = aead::UnboundKey::new(&aead::AES_128_GCM, key);
    let key = key.map_err(|_| CryptoError::OperationFailed(CryptoOperation::Encrypt))?;
    Ok(Box::new(Aes128Gcm(LessSafeKey::new(key))))
}

/// TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 (RFC 5289).
#[derive(Debug)]
pub(super) struct Suite12;

impl SupportedDtls12CipherSuite for Suite12 {
    fn suite(&self) -> Dtls12CipherSuite {
        Dtls12CipherSuite::ECDHE_ECDSA_AES128_GCM_SHA256
    }

    fn hash_algorithm(&self) -> HashAlgorithm {
        HashAlgorithm::SHA256
    }

    /// Of the MAC, which there is none of, the cipher, and the fixed part of the nonce.
    fn key_lengths(&self) -> (usize, usize, usize) {
        (0, KEY, 4)
    }

    fn explicit_nonce_len(&self) -> usize {
        8
    }

    fn tag_len(&self) -> usize {
        TAG
    }

    fn create_cipher(&self, key: &[u8]) -> Result<Box<dyn Cipher>, CryptoError> {
        cipher(key)
    }
}

/// TLS_AES_128_GCM_SHA256 (RFC 8446 §B.4).
#[derive(Debug)]
pub(super) struct Suite13;

impl SupportedDtls13CipherSuite for Suite13 {
    fn suite(&self) -> Dtls13CipherSuite {
        Dtls13CipherSuite::AES_128_GCM_SHA256
    }

    fn hash_algorithm(&self) -> HashAlgorithm {
        HashAlgorithm::SHA256
    }

    fn key_len(&self) -> usize {
        KEY
    }

    fn iv_len(&self) -> usize {
        NONCE
    }

    fn tag_len(&self) -> usize {
        TAG
    }

    fn create_cipher(&self, key: &[u8]) -> Result<Box<dyn Cipher>, CryptoError> {
        cipher(key)
    }

    /// The mask of a record's number: AES-ECB(sn_key, sample) (RFC 9147 §4.2.3).
    fn encrypt_sn(&self, key: &[u8], sample: &[u8; 16]) -> [u8; 16] {
        let mut block = aes::Block::from(*sample);
        if let Ok(aes) = aes::Aes128::new_from_slice(key) {
            aes.encrypt_block(&mut block);
        }
        block.into()
    }
}
