//! What `contacts.json` looks like: version 3. Version 2 had no features, version 1 no names that
//! were given; both are read as well.
//!
//! A file that does not fit, in one entry even, is refused whole: a contact that goes unnoticed is
//! an alarm that does not sound.

use data_encoding::BASE64URL_NOPAD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use undertone_core::crypto::keys::PublicKey;
use undertone_core::text::display_name::DisplayName;

use super::Contact;
use crate::trust::Trust;

const VERSION: u32 = 3;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    v: u32,
    contacts: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    petname: String,
    #[serde(default)]
    given: Vec<String>,
    key: String,
    trust: Trust,
    rooms: Vec<String>,
    first_met: String,
    last_met: String,
    former_keys: Vec<String>,
    #[serde(default)]
    features: u32,
}

/// Reads the file; the error says what is wrong with it.
pub(super) fn parse(bytes: &[u8]) -> Result<Vec<Contact>, String> {
    let file: File = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    if !(1..=VERSION).contains(&file.v) {
        return Err(format!(
            "version {}, and this program reads up to {VERSION}",
            file.v
        ));
    }
    file.contacts.into_iter().map(contact).collect()
}

/// The file that holds these contacts; the error is serde_json's, which has no cause to give one.
pub(super) fn write(contacts: &[Contact]) -> Result<Vec<u8>, String> {
    let file = File {
        v: VERSION,
        contacts: contacts.iter().map(entry).collect(),
    };
    let mut bytes = serde_json::to_vec_pretty(&file).map_err(|error| error.to_string())?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn contact(entry: Entry) -> Result<Contact, String> {
    let petname =
        DisplayName::parse(&entry.petname).map_err(|_| "a petname is no name".to_owned())?;
    let given = entry.given.iter().map(|name| DisplayName::parse(name));
    let given = given.collect::<Result<_, _>>();
    let time = |text: &str| {
        text.parse::<Timestamp>()
            .map_err(|_| "a time is damaged".to_owned())
    };
    let keys = entry.former_keys.iter().map(|text| key(text));
    Ok(Contact {
        key: key(&entry.key)?,
        trust: entry.trust,
        rooms: entry
            .rooms
            .iter()
            .map(|text| bytes(text))
            .collect::<Result<_, _>>()?,
        first_met: time(&entry.first_met)?,
        last_met: time(&entry.last_met)?,
        former_keys: keys.collect::<Result<_, _>>()?,
        features: entry.features,
        petname,
        given: given.map_err(|_| "a name is no name".to_owned())?,
    })
}

fn entry(contact: &Contact) -> Entry {
    let text = |bytes: &[u8; 32]| BASE64URL_NOPAD.encode(bytes);
    Entry {
        petname: contact.petname.as_str().to_owned(),
        given: contact
            .given
            .iter()
            .map(|name| name.as_str().to_owned())
            .collect(),
        key: text(contact.key.as_bytes()),
        trust: contact.trust,
        rooms: contact.rooms.iter().map(text).collect(),
        first_met: contact.first_met.to_string(),
        last_met: contact.last_met.to_string(),
        former_keys: contact
            .former_keys
            .iter()
            .map(|key| text(key.as_bytes()))
            .collect(),
        features: contact.features,
    }
}

fn key(text: &str) -> Result<PublicKey, String> {
    PublicKey::from_bytes(bytes(text)?).map_err(|_| "a key is damaged".to_owned())
}

fn bytes(text: &str) -> Result<[u8; 32], String> {
    let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok();
    bytes
        .and_then(|b| b.try_into().ok())
        .ok_or_else(|| "a key or a room is damaged".to_owned())
}
