//! The file: made, shared, rewritten, and whole after all of it.

use super::line::tests::{any_entry, entry};
use super::*;
use proptest::prelude::*;

fn history() -> (tempfile::TempDir, History) {
    let dir = tempfile::tempdir().unwrap();
    let history = History::open(&dir.path().join("deep/peers.txt")).unwrap();
    (dir, history)
}

#[test]
fn a_new_file_has_its_header_and_is_ours_alone() {
    let (_dir, history) = history();
    assert_eq!(history.read().unwrap(), (vec![], vec![]));
    assert!(!history.path().exists(), "reading makes no file");
    history.append(&entry("bob")).unwrap();
    let text = std::fs::read_to_string(history.path()).unwrap();
    assert!(text.starts_with(HEADER));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(history.path()), 0o600);
        assert_eq!(mode(history.path().parent().unwrap()), 0o700);
    }
}

#[test]
fn connections_that_start_in_one_millisecond_are_told_apart() {
    let (_dir, history) = history();
    let first = history.append(&entry("bob")).unwrap();
    let second = history.append(&entry("bob")).unwrap();
    assert_ne!(first, second);
    assert!(
        history
            .update(second, |e| e.state = State::Verified)
            .unwrap()
    );
    let (entries, _) = history.read().unwrap();
    assert_eq!(entries[0].state, State::Unverified);
    assert_eq!(entries[1].state, State::Verified);
}

#[test]
fn a_line_that_was_forgotten_stays_gone() {
    let (_dir, history) = history();
    let id = history.append(&entry("bob")).unwrap();
    history.append(&entry("carol")).unwrap();
    assert_eq!(history.forget("bob").unwrap(), 1);
    assert!(!history.update(id, |e| e.state = State::Verified).unwrap());
    let (entries, _) = history.read().unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!(history.rename("carol", "caro").unwrap(), 1);
    assert_eq!(history.rename("nobody", "x").unwrap(), 0);
    assert_eq!(history.read().unwrap().0[0].name, "caro");
}

#[test]
#[cfg(unix)]
fn a_symbolic_link_is_followed() {
    let dir = tempfile::tempdir().unwrap();
    let (real, link) = (dir.path().join("real"), dir.path().join("link"));
    std::fs::write(&real, "").unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    History::open(&link).unwrap().append(&entry("bob")).unwrap();
    assert!(link.is_symlink());
    assert_eq!(History::open(&real).unwrap().read().unwrap().0.len(), 1);
}

#[test]
fn clients_that_write_at_once_lose_nothing() {
    let (_dir, history) = history();
    let (writers, each) = (4, 25);
    std::thread::scope(|scope| {
        for writer in 0..writers {
            let history = &history;
            scope.spawn(move || {
                for number in 0..each {
                    let id = history
                        .append(&entry(&format!("{writer}-{number}")))
                        .unwrap();
                    assert!(history.update(id, |e| e.state = State::Invite).unwrap());
                }
            });
        }
    });
    let (entries, damaged) = history.read().unwrap();
    assert!(damaged.is_empty());
    let names: std::collections::HashSet<_> = entries.iter().map(|e| &e.name).collect();
    let starts: std::collections::HashSet<_> = entries.iter().map(|e| e.started).collect();
    assert_eq!(
        (names.len(), starts.len()),
        (writers * each, writers * each)
    );
    assert!(entries.iter().all(|e| e.state == State::Invite));
}

#[test]
fn the_example_is_what_the_parser_reads() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers.txt.example");
    let example = std::fs::read_to_string(&path).unwrap();
    assert!(example.contains(HEADER.lines().nth(1).unwrap()));
    let (entries, damaged) = History { path }.read().unwrap();
    assert_eq!(damaged, []);
    assert_eq!(entries.len(), 3);
    let written: Vec<String> = entries.iter().map(Entry::to_string).collect();
    let lines: Vec<&str> = example
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .collect();
    assert_eq!(written, lines);
}

fn any_line() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        any_entry().prop_map(|entry| entry.to_string().into_bytes()),
        any_entry().prop_map(|entry| format!("{entry}\textra").into_bytes()),
        "# [ -~]{0,20}".prop_map(String::into_bytes),
        proptest::collection::vec(any::<u8>().prop_filter("one line", |b| *b != b'\n'), 0..40),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_cannot_be_read_survives_every_rewrite(
        lines in proptest::collection::vec(any_line(), 1..12),
        feed in any::<bool>(),
    ) {
        let (_dir, history) = history();
        let mut bytes = lines.join(&b'\n');
        if feed {
            bytes.push(b'\n');
        }
        std::fs::write(history.path(), &bytes).unwrap();
        let (before, damaged) = history.read().unwrap();

        let id = history.append(&entry("the added one")).unwrap();
        history.update(id, |e| e.state = State::Verified).unwrap();
        history.rename("the added one", "another name").unwrap();
        prop_assert_eq!(history.forget("another name").unwrap(), 1);

        let (after, still_damaged) = history.read().unwrap();
        prop_assert_eq!(after, before);
        prop_assert_eq!(still_damaged, damaged);
        if bytes.is_empty() {
            bytes.extend_from_slice(HEADER.as_bytes());
        } else if !bytes.ends_with(b"\n") {
            bytes.push(b'\n');
        }
        prop_assert_eq!(std::fs::read(history.path()).unwrap(), bytes);
    }
}
