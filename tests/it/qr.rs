//! `chat --qr` where no picture can be drawn: it says so and goes on.

use crate::common::{Home, Mediator, Start};

#[test]
fn without_a_terminal_a_line_stands_for_the_picture() {
    let (home, mediator) = (Home::new(), Mediator::start());
    let mut ada = Start::human(&home, &mediator.url, "ada", "lab#otter")
        .args(&["--qr"])
        .run();
    let line = ada.err.find(|line| line.contains("QR"), "the line");
    assert_eq!(
        line,
        "◆ No QR code: the output is plain, ASCII only, or no terminal"
    );
    ada.err
        .find(|line| line.contains("Waiting in room"), "the invite");
    ada.kill();
    assert_eq!(ada.out.rest(), [""; 0]);
    // Once is enough.
    assert!(!ada.err.rest().join("\n").contains("QR"));
}

#[test]
fn programs_get_the_invite_and_nothing_else() {
    let (home, mediator) = (Home::new(), Mediator::start());
    let mut ada = Start::chat(&home, &mediator.url, "ada", "lab#otter")
        .args(&["--qr"])
        .run();
    assert_eq!(ada.await_event("waiting")["room"], "lab");
    ada.kill();
    assert_eq!(ada.out.rest(), [""; 0]);
    assert!(!ada.err.rest().join("\n").contains("QR"));
}
