//! Killed in the first moments of the first meeting of all: who starts anew is met again, for
//! neither end says that there is a meeting before the other one is a contact on its disk.

use std::thread;
use std::time::{Duration, Instant};

use crate::common::acts::{homes, quit, start};
use crate::common::{Client, Mediator};

const NAMES: [&str; 2] = ["ada", "bob"];
/// From the word that one is connected until the last kill.
const MOMENTS: Duration = Duration::from_millis(50);
/// Kills of each kind, at moments that are spread over all of them.
const KILLS: u32 = 6;
/// Far below the time after which a session that nobody shares is given up.
const BACK_WITHIN: Duration = Duration::from_secs(10);

/// They meet; so long after `watched` says so those are killed, and started again.
fn killed_after(moment: Duration, watched: usize, victims: &[usize]) {
    let (mediator, homes) = (Mediator::start(), homes());
    let run = |n: usize| start(&mediator, &homes[n], NAMES[n]).run();
    let first = run(0);
    first.await_event("waiting");
    let mut clients = [first, run(1)];
    clients[watched].await_event("connected");
    let until = Instant::now() + moment;
    while let Some(left) = until.checked_duration_since(Instant::now()) {
        thread::park_timeout(left);
    }
    for victim in victims {
        clients[*victim].kill();
    }
    let killed = Instant::now();
    for survivor in (0..2).filter(|n| !victims.contains(n)) {
        clients[survivor].await_event("reconnecting");
    }
    for victim in victims {
        clients[*victim] = run(*victim);
    }
    for client in &clients {
        let back = client.await_event("connected");
        assert_eq!(back["trust"], "invite", "{back}");
        assert_eq!(back["again"], victims.len() == 1, "{back}");
    }
    let took = killed.elapsed();
    assert!(took < BACK_WITHIN, "{took:?}, killed after {moment:?}");
    say_and_hear(&mut clients);
    let [one, other] = &mut clients;
    quit([one, other]);
}

fn say_and_hear(clients: &mut [Client; 2]) {
    clients[0].say("there you are");
    assert_eq!(clients[1].await_message(), "there you are");
}

fn killed_at_every_moment(watched: usize, victims: &[usize]) {
    for nth in 0..KILLS {
        killed_after(MOMENTS * nth / (KILLS - 1), watched, victims);
    }
}

#[test]
fn who_waited_is_killed_and_met_again() {
    thread::scope(|scope| {
        for watched in [0, 1] {
            scope.spawn(move || killed_at_every_moment(watched, &[0]));
        }
    });
}

#[test]
fn who_came_is_killed_and_met_again() {
    thread::scope(|scope| {
        for watched in [0, 1] {
            scope.spawn(move || killed_at_every_moment(watched, &[1]));
        }
    });
}

#[test]
fn both_are_killed_and_meet_again() {
    killed_at_every_moment(0, &[0, 1]);
}
