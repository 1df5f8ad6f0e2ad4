//! A terminal that is narrower than what is written over.

use super::scene;
use crate::common::acts::ROOM;
use crate::common::screen::{Screen, chat};

#[test]
fn the_clock_of_a_wait_leaves_nothing_behind() {
    let scene = scene();
    let path = scene.file("a", b"text");
    let mut command = chat(&scene.homes[1], &scene.mediator.url, "bob", ROOM);
    let into = scene.into.path().to_str().unwrap();
    let url = scene.mediator.url.as_str();
    let program = [env!("CARGO_BIN_EXE_undertone"), "receive", "--yes"];
    let options = ["--name", "bob", "--mediator", url, "--into", into];
    let all = program.iter().chain(&options);
    *command.get_argv_mut() = all.map(|one| (*one).into()).collect();
    let mut bob = Screen::run_on(command, 16, 40);
    bob.await_text("  Waiting for");
    let mut sender = scene.command(0, "ada", &["send", &path]).run();
    assert_eq!((bob.exit_code(), sender.exit_code()), (0, 0));
    assert!(!bob.text().contains("Waiting"), "{}", bob.text());
    bob.assert_restored();
}
