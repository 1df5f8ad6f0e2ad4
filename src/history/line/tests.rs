//! Lines written and read back; the entries for the tests beside this one.

use super::*;
use crate::trust::Trust;
use proptest::prelude::*;

pub(in super::super) const KEY: &str = "aardvark-adroitness-absurd-adviser-accrue-aftermath-\
    acme-aggregate-adrift-alkali-adult-almighty-afflict-amulet-ahead-amusement";

pub(in super::super) fn entry(name: &str) -> Entry {
    Entry {
        started: "2026-11-20T08:00:00.5Z".parse().unwrap(),
        last_seen: "2026-11-20T09:21:00Z".parse().unwrap(),
        name: name.to_owned(),
        room: "amber-falcon".to_owned(),
        address: "192.168.1.31:50122".to_owned(),
        path: Path::Direct,
        state: Finding::Trust(Trust::Unverified),
        key: KEY.to_owned(),
    }
}

prop_compose! {
    pub(in super::super) fn any_entry()(
        name in any::<String>(),
        room in any::<String>(),
        address in "[0-9a-f.:\\[\\]]{0,50}",
        started in 0_i64..4_000_000_000_000,
        lasted in 0_i64..1_000_000_000,
        state in prop_oneof![
            Just(Finding::Trust(Trust::Verified)), Just(Finding::Trust(Trust::Invite)), Just(Finding::Trust(Trust::Unverified)), Just(Finding::Alarm),
            Just(Finding::Differed)
        ],
        path in prop::sample::select(Path::ALL.to_vec()),
    ) -> Entry {
        Entry {
            started: Timestamp::from_millisecond(started).unwrap(),
            last_seen: Timestamp::from_millisecond(started + lasted).unwrap(),
            name, room, address, path, state,
            key: KEY.to_owned(),
        }
    }
}

#[test]
fn a_line_is_eight_fields() {
    let line = entry("bob\t\u{202e}\\").to_string();
    assert_eq!(
        line,
        format!(
            "2026-11-20T08:00:00.500Z\t2026-11-20T09:21:00.000Z\tbob\\t\\u{{202e}}\\\\\t\
             amber-falcon\t192.168.1.31:50122\tdirect\tnot verified\t{KEY}"
        )
    );
}

#[test]
fn what_is_wrong_with_a_line_is_named() {
    let good = entry("bob").to_string();
    let with = |from: &str, to: &str| good.replacen(from, to, 1).parse::<Entry>().unwrap_err();
    assert_eq!("a\tb".parse::<Entry>(), Err(LineError::Fields(2)));
    assert_eq!(with("2026-11", "2026-13"), LineError::Time);
    assert_eq!(with("bob", "b\\ob"), LineError::Escape);
    assert_eq!(with("bob", "b\\u{d800}"), LineError::Escape);
    assert_eq!(with("bob", "b\\"), LineError::Escape);
    assert_eq!(with("direct", "Direct"), LineError::Path);
    assert_eq!(with("not verified", "sure"), LineError::State);
    assert_eq!(with("aardvark-", ""), LineError::Key);
    assert_eq!(with("bob", &"b".repeat(MAX_LINE_BYTES)), LineError::TooLong);
}

#[test]
fn a_person_is_named_by_name_or_first_words() {
    let entry = entry("bob");
    for who in ["bob", KEY, "aardvark-adroitness", "Aardvark-adroitness-…"] {
        assert!(entry.is(who), "{who}");
    }
    for who in ["bo", "aardvark", "aardvark-adroit", "-", ""] {
        assert!(!entry.is(who), "{who}");
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(entry in any_entry()) {
        let line = entry.to_string();
        prop_assert!(!line.contains('\n') && line.split('\t').count() == 8);
        prop_assert!(line.chars().all(|c| c == '\t' || !is_hidden(c)));
        prop_assert_eq!(line.parse::<Entry>(), Ok(entry));
    }

    #[test]
    fn reading_never_panics(line in any::<String>()) {
        let _ = line.parse::<Entry>();
    }
}
