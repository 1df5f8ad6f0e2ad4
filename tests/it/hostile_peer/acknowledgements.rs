//! A peer that acknowledges nothing: nobody waits for it longer than is said.

use std::time::{Duration, Instant};

use undertone_core::payload::Payload;

use super::{ANSWER, Hosted, SOON, encoded};
use crate::hostile::Ended;

#[test]
fn a_pipe_waits_for_no_acknowledgement_longer_than_it_says() {
    let mut hosted = Hosted::meet_with(&["--json", "--timeout", "4"], "mallory");
    hosted.send(&encoded(&[ANSWER]));
    hosted.client.await_event("connected");
    hosted.client.say("hi");
    hosted.client.end_input();
    let begun = Instant::now();
    // It is there, and asks whether we are.
    hosted.answer_pings(&[Payload::Pong, Payload::Ping]);
    let ended = Ended::of(hosted.client, SOON);
    assert_eq!(
        (ended.code, &ended.error()["code"]),
        (5, &"undelivered".into())
    );
    let took = begun.elapsed();
    assert!(took >= Duration::from_secs(4) && took < SOON, "{took:?}");
    let said = "mallory has acknowledged nothing for 4 s and is not waited for any longer";
    assert!(
        ended.out.iter().any(|line| line.contains(said)),
        "{:#?}",
        ended.out
    );
}

#[test]
fn a_quit_does_not_queue_behind_what_is_not_acknowledged() {
    let mut hosted = Hosted::meet(true, "mallory");
    hosted.send(&encoded(&[ANSWER]));
    hosted.client.await_event("connected");
    for n in 0..1500 {
        hosted.client.say(&format!("line {n}"));
    }
    let begun = Instant::now();
    hosted.client.say("/quit");
    hosted.answer_pings(&[Payload::Pong]);
    let ended = Ended::of(hosted.client, SOON);
    assert!(begun.elapsed() < SOON);
    assert_eq!(ended.code, 5);
    let message = ended.error()["message"].to_string();
    assert!(message.contains("1500 of your messages"), "{message}");
}

#[test]
fn who_says_nothing_but_that_it_is_there_is_told_of() {
    let mut hosted = Hosted::meet_with(&["--json", "--timeout", "13"], "mallory");
    hosted.send(&encoded(&[ANSWER]));
    hosted.client.await_event("connected");
    hosted.client.say("anyone?");
    hosted.client.end_input();
    hosted.answer_pings(&[]);
    let ended = Ended::of(hosted.client, SOON);
    assert_eq!(ended.code, 5);
    let told = "mallory is there, but has acknowledged nothing of what you said";
    let told = ended.out.iter().filter(|line| line.contains(told));
    assert_eq!(told.count(), 1, "{:#?}", ended.out);
    // Something is heard all the time, so that the link counts as alive.
    assert!(!ended.out.iter().any(|line| line.contains("reconnecting")));
}
