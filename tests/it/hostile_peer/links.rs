//! Further links and pairings that lead nowhere.

use std::time::Instant;

use tokio::io::AsyncWriteExt;
use undertone_core::pairing::Candidates;
use undertone_net::link::nominate::ANSWER_TIMEOUT;
use undertone_wire::Role;

use super::{ANSWER, Hosted, SOON, encoded, send, text};
use crate::hostile::Ended;
use crate::hostile::end::Impostor;

#[test]
fn an_answer_that_names_another_go_leaves_the_link_as_it_was() {
    let mut hosted = Hosted::meet(true, "mallory");
    hosted.send(&encoded(&[ANSWER, text(1, "before")]));
    assert_eq!(hosted.client.await_message(), "before");
    let mut again = hosted.come_again();
    send(&hosted.evil, &mut again, &encoded(&[ANSWER]));
    hosted.send(&encoded(&[text(2, "after")]));
    assert_eq!(hosted.client.await_message(), "after");
    hosted.client.say("/quit");
    assert_eq!(Ended::of(hosted.client, SOON).code, 0);
}

#[test]
fn a_go_that_is_never_answered_keeps_nobody_who_leaves() {
    let mut hosted = Hosted::meet(true, "mallory");
    hosted.send(&encoded(&[ANSWER, text(1, "before")]));
    assert_eq!(hosted.client.await_message(), "before");
    let _unanswered = hosted.come_again();
    let begun = Instant::now();
    hosted.client.say("/quit");
    assert_eq!(Ended::of(hosted.client, SOON).code, 0);
    assert!(begun.elapsed() < ANSWER_TIMEOUT, "{:?}", begun.elapsed());
}

#[test]
fn a_pairing_that_led_nowhere_is_left_so_that_the_other_one_hears_it() {
    let mut hosted = Hosted::meet(true, "mallory");
    hosted.send(&encoded(&[ANSWER, text(1, "before")]));
    assert_eq!(hosted.client.await_message(), "before");
    let end = hosted.link.stream.shutdown();
    hosted.evil.wait("the end", end).unwrap();
    let mut seat = hosted.evil.join();
    let guest = Impostor::again(&hosted.resume);
    let begun = guest.begin(&mut seat, Role::Host, &Candidates::default());
    seat.hand(&begun.ours);
    // `done` would keep the mediator from telling the guest.
    assert_eq!(seat.next(), None);
}
