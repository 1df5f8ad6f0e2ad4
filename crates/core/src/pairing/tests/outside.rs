//! An end whose identity stands outside of the core, where no program can read it: only its public
//! key and what it agrees on come in, and pairing waits for the latter.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use x25519_dalek::{X25519_BASEPOINT_BYTES, x25519};

use super::*;
use crate::crypto::keys::{InvalidPoint, SharedSecret};

/// What keeps a secret key, answers on a thread of its own, and gives out nothing else.
struct Keeper {
    public: PublicKey,
    ask: Sender<[u8; 32]>,
    answer: Receiver<[u8; 32]>,
}

impl Keeper {
    fn new(secret: [u8; 32]) -> Self {
        let (ask, asked) = channel();
        let (tell, answer) = channel();
        thread::spawn(move || {
            asked
                .iter()
                .all(|theirs| tell.send(x25519(secret, theirs)).is_ok())
        });
        Self {
            public: PublicKey::from_bytes(x25519(secret, X25519_BASEPOINT_BYTES)).unwrap(),
            ask,
            answer,
        }
    }

    /// As a browser: the answer comes whenever it comes.
    fn agree(&self, opened: AwaitAgreement) -> Matched {
        let theirs = *opened.their_ephemeral().as_bytes();
        self.ask.send(theirs).unwrap();
        let shared = SharedSecret::from_bytes(&self.answer.recv().unwrap());
        opened.agreed(shared.unwrap())
    }
}

#[test]
fn an_end_pairs_in_either_role_while_its_identity_stays_outside() {
    for role in [Role::Host, Role::Guest] {
        let keeper = Keeper::new([b'K'; 32]);
        let ours = Offering::new(meeting(SECRET), keeper.public);
        let theirs = offering(b'B', 0, SECRET);
        let (offer, their_offer) = (ours.offer().to_vec(), theirs.offer().to_vec());
        let (ours, sealed) = ours.paired(role, &their_offer, &candidates()).unwrap();
        let theirs = theirs.paired(role.other(), &offer, &candidates());
        let (theirs, their_sealed) = theirs.unwrap();
        let ours = keeper.agree(ours.sealed(&their_sealed, None).ok().unwrap());
        let theirs = opened(theirs, &sealed).ok().unwrap();
        let (a, b) = role.order(ours, theirs);
        let (a, b) = established(a, b);
        assert_same(&a, &b);
        let (_, at_theirs) = role.order(&a, &b);
        assert_eq!(at_theirs.peer.identity, keeper.public);
    }
}

#[test]
fn an_agreement_with_another_key_confirms_nothing() {
    let ((a, sealed_a), (b, sealed_b)) = attempt(0);
    let wrong = Keeper::new([b'K'; 32]);
    let a = wrong.agree(a.sealed(&sealed_b, None).ok().unwrap());
    let b = opened(b, &sealed_a).ok().unwrap();
    let (mut a, b) = (a.host("ada").unwrap(), b.guest("bob").unwrap());
    let refused = a.confirm(b.confirm_b()).err();
    assert_eq!(refused, Some(PairingError::Confirm));
}

#[test]
fn an_answer_that_is_all_zero_is_none() {
    // What X25519 gives for a point of low order, whoever computes it.
    let zero = x25519([b'K'; 32], [0; 32]);
    assert_eq!(SharedSecret::from_bytes(&zero).err(), Some(InvalidPoint));
}
