use proptest::prelude::*;

use super::*;
use crate::crypto::testing::{hex, hex_array};

fn official() -> serde_json::Value {
    let file = include_str!("../../../../../tests/vectors/cpace_testvectors.json");
    serde_json::from_str(file).unwrap()
}

/// The draft's ristretto255 case stands in its file under the name of the Sage class.
#[test]
fn official_vector() {
    let file = official();
    let v = |name: &str| hex(file["G_Coffee25519"][name].as_str().unwrap());
    let array = |name: &str| hex_array::<32>(file["G_Coffee25519"][name].as_str().unwrap());
    let (prs, ci, sid) = (v("PRS"), v("CI"), v("sid"));
    let g = generator(&prs, &ci, &sid).compress().to_bytes();
    assert_eq!(g, array("g"));
    let a = Share::with_scalar(&prs, &ci, &sid, &array("ya"));
    let b = Share::with_scalar(&prs, &ci, &sid, &array("yb"));
    assert_eq!(*a.public(), array("Ya"));
    assert_eq!(*b.public(), array("Yb"));
    let k = scalar_mult_vfy(&a.secret, b.public()).unwrap();
    assert_eq!(*k.as_bytes(), array("K"));
    let k = scalar_mult_vfy(&b.secret, a.public()).unwrap();
    assert_eq!(*k.as_bytes(), array("K"));

    // CPaceSidOutput is no part of ours; it checks the transcript apart from ISK.
    let mut hash = Sha512::new();
    hash.update(b"CPaceSidOutput");
    for part in [a.public().as_slice(), &v("ADa"), b.public(), &v("ADb")] {
        update_lv(&mut hash, part);
    }
    assert_eq!(hash.finalize().as_slice(), v("sid_output_ir"));

    let (ya, yb) = (*a.public(), *b.public());
    let isk_a = a.finish(&yb, &v("ADa"), &v("ADb"), true).unwrap();
    let isk_b = b.finish(&ya, &v("ADa"), &v("ADb"), false).unwrap();
    assert_eq!(isk_a.as_bytes().as_slice(), v("ISK_IR"));
    assert_eq!(isk_b.as_bytes().as_slice(), v("ISK_IR"));
}

#[test]
fn official_points() {
    let file = official();
    let points = file["G_Coffee25519_points"].as_object().unwrap();
    let valid = |name: &str| hex_array::<32>(points["Valid"][name].as_str().unwrap());
    let s = Secret::copy(&valid("s"));
    let k = scalar_mult_vfy(&s, &valid("X")).unwrap();
    assert_eq!(*k.as_bytes(), valid("G.scalar_mult(s,decode(X))"));
    assert_eq!(*k.as_bytes(), valid("G.scalar_mult_vfy(s,X)"));
    let mut tried = 0;
    for (name, point) in points {
        if name.starts_with("Invalid") {
            let point = hex_array(point.as_str().unwrap());
            assert_eq!(
                scalar_mult_vfy(&s, &point).err(),
                Some(InvalidPoint),
                "{name}"
            );
            tried += 1;
        }
    }
    assert_eq!(tried, 2);
}

fn finish(a: Share, theirs: &[u8; 32], initiator: bool) -> Result<[u8; 64], InvalidPoint> {
    let isk = a.finish(theirs, b"ADa", b"ADb", initiator)?;
    Ok(*isk.as_bytes())
}

#[test]
fn identity_and_non_canonical_shares_are_refused() {
    let share = || Share::new(b"Spw", b"ci", b"");
    assert_eq!(finish(share(), &[0; 32], true), Err(InvalidPoint));
    // p itself, two above it, and a negative one (RFC 9496 §4.3.1).
    let mut p = [0xff; 32];
    (p[0], p[31]) = (0xed, 0x7f);
    let mut one = [0; 32];
    one[0] = 1;
    for bad in [p, [0xff; 32], one, {
        let mut above = p;
        above[0] = 0xf3;
        above
    }] {
        assert_eq!(finish(share(), &bad, true), Err(InvalidPoint));
    }
}

#[test]
fn shares_are_fresh() {
    let share = || *Share::new(b"N", b"ci", b"").public();
    assert_ne!(share(), share());
}

#[test]
fn the_draft_lengths_are_leb128() {
    for (n, encoded) in [
        (0, vec![0]),
        (127, vec![0x7f]),
        (128, vec![0x80, 1]),
        (300, vec![0xac, 2]),
    ] {
        let (bytes, used) = leb128(n);
        assert_eq!(bytes[..used], encoded);
    }
}

#[test]
fn debug_shows_no_secret() {
    let share = Share::with_scalar(b"Spw", b"ci", b"", &[5; 32]);
    assert_eq!(format!("{share:?}"), "Share(..)");
    let theirs = *Share::new(b"Spw", b"ci", b"").public();
    let isk = share.finish(&theirs, b"", b"", true).unwrap();
    assert_eq!(format!("{isk:?}"), "Isk(..)");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn only_one_password_channel_and_order_agree(
        pw in prop::collection::vec(any::<u8>(), 0..200),
        other in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let a = || Share::with_scalar(&pw, b"ci", b"", &[3; 32]);
        let share = |prs: &[u8], ci: &[u8]| Share::with_scalar(prs, ci, b"", &[4; 32]);
        let (ya, yb) = (*a().public(), *share(&pw, b"ci").public());
        let isk = finish(a(), &yb, true).unwrap();
        prop_assert_eq!(finish(share(&pw, b"ci"), &ya, false).unwrap(), isk);
        prop_assert_ne!(finish(share(&pw, b"ci"), &ya, true).unwrap(), isk);
        prop_assert_ne!(finish(share(&pw, b"CI"), &ya, false).unwrap(), isk);
        let guess = share(&other, b"ci");
        let guessed = finish(a(), guess.public(), true).unwrap();
        prop_assert_eq!(guessed == finish(guess, &ya, false).unwrap(), other == pw);
    }

    #[test]
    fn no_share_panics(theirs: [u8; 32]) {
        let _ = finish(Share::with_scalar(b"N", b"", b"", &[3; 32]), &theirs, false);
    }
}
