//! Files at a terminal: offered, taken and watched in the row in which a person types.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::common::acts::apart;
use crate::common::acts::homes;
use crate::common::console::{talk, talk_on};
use crate::common::contents::contents;
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
    let bytes = contents(len);
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

/// What is asked about a draft that names `report.pdf`.
const ASKED: &str = "Send report.pdf, 2.1 MB, to bob? y · n · t as text ›";

#[test]
fn a_draft_of_paths_asks_and_what_is_typed_before_does_not_answer() {
    let mut talk = talk();
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("report.pdf"), 2_100_000);
    let path = format!("{}/report.pdf", dir.path().display());
    talk.ada.press(&format!("{path}\ryt\r"));
    talk.ada.await_row(ASKED);
    // What is pasted does not answer either, and what is no answer none.
    talk.ada.paste("y");
    talk.ada.press("\rx\x15n");
    talk.ada.await_screen("the draft", |screen| {
        last_row(screen).ends_with("/report.pdf")
    });
    for no in ["\x1b", "\x03"] {
        talk.ada.press("\r");
        talk.ada.await_row(ASKED);
        talk.ada.press(no);
        talk.ada.await_screen("the draft", |screen| {
            last_row(screen).ends_with("/report.pdf")
        });
    }
    talk.ada.press("\r");
    talk.ada.await_row(ASKED);
    talk.ada.press("t");
    assert_eq!(talk.bob.await_message(), path, "nothing was said before");
    talk.ada.await_row("bob ⚠ ›");
    talk.ada.paste(&format!("'{path}' "));
    talk.ada.press("\r");
    talk.ada.await_row(ASKED);
    talk.ada.press("y");
    let offer = talk
        .bob
        .await_that("an offer", |event| event["type"] == "file");
    assert_eq!(
        (&offer["name"], &offer["state"]),
        (&"report.pdf".into(), &"offered".into())
    );
    talk.ada
        .await_text("[1] report.pdf, 2.1 MB, is offered to bob");
    talk.ada.await_row("bob ⚠ ›");
}

#[test]
fn paths_are_known_however_they_are_dropped_and_words_are_none() {
    let mut talk = talk();
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("a b");
    fs::create_dir(&folder).unwrap();
    for name in ["c d", "e"] {
        write(&folder.join(name), 1000);
    }
    let root = folder.display().to_string();
    let [quoted, escaped, url] = [
        format!("'{root}/c d'"),
        format!("{root}/c d").replace(' ', "\\ "),
        format!("file://{root}/c d").replace(' ', "%20"),
    ];
    for (text, asked) in [
        (quoted.clone(), "c d, 1.0 kB,"),
        (format!("\"{root}/c d\""), "c d, 1.0 kB,"),
        (escaped.clone(), "c d, 1.0 kB,"),
        (url.clone(), "c d, 1.0 kB,"),
        (format!("'{root}'"), "a b/"),
        (
            format!("{quoted} '{root}/e' {url}"),
            "c d and 2 more, 3.0 kB,",
        ),
        (format!("{quoted} '{root}'"), "c d and 1 more"),
    ] {
        talk.ada.paste(&text);
        talk.ada.press("\r");
        let row = format!("Send {asked} to bob? y · n · t as text ›");
        talk.ada.await_row(&row);
        talk.ada.press("t");
        assert_eq!(talk.bob.await_message(), text);
        talk.ada.await_row("bob ⚠ ›");
    }
    // These are there, too: the program runs where they are.
    for text in ["src", "src tests", &format!("see {escaped}"), "either/or"] {
        talk.ada.press(&format!("{text}\r"));
        assert_eq!(talk.bob.await_message(), text);
    }
    talk.ada.press("/none/of/this\r");
    talk.ada
        .await_text("no command /none/of/this; nothing was sent");
}

#[test]
fn the_question_shows_its_choices_in_any_width_and_ends_with_the_chat() {
    for (width, asked) in [
        (60, ASKED),
        (50, "Send report.pdf to bob? y · n · t as text ›"),
        (40, "Send report.pdf to bob? y/n/t ›"),
        (24, "Files to bob? y/n/t ›"),
        (16, "Files? y/n/t ›"),
        (10, "y/n/t? ›"),
    ] {
        let mut talk = talk_on(width, 24);
        let dir = tempfile::tempdir().unwrap();
        write(&dir.path().join("report.pdf"), 2_100_000);
        talk.ada
            .paste(&format!("{}/report.pdf", dir.path().display()));
        talk.ada.press("\r");
        talk.ada.await_row(asked);
        if width == 60 {
            talk.bob.say("/quit");
            // Nobody is there to send it to: it is a draft.
            let row = talk.ada.await_screen("a draft", |screen| {
                let row = last_row(screen);
                row.starts_with("bob · left ›") && row.ends_with("/report.pdf")
            });
            assert!(!row.contains("is offered"));
        }
    }
}

#[test]
fn tab_completes_paths_to_send_and_folders_to_accept_into() {
    let mut talk = talk();
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().display().to_string();
    fs::create_dir(dir.path().join("my folder")).unwrap();
    for name in ["my file", "your file", "your files"] {
        write(&dir.path().join(name), 1000);
    }
    talk.ada.press(&format!("/send '{root}/your\t\t"));
    talk.ada.await_text("\nyour file  your files\n");
    talk.ada.press("s\t");
    // Two blanks: one typed behind the other word.
    talk.ada.press(&format!(" {root}/my\t"));
    talk.ada.press("i\t");
    talk.ada.press("\r");
    let offer = talk
        .bob
        .await_that("an offer", |event| event["type"] == "file");
    assert_eq!(offer["files"], 2, "{offer}");
    talk.bob.say(&format!("/send \"{root}/your file\""));
    talk.ada.await_text("bob offers [2] your file");
    talk.ada.press(&format!("/accept 2 {root}/my\t"));
    talk.ada.await_screen("the folder", |screen| {
        last_row(screen).ends_with("/my\\ folder/")
    });
    talk.ada.press("\r");
    talk.ada.await_text("[2] from bob is whole");
    assert!(dir.path().join("my folder/your file").is_file());
}

#[test]
fn an_offer_is_accepted_without_its_number_only_once_it_was_read() {
    let mut talk = talk();
    let [from, to] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let names = ["one", "two", "three"].map(|name| from.path().join(name));
    names.iter().for_each(|path| drop(write(path, 1000)));
    let accept = format!("/accept {}\r", to.path().display());
    talk.bob.say(&format!("/send {}", names[0].display()));
    talk.ada.await_text("bob offers [1] one");
    talk.ada.press(&accept);
    talk.ada.await_text("the offer had only just come");
    accept_until(&mut talk.ada, &accept, "[1] from bob is whole");
    // One after the other: what is listed first is offered first.
    for (path, offer) in names[1..].iter().zip(["[2] two", "[3] three"]) {
        talk.bob.say(&format!("/send {}", path.display()));
        talk.ada.await_text(&format!("bob offers {offer}"));
    }
    let which = "which offer? There are [2] two · [3] three";
    accept_until(&mut talk.ada, &accept, which);
    // By its number at once.
    talk.bob.say(&format!("/send {}", names[0].display()));
    talk.ada.await_text("bob offers [4] one");
    talk.ada
        .press(&format!("/accept 4 {}\r", to.path().display()));
    talk.ada.await_text("[4] from bob is whole");
}

/// Types this again and again, until it is no longer too soon and that is said.
fn accept_until(ada: &mut Screen, accept: &str, said: &str) {
    let count = |raw: &[u8], text: &str| String::from_utf8_lossy(raw).matches(text).count();
    let refused = |raw: &[u8]| count(raw, "the offer had only just come");
    loop {
        let before = refused(&ada.raw());
        ada.press(accept);
        let was_refused = ada.await_raw(said, |raw| {
            let is_said = count(raw, said) > 0;
            (is_said || refused(raw) > before).then_some(!is_said)
        });
        if !was_refused {
            return;
        }
    }
}

#[test]
fn what_is_in_an_offer_is_listed_at_both_ends() {
    let mut talk = talk();
    // Not the same at both ends: that would be one offer.
    let dirs = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let send = dirs.each_ref().map(|dir| {
        let folder = dir.path().join("photos");
        fs::create_dir(&folder).unwrap();
        for n in 10..22 {
            write(&folder.join(format!("{n}.jpg")), 1000);
        }
        write(&folder.join(".hidden"), 1);
        format!("/send {}", folder.display())
    });
    let file = dirs[1].path().join("photos/.hidden");
    fs::set_permissions(file, Permissions::from_mode(0o700)).unwrap();
    for (says, way) in [
        (
            true,
            "from them: photos, 13 files, 12.0 kB, /accept 1 · /reject 1",
        ),
        (false, "to them: photos, 13 files, 12.0 kB, offered"),
    ] {
        let number = if says { 1 } else { 2 };
        match says {
            true => talk.bob.say(&send[0]),
            false => talk.ada.press(&format!("{}\r", send[1])),
        }
        talk.ada
            .await_text(&format!("[{number}] photos, 13 files, 12.0 kB"));
        talk.ada.press(&format!("/clear\r/files {number}\r"));
        let screen = talk
            .ada
            .await_text(&format!("  [{number}]             {way}"));
        for line in [
            "  …               and 3 more",
            "  photos/.hidden  1 B · hidden",
            "  photos/18.jpg   1.0 kB",
        ] {
            assert!(screen.contains(line), "{line} in {screen}");
        }
        assert!(!screen.contains("19.jpg"), "{screen}");
    }
    talk.ada.press("/clear\r/files\r");
    let screen = talk.ada.await_text("[2]  to them: photos");
    assert!(screen.contains("[1]  from them: photos"), "{screen}");
    talk.ada.press("/files 3\r");
    talk.ada.await_text("there is no such offer");
}

#[test]
fn what_the_mediator_carries_is_said_before_something_large_goes_by_it() {
    let limits = [
        "--relay",
        "--relay-rate",
        "65536",
        "--relay-bytes",
        "9000000",
    ];
    let (mediator, homes) = (Mediator::start_with(&limits), homes());
    let dir = tempfile::tempdir().unwrap();
    for (name, len) in [
        ("small", 100_000),
        ("large", 9_000_001),
        ("another", 9_000_001),
    ] {
        write(&dir.path().join(name), len);
    }
    let mut bob = apart(&mediator, &homes[1], "bob", "always").run();
    bob.await_event("waiting");
    let mut ada = chat(&homes[0], &mediator.url, "ada", "lab#otter");
    ada.env("UNDERTONE_ADVERTISE", NOBODY);
    ada.args(["--relay", "always"]);
    let mut ada = Screen::run(ada);
    ada.await_row("bob ◆ relay ›");
    bob.say(&format!("/send {}/small", dir.path().display()));
    let screen = ada.await_text("/accept 1 · /reject 1");
    assert!(!screen.contains("a second at most"), "{screen}");
    bob.say(&format!("/send {}/large", dir.path().display()));
    let screen = ada.await_text("/accept 2 · /reject 2");
    let said = "  by relay: 65.5 kB a second at most, so it takes 2 min or longer\n  the mediator ends the relay after 9.0 MB; the next one goes on\n";
    assert!(screen.contains(said), "{screen}");
    ada.press(&format!("/clear\r/send {}/another\r", dir.path().display()));
    ada.await_screen("its way", |screen| {
        screen.contains("[3] another") && screen.contains(said)
    });
}
