//! An end that says that it keeps nothing, as a page does, is kept by nobody: the next time it has
//! another key, and that is no alarm.

use std::fs;

use undertone_core::pairing::{FILES, KEEPS_NOTHING};

use super::{ANSWER, Hosted, SOON, encoded, text};
use crate::hostile::Ended;

/// Meets a guest with these features, who leaves; whether it is among the contacts then.
fn is_kept(features: u32) -> bool {
    let mut hosted = Hosted::meet_as(&["--json"], "bob", |matched| matched.featuring(features));
    hosted.send(&encoded(&[ANSWER, text(1, "hi")]));
    assert_eq!(hosted.client.await_message(), "hi");
    hosted.client.say("/quit");
    assert_eq!(Ended::of(hosted.client, SOON).code, 0);
    let contacts = hosted.home.data().join("contacts.json");
    fs::read_to_string(contacts).is_ok_and(|contacts| contacts.contains("\"bob\""))
}

#[test]
fn who_keeps_nothing_is_no_contact() {
    assert!(is_kept(FILES));
    assert!(!is_kept(KEEPS_NOTHING));
}
