//! The table at every width, and the objects for programs.

use super::super::line::tests::entry;
use super::*;

fn two_bobs() -> Vec<Entry> {
    let mut known = entry("bob");
    known.state = State::Verified;
    let mut other = entry("b\u{43e}b");
    other.key = known.key.replace("aardvark", "plum");
    other.started = "2026-11-01T16:00:00Z".parse().unwrap();
    other.last_seen = "2026-11-01T17:02:00Z".parse().unwrap();
    other.room = "lab".to_owned();
    vec![other, known]
}

fn wide(width: usize) -> Look {
    Look {
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
";
    assert_eq!(shown, expected);
}

#[test]
fn nobody_is_marked_without_another_key() {
    let shown = table(&[entry("bob"), entry("bob")], wide(200), &TimeZone::UTC);
    assert!(!shown.contains('*'), "{shown}");
}

#[test]
fn it_fits_every_width() {
    let mut entries = two_bobs();
    entries.push(entry(&"世".repeat(40)));
    entries.push(entry("\u{1b}[2J\u{202e}"));
    for width in 0..140 {
        let shown = table(&entries, wide(width), &TimeZone::UTC);
        assert!(
            shown.lines().all(|line| Safe::line(line).width() <= width),
            "{width}: {shown}"
        );
        assert!(!shown.contains(|c: char| c != '\n' && crate::terminal::safe::is_hidden(c)));
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
    let shown = table(&entries, wide(80), &TimeZone::UTC);
    assert!(
        shown.contains("[2001:db8:") && shown.contains("…:50122"),
        "{shown}"
    );
}

#[test]
fn colours_add_nothing_but_escapes() {
    let mut entries = two_bobs();
    entries.push(entry(&"世".repeat(40)));
    for width in [20, 40, 80, 200] {
        let look = Look { width, color: true };
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
    let lines = json_lines(&two_bobs());
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
