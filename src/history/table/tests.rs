//! The table at every width, and the objects for programs.

use super::super::line::tests::entry;
use super::super::people::people;
use super::super::{History, View};
use super::*;
use crate::trust::Trust;

/// These lines in a file, each a row.
fn kept(entries: &[Entry]) -> (tempfile::TempDir, History) {
    let dir = tempfile::tempdir().unwrap();
    let history = History::open(&dir.path().join("peers.txt")).unwrap();
    let lines: Vec<_> = entries.iter().map(|entry| format!("{entry}\n")).collect();
    std::fs::write(history.path(), lines.concat()).unwrap();
    (dir, history)
}

fn rows(history: &History, view: View) -> Index<'_> {
    Index::of(history, view, |line| -> Result<(), CommandError> {
        panic!("{line:?}")
    })
    .unwrap()
}

fn table(entries: &[Entry], look: TableStyle, zone: &TimeZone) -> String {
    let (_dir, history) = kept(entries);
    let mut index = rows(&history, View::Connections);
    index.newest(usize::MAX);
    let mut out = Vec::new();
    super::table(&mut index, look, zone, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn two_bobs() -> Vec<Entry> {
    let mut known = entry("bob");
    known.state = Finding::Trust(Trust::Verified);
    let mut other = entry("b\u{43e}b");
    other.key = known.key.replace("aardvark", "plum");
    other.started = "2026-11-01T16:00:00Z".parse().unwrap();
    other.last_seen = "2026-11-01T17:02:00Z".parse().unwrap();
    other.room = "lab".to_owned();
    vec![other, known]
}

fn wide(width: usize) -> TableStyle {
    TableStyle {
        width,
        color: false,
    }
}

#[test]
fn another_key_under_the_same_name_is_marked() {
    let shown = table(&two_bobs(), wide(200), &TimeZone::UTC);
    let expected = "\
NAME  ROOM          LAST SEEN         ADDRESS             PATH    STATE         KEY
bob   amber-falcon  2026-11-20 09:21  192.168.1.31:50122  direct  verified      aardvark-adroitness-…
b\u{43e}b*  lab           2026-11-01 17:02  192.168.1.31:50122  direct  not verified  plum-adroitness-…
* same name, another key
b\u{43e}b*
  was    1 plum          2 adroitness    3 absurd        4 adviser
  is   ≠ 1 aardvark      2 adroitness    3 absurd        4 adviser
  was    5 accrue        6 aftermath     7 acme          8 aggregate
  is     5 accrue        6 aftermath     7 acme          8 aggregate
  was    9 adrift       10 alkali       11 adult        12 almighty
  is     9 adrift       10 alkali       11 adult        12 almighty
  was   13 afflict      14 amulet       15 ahead        16 amusement
  is    13 afflict      14 amulet       15 ahead        16 amusement
";
    assert_eq!(shown, expected);
}

#[test]
fn in_a_chat_everybody_is_an_entry_and_two_keys_of_a_name_stand_whole() {
    let (_dir, history) = kept(&two_bobs());
    let mut index = rows(&history, View::People);
    index.newest(usize::MAX);
    let entries = people(&mut index, &TimeZone::UTC).unwrap();
    let [bob, other, both] = entries.as_slice() else {
        panic!("{entries:?}");
    };
    let met = "2026-11-20 09:21 · direct 192.168.1.31:50122 · aardvark-adroitness-…";
    assert_eq!(bob.0, "bob");
    assert_eq!(bob.1, format!("verified · amber-falcon · {met}"));
    assert_eq!([&other.0, &both.0], ["b\u{43e}b*"; 2]);
    let [was, is] = [0, 1].map(|n| two_bobs()[n].key.clone());
    assert_eq!(
        both.1,
        format!("the same name, another key\nwas {was}\nis {is}")
    );
}

#[test]
fn nobody_is_marked_without_another_key() {
    let mut again = entry("bob");
    again.started = "2026-11-21T08:00:00Z".parse().unwrap();
    let shown = table(&[entry("bob"), again], wide(200), &TimeZone::UTC);
    assert_eq!(shown.lines().count(), 3);
    assert!(!shown.contains('*'), "{shown}");
}

#[test]
fn it_fits_every_width() {
    let mut entries = two_bobs();
    for (name, key) in [
        ("世".repeat(40), "zulu"),
        ("\u{1b}[2J\u{202e}".into(), "yoga"),
    ] {
        let mut other = entry(&name);
        other.key = other.key.replace("aardvark", key);
        entries.push(other);
    }
    for width in 0..140 {
        let shown = table(&entries, wide(width), &TimeZone::UTC);
        assert!(
            shown.lines().all(|line| Safe::line(line).width() <= width),
            "{width}: {shown}"
        );
        assert!(!shown.contains(|c: char| c != '\n' && undertone_core::text::safe::is_hidden(c)));
    }
    let [tiny, narrow] = [20, 35].map(|width| table(&entries, wide(width), &TimeZone::UTC));
    assert!(
        tiny.contains("bob") && tiny.contains("not verif…"),
        "{tiny}"
    );
    // What is left out makes room for what stays.
    assert!(narrow.contains(&"世".repeat(10)), "{narrow}");
    assert!(narrow.contains("not verified"), "{narrow}");
}

#[test]
fn an_address_keeps_its_port() {
    let mut six = entry("carol");
    six.key = six.key.replace("aardvark", "zulu");
    six.address = "[2001:db8:1111:2222:3333:4444:5555:6666]:50122".to_owned();
    let entries = [entry("bob"), six];
    for width in 20..140 {
        let shown = table(&entries, wide(width), &TimeZone::UTC);
        let addresses = shown.lines().filter(|line| line.contains("192."));
        assert!(
            addresses
                .clone()
                .all(|line| line.contains("192.168.1.31:50122")),
            "{shown}"
        );
        let whole = shown.matches(":50122").count();
        assert_eq!(
            whole,
            if shown.contains("ADDRESS") { 2 } else { 0 },
            "{shown}"
        );
    }
    let shown = table(&entries, wide(95), &TimeZone::UTC);
    assert!(
        shown.contains("[2001:db8:") && shown.contains("…:50122"),
        "{shown}"
    );
}

#[test]
fn colours_add_nothing_but_escapes() {
    let mut entries = two_bobs();
    let mut other = entry(&"世".repeat(40));
    other.key = other.key.replace("aardvark", "zulu");
    entries.push(other);
    for width in [20, 40, 80, 200] {
        let look = TableStyle { width, color: true };
        let mut colored = table(&entries, look, &TimeZone::UTC);
        assert!(colored.contains(RED));
        for escape in [DIM, GREEN, RED, RESET] {
            colored = colored.replace(escape, "");
        }
        assert_eq!(colored, table(&entries, wide(width), &TimeZone::UTC));
    }
}

#[test]
fn programs_get_an_object_a_line() {
    let (_dir, history) = kept(&two_bobs());
    let mut index = rows(&history, View::Connections);
    index.in_order();
    let mut lines = Vec::new();
    json_lines(&mut index, &mut lines).unwrap();
    let lines = String::from_utf8(lines).unwrap();
    let begins = r#"{"v":1,"type":"peer","name":"#;
    assert!(
        lines.lines().all(|line| line.starts_with(begins)),
        "{lines}"
    );
    let objects: Vec<serde_json::Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(objects.len(), 2);
    assert_eq!(objects[0]["another_key"], true);
    assert_eq!(objects[1]["another_key"], false);
    assert_eq!(objects[1]["state"], "verified");
    assert_eq!(objects[1]["last_seen"], "2026-11-20T09:21:00Z");
}

#[test]
fn a_person_is_one_row_however_often_they_came() {
    let mut entries = two_bobs();
    for hour in 10..20 {
        let mut later = entry("bob");
        later.started = format!("2026-11-20T{hour}:00:00Z").parse().unwrap();
        later.last_seen = later.started;
        later.room = format!("room-{hour}");
        entries.push(later);
    }
    let (_dir, history) = kept(&entries);
    let mut index = rows(&history, View::People);
    index.newest(usize::MAX);
    let mut shown = Vec::new();
    super::table(&mut index, wide(200), &TimeZone::UTC, &mut shown).unwrap();
    let shown = String::from_utf8(shown).unwrap();
    let rows: Vec<&str> = shown.lines().collect();
    let footnote = rows.iter().position(|row| row.starts_with("* "));
    assert_eq!(footnote, Some(3), "{shown}");
    assert!(
        rows[1].contains("room-19") && rows[2].contains("lab"),
        "{shown}"
    );
    index.newest(1);
    assert_eq!(index.len(), 1);
}
