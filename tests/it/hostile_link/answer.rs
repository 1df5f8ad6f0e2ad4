//! The one message after which only one end may know that there is a session: the
//! guest's first answer to `go`, kept from the host.

use crate::common::{Home, Mediator, Start};
use crate::hostile::proxy::{Direction, Middle, Verdict};

#[test]
fn a_withheld_first_answer_leaves_neither_end_waiting_for_ever() {
    let (middle, mediator) = (Middle::start(), Mediator::start());
    // Of what the guest says only CONFIRM_B passes.
    middle.rule(|passing| match passing.to {
        Direction::ToHost if passing.is_record() => Verdict::End(Vec::new()),
        _ => Verdict::Pass,
    });
    let homes = [Home::new(), Home::new()];
    let host = Start::chat(&homes[0], &mediator.url, "ada", "lab#otter")
        .args(&["--advertise", &middle.address()])
        .run();
    host.await_event("waiting");
    let mut guest = Start::chat(&homes[1], &mediator.url, "bob", "lab#otter")
        .dials_only()
        .run();
    middle.aim(&host.listens_at());
    assert_eq!(host.await_event("error")["code"], "spent");
    guest.await_event("reconnecting");
    let end = guest.await_event("error");
    assert!(end["hint"].as_str().unwrap().contains("spent"), "{end}");
    assert_eq!(guest.exit_code(), 6);

    middle.rule(|_| Verdict::Pass);
    let guest = Start::chat(&homes[1], &mediator.url, "bob", "lab#otter")
        .dials_only()
        .run();
    // Each attempt listens at a port of its own.
    middle.aim(&host.listens_at());
    guest.await_event("connected");
    host.await_event("connected");
}
