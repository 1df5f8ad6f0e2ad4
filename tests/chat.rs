//! Two people talk: the real programs, end to end.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod common;

use common::{Home, Mediator, pair};

#[test]
fn two_clients_talk_both_ways_and_leave() {
    let mediator = Mediator::start();
    let homes = [Home::new(), Home::new()];
    let [mut host, mut guest] = pair(&mediator, [&homes[0], &homes[1]]);
    host.say("hello 世界 👩‍👩‍👧‍👦");
    guest.say("naïve");
    assert_eq!(guest.await_message(), "hello 世界 👩‍👩‍👧‍👦");
    assert_eq!(host.await_message(), "naïve");
    host.say("/quit");
    assert_eq!(guest.await_event("left")["reason"], "quit");
    assert_eq!(host.exit_code(), 0);
    assert_eq!(guest.exit_code(), 0);
}
