//! What happens to networks in the middle of a talk: no message is lost, none comes
//! twice.

use std::time::Duration;

use crate::inside::inside;
use crate::lab::{Access, Lab};
use crate::router::RESTRICTED;
use crate::silence::keep_silent;
use crate::talk::{Place, Talker, many, part};

const HOMES: [Access; 2] = [Access::Home(RESTRICTED), Access::Home(RESTRICTED)];

/// ada and bob, behind home routers, say 20 messages each, then `break_it` happens, in
/// which they say ten more, and ten when it is over.
fn talk_across(break_it: impl FnOnce(&Lab, &mut Talker, &mut Talker)) -> [Talker; 2] {
    let place = Place::new(HOMES[0], HOMES[1]);
    let [mut ada, mut bob] = place.meet(["a", "b"], "direct");
    ada.say_many("ada", 1..=20);
    bob.say_many("bob", 1..=20);
    break_it(&place.lab, &mut ada, &mut bob);
    ada.say_many("ada", 31..=40);
    bob.say_many("bob", 31..=40);
    bob.hears("ada 40");
    ada.hears("bob 40");
    part([&mut ada, &mut bob]);
    assert_eq!(ada.heard()[1..], many("bob", 40));
    assert_eq!(bob.heard()[1..], many("ada", 40));
    [ada, bob]
}

#[test]
fn a_cable_that_is_cut_for_8_seconds() {
    inside(|| {
        let talkers = talk_across(|lab, ada, bob| {
            lab.cut("a");
            ada.say_many("ada", 21..=30);
            bob.say_many("bob", 21..=30);
            keep_silent(Duration::from_secs(8));
            lab.mend("a");
        });
        for who in talkers {
            assert_eq!(who.paths().last(), Some(&"direct"));
        }
    });
}

#[test]
fn a_cable_that_is_cut_until_both_have_noticed() {
    inside(|| {
        let talkers = talk_across(|lab, ada, bob| {
            lab.cut("a");
            for (who, name) in [(&mut *ada, "ada"), (&mut *bob, "bob")] {
                who.say_many(name, 21..=30);
            }
            ada.until_told("reconnecting");
            bob.until_told("reconnecting");
            lab.mend("a");
            for who in [ada, bob] {
                let again = who.until_told("connected");
                assert_eq!(
                    (&again["path"], &again["resumed"]),
                    (&"direct".into(), &true.into())
                );
            }
        });
        for who in talkers {
            assert_eq!(who.paths(), ["direct", "direct"]);
        }
    });
}

#[test]
fn a_new_public_address_in_the_middle_of_a_talk() {
    inside(|| {
        let talkers = talk_across(|lab, ada, bob| {
            lab.rebind(0);
            ada.say_many("ada", 21..=30);
            bob.say_many("bob", 21..=30);
        });
        for who in talkers {
            assert_eq!(who.paths().last(), Some(&"direct"));
        }
    });
}

#[test]
fn a_mediator_that_dies_in_a_direct_talk() {
    inside(|| {
        let mut place = Place::new(HOMES[0], HOMES[1]);
        let [mut ada, mut bob] = place.meet(["a", "b"], "direct");
        place.lab.cut("mediator");
        place.mediator.take().unwrap().kill();
        // Longer than anyone waits for an answer to a ping.
        keep_silent(Duration::from_secs(12));
        ada.say_many("ada", 1..=20);
        bob.say_many("bob", 1..=20);
        bob.hears("ada 20");
        ada.hears("bob 20");
        part([&mut ada, &mut bob]);
        for who in [&ada, &bob] {
            assert_eq!(
                (who.paths(), who.times("reconnecting")),
                (vec!["direct"], 0)
            );
        }
    });
}
