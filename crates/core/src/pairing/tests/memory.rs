//! Every secret of a pairing stands in memory exactly as often as somebody needs it, and nowhere
//! once nobody does.

use super::*;
use crate::crypto::kem::{DecapsulationSeed, encapsulate_with};
use crate::crypto::keys::SharedSecret;
use crate::crypto::traces::of_sealing;
use crate::memory::{Needle, alone, gone, stand};

/// What an end holds of its own while it awaits the peer's OFFER.
fn own(end: &Offering) -> [Needle; 3] {
    [
        Needle::of("e", end.ephemeral.as_bytes()),
        Needle::of("y", end.share.scalar()),
        Needle::of("n", end.nonce.as_bytes()),
    ]
}

/// What both ends derive from their OFFERs: ck0, and all on the way to it.
fn derived(a: &Offering, b: &Offering) -> (Needle, Vec<Needle>) {
    let [offer_a, offer_b] = [a, b].map(|end| Offer::decode(end.offer()).unwrap());
    let th0 = offers_hash(&a.meeting.tag, a.offer(), b.offer());
    let (prs, ci) = (&a.meeting.prs, channel(&a.meeting.tag));
    let share = Share::with_scalar(prs, &ci, &[], a.share.scalar());
    let [ada, adb] = [offer_a.associated_data(b'A'), offer_b.associated_data(b'B')];
    let isk = share.finish(&offer_b.y, &ada, &adb, true).unwrap();
    let dh = a.ephemeral.diffie_hellman(&offer_b.e).unwrap();
    let first = ChainingKey::new(&th0).extract(prs);
    let second = first.mix_dh(&dh);
    let ck0 = second.extract(isk.as_bytes());
    let mut way = vec![
        Needle::of("ISK", isk.as_bytes()),
        Needle::of("DH(e, E')", dh.as_bytes()),
        Needle::of("ext(th0, PRS)", first.as_bytes()),
        Needle::of("ext(.., DH)", second.as_bytes()),
    ];
    for label in [Label::SealedA, Label::SealedB] {
        way.extend(of_sealing(&ck0.expand(label, &th0), SealLabel::Sealed));
    }
    (Needle::of("ck0", ck0.as_bytes()), way)
}

/// ck1 at the host, and the results of DH that lead to ck2.
fn towards_ck2(a: &AwaitSealed, s_b: &PublicKey, b: &AwaitSealed, s_a: &PublicKey) -> [Needle; 3] {
    let first = a.ephemeral.diffie_hellman(s_b).unwrap();
    let second = b.ephemeral.diffie_hellman(s_a).unwrap();
    let ck1 = a.ck0.mix_dh(&first);
    [
        Needle::of("ck1", ck1.as_bytes()),
        Needle::of("DH(e_A, S_B)", first.as_bytes()),
        Needle::of("DH(s_A, E_B)", second.as_bytes()),
    ]
}

fn keys_of_confirm(matched: &Matched) -> Vec<Needle> {
    let label = |label| matched.ck2.expand(label, &matched.th1);
    of_sealing(&label(Label::ConfirmB), SealLabel::Confirm)
}

/// Both confirmed, and what led from ck2 to their keys.
fn confirmed(a: Matched, b: Matched) -> (Established, Established, [Needle; 4]) {
    let (kem, m) = (DecapsulationSeed::generate(), Secret::random());
    let (_, ss) = encapsulate_with(&kem.encapsulation_key(), &m).unwrap();
    let encapsulated = [
        Needle::of("d", &kem.as_bytes()[..32]),
        Needle::of("z", &kem.as_bytes()[32..]),
        Needle::of("ss", ss.as_bytes()),
        Needle::of("ck3", a.ck2.extract(ss.as_bytes()).as_bytes()),
    ];
    drop(ss);
    let mut host = a.host("ada").unwrap();
    let guest = b.guest_with("bob", SecretKey::generate(), kem).unwrap();
    gone(&encapsulated[2..]);
    stand(&encapsulated[..2]);
    let (confirm_a, a) = host.confirm_with(guest.confirm_b(), &m).unwrap();
    let b = guest.confirm(&confirm_a).unwrap();
    gone(&encapsulated[2..]);
    (a.unwrap(), b, encapsulated)
}

#[test]
fn secrets_of_a_pairing_are_gone_from_memory_after_it() {
    alone(
        concat!(
            module_path!(),
            "::secrets_of_a_pairing_are_gone_from_memory_after_it"
        ),
        pair_and_look,
    );
}

fn pair_and_look() {
    let secret = Secret::<24>::random();
    let room = Needle::of("the room's secret", secret.as_bytes());
    let meeting = |secret: &Secret<24>| Meeting {
        tag: room_tag(b"amber-falcon"),
        prs: prs(Some(secret.as_bytes())),
    };
    let [s_a, s_b] = [(); 2].map(|()| SecretKey::generate());
    let identities = [&s_a, &s_b].map(|s| Needle::of("S", s.as_bytes()));
    let [a, b] = [&s_a, &s_b].map(|s| Offering::new(meeting(&secret), s.public()));
    drop(secret);
    let own = [own(&a), own(&b)].concat();
    stand(&own);
    stand(&[room.clone(), room.clone()]);
    let (ck0, mut past) = derived(&a, &b);
    past.push(room);
    gone(&past[..past.len() - 1]);

    let ((a, sealed_a), (b, sealed_b)) = paired(a, b);
    gone(&past);
    let (shares, rest): (Vec<_>, Vec<_>) = own.into_iter().partition(|n| n.name == "y");
    past.extend(shares);
    gone(&past);
    stand(&rest);
    stand(&[ck0.clone(), ck0.clone()]);
    let [ck1, agreements @ ..] = towards_ck2(&a, &s_b.public(), &b, &s_a.public());
    past.push(ck1);

    let a = a.sealed(&sealed_b, None).ok().unwrap();
    let b = b.sealed(&sealed_a, None).ok().unwrap();
    past.extend(rest);
    gone(&past);
    // Of each end's ephemeral key nothing is left but what it agreed on.
    stand(&agreements);
    stand(&[ck0.clone(), ck0.clone()]);
    let elsewhere = Secret::derive(|bytes| {
        let shared = s_b.diffie_hellman(b.their_ephemeral());
        *bytes = *shared.unwrap().as_bytes();
    });
    let shared = SharedSecret::from_bytes(elsewhere.as_bytes()).unwrap();
    drop(elsewhere);
    let (a, b) = (a.agree(&s_a).ok().unwrap(), b.agreed(shared));
    past.extend(agreements);
    past.push(ck0);
    gone(&past);
    let ck2 = Needle::of("ck2", a.ck2.as_bytes());
    stand(&[ck2.clone(), ck2.clone()]);
    past.extend(keys_of_confirm(&a));

    let (a, b, encapsulated) = confirmed(a, b);
    past.push(ck2);
    past.extend(encapsulated);
    gone(&past);
    stand(&identities);
    let root = Needle::of("SK", a.link.root.as_bytes());
    stand(&[root.clone(), root.clone()]);
    let RatchetStart::Responder(ratchet) = &b.link.ratchet else {
        panic!("the guest answers");
    };
    let ratchet = Needle::of("R_B", ratchet.as_bytes());
    stand(std::slice::from_ref(&ratchet));
    drop((a, b));
    past.extend([root, ratchet]);
    gone(&past);
    stand(&identities);
    drop((s_a, s_b));
    gone(&identities);
}
