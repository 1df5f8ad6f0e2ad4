//! Rooms of which invites were made here, so that an invite to this machine itself is known for
//! one's own when it is pasted again: by their tags, the last few, in `made.json`.

use std::collections::VecDeque;

use data_encoding::HEXLOWER;
use undertone_core::room::Room;

use crate::store::{self, Store, StoreError};

/// Its name in the data directory.
pub(crate) const FILE: &str = "made.json";
/// How many are kept in mind.
const MADE_MAX: usize = 32;

/// Notes that an invite to this room is made here.
///
/// # Errors
/// [`StoreError`] where the file cannot be written.
pub fn note(store: &Store, room: &Room) -> Result<(), StoreError> {
    let (mut made, tag) = (load(store)?, HEXLOWER.encode(&room.tag()));
    if made.front() == Some(&tag) {
        return Ok(());
    }
    made.retain(|kept| *kept != tag);
    made.push_front(tag);
    made.truncate(MADE_MAX);
    let path = store.path(FILE);
    let bytes =
        serde_json::to_vec(&made).map_err(|error| StoreError::io("write", &path)(error.into()))?;
    store::replace(&path, &bytes)
}

/// Whether one was.
///
/// # Errors
/// [`StoreError`] where the file cannot be read or is none.
pub fn is_made_here(store: &Store, room: &Room) -> Result<bool, StoreError> {
    Ok(load(store)?.contains(&HEXLOWER.encode(&room.tag())))
}

/// A damaged file is as good as none.
fn load(store: &Store) -> Result<VecDeque<String>, StoreError> {
    let bytes = store::read(&store.path(FILE))?;
    Ok(serde_json::from_slice(&bytes.unwrap_or_default()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_few_rooms_are_known_without_their_names() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("data")).unwrap();
        let room = |n: usize| format!("lab-{n}#otter").parse::<Room>().unwrap();
        for n in 0..=MADE_MAX {
            note(&store, &room(n)).unwrap();
        }
        let known = (0..=MADE_MAX).filter(|n| is_made_here(&store, &room(*n)).unwrap());
        assert_eq!(known.count(), MADE_MAX);
        assert!(!is_made_here(&store, &room(0)).unwrap());
        let text = std::fs::read_to_string(store.path(FILE)).unwrap();
        assert!(!text.contains("lab") && !text.contains("otter"));
    }
}
