//! An OFFER from the mediator, in either role.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use undertone::crypto::keys::{SecretKey, prs};
use undertone::pairing::{Candidates, Meeting, Offering, Role};

fuzz_target!(|offer: &[u8]| {
    for role in [Role::Host, Role::Guest] {
        let meeting = Meeting {
            tag: [1; 32],
            prs: prs(None),
        };
        let ours = Offering::new(meeting, Arc::new(SecretKey::from_bytes(&[2; 32])));
        let _ = ours.paired(role, offer, &Candidates::default());
    }
});
