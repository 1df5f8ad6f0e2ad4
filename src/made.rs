//! Rooms of which invites were made here, so that an invite to this machine itself is known for
//! one's own when it is pasted again: by their tags, each with the port at which its mediator was
//! looked for, the last few, in `made.json` as `TAG:PORT`.

use std::collections::VecDeque;

use data_encoding::HEXLOWER;
use undertone_core::room::Room;

use crate::store::{self, Store, StoreError};

/// Its name in the data directory.
pub(crate) const FILE: &str = "made.json";
/// How many are kept in mind.
const MADE_MAX: usize = 32;

/// Notes that an invite to this room is made here, with a mediator from this port on.
///
/// # Errors
/// [`StoreError`] where the file cannot be written.
pub fn note(store: &Store, room: &Room, port: u16) -> Result<(), StoreError> {
    let (mut made, tag) = (load(store)?, tag(room));
    let entry = format!("{tag}{port}");
    if made.front() == Some(&entry) {
        return Ok(());
    }
    made.retain(|kept| !kept.starts_with(&tag));
    made.push_front(entry);
    made.truncate(MADE_MAX);
    let path = store.path(FILE);
    let bytes =
        serde_json::to_vec(&made).map_err(|error| StoreError::io("write", &path)(error.into()))?;
    store::replace_at_once(&path, &bytes)
}

/// The port that was noted, where one was made here.
///
/// # Errors
/// [`StoreError`] where the file cannot be read or is none.
pub fn port_of(store: &Store, room: &Room) -> Result<Option<u16>, StoreError> {
    let (made, tag) = (load(store)?, tag(room));
    let mut ports = made.iter().filter_map(|kept| kept.strip_prefix(&tag));
    Ok(ports.find_map(|port| port.parse().ok()))
}

fn tag(room: &Room) -> String {
    HEXLOWER.encode(&room.tag()) + ":"
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
            note(&store, &room(n), 7700).unwrap();
        }
        let port = |n: usize| port_of(&store, &room(n)).unwrap();
        let known = (0..=MADE_MAX).filter(|n| port(*n) == Some(7700));
        assert_eq!(known.count(), MADE_MAX);
        assert_eq!(port(0), None);
        note(&store, &room(1), 9000).unwrap();
        assert_eq!(port(1), Some(9000));
        let text = std::fs::read_to_string(store.path(FILE)).unwrap();
        assert!(!text.contains("lab") && !text.contains("otter"));
    }
}
