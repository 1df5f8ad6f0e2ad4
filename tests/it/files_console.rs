//! Files at a terminal: offered, taken and watched in the row in which a person types.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::common::acts::homes;
use crate::common::proxy::{Direction, Proxy};
use crate::common::screen::{Screen, chat, last_row};
use crate::common::{Mediator, NOBODY, Start};

/// Ada's row, once it tells of files on their way as `fits` wants it.
fn await_moving(ada: &Screen, fits: impl Fn(&[&str]) -> bool) -> String {
    let row = |screen: &str| {
        let (prompt, _) = last_row(screen).split_once(" ›")?;
        let parts: Vec<_> = prompt.split(' ').skip(2).collect();
        fits(&parts).then_some(())
    };
    ada.await_screen("files on their way", |screen| row(screen).is_some())
}

fn write(path: &Path, len: usize) -> Vec<u8> {
    let bytes: Vec<u8> = (0..len).map(|n| (n / 3) as u8).collect();
    fs::write(path, &bytes).unwrap();
    bytes
}

#[test]
fn progress_is_in_the_row_only_and_leaves_the_draft_as_it_is() {
    let (mediator, homes) = (Mediator::start(), homes());
    let [from, to] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let slow = Arc::new(AtomicBool::new(false));
    let is_slow = Arc::clone(&slow);
    let proxy = Proxy::tampering(move |direction, bytes| {
        if direction == Direction::ToGuest && is_slow.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(bytes.to_vec())
    });
    let host = Start::chat(&homes[1], &mediator.url, "bob", "lab#otter");
    let mut bob = host.args(&["--advertise", &proxy.address()]).run();
    bob.await_event("waiting");
    let mut ada = chat(&homes[0], &mediator.url, "ada", "lab#otter");
    ada.env("UNDERTONE_ADVERTISE", NOBODY);
    let mut ada = Screen::run(ada);
    proxy.aim(&bob.listens_at());
    ada.await_row("bob ◆ ›");
    let (one, two) = (from.path().join("one"), from.path().join("two"));
    let bytes = write(&one, 30_000_000);
    write(&two, 3_000_000);
    slow.store(true, Ordering::Relaxed);
    bob.say(&format!("/send {}", one.display()));
    ada.await_text("bob offers [1] one, 30.0 MB");
    ada.press(&format!(
        "/accept 1 {}\ra 世 draft\x02",
        to.path().display()
    ));
    let row = await_moving(&ada, |parts| {
        let [which, percent, left] = parts else {
            return false;
        };
        *which == "↓1" && percent.ends_with('%') && left.contains(':')
    });
    let row = last_row(&row);
    assert!(row.ends_with(" › a 世 draft"), "{row}");
    // Another one goes the other way.
    ada.press(&format!("\x05\x15/send {}\r", two.display()));
    bob.await_that("an offer", |event| event["state"] == "offered");
    bob.say(&format!("/accept 2 {}", to.path().display()));
    bob.await_that("its end", |event| {
        event["id"] == 2 && event["state"] == "done"
    });
    ada.press("a 世 draft");
    ada.await_text("[2] bob has two");
    slow.store(false, Ordering::Relaxed);
    ada.await_text("[1] from bob is whole");
    ada.await_row("bob ◆ › a 世 draft");
    assert!(fs::read(to.path().join("one")).unwrap() == bytes);
    let history = ada.history();
    assert!(
        !history.contains('%') && !history.contains('↓'),
        "{history}"
    );
    ada.press("\r");
    assert_eq!(bob.await_message(), "a 世 draft");
}
