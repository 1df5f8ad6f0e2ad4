//! Paths that drop large packets and say nothing: VPNs, hotels.

use std::time::{Duration, Instant};

use crate::inside::inside;
use crate::lab::{Access, Lab};
use crate::machine::{ip, nft};
use crate::router::{RESTRICTED, SYMMETRIC};
use crate::talk::{Place, Talker, part};

/// A message of nearly the longest kind.
const LONG: usize = 16_000;
/// How long it may take through any hole.
const WITHIN: Duration = Duration::from_secs(30);

impl Lab {
    /// Drops packets of more than so many bytes that come from this side, or go there.
    fn drop_longer(&self, side: &str, bytes: u32) {
        let rules = format!(
            "table ip hole {{
                chain through {{
                    type filter hook forward priority filter
                    iifname \"to-{side}\" meta length > {bytes} drop
                    oifname \"to-{side}\" meta length > {bytes} drop
                }}
            }}"
        );
        nft("net", &rules);
        // Packets leave the hosts as a cable would carry them.
        for machine in ["a", "b", "mediator"] {
            ip(machine, "link set wan gso_max_segs 1");
        }
    }
}

/// Says something long, and how long it took until the other one had it.
fn say_long(from: &mut Talker, to: &mut Talker, letter: &str) -> Duration {
    let (text, begun) = (letter.repeat(LONG), Instant::now());
    from.say(&text);
    to.hears(&text);
    begun.elapsed()
}

/// Both say something long, the first one of the two who waited: it arrives in time, and whoever
/// said it is told why the link broke.
fn gets_through(bytes: u32, order: [&'static str; 2]) {
    let place = Place::new(Access::Home(RESTRICTED), Access::Home(RESTRICTED));
    place.lab.drop_longer("b", bytes);
    let [mut first, mut second] = place.meet(order, "direct");
    let took = say_long(&mut first, &mut second, "x");
    assert!(took < WITHIN, "{took:?}");
    first.until("the reason", |event| {
        let message = event["message"].as_str().unwrap_or_default();
        message.contains("Large packets get lost")
    });
    // From here on the path is as good as any.
    let took = say_long(&mut second, &mut first, "y");
    assert!(took < WITHIN / 10, "{took:?}");
    part([&mut first, &mut second]);
    for who in [&first, &second] {
        assert_eq!(
            (who.paths(), who.times("reconnecting")),
            (vec!["direct"; 2], 1)
        );
    }
}

#[test]
fn a_long_message_of_the_host_gets_through_a_hole() {
    inside(|| gets_through(1400, ["a", "b"]));
}

#[test]
fn a_long_message_of_the_guest_gets_through_the_tightest_hole() {
    inside(|| {
        let place = Place::new(Access::Home(RESTRICTED), Access::Home(RESTRICTED));
        place.lab.drop_longer("b", 1280);
        let [mut first, mut second] = place.meet(["b", "a"], "direct");
        let took = say_long(&mut second, &mut first, "x");
        assert!(took < WITHIN, "{took:?}");
        part([&mut first, &mut second]);
    });
}

#[test]
fn what_is_relayed_never_meets_a_hole() {
    inside(|| {
        let place = Place::new(Access::Home(RESTRICTED), Access::Home(SYMMETRIC));
        place.lab.drop_longer("b", 1280);
        let [mut first, mut second] = place.meet(["a", "b"], "relay");
        for turn in ["x", "y"] {
            let took = say_long(&mut first, &mut second, turn);
            assert!(took < WITHIN / 3, "{took:?}");
            let took = say_long(&mut second, &mut first, turn);
            assert!(took < WITHIN / 3, "{took:?}");
        }
        part([&mut first, &mut second]);
        for who in [&first, &second] {
            assert_eq!((who.paths(), who.times("reconnecting")), (vec!["relay"], 0));
        }
    });
}
