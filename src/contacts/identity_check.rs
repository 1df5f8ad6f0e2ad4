//! Who the other person is, as far as we can tell: protocol §9. The badge belongs to the key,
//! never to the name.

use undertone_core::crypto::keys::PublicKey;
use undertone_core::text::display_name::DisplayName;

use super::{Contact, Contacts, ContactsError};

/// Who the other person is, as far as we can tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdentityCheck {
    /// We know this key, whatever name came with it.
    Known(Contact),
    /// Nobody we know, and nothing suspicious.
    New {
        /// The name that they gave.
        petname: DisplayName,
    },
    /// The identity may have been changed: the chat stays blocked.
    Alarm(Alarm),
    /// Our own key: another terminal of ours.
    Yourself,
}

/// Why an unknown key is suspicious.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// What it collides with.
    pub kind: AlarmKind,
    /// Whom we expected.
    pub contact: Contact,
}

/// What an unknown key collides with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlarmKind {
    /// The name is a contact's: ours for it, or one that it gave.
    NameKnown,
    /// The name looks like a contact's.
    NameAlike,
    /// We met this contact in this room before.
    RoomKnown,
    /// It is a key that this contact gave up.
    FormerKey,
}

impl Contacts {
    /// Who is it that came with `key` and `name` into the room `room_tag`? (protocol §9)
    ///
    /// # Errors
    /// As [`Contacts::list`].
    pub fn judge(
        &self,
        key: &PublicKey,
        name: &DisplayName,
        room_tag: &[u8; 32],
    ) -> Result<IdentityCheck, ContactsError> {
        if *key == self.own {
            return Ok(IdentityCheck::Yourself);
        }
        let contacts = self.list()?;
        if let Some(contact) = contacts.iter().find(|c| c.key == *key) {
            return Ok(IdentityCheck::Known(contact.clone()));
        }
        let looks = name.looks();
        let is_alike = |c: &&Contact| c.names().any(|known| known.looks().meets(&looks));
        let former = contacts.iter().find(|c| c.former_keys.contains(key));
        let named = || {
            contacts
                .iter()
                .find(|c| c.names().any(|known| known == name))
        };
        let alike = || contacts.iter().find(is_alike);
        let met_here = || {
            let here = contacts.iter().filter(|c| c.rooms.contains(room_tag));
            here.max_by_key(|c| c.last_met)
        };
        let alarm = former
            .map(|contact| (AlarmKind::FormerKey, contact))
            .or_else(|| named().map(|contact| (AlarmKind::NameKnown, contact)))
            .or_else(|| alike().map(|contact| (AlarmKind::NameAlike, contact)))
            .or_else(|| met_here().map(|contact| (AlarmKind::RoomKnown, contact)));
        Ok(match alarm {
            Some((kind, contact)) => IdentityCheck::Alarm(Alarm {
                kind,
                contact: contact.clone(),
            }),
            None => IdentityCheck::New {
                petname: name.clone(),
            },
        })
    }
}
