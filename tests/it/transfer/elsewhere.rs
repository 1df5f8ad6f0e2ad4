//! What was begun in another folder than the one that is named now.

use super::{LARGE, scene};
use crate::common::contents::contents;

#[test]
fn what_goes_on_in_another_folder_than_is_named_says_where() {
    let scene = scene();
    let path = scene.file("large.bin", &contents(LARGE));
    let mut sender = scene.send(&[&path]);
    let mut receiver = scene.receive(&["--yes"]).run();
    scene.await_kept(&mut receiver);
    receiver.child.kill().unwrap();
    receiver.child.wait().unwrap();
    let other = tempfile::tempdir().unwrap();
    let into = other.path().to_str().unwrap();
    let again = scene.command(1, "bob", &["receive", "--yes", "--into", into]);
    let (code, out, err) = again.finish(b"");
    assert_eq!((code, sender.exit_code()), (0, 0), "{err}");
    let there = scene.into.path().canonicalize().unwrap();
    let said = format!("◆ large.bin goes on in {}", there.display());
    // However long the name of the folder is.
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words(&err).contains(&said), "{err}");
    assert_eq!(out, format!("{}\n", there.join("large.bin").display()));
    assert_eq!(std::fs::read_dir(other.path()).unwrap().count(), 0);
}
