//! Who is met for the first time is on the disk before the meeting counts.
//!
//! An end that is lost to a crash is met again as a contact (PROTOCOL.md §8): its peer, which goes on
//! with the session, waits for it where only contacts find each other. So each end remembers its
//! peer before it says the word that makes it a meeting: the host before its `go`, the guest before
//! its answer. Whoever hears that word may rely on it.

use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use undertone_core::crypto::keys::PublicKey;
use undertone_core::pairing::PeerIdentity;

use super::keeps_nothing;
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

/// What the contacts say of somebody who came.
#[derive(Debug)]
pub(in crate::engine) struct Judged {
    pub(super) check: IdentityCheck,
    /// This meeting is on the disk already.
    pub(super) remembered: bool,
}

impl Newcomer<'_> {
    /// Whether this one is a contact who was met in this room: then nobody waits for the disk.
    pub(in crate::engine) fn knows(self, peer: &PeerIdentity) -> bool {
        self.known.contains(&peer.identity)
    }

    /// Begins to judge who has shown that this is its key, and remembers whoever is new, unless
    /// there is an alarm. What does not come about here is tried again, and told of, once the
    /// conversation has begun.
    pub(in crate::engine) fn judge(self, peer: &PeerIdentity) -> Judging {
        let config = &self.context.config;
        let (key, room_tag) = (peer.identity, config.room.tag());
        let name = peer.display_name();
        let trust = proved(self.context, false);
        let features = peer.assigned_features();
        let contacts = config.contacts.clone();
        let judging = aside(move || {
            let check = contacts.judge(&key, &name, &room_tag)?;
            let is_new = match &check {
                IdentityCheck::New { .. } => !keeps_nothing(features),
                IdentityCheck::Known(contact) => !contact.rooms.contains(&room_tag),
                IdentityCheck::Alarm(_) | IdentityCheck::Yourself => false,
            };
            if !is_new {
                return Ok(Judged {
                    check,
                    remembered: false,
                });
            }
            contacts.record_met(&Encounter {
                key: &key,
                name: &name,
                room_tag: &room_tag,
                trust,
                at: Timestamp::now(),
                features,
            })?;
            Ok::<_, ContactsError>(Judged {
                check: contacts.judge(&key, &name, &room_tag)?,
                remembered: true,
            })
        });
        Judging::UnderWay(tokio::spawn(async move {
            match timeout(KEPT_WITHIN, judging).await {
                Ok(Ok(Ok(judged))) => Some(judged),
                _ => None,
            }
        }))
    }
}

/// A judgement, which may be under way.
#[derive(Debug)]
pub(in crate::engine) enum Judging {
    UnderWay(JoinHandle<Option<Judged>>),
    Done(Option<Judged>),
}

impl Judging {
    /// Waits for it.
    pub(in crate::engine) async fn done(&mut self) {
        if let Self::UnderWay(task) = self {
            *self = Self::Done(task.await.ok().flatten());
        }
    }

    /// What it is; `None` where the disk did not answer in time.
    pub(in crate::engine) async fn judged(mut self) -> Option<Judged> {
        self.done().await;
        match self {
            Self::Done(judged) => judged,
            Self::UnderWay(_) => None,
        }
    }
}

/// What a meeting in this room proves by itself. One met `again` by its key did not show that it
/// knows the secret.
pub(super) fn proved(context: &Context, again: bool) -> Trust {
    match context.config.room.secret().is_some() && !again {
        true => Trust::Invite,
        false => Trust::Unverified,
    }
}
