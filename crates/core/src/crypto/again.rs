//! Where two contacts meet again once the session of either is gone, as after a crash: a room
//! for each day, which nobody else can compute.
//!
//! ```text
//! X      = HKDF(0³², DH(s, S′), lv("undertone/1 again") ‖ min(S, S′) ‖ max(S, S′))
//! ROOM   = exp(X, "again room", u32be day ‖ tag)      SECRET = exp(X, "again secret", u32be day ‖ tag)
//! ```
//!
//! `tag` is that of the room in which they met, `day` is ⌊unix time / 86,400⌋. Nothing of it is
//! kept: both keys are, and the rest follows.

use std::fmt;
use std::ops::RangeInclusive;

use super::keys::{ChainingKey, Key, Label, PublicKey, SharedSecret, expand};

/// X: what two identities share, and nobody else has.
pub struct AgainSecret(Key);

impl AgainSecret {
    /// X of the two, the same at both ends, from `shared` = DH(s, S′).
    pub fn new(ours: &PublicKey, theirs: &PublicKey, shared: &SharedSecret) -> Self {
        let mut keys = [*ours.as_bytes(), *theirs.as_bytes()];
        keys.sort_unstable();
        let prk = ChainingKey::new(&[0; 32]).mix_dh(shared);
        Self(prk.expand(Label::Again, keys.as_flattened()))
    }

    /// ROOM of that day, raw bytes, for two who met in the room with this tag.
    pub fn room(&self, day: u32, met_in: &[u8; 32]) -> Key {
        self.of_day(Label::AgainRoom, day, met_in)
    }

    /// SECRET of that day, raw bytes.
    pub fn secret(&self, day: u32, met_in: &[u8; 32]) -> Key {
        self.of_day(Label::AgainSecret, day, met_in)
    }

    fn of_day(&self, label: Label, day: u32, met_in: &[u8; 32]) -> Key {
        let context = [day.to_be_bytes().as_slice(), met_in].concat();
        expand(self.0.as_bytes(), label, &context)
    }
}

impl fmt::Debug for AgainSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(_) = self;
        f.write_str("AgainSecret(..)")
    }
}

/// In the rooms of which days the owner of `ours` waits for that of `theirs`: the one with the
/// smaller key on its own day, the other on the day before and the next as well. So two
/// whose clocks are up to 24 h apart are in exactly one room together.
pub fn days(ours: &PublicKey, theirs: &PublicKey, today: u32) -> RangeInclusive<u32> {
    match ours.as_bytes() < theirs.as_bytes() {
        true => today..=today,
        false => today.saturating_sub(1)..=today.saturating_add(1),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::crypto::keys::SecretKey;
    use crate::crypto::testing::hex_array;

    const VECTORS: &str = include_str!("../../../../tests/vectors/again.json");
    const DAY: u64 = 86_400;

    fn between(ours: &SecretKey, theirs: &PublicKey) -> AgainSecret {
        let shared = ours.diffie_hellman(theirs).unwrap();
        AgainSecret::new(&ours.public(), theirs, &shared)
    }

    #[test]
    fn rooms_and_secrets_are_those_of_an_independent_computation() {
        let vectors: serde_json::Value = serde_json::from_str(VECTORS).unwrap();
        let cases = vectors.as_array().unwrap();
        assert!(cases.len() >= 3);
        for case in cases {
            let field = |name: &str| hex_array::<32>(case[name].as_str().unwrap());
            let [one, other] = ["s_1", "s_2"].map(|name| SecretKey::from_bytes(&field(name)));
            let day = u32::try_from(case["day"].as_u64().unwrap()).unwrap();
            for (ours, theirs) in [(&one, other.public()), (&other, one.public())] {
                let x = between(ours, &theirs);
                assert_eq!(*x.0.as_bytes(), field("x"));
                assert_eq!(*x.room(day, &field("tag")).as_bytes(), field("room"));
                assert_eq!(*x.secret(day, &field("tag")).as_bytes(), field("secret"));
            }
        }
    }

    #[test]
    fn another_day_room_or_contact_is_another_room() {
        let [ada, bob, eve] = [1, 2, 3].map(|byte| SecretKey::from_bytes(&[byte; 32]));
        let x = between(&ada, &bob.public());
        let bytes = |key: Key| *key.as_bytes();
        let room = bytes(x.room(20_000, &[7; 32]));
        assert_ne!(room, bytes(x.room(20_001, &[7; 32])));
        assert_ne!(room, bytes(x.room(20_000, &[8; 32])));
        assert_ne!(room, bytes(x.secret(20_000, &[7; 32])));
        for pair in [(&ada, &eve), (&eve, &bob)] {
            let of_others = between(pair.0, &pair.1.public());
            assert_ne!(room, bytes(of_others.room(20_000, &[7; 32])));
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let ada = SecretKey::from_bytes(&[0xab; 32]);
        let x = between(&ada, &ada.public());
        assert_eq!(format!("{x:?}"), "AgainSecret(..)");
    }

    proptest! {
        #[test]
        fn clocks_up_to_a_day_apart_share_one_room(
            time in DAY..u64::from(u32::MAX),
            apart in 0..=DAY,
            a: [u8; 32],
            b: [u8; 32],
        ) {
            let [a, b] = [a, b].map(|bytes| SecretKey::from_bytes(&bytes).public());
            prop_assume!(a != b);
            let today = |time: u64| (time / DAY) as u32;
            for (ours, theirs) in [(a, b), (b, a)] {
                let mine = days(&ours, &theirs, today(time));
                let others = days(&theirs, &ours, today(time + apart));
                prop_assert_eq!(mine.filter(|day| others.contains(day)).count(), 1);
            }
        }
    }
}
