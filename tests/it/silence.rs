//! A pulled cable: nobody tells that the other one is out of reach, only that nothing
//! is answered does.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::common::scene::{Scene, scene, texts};
use crate::common::{Home, Mediator, Start};

/// What a slow machine takes besides.
const SLOW: Duration = Duration::from_secs(2);

/// ada says something in the silence; gives when.
fn say_in_silence(scene: &mut Scene) -> Instant {
    scene.host.say("before");
    scene.host.await_event("delivered");
    assert_eq!(scene.guest.await_message(), "before");
    scene.proxy.fall_silent();
    let said = Instant::now();
    scene.host.say("in the silence");
    said
}

fn await_unstable(scene: &Scene, said: Instant) {
    let told = scene.host.await_event("unstable");
    let after = said.elapsed();
    let expected = json!({"v": 1, "type": "unstable", "peer": "bob", "unstable": true});
    assert_eq!(told, expected);
    assert!(after >= Duration::from_secs(5), "{after:?}");
    assert!(after < Duration::from_secs(5) + SLOW, "{after:?}");
}

#[test]
fn a_short_silence_is_told_as_unstable_and_ends_without_a_new_link() {
    let mut scene = scene();
    let said = say_in_silence(&mut scene);
    await_unstable(&scene, said);
    scene.proxy.mend();
    let over = |events: &[Value]| {
        let stable = json!({"v": 1, "type": "unstable", "peer": "bob", "unstable": false});
        events.contains(&stable) && events.iter().any(|event| event["type"] == "delivered")
    };
    let events = scene.host.events_until(over);
    assert_eq!(scene.guest.await_message(), "in the silence");
    assert!(!events.iter().any(|event| event["type"] == "reconnecting"));
    assert_eq!(scene.proxy.callers().len(), 1);
}

#[test]
fn a_long_silence_leads_to_reconnecting_and_loses_nothing() {
    let mut scene = scene();
    let said = say_in_silence(&mut scene);
    await_unstable(&scene, said);
    let lost = scene.host.await_event("reconnecting");
    let after = said.elapsed();
    assert!(after >= Duration::from_secs(10), "{after:?}");
    assert!(after < Duration::from_secs(10) + SLOW, "{after:?}");
    assert_eq!(lost["reason"], "no answer for 10 s");
    assert_eq!(lost["queued"], 1);
    scene.host.say("without a link");
    scene.guest.say("from the other end");
    scene.proxy.mend();
    let two = |events: &[Value]| texts(events).count() == 2;
    let events = scene.guest.events_until(two);
    assert!(texts(&events).eq(["in the silence", "without a link"]));
    assert!(events.iter().any(|event| event["resumed"] == true));
    assert_eq!(scene.host.await_message(), "from the other end");
    // Each came once.
    scene.both_say("after");
}

#[test]
fn a_person_without_a_prompt_reads_a_line_each() {
    let (mediator, homes) = (Mediator::start(), [Home::new(), Home::new()]);
    let mut host = Start::human(&homes[0], &mediator.url, "ada", "lab#otter")
        .args(&["--plain"])
        .run();
    host.err.find(|line| line.contains("Waiting"), "a seat");
    let guest = Start::chat(&homes[1], &mediator.url, "bob", "lab#otter").run();
    host.err.find(|line| line.contains("Connected"), "bob");
    guest.await_event("connected");
    guest.signal(Signal::SIGSTOP);
    host.say("anyone?");
    let unstable = "◆ No answer from bob for some seconds: asking again.";
    host.err.find(|line| line == unstable, "the doubt");
    guest.signal(Signal::SIGCONT);
    host.err
        .find(|line| line == "◆ bob answers again.", "the end of it");
    assert_eq!(guest.await_message(), "anyone?");
}
