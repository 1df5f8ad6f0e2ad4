//! Who comes back to a mediator says so, and is counted apart from those who come for the first
//! time: a change of network, or the mediator's restart, brings many back at once.

use std::time::{Duration, Instant};

use serde_json::json;
use undertone_wire::{
    ErrorCode, JOINS_PER_MINUTE, MAX_CONNECTIONS_PER_ADDRESS, MediatorMessage, REJOINS_PER_MINUTE,
};

use crate::common::acts::homes;
use crate::common::{Mediator, Start, free_port};
use crate::hostile::{Evil, pair_honestly};

const CONVERSATIONS: usize = 20;

#[test]
fn only_who_was_there_before_says_that_it_comes_back() {
    let (evil, homes) = (Evil::start(), homes());
    let chat = |n: usize| Start::chat(&homes[n], &evil.url, ["ada", "bob"][n], "den#otter").run();
    let ada = chat(0);
    let refused = evil.join();
    assert!(!refused.again);
    let mut waits = refuse(&evil, refused);
    assert!(!waits.again, "it never had a seat");
    let offer = waits.offer.clone();
    waits.waiting();
    ada.await_event("waiting");
    drop(waits);
    let mut waits = evil.join();
    assert_eq!((waits.again, &waits.offer), (true, &offer));
    waits.waiting();
    let mut bob = chat(1);
    let mut comes = evil.join();
    assert!(!comes.again);
    pair_honestly(&mut waits, &mut comes);
    for client in [&ada, &bob] {
        client.await_event("connected");
    }
    homes.iter().for_each(|home| home.await_contacts(1));
    bob.kill();
    // To the session, and then to the contact.
    let mut resumes = evil.join();
    assert!(resumes.again);
    resumes.waiting();
    let contact = evil.join_where(|seat| seat.room != resumes.room);
    assert!(contact.again);
    drop((resumes, contact));
    // Who starts anew comes to the room of people for the first time, and back to the contact.
    let _bob = chat(1);
    let mut people = evil.join_where(|seat| !seat.again);
    people.waiting();
    let contact = evil.join_where(|seat| seat.room != people.room);
    assert!(contact.again);
}

/// Too many have come; the next one.
fn refuse<'a>(evil: &'a Evil, mut seat: crate::hostile::Seat<'a>) -> crate::hostile::Seat<'a> {
    seat.say(&MediatorMessage::Error {
        code: ErrorCode::RateLimited,
        message: "not now".into(),
        retry_after: None,
    });
    evil.join()
}

#[test]
fn many_of_one_address_who_lose_the_mediator_all_come_back() {
    let address = format!("127.0.0.1:{}", free_port());
    let relay = ["--listen", &address, "--relay", "--relay-pairs", "2000"];
    let mediator = Mediator::start_with(&relay);
    let homes: Vec<_> = (0..CONVERSATIONS).map(|_| homes()).collect();
    // All that they have is the mediator: with it goes the link, and no end finds the other
    // one without it.
    let chat = |n: usize, end: usize| {
        let room = format!("den-{n}#otter");
        let chat = Start::chat(&homes[n][end], &mediator.url, ["ada", "bob"][end], &room);
        chat.dials_only().args(&["--relay", "always"]).run()
    };
    let hosts: Vec<_> = (0..CONVERSATIONS).map(|n| chat(n, 0)).collect();
    for host in &hosts {
        host.await_event("waiting");
    }
    let guests: Vec<_> = (0..CONVERSATIONS).map(|n| chat(n, 1)).collect();
    let all = || hosts.iter().chain(&guests);
    for client in all() {
        client.await_event("connected");
    }
    mediator.kill();
    for client in all() {
        client.await_event("reconnecting");
    }
    let limits = [
        ("--joins-per-minute", JOINS_PER_MINUTE as usize),
        ("--rejoins-per-minute", REJOINS_PER_MINUTE as usize),
        ("--max-connections-per-address", MAX_CONNECTIONS_PER_ADDRESS),
    ];
    let limits: Vec<_> = limits.map(|(limit, most)| format!("{limit}={most}")).into();
    let usual: Vec<_> = relay
        .into_iter()
        .chain(limits.iter().map(String::as_str))
        .collect();
    let (mediator, begun) = (Mediator::start_with(&usual), Instant::now());
    for client in all() {
        assert_eq!(client.await_event("connected")["resumed"], json!(true));
    }
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(50), "{took:?}");
    let log = mediator.log();
    assert!(!log.contains("refused"), "{log}");
}
