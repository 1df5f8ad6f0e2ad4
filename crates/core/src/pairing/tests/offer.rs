//! Hostile OFFERs: refused before our SEALED goes out, so that nothing is spent.

use super::*;

fn refused(bytes: &[u8]) -> Option<PairingError> {
    let ours = offering(b'A', 0, SECRET);
    ours.paired(Role::Host, bytes, &candidates()).err()
}

fn theirs() -> Vec<u8> {
    offering(b'B', 0, SECRET).offer().to_vec()
}

fn with(range: std::ops::Range<usize>, bytes: &[u8]) -> Vec<u8> {
    let mut offer = theirs();
    offer[range].copy_from_slice(bytes);
    offer
}

#[test]
fn other_versions_and_suites_are_refused() {
    for byte in (0..=255).filter(|byte| *byte != 1) {
        assert_eq!(refused(&with(0..1, &[byte])), Some(PairingError::Version));
    }
    for suites in 0..=255 {
        let refused = refused(&with(1..2, &[suites]));
        // Further ones are ignored, as long as ours is among them.
        let expected = (suites & 1 == 0).then_some(PairingError::Version);
        assert_eq!(refused, expected, "{suites:#b}");
    }
}

#[test]
fn features_that_nobody_knows_and_further_bytes_are_ignored_and_bound() {
    let longer = [theirs().as_slice(), &[7; 300]].concat();
    let longest = [theirs().as_slice(), &[7; OFFER_MAX - OFFER_LEN]].concat();
    for offer in [with(2..6, &[0xff; 4]), longer, longest] {
        assert_eq!(refused(&offer), None);
        // The peer did not say so: what it seals does not open.
        let (a, b) = (offering(b'A', 0, SECRET), offering(b'B', 0, SECRET));
        let offer_a = a.offer().to_vec();
        let (_, sealed_b) = b.paired(Role::Guest, &offer_a, &candidates()).unwrap();
        let (a, _) = a.paired(Role::Host, &offer, &candidates()).unwrap();
        assert_eq!(a.sealed(&sealed_b, None).err(), Some(PairingError::Secret));
    }
}

#[test]
fn a_flipped_bit_of_either_or_of_both_offers_does_not_pair() {
    let flipped = |offer: &[u8], at: usize| {
        let mut offer = offer.to_vec();
        offer[at] ^= 1 << (at % 8);
        offer
    };
    for at in 0..OFFER_LEN {
        for [first, second] in [[true, false], [false, true], [true, true]] {
            let (a, b) = (offering(b'A', 0, SECRET), offering(b'B', 0, SECRET));
            let (mut offer_a, mut offer_b) = (a.offer().to_vec(), b.offer().to_vec());
            if first {
                offer_a = flipped(&offer_a, at);
            }
            if second {
                offer_b = flipped(&offer_b, at);
            }
            let a = a.paired(Role::Host, &offer_b, &candidates());
            let b = b.paired(Role::Guest, &offer_a, &candidates());
            let (Ok((a, sealed_a)), Ok((b, sealed_b))) = (a, b) else {
                continue;
            };
            assert_eq!(a.sealed(&sealed_b, None).err(), Some(PairingError::Secret));
            assert_eq!(b.sealed(&sealed_a, None).err(), Some(PairingError::Secret));
        }
    }
}

#[test]
fn wrong_lengths_are_refused() {
    let long = [theirs().as_slice(), &[0; OFFER_MAX]].concat();
    for len in [0, 1, OFFER_LEN - 1, OFFER_MAX + 1] {
        assert_eq!(refused(&long[..len]), Some(PairingError::Length("OFFER")));
    }
}

#[test]
fn our_offer_or_any_part_of_it_reflected_is_refused() {
    let ours = offering(b'A', 0, SECRET).offer().to_vec();
    assert_eq!(refused(&ours), Some(PairingError::Reflected));
    for range in [E, Y, C] {
        let offer = with(range.clone(), &ours[range]);
        assert_eq!(refused(&offer), Some(PairingError::Reflected));
    }
}

#[test]
fn ephemeral_keys_of_low_order_or_not_canonical_are_refused() {
    let mut one = [0; 32];
    one[0] = 1;
    // p − 1, then p and p + 1: zero and one once more, not canonical.
    let [p_less_1, p, p_plus_1] = [0xec, 0xed, 0xee].map(|lowest| {
        let mut bytes = [0xff; 32];
        (bytes[0], bytes[31]) = (lowest, 0x7f);
        bytes
    });
    // A point of order eight, RFC 7748's curve: u from Wycheproof's X25519 cases.
    let order_eight = data_encoding::HEXLOWER
        .decode(b"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")
        .unwrap();
    let mut top_bit = *SecretKey::from_bytes(&[3; 32]).public().as_bytes();
    top_bit[31] |= 0x80;
    let bad = [[0; 32], one, p_less_1, p, p_plus_1, top_bit, [0xff; 32]];
    for e in bad
        .iter()
        .map(|e| e.as_slice())
        .chain([order_eight.as_slice()])
    {
        assert_eq!(refused(&with(E, e)), Some(PairingError::Point));
    }
}

#[test]
fn shares_that_are_no_points_or_the_identity_are_refused() {
    let mut negative = [0; 32];
    negative[0] = 1;
    for y in [[0; 32], [0xff; 32], negative] {
        assert_eq!(refused(&with(Y, &y)), Some(PairingError::Point));
    }
}

#[test]
fn an_offer_of_another_attempt_does_not_fit_the_sealed_of_this_one() {
    let a = offering(b'A', 0, SECRET);
    let offer_a = a.offer().to_vec();
    let b = offering(b'B', 1, SECRET);
    let offer_b = b.offer().to_vec();
    let (_, sealed_b) = b.paired(Role::Guest, &offer_a, &candidates()).unwrap();
    let replayed = theirs();
    // The whole offer replayed, or one value of it.
    for range in [E.start..C.end, E, Y, C] {
        let a = offering(b'A', 0, SECRET);
        let mut offer = offer_b.clone();
        offer[range.clone()].copy_from_slice(&replayed[range]);
        let (a, _) = a.paired(Role::Host, &offer, &candidates()).unwrap();
        assert_eq!(a.sealed(&sealed_b, None).err(), Some(PairingError::Secret));
    }
}

#[test]
fn the_same_role_at_both_ends_does_not_pair() {
    for role in [Role::Host, Role::Guest] {
        let (a, b) = (offering(b'A', 0, SECRET), offering(b'B', 0, SECRET));
        let (offer_a, offer_b) = (a.offer().to_vec(), b.offer().to_vec());
        let (a, sealed_a) = a.paired(role, &offer_b, &candidates()).unwrap();
        let (b, sealed_b) = b.paired(role, &offer_a, &candidates()).unwrap();
        assert_eq!(a.sealed(&sealed_b, None).err(), Some(PairingError::Secret));
        assert_eq!(b.sealed(&sealed_a, None).err(), Some(PairingError::Secret));
    }
}

#[test]
fn another_secret_or_none_or_another_room_does_not_pair() {
    let other = |tag: &[u8]| {
        let meeting = Meeting {
            tag: room_tag(tag),
            prs: prs(SECRET),
        };
        Offering::new(meeting, identity(b'B').public())
    };
    let guests = [
        offering(b'B', 0, Some(b"cedar-otter-nine-velvex")),
        offering(b'B', 0, Some(b"")),
        offering(b'B', 0, None),
        other(b"amber-falcom"),
    ];
    for b in guests {
        let ((a, sealed_a), (b, sealed_b)) = paired(offering(b'A', 0, SECRET), b);
        assert_eq!(a.sealed(&sealed_b, None).err(), Some(PairingError::Secret));
        assert_eq!(b.sealed(&sealed_a, None).err(), Some(PairingError::Secret));
    }
}
