//! OFFER, SEALED and CONFIRM, at either end. The peer is a [`Peer`], made of the formulas of
//! PROTOCOL.md §4: whatever it puts into a message is sealed as that message must be.

use undertone_core::crypto::cpace::Share;
use undertone_core::crypto::kem::DecapsulationSeed;
use undertone_core::crypto::keys::{
    ChainingKey, Label, PublicKey, SealLabel, SecretKey, channel, commitment, hash, offers_hash,
    prs, sealed_hash,
};
use undertone_core::pairing::{
    AwaitSealed, Candidates, Matched, Meeting, NAME_MAX, OFFER_LEN, Offering, Role, SUITE, VERSION,
};

const TAG: [u8; 32] = [1; 32];
/// Bytes of the candidates in a SEALED, shorter and longer.
const CANDIDATES_LEN: usize = 400;
const CANDIDATES_MAX: usize = 896;

/// An OFFER from the mediator, in either role.
pub fn offer(input: &[u8]) {
    for role in [Role::Host, Role::Guest] {
        let _ = victim().paired(role, input, &Candidates::default());
    }
}

/// A SEALED. The first byte says to which role, and how much of it is honest: nothing, the key, or
/// the key, identity and nonce.
pub fn sealed(input: &[u8]) {
    let Some((how, input)) = input.split_first() else {
        return;
    };
    let (awaiting, _, peer) = paired(role(*how));
    let message = match how >> 1 & 3 {
        0 => input.to_vec(),
        1 => peer.seal(input.to_vec()),
        _ => {
            let mut addresses = input.to_vec();
            let longer = addresses.len() > CANDIDATES_LEN;
            addresses.resize(
                if longer {
                    CANDIDATES_MAX
                } else {
                    CANDIDATES_LEN
                },
                0,
            );
            peer.sealed(&addresses)
        }
    };
    if let Ok(opened) = awaiting.sealed(&message, None) {
        let matched = opened.agree(&victims_key()).expect("an honest OFFER");
        let loopback = [127, 0, 0, 1].into();
        assert!(matched.candidates().dialable(loopback).count() <= 8);
        assert!(how >> 1 & 3 != 0, "a SEALED without the key");
    }
}

/// A CONFIRM. The first byte says to which role, and whether it is sealed with the key.
pub fn confirm(input: &[u8]) {
    let Some((how, input)) = input.split_first() else {
        return;
    };
    let keyed = how >> 1 & 1 == 1;
    let (matched, keys) = matched(role(*how));
    let name = match role(*how) {
        Role::Host => {
            let message = keys.confirm(Label::ConfirmB, &keys.th1, input, keyed);
            let mut host = matched.host("ada").expect("a name");
            let confirmed = host.confirm(&message);
            if confirmed.is_err() {
                // Refused without a trace: the genuine one would be taken.
                let name = [&[3][..], b"bob", &[0; NAME_MAX - 3]].concat();
                let kem = DecapsulationSeed::from_bytes(&[8; 64]).encapsulation_key();
                let caps = [VERSION, 1, 0, 0, 0, 0];
                let honest = [&caps[..], &name, &[9; 32], &kem[..]].concat();
                let honest = keys.confirm(Label::ConfirmB, &keys.th1, &honest, true);
                assert!(host.confirm(&honest).is_ok());
            }
            confirmed.ok().and_then(|(_, established)| established)
        }
        Role::Guest => {
            let guest = matched.guest("bob").expect("a name");
            let th2 = hash(&[&keys.th1, guest.confirm_b()]);
            let message = keys.confirm(Label::ConfirmA, &th2, input, keyed);
            guest.confirm(&message).ok()
        }
    };
    if let Some(established) = name {
        assert!((1..=NAME_MAX).contains(&established.peer.name.len()));
        assert!(keyed, "a CONFIRM without the key");
    }
}

/// That of the end which is under test.
fn role(how: u8) -> Role {
    match how & 1 {
        0 => Role::Host,
        _ => Role::Guest,
    }
}

fn meeting() -> Meeting {
    Meeting {
        tag: TAG,
        prs: prs(None),
    }
}

/// The end under test; its identity is [`victims_key`].
fn victim() -> Offering {
    Offering::new(meeting(), victims_key().public())
}

fn victims_key() -> SecretKey {
    SecretKey::from_bytes(&[2; 32])
}

/// The end under test in this role, with the peer's OFFER in hand.
fn paired(role: Role) -> (AwaitSealed, Vec<u8>, Peer) {
    let ours = victim();
    let peer = Hand::new();
    let theirs = peer.offer;
    let peer = peer.meet(role.other(), ours.offer());
    let paired = ours.paired(role, &theirs, &Candidates::default());
    let (awaiting, sealed) = paired.expect("two honest offers");
    (awaiting, sealed, peer)
}

/// The same with the peer's SEALED, and what both then share.
fn matched(role: Role) -> (Matched, Confirming) {
    let (awaiting, ours, peer) = paired(role);
    let theirs = peer.sealed(&[0; CANDIDATES_LEN]);
    let opened = awaiting.sealed(&theirs, None).expect("an honest SEALED");
    let matched = opened.agree(&victims_key()).expect("an honest OFFER");
    let (sealed_a, sealed_b) = match role {
        Role::Host => (&ours[..], &theirs[..]),
        Role::Guest => (&theirs[..], &ours[..]),
    };
    let th1 = sealed_hash(&peer.th0, sealed_a, sealed_b);
    let s = victims_key().public();
    let dh = |x: &SecretKey, y| x.diffie_hellman(y).expect("honest keys");
    let (ours, theirs) = (
        dh(&peer.hand.identity, &peer.e),
        dh(&peer.hand.ephemeral, &s),
    );
    let (first, second) = match role {
        Role::Host => (ours, theirs),
        Role::Guest => (theirs, ours),
    };
    let ck2 = peer.ck0.mix_dh(&first).mix_dh(&second);
    (matched, Confirming { ck2, th1 })
}

/// The peer's own values, fixed.
struct Hand {
    identity: SecretKey,
    ephemeral: SecretKey,
    share: Share,
    nonce: [u8; 32],
    offer: [u8; OFFER_LEN],
}

impl Hand {
    fn new() -> Self {
        let [identity, ephemeral] = [3, 4].map(|byte| SecretKey::from_bytes(&[byte; 32]));
        let share = Share::with_scalar(&meeting().prs, &channel(&TAG), &[], &[5; 32]);
        let nonce = [6; 32];
        let e = ephemeral.public();
        let c = commitment(&e, share.public(), &identity.public(), &nonce);
        let mut offer = [0; OFFER_LEN];
        let parts = [
            &[VERSION, SUITE, 0, 0, 0, 0][..],
            e.as_bytes(),
            share.public(),
            &c,
        ];
        offer.copy_from_slice(&parts.concat());
        Self {
            identity,
            ephemeral,
            share,
            nonce,
            offer,
        }
    }

    /// Meets the end with this OFFER, in this role.
    fn meet(mut self, role: Role, theirs: &[u8]) -> Peer {
        let (a, b) = match role {
            Role::Host => (&self.offer[..], theirs),
            Role::Guest => (theirs, &self.offer[..]),
        };
        let th0 = offers_hash(&TAG, a, b);
        let ad = |letter, offer: &[u8]| [&[letter], &offer[..38], &offer[70..]].concat();
        let (ada, adb) = (ad(b'A', a), ad(b'B', b));
        let spent = Share::with_scalar(b"", b"", &[], &[7; 32]);
        let share = std::mem::replace(&mut self.share, spent);
        let [e, y] = [6, 38].map(|at| <[u8; 32]>::try_from(&theirs[at..at + 32]).expect("32"));
        let isk = share.finish(&y, &ada, &adb, role == Role::Host);
        let e = PublicKey::from_bytes(e).expect("an honest offer");
        let dh = self.ephemeral.diffie_hellman(&e).expect("an honest offer");
        let ck0 = ChainingKey::new(&th0)
            .extract(&meeting().prs)
            .mix_dh(&dh)
            .extract(isk.expect("an honest offer").as_bytes());
        Peer {
            hand: self,
            role,
            e,
            th0,
            ck0,
        }
    }
}

/// The peer, with the OFFER of the end under test in hand.
struct Peer {
    hand: Hand,
    role: Role,
    e: PublicKey,
    th0: [u8; 32],
    ck0: ChainingKey,
}

impl Peer {
    /// A SEALED that is honest but for the addresses in it.
    fn sealed(&self, addresses: &[u8]) -> Vec<u8> {
        let Hand {
            identity, nonce, ..
        } = &self.hand;
        self.seal([identity.public().as_bytes(), nonce, addresses].concat())
    }

    fn seal(&self, mut plain: Vec<u8>) -> Vec<u8> {
        let label = match self.role {
            Role::Host => Label::SealedA,
            Role::Guest => Label::SealedB,
        };
        let key = self.ck0.expand(label, &self.th0);
        key.seal(SealLabel::Sealed, &[&self.th0], &mut plain, 0);
        plain
    }
}

/// What both ends share once both SEALED are open.
struct Confirming {
    ck2: ChainingKey,
    th1: [u8; 32],
}

impl Confirming {
    fn confirm(&self, label: Label, th: &[u8; 32], plain: &[u8], keyed: bool) -> Vec<u8> {
        let mut message = plain.to_vec();
        if keyed {
            let key = self.ck2.expand(label, th);
            key.seal(SealLabel::Confirm, &[th], &mut message, 0);
        }
        message
    }
}
