//! Who is not let in, in a program that has no chat to compare words in.

use super::{reason, scene};
use crate::common::Home;

#[test]
fn of_a_stranger_nothing_is_taken_and_nothing_is_advised_that_cannot_be_typed() {
    let mut scene = scene();
    let path = scene.file("a", b"text");
    let mut known = scene.send(&[&path]);
    assert_eq!(scene.receive(&["--yes"]).finish(b"").0, 0);
    assert_eq!(known.exit_code(), 0);
    scene.homes[0] = Home::new();
    let mut stranger = scene.send(&[&path]);
    let (code, out, err) = scene.receive(&["--yes"]).finish(b"");
    assert_eq!((code, out.as_str()), (6, ""), "{err}");
    assert!(err.contains("uses another key"), "{err}");
    for not in ["/quit", "/trust", "compare words now", "left before"] {
        assert!(!err.contains(not), "{not}: {err}");
    }
    assert!(err.contains("Compare the words by voice next time, in a chat"));
    // An offer is no message: what became of it is told, and by one code.
    assert_eq!(stranger.exit_code(), 7);
    let why = reason(&stranger);
    assert!(!why.contains("messages"), "{why}");
    let rest = stranger.err.rest().join("\n");
    assert!(!rest.contains("messages"), "{rest}");
}
