//! The relay: never without consent, and left as soon as there is a better way.

use std::time::{Duration, Instant};

use crate::common::PATIENCE;
use crate::inside::inside;
use crate::lab::Access;
use crate::router::{RESTRICTED, SYMMETRIC, WEB_ONLY};
use crate::silence::keep_silent;
use crate::talk::{Place, many, part};

/// The exit code of `no-path`.
const NO_PATH: i32 = 5;
/// A message of nearly this many bytes is longer than all that it takes to meet.
const LONG: usize = 16_000;
/// Bytes of packets in which a client joins, is paired and gives up.
const WITHOUT_PAYLOAD: u64 = 12_000;

/// One that waits with `first`'s consent and one that comes with `second`'s, both with
/// much to say: what the one that came was told, and its exit code.
fn refused(first: &str, second: &str) {
    let place = Place::new(Access::Home(RESTRICTED), Access::Home(SYMMETRIC));
    let mut ada = place.client("a", first);
    ada.until_told("waiting");
    let mut bob = place.client("b", second);
    let long = "x".repeat(LONG);
    for who in [&mut ada, &mut bob] {
        who.say(&long);
    }
    assert_eq!(bob.exit_code(), NO_PATH);
    let error = bob.told("error").last().unwrap();
    assert_eq!(error["code"], "no-path");
    let hint = error["hint"].as_str().unwrap();
    assert!(hint.contains("relay"), "{error}");
    assert!(place.lab.bytes_to_mediator() < WITHOUT_PAYLOAD);
    // Whoever waited is told as well.
    ada.until_told("error");
    assert_eq!((ada.times("connected"), bob.times("connected")), (0, 0));
}

#[test]
fn nothing_is_relayed_for_who_came_and_did_not_consent() {
    inside(|| refused("always", "never"));
}

#[test]
fn nothing_is_relayed_for_who_waited_and_did_not_consent() {
    inside(|| refused("never", "always"));
}

#[test]
fn what_is_relayed_is_counted() {
    inside(|| {
        let place = Place::new(Access::Home(RESTRICTED), Access::Home(SYMMETRIC));
        let [mut ada, mut bob] = place.meet(["a", "b"], "relay");
        let before = place.lab.bytes_to_mediator();
        let long = "x".repeat(LONG);
        ada.say(&long);
        bob.hears(&long);
        let relayed = place.lab.bytes_to_mediator() - before;
        assert!(relayed > u64::try_from(LONG).unwrap(), "{relayed}");
        part([&mut ada, &mut bob]);
    });
}

/// The relay has the port whose mapping the other one must know.
#[test]
fn a_router_that_becomes_an_ordinary_one_is_crossed_in_mid_talk() {
    inside(|| {
        let place = Place::new(Access::Home(RESTRICTED), Access::Home(SYMMETRIC));
        let mut talkers = place.meet(["a", "b"], "relay");
        place.lab.replace("home-b", RESTRICTED);
        for who in &mut talkers {
            who.until("direct", |event| event["path"] == "direct");
        }
        let [ada, bob] = &mut talkers;
        part([ada, bob]);
    });
}

#[test]
fn a_direct_path_that_opens_under_traffic_is_taken() {
    inside(|| {
        let place = Place::new(Access::Home(WEB_ONLY), Access::Public);
        let [mut ada, mut bob] = place.meet(["a", "b"], "relay");
        ada.say_many("ada", 1..=20);
        place.lab.replace("home-a", RESTRICTED);
        // Said all the while, at the pace of quick people.
        let mut said = 20;
        let begun = Instant::now();
        while ada.paths().last() != Some(&"direct") {
            assert!(begun.elapsed() < PATIENCE, "no direct path was taken");
            keep_silent(Duration::from_millis(50));
            said += 1;
            ada.say_many("ada", said..=said);
            bob.hears(&format!("ada {said}"));
            bob.say_many("bob", said - 20..=said - 20);
            ada.hears(&format!("bob {}", said - 20));
        }
        if bob.paths().last() != Some(&"direct") {
            bob.until("direct", |event| event["path"] == "direct");
        }
        part([&mut ada, &mut bob]);
        assert_eq!(ada.heard()[1..], many("bob", said - 20));
        assert_eq!(bob.heard()[1..], many("ada", said));
        for who in [&ada, &bob] {
            assert_eq!(who.times("connected"), 1);
            assert_eq!(
                (who.paths(), who.times("reconnecting")),
                (vec!["relay", "direct"], 0)
            );
        }
    });
}
