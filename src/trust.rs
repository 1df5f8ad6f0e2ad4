//! How sure we are that a key is whose we think it is: one scale for contacts, events and history.

use serde::{Deserialize, Serialize};

/// How sure we are that a key is whose we think it is. Ordered: later is surer.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Trust {
    /// Nothing was compared.
    #[default]
    Unverified,
    /// Both knew the secret of a room.
    Invite,
    /// The words were compared.
    Verified,
}

impl Trust {
    /// As people read it.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Invite => "via invite",
            Self::Unverified => "not verified",
        }
    }
}
