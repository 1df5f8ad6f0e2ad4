//! Whom a person means by a name, or by the first words of a key: one key of the contacts and the
//! history. Where several answer to it, the person says which.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use undertone_core::text::safe::Safe;

use super::{CommandError, asking};
use crate::contacts::{Contact, Contacts};
use crate::history::{Finding, History};

/// Words of a key that are shown at the least.
const FEWEST_WORDS: usize = 2;

/// A key that answers to what was typed.
pub(super) struct Somebody {
    /// All words of it.
    pub(super) key: String,
    /// The contact that it is, if it is one.
    pub(super) contact: Option<Contact>,
    state: Finding,
    seen: Timestamp,
}

/// The one key that answers to `who`. Where there are several, a person at a terminal is asked if
/// that `may_ask`.
pub(super) fn whom(
    who: &str,
    contacts: &Contacts,
    history: &History,
    may_ask: bool,
) -> Result<Somebody, CommandError> {
    let mut found = everybody(who, contacts, history)?;
    let chosen = match found.len() {
        0 => return Err(CommandError::Nobody(Safe::name(who))),
        1 => 0,
        _ if may_ask => choose(who, &found)?,
        _ => return Err(several(who, &found)),
    };
    Ok(found.swap_remove(chosen))
}

/// Who was seen last comes first.
fn everybody(
    who: &str,
    contacts: &Contacts,
    history: &History,
) -> Result<Vec<Somebody>, CommandError> {
    let mut known: BTreeMap<String, Contact> = contacts
        .list()?
        .into_iter()
        .map(|contact| (contact.fingerprint().to_string(), contact))
        .collect();
    let mut found: BTreeMap<String, (Finding, Timestamp)> = known
        .iter()
        .filter(|(_, contact)| contact.is(who))
        .map(|(key, contact)| {
            (
                key.clone(),
                (Finding::Trust(contact.trust), contact.last_met),
            )
        })
        .collect();
    history.scan(|_, line| {
        if let Ok(entry) = line
            && entry.is(who)
        {
            let (state, seen) = found
                .entry(entry.key)
                .or_insert((entry.state, entry.last_seen));
            if *seen < entry.last_seen {
                (*state, *seen) = (entry.state, entry.last_seen);
            }
        }
        Ok::<_, CommandError>(())
    })?;
    let mut found: Vec<Somebody> = found
        .into_iter()
        .map(|(key, (state, seen))| Somebody {
            contact: known.remove(&key),
            key,
            state,
            seen,
        })
        .collect();
    found.sort_by_key(|somebody| std::cmp::Reverse(somebody.seen));
    Ok(found)
}

fn choose(who: &str, found: &[Somebody]) -> Result<usize, CommandError> {
    let mut list = vec![format!(
        "◆ {} keys answer to {}:",
        found.len(),
        Safe::name(who)
    )];
    for (row, number) in rows(found).into_iter().zip(1..) {
        list.push(format!("  {number}  {row}"));
    }
    asking(async |asker| asker.choose(&list, found.len()).await)
}

fn several(who: &str, found: &[Somebody]) -> CommandError {
    let keys = short(found);
    CommandError::Several {
        who: Safe::name(who),
        rows: rows(found).join("\n  "),
        example: keys.into_iter().next().unwrap_or_default(),
    }
}

/// A row for each: its key, who it is, and when it was seen.
fn rows(found: &[Somebody]) -> Vec<String> {
    let zone = TimeZone::system();
    let row = |(somebody, key): (&Somebody, String)| {
        let what = match &somebody.contact {
            Some(contact) => format!("your contact {}", contact.petname),
            None => "no contact".to_owned(),
        };
        let seen = somebody.seen.to_zoned(zone.clone());
        format!(
            "{key}-…  {what}, {}, last seen {}",
            somebody.state.in_words(),
            seen.strftime("%Y-%m-%d %H:%M")
        )
    };
    found.iter().zip(short(found)).map(row).collect()
}

/// So many first words of each key as tell all of them apart.
fn short(found: &[Somebody]) -> Vec<String> {
    let first = |words: usize| -> Vec<String> {
        let cut = |somebody: &Somebody| {
            let words: Vec<_> = somebody.key.split('-').take(words).collect();
            words.join("-")
        };
        found.iter().map(cut).collect()
    };
    let all = found
        .first()
        .map_or(0, |somebody| somebody.key.split('-').count());
    let told_apart = |words: &usize| {
        let mut keys = first(*words);
        keys.sort();
        keys.dedup();
        keys.len() == found.len()
    };
    first((FEWEST_WORDS..all).find(told_apart).unwrap_or(all))
}
