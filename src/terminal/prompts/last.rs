//! The last answers, kept in `last.json` in the data directory; a room with a secret is not, for
//! without the secret it is another one.

use std::path::Path;

use serde::{Deserialize, Serialize};
use undertone_core::room::Room;
use undertone_core::text::display_name::DisplayName;

use crate::store::{self, Store, StoreError};

/// Its name in the data directory.
pub(crate) const FILE: &str = "last.json";

/// What was answered last time: the defaults of the next.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Last {
    /// The name.
    pub name: Option<DisplayName>,
    /// ROOM, if it has no secret.
    pub room: Option<String>,
}

#[derive(Serialize, Deserialize, Default)]
struct LastFile {
    name: Option<String>,
    room: Option<String>,
}

impl Last {
    /// The last answers. A damaged file is as good as none: they are a convenience.
    ///
    /// # Errors
    /// [`StoreError`], where the file cannot be read or is none.
    pub fn load(store: &Store) -> Result<Self, StoreError> {
        Self::in_folder(store.dir())
    }

    /// The last answers in a data directory, which need not be there.
    ///
    /// # Errors
    /// As for [`Last::load`].
    pub fn in_folder(dir: &Path) -> Result<Self, StoreError> {
        let bytes = store::read(&dir.join(FILE))?.unwrap_or_default();
        Ok(Self::parse(&bytes))
    }

    fn parse(bytes: &[u8]) -> Self {
        let file: LastFile = serde_json::from_slice(bytes).unwrap_or_default();
        let plain =
            |room: &String| matches!(room.parse::<Room>(), Ok(room) if room.secret().is_none());
        Self {
            name: file.name.and_then(|name| DisplayName::parse(&name).ok()),
            room: file.room.filter(plain),
        }
    }

    /// Keeps these answers; writes nothing where they are the same as last time. A name that is
    /// kept already stays: another one that was given is for that run. Without a `room` the last one
    /// stays.
    ///
    /// # Errors
    /// [`StoreError`] where the file cannot be written.
    pub fn save(store: &Store, name: &DisplayName, room: Option<&Room>) -> Result<(), StoreError> {
        let path = store.path(FILE);
        let before = store::read(&path)?.unwrap_or_default();
        let kept = Self::parse(&before);
        let name = kept.name.as_ref().unwrap_or(name);
        let file = LastFile {
            name: Some(name.as_str().to_owned()),
            room: match room {
                Some(room) => room.secret().is_none().then(|| room.name().to_owned()),
                None => kept.room,
            },
        };
        let bytes = serde_json::to_vec(&file)
            .map_err(|error| StoreError::io("write", &path)(error.into()))?;
        if before == bytes {
            return Ok(());
        }
        store::replace_at_once(&path, &bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_answers_are_kept_and_no_room_that_has_a_secret() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("data")).unwrap();
        assert_eq!(Last::load(&store).unwrap(), Last::default());
        let ada = DisplayName::parse("ada").unwrap();
        for (room, kept) in [("lab", Some("lab")), ("lab#otter", None)] {
            Last::save(&store, &ada, Some(&room.parse().unwrap())).unwrap();
            let last = Last::load(&store).unwrap();
            assert_eq!((last.name, last.room.as_deref()), (Some(ada.clone()), kept));
        }
        let text = std::fs::read_to_string(store.path(FILE)).unwrap();
        assert!(!text.contains("otter"), "{text}");
        for damaged in [
            "{",
            r#"{"name":"◆","room":"a#b"}"#,
            r#"{"room":"\u001b[2J"}"#,
        ] {
            std::fs::write(store.path(FILE), damaged).unwrap();
            assert_eq!(Last::load(&store).unwrap(), Last::default(), "{damaged}");
        }
    }
}
