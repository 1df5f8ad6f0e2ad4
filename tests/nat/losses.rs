//! Packets that get lost on the way.

use crate::inside::inside;
use crate::lab::Access;
use crate::machine::nft;
use crate::talk::{Place, part};

/// Loses all that goes from one of the two ports to the other one.
const LOSSES: &str = "table ip losses {
    chain through {
        type filter hook forward priority filter
        tcp sport { 4001, 4002 } tcp dport { 4001, 4002 } drop
    }
}";

#[test]
fn a_spare_dial_makes_up_for_one_that_is_lost() {
    inside(|| {
        let place = Place::new(Access::Public, Access::Public);
        nft("net", LOSSES);
        let mut first = place.client_with(&["--bind", "0.0.0.0:4001"], "a", "always");
        first.until_told("waiting");
        let mut second = place.client_with(&["--bind", "0.0.0.0:4002"], "b", "always");
        for who in [&mut first, &mut second] {
            assert_eq!(who.until_told("connected")["path"], "direct");
        }
        part([&mut second, &mut first]);
    });
}
