//! `undertone peers …` on a data directory, as its person reads it.

use std::path::PathBuf;

use jiff::Timestamp;
use undertone_core::crypto::keys::SecretKey;
use undertone_core::crypto::words::fingerprint;
use undertone_core::text::display_name::DisplayName;

use super::*;
use crate::cli::{Action, Cli};
use crate::contacts::Encounter;
use crate::exit::Exit;
use crate::history::{Entry, Finding, LinkPath};

/// Runs `undertone peers …`: what it wrote to stdout and to stderr.
fn run(dir: &Path, arguments: &str) -> Result<(String, String), CommandError> {
    let dir = dir.to_str().unwrap();
    let line = ["undertone", "--data-dir", dir, "peers"].into_iter();
    let cli = Cli::read(line.chain(arguments.split_whitespace()), None).unwrap();
    let global = cli.global.clone();
    let Action::Peers(args) = cli.action() else {
        panic!("{arguments} is for peers");
    };
    let (mut out, mut talk) = (Vec::new(), Vec::new());
    let look = TableStyle {
        width: 200,
        color: false,
    };
    peers(&args, &global, look, &mut out, &mut talk)?;
    Ok((
        String::from_utf8(out).unwrap(),
        String::from_utf8(talk).unwrap(),
    ))
}

/// A person who met `bob`, and somebody else under that name.
fn met_two_bobs() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let store = Store::open(&data).unwrap();
    let history = History::open(&store.path("peers.txt")).unwrap();
    let now = Timestamp::from_second(1_800_000_000).unwrap();
    let keys = [
        SecretKey::generate().public(),
        SecretKey::generate().public(),
    ];
    for key in &keys {
        let entry = Entry {
            started: now,
            last_seen: now,
            name: "bob".to_owned(),
            room: "lab".to_owned(),
            address: "10.0.0.7:40100".to_owned(),
            path: LinkPath::Direct,
            state: Finding::Trust(Trust::Invite),
            key: fingerprint(key).to_string(),
        };
        history.append(&entry).unwrap();
    }
    let met = Encounter {
        key: &keys[0],
        name: &DisplayName::parse("bob").unwrap(),
        room_tag: &[1; 32],
        trust: Trust::Invite,
        at: now,
        features: 0,
    };
    contacts(&store).unwrap().record_met(&met).unwrap();
    (dir, data)
}

/// The first words of the contact's key.
fn bobs_words(data: &Path) -> String {
    let contacts = contacts(&Store::open(data).unwrap()).unwrap();
    let words = contacts.list().unwrap()[0].fingerprint().to_string();
    words.split('-').take(4).collect::<Vec<_>>().join("-")
}

#[test]
fn of_two_keys_under_one_name_the_person_says_which() {
    let (_dir, data) = met_two_bobs();
    let before = run(&data, "--json").unwrap().0;
    for command in ["rename bob robert", "forget bob", "forget bob --yes"] {
        let refused = run(&data, command).unwrap_err();
        assert_eq!(refused.exit(), Exit::Usage);
        let text = refused.to_string();
        let rows: Vec<_> = text
            .lines()
            .filter(|row| row.contains("-…  ") && row.contains("last seen 2027-01-15"))
            .collect();
        assert_eq!(rows.len(), 2, "{text}");
        assert!(text.contains("your contact bob") && text.contains("no contact"));
        // What is named as the example is one of them.
        let (_, example) = text.rsplit_once(", as ").unwrap();
        assert!(rows[0].contains(&format!("{}-…", example.trim_end_matches('.'))));
    }
    assert_eq!(run(&data, "--json").unwrap().0, before);
}

#[test]
fn renaming_a_contact_leaves_the_other_one_of_that_name() {
    let (_dir, data) = met_two_bobs();
    assert!(run(&data, "").unwrap().0.contains("bob*"));
    let words = bobs_words(&data);
    run(&data, &format!("rename {words} robert")).unwrap();
    let (table, _) = run(&data, "").unwrap();
    assert_eq!(table.matches("robert").count(), 1);
    assert!(table.contains("bob") && !table.contains('*'), "{table}");
    let nobody = run(&data, "rename carol x").unwrap_err();
    assert_eq!(nobody.exit(), Exit::Usage);
}

#[test]
fn forgetting_takes_contact_and_lines() {
    let (_dir, data) = met_two_bobs();
    let words = bobs_words(&data);
    // Whoever it is: the words of a contact, or a name that only the history has.
    let refused = run(&data, &format!("forget {words}")).unwrap_err();
    assert_eq!(refused.exit(), Exit::Usage);
    assert!(refused.to_string().contains("add --yes"), "{refused}");
    run(&data, &format!("forget {words} --yes")).unwrap();
    assert!(
        run(&data, "forget bob")
            .unwrap_err()
            .to_string()
            .contains("--yes")
    );
    let (table, _) = run(&data, "").unwrap();
    assert!(table.contains("bob") && !table.contains('*'), "{table}");
    run(&data, "forget bob --yes").unwrap();
    let (table, talk) = run(&data, "").unwrap();
    assert_eq!(table, "");
    assert!(talk.contains("nobody"), "{talk}");
    assert_eq!(run(&data, "forget bob").unwrap_err().exit(), Exit::Usage);
}

#[test]
fn a_contact_is_meant_by_a_key_that_was_replaced_too() {
    let (_dir, data) = met_two_bobs();
    let store = contacts(&Store::open(&data).unwrap()).unwrap();
    let before = store.list().unwrap().remove(0);
    let words = |key| {
        let words = fingerprint(key).to_string();
        words.split('-').take(4).collect::<Vec<_>>().join("-")
    };
    let new = SecretKey::generate().public();
    let met = Encounter {
        key: &new,
        name: &before.petname,
        room_tag: &[1; 32],
        trust: Trust::Invite,
        at: before.last_met,
        features: 0,
    };
    store.replace_key(&before.key, &met).unwrap();
    let rename = format!("rename {} robert", words(&before.key));
    let (_, talk) = run(&data, &rename).unwrap();
    assert_eq!(talk, "◆ bob is now robert.\n");
    assert_eq!(store.list().unwrap()[0].petname.as_str(), "robert");
    // Its lines under the former key as well, and nobody else's.
    let (table, _) = run(&data, "").unwrap();
    assert_eq!(table.matches("robert").count(), 1, "{table}");
    let (_, talk) = run(&data, "forget robert --yes").unwrap();
    assert!(
        talk.contains("robert is forgotten, with 1 line of"),
        "{talk}"
    );
    assert!(store.list().unwrap().is_empty());
    let (table, _) = run(&data, "").unwrap();
    assert!(
        table.contains("bob") && !table.contains("robert"),
        "{table}"
    );
}

#[test]
fn a_damaged_line_is_named_on_stderr() {
    let (_dir, data) = met_two_bobs();
    let file = data.join("peers.txt");
    assert_eq!(
        run(&data, "path").unwrap().0.trim_end(),
        file.to_str().unwrap()
    );
    let mut text = std::fs::read_to_string(&file).unwrap();
    text.push_str("\u{1b}[2J\n");
    std::fs::write(&file, text).unwrap();
    let (json, talk) = run(&data, "--json").unwrap();
    assert_eq!(json.lines().count(), 2);
    assert!(
        talk.contains("Line 5") && !talk.contains('\u{1b}'),
        "{talk}"
    );
}
