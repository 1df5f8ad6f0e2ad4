//! The history as a chat shows it: an entry for each person, whatever the width is.

use jiff::tz::TimeZone;
use undertone_core::text::safe::Safe;

use super::Index;
use super::table::{cells, in_order};
use crate::store::StoreError;

/// Names, and what is known of each, in the order of `index`; a `*` is that of
/// [`table`](super::table::table). For those, both keys follow whole: two that begin alike are cheap
/// to make.
///
/// # Errors
/// [`StoreError`], where the history cannot be read.
pub fn people(index: &mut Index<'_>, zone: &TimeZone) -> Result<Vec<(String, String)>, StoreError> {
    let (mut people, mut any_marked) = (Vec::new(), false);
    index.each(|entry, marked| {
        let [name, room, seen, address, path, state, key] = cells(entry, marked, zone);
        let what = format!("{state} · {room} · {seen} · {path} {address} · {key}");
        people.push((name.to_string(), what));
        any_marked |= marked;
        Ok::<_, StoreError>(())
    })?;
    if !any_marked {
        return Ok(people);
    }
    index.each_marked(|entry, known| {
        let name = format!("{}*", Safe::name(&entry.name));
        let (was, is) = in_order(entry, known);
        let keys = format!("the same name, another key\nwas {}\nis {}", was.key, is.key);
        people.push((name, keys));
        Ok::<_, StoreError>(())
    })?;
    Ok(people)
}
