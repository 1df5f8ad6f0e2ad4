//! Routers that forget a connection on which nothing is said.

use std::time::Duration;

use crate::inside::inside;
use crate::lab::Access;
use crate::router::RESTRICTED;
use crate::talk::{Place, part};

/// RFC 5382 §5 asks for two hours and four minutes.
const USUAL: Duration = Duration::from_secs(7440);
const HOMES: [Access; 2] = [Access::Home(RESTRICTED), Access::Home(RESTRICTED)];

/// Nothing is said for so long: what happens meanwhile is what the test is about.
pub(crate) fn keep_silent(this_long: Duration) {
    std::thread::sleep(this_long);
}

/// Both routers forget after `forgotten`, both are silent for `silent`, then one of
/// them speaks: how often the link was lost.
fn times_lost(forgotten: Duration, silent: Duration) -> usize {
    let place = Place::new(HOMES[0], HOMES[1]);
    for router in ["home-a", "home-b"] {
        place.lab.forget_after(router, forgotten);
    }
    let [mut ada, mut bob] = place.meet(["a", "b"], "direct");
    keep_silent(silent);
    // What they forgot is gone. A mediator says something every 15 s only: routers that
    // forget it sooner than that let nobody wait for anybody.
    for router in ["home-a", "home-b"] {
        place.lab.forget_after(router, USUAL);
    }
    ada.say("still there?");
    bob.hears("still there?");
    bob.say("yes");
    ada.hears("yes");
    part([&mut ada, &mut bob]);
    assert_eq!(ada.heard(), ["the first answer", "yes"]);
    assert_eq!(bob.heard(), ["the first words", "still there?"]);
    ada.times("reconnecting").max(bob.times("reconnecting"))
}

#[test]
fn a_message_arrives_after_both_routers_forgot() {
    inside(|| {
        // Sooner than any ping.
        times_lost(Duration::from_secs(3), Duration::from_secs(6));
    });
}

#[test]
#[ignore = "takes 70 s; pings keep mappings of 20 s alive"]
fn a_minute_of_silence_under_timeouts_of_20_seconds() {
    inside(|| {
        let lost = times_lost(Duration::from_secs(20), Duration::from_secs(60));
        assert_eq!(lost, 0);
    });
}
