//! What a conversation is started with.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use undertone_core::crypto::keys::SecretKey;
use undertone_core::room::Room;
use undertone_core::text::display_name::DisplayName;

use super::connect::listening::Listening;
use super::relay::Consent;
use crate::attempts::Attempts;
use crate::contacts::Contacts;
use crate::files::journal::Journal;
use crate::files::sink::Target;
use crate::history::History;
use crate::rendezvous::MediatorEndpoint;
use crate::store::Writer;

/// Everything a chat needs to know beforehand.
pub struct ChatConfig {
    /// What the other person is to call us.
    pub name: DisplayName,
    /// Where to meet.
    pub room: Room,
    /// The mediator that was named, if any, and the way to it.
    pub mediator: Option<MediatorEndpoint>,
    /// Whether the room was made up just now: its invite is to be said, come what may.
    pub made_up: bool,
    /// Where an invite was made that leads to this machine itself.
    pub to_itself: Option<Made>,
    /// Whether to look for one on the local network where none was named.
    pub lan: bool,
    /// Port of the mediator on this machine.
    pub local_port: u16,
    /// Our identity key.
    pub identity: Arc<SecretKey>,
    /// Whom we know.
    pub contacts: Contacts,
    /// What was spent in rooms with a secret.
    pub attempts: Attempts,
    /// Where connections are noted, if they are.
    pub history: Option<History>,
    /// Who writes to the disk while the chat goes on.
    pub writer: Arc<Writer>,
    /// Where a host listens.
    pub listening: Listening,
    /// Whether the mediator may carry the conversation.
    pub consent: Consent,
    /// How long to wait for the other person; `None`: as long as it takes.
    pub timeout: Option<Duration>,
    /// What is received and is not complete, across runs.
    pub journal: Journal,
    /// Where what is received goes unless another folder is named.
    pub downloads: Target,
    /// Offers of a contact whose words were compared are accepted at once up to so many bytes.
    pub accepts: Option<u64>,
    /// No more bytes are taken of an offer, where there is a limit.
    pub limit: Option<u64>,
    /// Whether to talk only to someone whose words were compared.
    pub require_verified: bool,
    /// How often the keys of a live link are renewed; [`RENEW_EVERY`], but for tests.
    ///
    /// [`RENEW_EVERY`]: undertone_core::session::RENEW_EVERY
    pub renew_every: Duration,
    /// Who commands the conversation.
    pub speaker: Speaker,
}

impl fmt::Debug for ChatConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatConfig")
            .field("name", &self.name)
            .field("room", &self.room)
            .field("mediator", &self.mediator)
            .finish_non_exhaustive()
    }
}

/// Where an invite was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// On this machine, by this person, with a mediator from this port on.
    Here(u16),
    /// Somewhere else, as far as is known.
    Elsewhere,
}

/// Who commands a conversation, and what they may expect of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Speaker {
    /// A person, who stays when the other person goes, and is told what they can do next.
    pub is_person: bool,
    /// What is said is typed: whoever ends it wants to leave at once.
    pub types: bool,
    /// Hears at once that something finds no room; what others say waits for its turn.
    pub is_prompt: bool,
    /// Came for files alone: who interrupts that cancels them.
    pub is_for_files: bool,
    /// Hears details of what is tried: each wakes the face.
    pub hears_details: bool,
}
