//! The file: made, shared, rewritten, and whole after all of it.

use super::line::tests::{any_entry, entry};
use super::*;
use crate::trust::Trust;
use proptest::prelude::*;

fn history() -> (tempfile::TempDir, History) {
    let dir = tempfile::tempdir().unwrap();
    let history = History::open(&dir.path().join("deep/peers.txt")).unwrap();
    (dir, history)
}

impl History {
    /// All connections, each by its latest line, and the lines that cannot be read.
    pub(super) fn read(&self) -> Result<(Vec<Entry>, Vec<Damaged>), StoreError> {
        let (mut entries, mut damaged) = (Vec::new(), Vec::new());
        let mut index = Index::of(self, View::Connections, |line| {
            damaged.push(line);
            Ok::<_, StoreError>(())
        })?;
        index.in_order();
        index.each(|entry, _| {
            entries.push(entry.clone());
            Ok::<_, StoreError>(())
        })?;
        Ok((entries, damaged))
    }
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
fn the_latest_line_of_a_connection_counts() {
    let (_dir, history) = history();
    let mut bob = entry("bob");
    let mut other = bob.clone();
    other.key = other.key.replace("aardvark", "zulu");
    history.append(&bob).unwrap();
    history.append(&other).unwrap();
    bob.state = Finding::Trust(Trust::Verified);
    history.append(&bob).unwrap();
    let (entries, _) = history.read().unwrap();
    assert_eq!(entries, [other, bob], "told apart by the key");
}

#[test]
fn who_is_renamed_or_forgotten_is_so_in_every_line() {
    let (_dir, history) = history();
    for name in ["bob", "carol", "bob"] {
        history.append(&entry(name)).unwrap();
    }
    assert_eq!(history.forget("bob").unwrap(), 2);
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
                    let mut entry = entry(&format!("{writer}-{number}"));
                    entry.started += jiff::SignedDuration::from_secs(writer * each + number);
                    history.append(&entry).unwrap();
                    entry.state = Finding::Trust(Trust::Invite);
                    history.append(&entry).unwrap();
                }
            });
        }
    });
    let (entries, damaged) = history.read().unwrap();
    assert!(damaged.is_empty());
    let names: std::collections::HashSet<_> = entries.iter().map(|e| &e.name).collect();
    let starts: std::collections::HashSet<_> = entries.iter().map(|e| e.started).collect();
    let all = usize::try_from(writers * each).unwrap();
    assert_eq!((names.len(), starts.len()), (all, all));
    assert!(
        entries
            .iter()
            .all(|e| e.state == Finding::Trust(Trust::Invite))
    );
}

#[test]
fn the_example_is_what_the_parser_reads() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers.txt.example");
    let example = std::fs::read_to_string(&path).unwrap();
    assert!(example.contains(HEADER.lines().nth(1).unwrap()));
    let (entries, damaged) = History { path }.read().unwrap();
    assert_eq!(damaged, []);
    let written: Vec<String> = entries.iter().map(Entry::to_string).collect();
    let mut lines: Vec<&str> = example
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .collect();
    // The last two are of one connection.
    assert_eq!(lines.len(), 4);
    lines.remove(2);
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

        let mut added = entry("the added one");
        history.append(&added).unwrap();
        added.state = Finding::Trust(Trust::Verified);
        history.append(&added).unwrap();
        history.rename("the added one", "another name").unwrap();
        prop_assert_eq!(history.forget("another name").unwrap(), 2);

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

#[test]
fn a_line_without_end_is_neither_held_nor_lost() {
    let (_dir, history) = history();
    let long = "x".repeat(3 * line::MAX_LINE_BYTES);
    let comment = format!("# {long}");
    let bob = entry("bob");
    std::fs::write(history.path(), format!("{long}\n{comment}\n{bob}\n{long}")).unwrap();
    let (entries, damaged) = history.read().unwrap();
    assert_eq!(entries, [bob]);
    let numbers: Vec<_> = damaged.iter().map(|line| line.number).collect();
    assert_eq!(numbers, [1, 4]);
    assert!(damaged.iter().all(|line| line.why == LineError::TooLong));
    assert_eq!(history.rename("bob", "robert").unwrap(), 1);
    let text = std::fs::read_to_string(history.path()).unwrap();
    let bob = entry("robert");
    assert_eq!(text, format!("{long}\n{comment}\n{bob}\n{long}"));
}
