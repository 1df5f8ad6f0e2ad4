//! What two must name alike to meet.

use std::fmt;

use zeroize::Zeroizing;

use crate::crypto::keys::{Key, prs, room_tag};

/// What both ends must name alike to meet: the tag that the mediator sees and
/// the password of the exchange (PRS).
#[derive(Clone)]
pub struct Meeting {
    /// `H(lv("undertone/1 room") ‖ lv(ROOM))`.
    pub tag: [u8; 32],
    /// `"S" ‖ SECRET`, or `"N"` where there is none.
    pub prs: Zeroizing<Vec<u8>>,
}

impl Meeting {
    /// In a room that both derived, with its secret: raw bytes, not normalised.
    pub fn derived(room: &Key, secret: &Key) -> Self {
        Self {
            tag: room_tag(room.as_bytes()),
            prs: prs(Some(secret.as_bytes())),
        }
    }
}

impl fmt::Debug for Meeting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tag: _, prs: _ } = self;
        f.write_str("Meeting(..)")
    }
}
