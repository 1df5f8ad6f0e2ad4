//! A CONFIRM from whoever found the socket, at either end. It never opens: see
//! `sealed.rs`.
#![no_main]

use std::sync::{Arc, LazyLock, Mutex};

use libfuzzer_sys::fuzz_target;
use undertone::crypto::keys::{SecretKey, prs};
use undertone::pairing::{
    Candidates, GuestConfirm, HostConfirm, Meeting, Offering, PairingError, Role,
};

fn both() -> Result<(HostConfirm, GuestConfirm), PairingError> {
    let offering = |identity: u8| {
        let meeting = Meeting {
            tag: [1; 32],
            prs: prs(None),
        };
        Offering::new(meeting, Arc::new(SecretKey::from_bytes(&[identity; 32])))
    };
    let (a, b) = (offering(2), offering(3));
    let (offer_a, offer_b) = (*a.offer(), *b.offer());
    let (a, sealed_a) = a.paired(Role::Host, &offer_b, &Candidates::default())?;
    let (b, sealed_b) = b.paired(Role::Guest, &offer_a, &Candidates::default())?;
    let (a, b) = (a.sealed(&sealed_b, None)?, b.sealed(&sealed_a, None)?);
    Ok((a.host("ada")?, b.guest("bob")?))
}

static BOTH: LazyLock<Mutex<(HostConfirm, GuestConfirm)>> =
    LazyLock::new(|| Mutex::new(both().expect("an honest pairing")));

fuzz_target!(|confirm: &[u8]| {
    let mut both = BOTH.lock().expect("one thread");
    assert!(both.0.confirm(confirm).is_err());
    assert!(both.1.confirm(confirm).is_err());
});
