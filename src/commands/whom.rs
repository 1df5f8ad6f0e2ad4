//! Whom a person means by a name, or by the first words of a key: one key of the contacts and the
//! history. Where several answer to it, the person says which.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::iter;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use undertone_core::crypto::words::fingerprint;
use undertone_core::text::safe::Safe;

use super::{CommandError, asking};
use crate::contacts::{Contact, Contacts, begins_with_words};
use crate::history::{Entry, Finding, History};

/// Words of a key that are shown at the least.
const FEWEST_WORDS: usize = 2;

/// Whose key answers to what was typed.
pub(super) struct Somebody {
    /// All words of the key.
    pub(super) key: String,
    /// The same of those that a contact had before, by any of which it is meant too.
    former: Vec<String>,
    /// The contact that it is, if it is one.
    pub(super) contact: Option<Contact>,
    /// Ours for a contact, else the last that the history has.
    name: String,
    state: Finding,
    seen: Timestamp,
}

impl Somebody {
    /// The keys by which the history has them.
    pub(super) fn keys(&self) -> impl Iterator<Item = &String> {
        iter::once(&self.key).chain(&self.former)
    }

    fn unknown(entry: &Entry) -> Self {
        Self {
            key: entry.key.clone(),
            former: Vec::new(),
            contact: None,
            name: entry.name.clone(),
            state: entry.state,
            seen: entry.last_seen,
        }
    }

    /// Who it is, for a person: somebody else may have the name of whoever is no contact.
    pub(super) fn shown(&self) -> Safe {
        match self.contact {
            Some(_) => Safe::name(&self.name),
            None => {
                let words = first_words(&self.key, FEWEST_WORDS);
                Safe::line(&format!("{} ({words}-…)", Safe::name(&self.name)))
            }
        }
    }
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
    let known: BTreeMap<String, Contact> = contacts
        .list()?
        .into_iter()
        .map(|contact| (contact.fingerprint().to_string(), contact))
        .collect();
    let mut found = BTreeMap::new();
    let mut former = BTreeMap::new();
    for (key, contact) in &known {
        let keys: Vec<_> = former_keys(contact).collect();
        if contact.is(who) || keys.iter().any(|key| begins_with_words(key, who)) {
            found.insert(key.clone(), of_contact(key, contact));
        }
        former.extend(keys.into_iter().map(|former| (former, key.clone())));
    }
    history.scan(|_, line| {
        let Ok(entry) = line else { return Ok(()) };
        if !entry.is(who) {
            return Ok(());
        }
        // A key that a contact has by now is nobody else's.
        let theirs = former.get(&entry.key);
        let key = theirs.filter(|_| !known.contains_key(&entry.key));
        let key = key.unwrap_or(&entry.key);
        let somebody = found
            .entry(key.clone())
            .or_insert_with(|| match known.get(key) {
                Some(contact) => of_contact(key, contact),
                None => Somebody::unknown(&entry),
            });
        if somebody.seen < entry.last_seen && *key == entry.key {
            somebody.state = entry.state;
            somebody.seen = entry.last_seen;
            if somebody.contact.is_none() {
                somebody.name = entry.name;
            }
        }
        Ok::<_, CommandError>(())
    })?;
    let mut found: Vec<_> = found.into_values().collect();
    found.sort_by_key(|somebody| Reverse(somebody.seen));
    Ok(found)
}

fn of_contact(key: &str, contact: &Contact) -> Somebody {
    Somebody {
        key: key.to_owned(),
        former: former_keys(contact).collect(),
        contact: Some(contact.clone()),
        name: contact.petname.to_string(),
        state: Finding::Trust(contact.trust),
        seen: contact.last_met,
    }
}

fn former_keys(contact: &Contact) -> impl Iterator<Item = String> {
    let former = contact.former_keys.iter();
    former.map(|key| fingerprint(key).to_string())
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
        let cut = |somebody: &Somebody| first_words(&somebody.key, words);
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

fn first_words(key: &str, count: usize) -> String {
    let words: Vec<_> = key.split('-').take(count).collect();
    words.join("-")
}
