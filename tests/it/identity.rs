//! Who is there: contacts, words, and the alarm at another key.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use portable_pty::CommandBuilder;

use crate::common::acts::{
    ada_and_bob, connections, homes, in_line, peers, quit, start, verify_both, words,
};
use crate::common::scene::scene;
use crate::common::screen::Screen;
use crate::common::{Home, Mediator, Start, meet};

#[test]
fn the_second_start_finds_the_contact_and_its_badge() {
    let (mediator, homes) = (Mediator::start(), homes());
    for (time, trust) in ["invite", "invite", "verified"].into_iter().enumerate() {
        let [(mut host, host_saw), (mut guest, guest_saw)] = ada_and_bob(&mediator, &homes);
        assert_eq!(
            (&host_saw["peer"], &guest_saw["peer"]),
            (&"bob".into(), &"ada".into())
        );
        for saw in [&host_saw, &guest_saw] {
            assert_eq!(
                (&saw["trust"], &saw["resumed"]),
                (&trust.into(), &false.into())
            );
        }
        if time == 1 {
            verify_both([&mut host, &mut guest]);
        }
        quit([&mut host, &mut guest]);
    }
    let all = connections(&homes[0]);
    assert_eq!(all.matches(" verified ").count(), 2, "{all}");
    assert_eq!(connections(&homes[1]).matches("ada").count(), 3);
    assert_eq!(peers(&homes[1]).matches("ada").count(), 1);
}

#[test]
fn the_fingerprint_is_broken_between_words_at_a_terminal_and_whole_in_a_pipe() {
    let home = Home::new();
    let (code, whole, _) = Start::new(&home, &["id"]).finish(b"");
    assert_eq!((code, whole.lines().count()), (0, 1));
    let fingerprint = whole.trim_end().strip_prefix("fingerprint  ").unwrap();
    for width in [80, 40] {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_undertone"));
        command.env_clear();
        command.env("UNDERTONE_DATA_DIR", home.data());
        command.env("TERM", "xterm");
        command.arg("id");
        let mut screen = Screen::run_on(command, width, 24);
        assert_eq!(screen.exit_code(), 0);
        let shown = screen.text();
        let rows: Vec<_> = shown.lines().map(|row| row.split_at(13)).collect();
        assert_eq!(rows[0].0, "fingerprint  ");
        assert!(
            rows[1..].iter().all(|row| row.0.trim().is_empty()),
            "{shown}"
        );
        let (_, full) = rows.split_last().unwrap();
        assert!(full.iter().all(|row| row.1.ends_with('-')), "{shown}");
        let joined: String = rows.iter().map(|row| row.1).collect();
        assert_eq!(joined, fingerprint);
    }
}

#[test]
fn wrong_words_twice_end_the_chat() {
    let (mediator, homes) = (Mediator::start(), homes());
    let [(mut host, _), (mut guest, _)] = ada_and_bob(&mediator, &homes);
    let (own, theirs) = (words(&mut host), words(&mut guest));
    // What can be no guess does not count.
    for (typed, why) in [
        (own.as_str(), "your own words"),
        ("y", ": \"y\" is not in it"),
        ("absurd absurd absurd wrong", ": \"wrong\" is not in it"),
        ("absurd absurd absurd", "not four words of the list"),
    ] {
        host.say(&format!("/verify {typed}"));
        let error = host.await_event("error");
        assert_eq!(error["code"], "not-words");
        assert!(error["message"].as_str().unwrap().ends_with(why), "{error}");
    }
    // What was misheard is named, and not what it should have been.
    let mut misheard: Vec<_> = theirs.split(' ').collect();
    let right = misheard[2];
    misheard[2] = ["absurd", "accrue"]
        .into_iter()
        .find(|word| *word != right)
        .unwrap();
    host.say(&format!("/verify {}", misheard.join(" ")));
    let error = host.await_event("error");
    assert_eq!(error["code"], "wrong-words");
    let named = format!(": word 3, \"{}\", does not match", misheard[2]);
    let message = error["message"].as_str().unwrap();
    assert!(message.ends_with(&named), "{error}");
    assert!(!error.to_string().contains(right), "{error}");
    guest.say("still here");
    assert_eq!(host.await_message(), "still here");
    let other = |word: &str| if word == "absurd" { "accrue" } else { "absurd" };
    let none: Vec<_> = theirs.split(' ').map(other).collect();
    host.say(&format!("/verify {}", none.join(" ")));
    let error = host.await_event("error");
    assert_eq!(error["code"], "wrong-words");
    let message = error["message"].as_str().unwrap();
    assert!(message.starts_with("this chat is ended"), "{error}");
    assert!(message.ends_with("none of the four matches"), "{error}");
    assert_eq!(host.exit_code(), 6);
    guest.await_event("left");
    assert_eq!(guest.exit_code(), 0);
    // That they did not match is kept.
    assert!(peers(&homes[0]).contains(" words differed "));
}

#[test]
fn a_name_that_mixes_scripts_is_refused() {
    let home = Home::new();
    for name in [
        "b\u{43e}b",
        "al\u{200b}ice",
        "bob ✓",
        "you",
        "◆",
        "",
        " ",
        "-n",
    ] {
        let arguments = ["chat", "lab", &format!("--name={name}")];
        let (code, out, err) = Start::new(&home, &arguments).finish(b"");
        assert_eq!((code, out.as_str()), (2, ""), "{name:?}: {err}");
        assert!(!err.contains('\u{200b}') && err.contains("--name"), "{err}");
    }
}

#[test]
fn require_verified_keeps_the_chat_shut_until_the_words_are_compared() {
    let (mediator, homes) = (Mediator::start(), homes());
    let required = || start(&mediator, &homes[0], "ada").args(&["--require-verified"]);
    let [(mut host, saw), (mut guest, _)] = meet(required(), start(&mediator, &homes[1], "bob"));
    assert_eq!(saw["kind"], "not-verified");
    host.say("too early");
    assert_eq!(host.await_event("error")["code"], "shut");
    guest.say("patience");
    let [host_words, guest_words] = [&mut host, &mut guest].map(words);
    host.say(&format!("/verify {guest_words}"));
    assert_eq!(host.await_message(), "patience");
    guest.await_event("delivered");
    guest.say(&format!("/verify {host_words}"));
    guest.await_event("verified");
    quit([&mut host, &mut guest]);
    let [(mut host, saw), (mut guest, _)] = meet(required(), start(&mediator, &homes[1], "bob"));
    assert_eq!(saw["trust"], "verified");
    host.say("at once");
    assert_eq!(guest.await_message(), "at once");
    quit([&mut host, &mut guest]);
}

#[test]
fn a_new_link_while_words_are_compared_starts_the_comparing_over() {
    let mut scene = scene();
    let old = words(&mut scene.guest);
    scene.cut();
    scene.proxy.mend();
    scene.await_back();
    let new = in_line(&scene.guest.await_event("words"));
    assert_ne!(old, new);
    scene.host.say(&format!("/verify {old}"));
    assert_eq!(scene.host.await_event("error")["code"], "wrong-words");
    scene.host.say(&format!("/verify {new}"));
    scene.host.await_event("verified");
}

#[test]
fn two_terminals_of_one_person_are_told_so() {
    let (mediator, home) = (Mediator::start(), Home::new());
    let met = meet(
        start(&mediator, &home, "ada"),
        start(&mediator, &home, "laptop"),
    );
    for (_, saw) in &met {
        assert_eq!(saw["yourself"], true, "{saw}");
    }
    let [(mut host, _), (mut guest, _)] = met;
    guest.say("note to self");
    assert_eq!(host.await_message(), "note to self");
    quit([&mut host, &mut guest]);
}

#[test]
fn secrets_are_kept_to_one_closed_file() {
    let (mediator, homes) = (Mediator::start(), homes());
    let room = "lab#zyzzyva-quokka";
    let come = |home, name| Start::chat(home, &mediator.url, name, room);
    let [(mut host, _), (mut guest, _)] = meet(come(&homes[0], "ada"), come(&homes[1], "bob"));
    verify_both([&mut host, &mut guest]);
    host.say("/who");
    host.await_event("who");
    quit([&mut host, &mut guest]);
    let mut said: Vec<_> = [&host, &guest].map(|who| who.out.rest()).concat();
    said.extend([&host, &guest].map(|who| who.err.rest()).concat());
    for home in &homes {
        assert_eq!(mode(&home.data()), 0o700);
        let key = fs::read_to_string(home.data().join("identity")).unwrap();
        let key = key.trim();
        assert_eq!(key.len(), 64);
        for entry in fs::read_dir(home.data()).unwrap() {
            let path = entry.unwrap().path();
            if path.ends_with("attempts") {
                assert_eq!((mode(&path), home.attempts()), (0o700, 0), "{path:?}");
                continue;
            }
            assert_eq!(mode(&path), 0o600, "{path:?}");
            let text = fs::read_to_string(&path).unwrap();
            assert!(!text.contains("zyzzyva"), "{path:?}: {text}");
            assert_eq!(text.contains(key), path.ends_with("identity"), "{path:?}");
        }
        let told = |line: &String| line.contains(key) || line.contains("zyzzyva");
        assert!(!said.iter().any(told), "{said:#?}");
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_copied_identity_is_shut_out_like_any_other_and_named_as_what_it_is() {
    let (mediator, home) = (Mediator::start(), Home::new());
    let required = start(&mediator, &home, "ada").args(&["--require-verified"]);
    let [(mut host, saw), (mut guest, told)] = meet(required, start(&mediator, &home, "the boss"));
    assert_eq!(
        [&saw["type"], &saw["kind"], &saw["peer"]],
        ["alarm", "not-verified", "yourself"]
    );
    assert_eq!(told["peer"], "yourself");
    guest.say("let me in");
    host.say("/who");
    assert_eq!(host.await_event("who")["peer"], "yourself");
    verify_both([&mut host, &mut guest]);
    assert_eq!(host.await_message(), "let me in");
    quit([&mut host, &mut guest]);
}
