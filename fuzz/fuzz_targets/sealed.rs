//! A SEALED from the mediator. It never opens: this shows that the way to the
//! refusal holds; what stands in a genuine one is for the unit tests.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use undertone::crypto::keys::{SecretKey, prs};
use undertone::pairing::{Candidates, Meeting, Offering, Role};

fn offering(identity: u8) -> Offering {
    let meeting = Meeting {
        tag: [1; 32],
        prs: prs(None),
    };
    Offering::new(meeting, Arc::new(SecretKey::from_bytes(&[identity; 32])))
}

fuzz_target!(|sealed: &[u8]| {
    let offer = *offering(3).offer();
    let paired = offering(2).paired(Role::Host, &offer, &Candidates::default());
    let (awaiting, _) = paired.expect("two honest offers");
    assert!(awaiting.sealed(sealed, None).is_err());
});
