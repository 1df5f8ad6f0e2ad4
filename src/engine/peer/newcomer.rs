//! Who is met for the first time is on the disk before the meeting counts.
//!
//! An end that is lost to a crash is met again as a contact (PROTOCOL.md §8): its peer, which goes on
//! with the session, waits for it where only contacts find each other. So each end remembers its
//! peer before it says the word that makes it a meeting: the host before its `go`, the guest before
//! its answer. Whoever hears that word may rely on it.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::timeout;
use undertone_core::crypto::keys::PublicKey;
use undertone_core::pairing::PeerIdentity;
use undertone_core::text::display_name::DisplayName;

use super::stand_in;
use crate::contacts::{ContactsError, Encounter, IdentityCheck};
use crate::engine::Context;
use crate::store::aside;
use crate::trust::Trust;

/// So long the peer is kept waiting for our disk, and no longer.
const KEPT_WITHIN: Duration = Duration::from_millis(500);

/// Somebody who may not be a contact yet.
#[derive(Clone, Copy)]
pub(in crate::engine) struct Newcomer<'a> {
    /// Who we are, and the room.
    pub(in crate::engine) context: &'a Context,
    /// Contacts who were met in this room.
    pub(in crate::engine) known: &'a [PublicKey],
}

impl Newcomer<'_> {
    /// Remembers who has shown that this is its key, unless there is an alarm; tells whether this
    /// meeting is on the disk now. What does not come about here is tried again, and told of, once
    /// the conversation has begun.
    pub(in crate::engine) async fn remember(self, peer: &PeerIdentity) -> bool {
        if self.known.contains(&peer.identity) {
            return false;
        }
        let config = &self.context.config;
        let (key, room_tag) = (peer.identity, config.room.tag());
        let name = given(peer);
        let trust = proved(self.context, false);
        let features = peer.assigned_features();
        let contacts = config.contacts.clone();
        let remembered = aside(move || {
            let is_new = match contacts.judge(&key, &name, &room_tag)? {
                IdentityCheck::New { .. } => true,
                IdentityCheck::Known(contact) => !contact.rooms.contains(&room_tag),
                IdentityCheck::Alarm(_) | IdentityCheck::Yourself => false,
            };
            if is_new {
                contacts.record_met(&Encounter {
                    key: &key,
                    name: &name,
                    room_tag: &room_tag,
                    trust,
                    at: Timestamp::now(),
                    features,
                })?;
            }
            Ok::<_, ContactsError>(is_new)
        });
        let remembered = timeout(KEPT_WITHIN, remembered).await;
        matches!(remembered, Ok(Ok(Ok(true))))
    }
}

/// What the peer calls itself.
pub(super) fn given(peer: &PeerIdentity) -> DisplayName {
    let claimed = DisplayName::parse(&peer.name);
    claimed.unwrap_or_else(|_| stand_in(&peer.identity))
}

/// What a meeting in this room proves by itself. One met `again` by its key did not show that it
/// knows the secret.
pub(super) fn proved(context: &Context, again: bool) -> Trust {
    match context.config.room.secret().is_some() && !again {
        true => Trust::Invite,
        false => Trust::Unverified,
    }
}
