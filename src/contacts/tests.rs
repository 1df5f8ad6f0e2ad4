//! Whom a key and a name pass for, and that no meeting is lost.

use jiff::Timestamp;
use undertone_core::crypto::keys::SecretKey;

use super::contact::MAX_ROOMS;
use super::*;
use crate::trust::Trust;

fn key() -> PublicKey {
    SecretKey::generate().public()
}

fn name(text: &str) -> DisplayName {
    DisplayName::parse(text).unwrap()
}

fn contacts() -> (tempfile::TempDir, Contacts, PublicKey) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("data")).unwrap();
    let own = key();
    (dir, Contacts::open(&store, own), own)
}

fn meet(contacts: &Contacts, key: &PublicKey, called: &str, room: u8, trust: Trust) -> Contact {
    let at = Timestamp::from_second(1_700_000_000 + i64::from(room)).unwrap();
    let met = Encounter {
        key,
        name: &name(called),
        room_tag: &[room; 32],
        trust,
        at,
        features: 0,
    };
    contacts.record_met(&met).unwrap()
}

fn alarm(
    contacts: &Contacts,
    key: &PublicKey,
    called: &str,
    room: u8,
) -> Option<(AlarmKind, String)> {
    match contacts.judge(key, &name(called), &[room; 32]).unwrap() {
        IdentityCheck::Alarm(alarm) => {
            Some((alarm.kind, alarm.contact.petname.as_str().to_owned()))
        }
        _ => None,
    }
}

#[test]
fn a_known_key_is_who_it_is_whatever_its_name() {
    let (_dir, contacts, own) = contacts();
    let (bob, carol) = (key(), key());
    let judged = contacts.judge(&bob, &name("bob"), &[1; 32]).unwrap();
    assert_eq!(
        judged,
        IdentityCheck::New {
            petname: name("bob")
        }
    );
    meet(&contacts, &bob, "bob", 1, Trust::Verified);
    meet(&contacts, &carol, "carol", 2, Trust::Invite);
    let IdentityCheck::Known(contact) = contacts.judge(&bob, &name("carol"), &[2; 32]).unwrap()
    else {
        panic!("bob's key is bob");
    };
    assert_eq!(
        (contact.petname, contact.trust),
        (name("bob"), Trust::Verified)
    );
    assert_eq!(
        contacts.judge(&own, &name("bob"), &[1; 32]).unwrap(),
        IdentityCheck::Yourself
    );
}

#[test]
fn an_unknown_key_raises_the_alarm() {
    let (_dir, contacts, _) = contacts();
    meet(&contacts, &key(), "bob", 1, Trust::Verified);
    let stranger = key();
    let named = alarm(&contacts, &stranger, "bob", 9);
    assert_eq!(named, Some((AlarmKind::NameKnown, "bob".into())));
    for called in ["BOB", "b0b", "bob.", "bob 2", "b-o-b (work)"] {
        assert_eq!(
            alarm(&contacts, &stranger, called, 9),
            Some((AlarmKind::NameAlike, "bob".into()))
        );
    }
    assert_eq!(
        alarm(&contacts, &stranger, "eve", 1),
        Some((AlarmKind::RoomKnown, "bob".into()))
    );
    assert_eq!(alarm(&contacts, &stranger, "eve", 9), None);
    meet(&contacts, &key(), "carol", 3, Trust::Invite);
    meet(
        &contacts,
        &contacts.list().unwrap()[0].key,
        "bob",
        3,
        Trust::Invite,
    );
    assert_eq!(
        alarm(&contacts, &stranger, "carol", 1),
        Some((AlarmKind::NameKnown, "carol".into()))
    );
}

#[test]
fn meeting_again_never_lowers_trust_and_bounds_the_rooms() {
    let (_dir, contacts, _) = contacts();
    let bob = key();
    meet(&contacts, &bob, "bob", 0, Trust::Verified);
    let again = meet(&contacts, &bob, "robert", 1, Trust::Unverified);
    assert_eq!(
        (&again.petname, again.trust),
        (&name("bob"), Trust::Verified)
    );
    assert!(again.first_met < again.last_met);
    let mut many = again.clone();
    for number in 0..300_u16 {
        let mut tag = [9; 32];
        tag[..2].copy_from_slice(&number.to_be_bytes());
        many.meet(&Encounter {
            key: &bob,
            name: &name("bob"),
            room_tag: &tag,
            trust: Trust::Invite,
            at: again.last_met,
            features: 0,
        });
    }
    assert_eq!(many.rooms.len(), MAX_ROOMS);
}

#[test]
fn an_accepted_key_takes_over_and_the_old_one_alarms() {
    let (_dir, contacts, _) = contacts();
    let (old, new) = (key(), key());
    meet(&contacts, &old, "bob", 1, Trust::Verified);
    let at = Timestamp::from_second(1_800_000_000).unwrap();
    let met = Encounter {
        key: &new,
        name: &name("bob"),
        room_tag: &[2; 32],
        trust: Trust::Unverified,
        at,
        features: 0,
    };
    let bob = contacts.replace_key(&old, &met).unwrap();
    assert_eq!(
        (bob.key, bob.trust, bob.former_keys),
        (new, Trust::Unverified, vec![old])
    );
    assert_eq!(bob.rooms, [[1; 32], [2; 32]]);
    assert_eq!(
        alarm(&contacts, &old, "someone", 9),
        Some((AlarmKind::FormerKey, "bob".into()))
    );
    assert!(matches!(
        contacts.replace_key(&old, &met),
        Err(ContactsError::Unknown(_))
    ));
}

#[test]
fn names_stay_apart() {
    let (_dir, contacts, _) = contacts();
    let (bob, other) = (key(), key());
    meet(&contacts, &bob, "bob", 1, Trust::Verified);
    assert_eq!(
        meet(&contacts, &other, "B0B", 2, Trust::Invite).petname,
        name("B0B 2")
    );
    assert!(matches!(
        contacts.rename("B0B 2", &name("BOB")),
        Err(ContactsError::Taken(_))
    ));
    let words = fingerprint(&other).words()[..2].join("-");
    assert_eq!(contacts.rename(&words, &name("robert")).unwrap().key, other);
    assert_eq!(contacts.forget("bob").unwrap().key, bob);
    assert!(matches!(
        contacts.forget("bob"),
        Err(ContactsError::Unknown(_))
    ));
    assert_eq!(contacts.list().unwrap().len(), 1);
}

#[test]
fn a_damaged_file_is_told_and_left() {
    let (_dir, contacts, _) = contacts();
    for damaged in [
        "",
        "{\"v\":4,\"contacts\":[]}",
        "{\"v\":2,\"contacts\":[{}]}",
        "{\"v\":1,\"contacts\":[{}]}",
    ] {
        std::fs::write(&contacts.path, damaged).unwrap();
        assert!(
            matches!(contacts.list(), Err(ContactsError::Damaged { .. })),
            "{damaged}"
        );
        assert!(contacts.forget("bob").is_err());
        assert_eq!(std::fs::read_to_string(&contacts.path).unwrap(), damaged);
    }
}

#[test]
fn clients_that_meet_at_once_lose_nobody() {
    let (_dir, contacts, _) = contacts();
    std::thread::scope(|scope| {
        for thread in 0..4_u8 {
            let contacts = &contacts;
            scope.spawn(move || {
                for number in 0..10 {
                    meet(
                        contacts,
                        &key(),
                        &format!("p{thread}x{number}"),
                        thread,
                        Trust::Invite,
                    );
                }
            });
        }
    });
    assert_eq!(contacts.list().unwrap().len(), 40);
}

#[test]
fn names_that_were_given_stay_known_behind_the_petname() {
    let (_dir, contacts, _) = contacts();
    let ada = key();
    meet(&contacts, &ada, "ada", 1, Trust::Invite);
    contacts.rename("ada", &name("boss")).unwrap();
    meet(&contacts, &ada, "lovelace", 2, Trust::Invite);
    for called in ["ada", "lovelace", "boss"] {
        let expected = Some((AlarmKind::NameKnown, "boss".into()));
        assert_eq!(alarm(&contacts, &key(), called, 9), expected);
    }
    for n in 0..20_u8 {
        let called = format!("{}", char::from(b'a' + n)).repeat(3);
        meet(&contacts, &ada, &called, 3, Trust::Invite);
    }
    assert_eq!(contacts.list().unwrap()[0].given.len(), 8);
}

#[test]
fn a_file_of_before_names_were_kept_is_read() {
    let (_dir, contacts, _) = contacts();
    meet(&contacts, &key(), "ada", 1, Trust::Verified);
    let text = std::fs::read_to_string(&contacts.path).unwrap();
    let mut file: serde_json::Value = serde_json::from_str(&text).unwrap();
    file["v"] = 1.into();
    let entry = file["contacts"][0].as_object_mut().unwrap();
    entry.remove("given").unwrap();
    entry.remove("features").unwrap();
    std::fs::write(&contacts.path, file.to_string()).unwrap();
    let known = Some((AlarmKind::NameKnown, "ada".into()));
    assert_eq!(alarm(&contacts, &key(), "ada", 9), known);
    meet(
        &contacts,
        &contacts.list().unwrap()[0].key,
        "ada",
        2,
        Trust::Invite,
    );
    assert_eq!(contacts.list().unwrap()[0].given, [name("ada")]);
    file["v"] = 4.into();
    std::fs::write(&contacts.path, file.to_string()).unwrap();
    assert!(contacts.list().is_err());
}

#[test]
fn of_those_met_in_a_room_the_last_come_first() {
    let (_dir, contacts, own) = contacts();
    let keys: Vec<_> = (0..5).map(|_| key()).collect();
    let met = |key: &PublicKey, called: &str, room: u8, second: i64| {
        let met = Encounter {
            key,
            name: &name(called),
            room_tag: &[room; 32],
            trust: Trust::Unverified,
            at: Timestamp::from_second(1_700_000_000 + second).unwrap(),
            features: 0,
        };
        contacts.record_met(&met).unwrap();
    };
    assert_eq!(contacts.met_in(&[1; 32], 3).unwrap(), []);
    for (n, key) in keys.iter().enumerate() {
        let room = if n == 3 { 2 } else { 1 };
        met(key, &format!("no {n}"), room, n as i64);
    }
    assert_eq!(
        contacts.met_in(&[1; 32], 3).unwrap(),
        [keys[4], keys[2], keys[1]]
    );
    met(&keys[0], "no 0", 1, 60);
    assert_eq!(contacts.met_in(&[1; 32], 2).unwrap(), [keys[0], keys[4]]);
    // A file that was copied from another home of ours holds us.
    met(&own, "ada", 1, 70);
    assert_eq!(contacts.met_in(&[1; 32], 1).unwrap(), [keys[0]]);
}

#[test]
fn what_their_program_could_do_last_is_kept() {
    let (_dir, contacts, _) = contacts();
    let ada = key();
    meet(&contacts, &ada, "ada", 1, Trust::Invite);
    for features in [0b101, 0b1] {
        let met = Encounter {
            key: &ada,
            name: &name("ada"),
            room_tag: &[1; 32],
            trust: Trust::Invite,
            at: Timestamp::from_second(1_700_000_000).unwrap(),
            features,
        };
        contacts.record_met(&met).unwrap();
        assert_eq!(contacts.list().unwrap()[0].features, features);
    }
}
