//! Names, invites and the history read back, on a real terminal: nothing in them acts.

use std::fs;

use crate::common::console::both;
use crate::common::screen::{Screen, chat};
use crate::common::strings::{active, strings};
use crate::common::{Home, Mediator};

fn assert_inert(screen: &Screen, text: &str) {
    let shown = String::from_utf8_lossy(&screen.raw()).into_owned();
    assert_eq!(active(&shown, &["\r", "\n"]), None, "{text:?}: {shown:?}");
}

#[test]
fn invites_that_are_pasted_and_names_act_on_no_terminal() {
    let mediator = Mediator::start();
    for text in strings().iter().filter(|text| !text.contains('\0')) {
        let home = Home::new();
        for (name, room) in [
            ("ada", format!("{}/#{text}", mediator.url)),
            (text, "lab".to_owned()),
        ] {
            let mut command = chat(&home, &mediator.url, "ada", &room);
            command.args([&format!("--name={name}"), "--timeout", "1"]);
            let mut screen = Screen::run(command);
            screen.exit_code();
            assert_inert(&screen, text);
        }
    }
}

#[test]
fn peers_read_back_acts_on_no_terminal() {
    let (mediator, homes) = (Mediator::start(), crate::common::acts::homes());
    let [mut ada, _bob] = both(&mediator, &homes);
    ada.press("/quit\r");
    ada.exit_code();
    let file = homes[0].data().join("peers.txt");
    let kept = fs::read_to_string(&file).unwrap();
    for text in strings().iter().filter(|text| text.len() < 1000) {
        fs::write(&file, kept.replace("bob", text).replace("lab", text)).unwrap();
        let mut command = chat(&homes[0], &mediator.url, "ada", "lab");
        command.get_argv_mut().truncate(1);
        command.env_remove("UNDERTONE_ROOM");
        command.args(["peers"]);
        let mut screen = Screen::run(command);
        screen.exit_code();
        assert_inert(&screen, text);
    }
}
