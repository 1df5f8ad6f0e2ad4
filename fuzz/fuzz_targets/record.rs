//! A record from the path of the link: refused, and without a trace.
#![no_main]

use std::time::Instant;

use libfuzzer_sys::fuzz_target;
use undertone::crypto::keys::{Key, SecretKey};
use undertone::pairing::{LinkKeys, RatchetStart, Role};
use undertone::session::record::{Channel, PREFIX_LEN};

fn channel(role: Role, ratchet: RatchetStart) -> Channel {
    let s = SecretKey::from_bytes(&[5; 32]).public();
    let root = Key::from_bytes(&[1; 32]);
    let keys = LinkKeys {
        role,
        root,
        ratchet,
        session_id: [2; 32],
        s_a: s,
        s_b: s,
    };
    Channel::new(keys).expect("valid keys")
}

fuzz_target!(|body: &[u8]| {
    let first = SecretKey::from_bytes(&[7; 32]);
    let mut host = channel(Role::Host, RatchetStart::Initiator(first.public()));
    let mut guest = channel(Role::Guest, RatchetStart::Responder(first));
    assert!(guest.open(&mut body.to_vec()).is_err());
    assert!(host.open(&mut body.to_vec()).is_err());
    let mut genuine = Vec::new();
    host.seal(Instant::now(), &mut genuine, |_| ())
        .expect("a fresh chain");
    assert!(guest.open(&mut genuine[PREFIX_LEN..]).is_ok());
});
