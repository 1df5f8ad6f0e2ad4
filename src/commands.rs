//! The commands that are no chat: `undertone peers …` and `undertone id`.
//!
//! Data goes to `out` (stdout), talk to `talk` (stderr). Both open files, neither a socket.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;

use crate::cli::{Global, PeersAction, PeersArgs};
use crate::contacts::{Contacts, ContactsError};
use crate::crypto::words::fingerprint;
use crate::exit::Exit;
use crate::history::{History, table};
use crate::identity::{Identity, IdentityError};
use crate::store::{Store, StoreError};
use crate::terminal::prompts::Last;
use crate::terminal::safe::Safe;

/// Why a command could not be done.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The data directory or the history.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The identity.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The contacts.
    #[error(transparent)]
    Contacts(#[from] ContactsError),
    /// Nobody answers to that name or key.
    #[error("nobody is called {0}\n  `undertone peers` lists whom you have met.")]
    Nobody(Safe),
    /// The output is gone.
    #[error("cannot write: {0}")]
    Output(#[from] io::Error),
}

impl CommandError {
    /// The exit code.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Nobody(_) => Exit::Usage,
            Self::Contacts(
                ContactsError::Unknown(_) | ContactsError::Ambiguous(_) | ContactsError::Taken(_),
            ) => Exit::Usage,
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
            _ => Exit::Fault,
        }
    }
}

/// Where the history is: `--peers-file`, or `peers.txt` in the data directory.
#[must_use]
pub fn peers_file(global: &Global, store: &Store) -> PathBuf {
    match &global.peers_file {
        Some(file) => file.clone(),
        None => store.path("peers.txt"),
    }
}

/// `undertone peers`: shows the history at most `width` columns wide, or changes it.
///
/// # Errors
/// [`CommandError`], with its exit code.
pub fn peers(
    args: &PeersArgs,
    global: &Global,
    width: usize,
    out: &mut impl Write,
    talk: &mut impl Write,
) -> Result<(), CommandError> {
    let store = open_store(global, talk)?;
    let history = History::open(&peers_file(global, &store))?;
    match &args.action {
        None => {
            let (entries, damaged) = history.read()?;
            for line in &damaged {
                let place = shown(history.path());
                writeln!(
                    talk,
                    "◆ Line {} of {place} is left out: {}.",
                    line.number, line.why
                )?;
            }
            if args.json {
                out.write_all(table::json_lines(&entries).as_bytes())?;
            } else if entries.is_empty() {
                writeln!(talk, "◆ You have talked to nobody yet.")?;
            } else {
                out.write_all(table::table(&entries, width, &TimeZone::system()).as_bytes())?;
            }
        }
        Some(PeersAction::Path) => {
            // As the bytes are, for scripts; a terminal gets them safe.
            writeln!(out, "{}", shown(history.path()))?;
        }
        Some(PeersAction::Rename { who, name }) => {
            let contact = match contacts(&store)?.rename(who, name) {
                Err(ContactsError::Unknown(_)) => None,
                other => Some(other?),
            };
            // A contact's lines are those of its key: an impostor's keep the name that it gave.
            let whose = contact
                .as_ref()
                .map(|contact| contact.fingerprint().to_string());
            let lines = history.rename(whose.as_deref().unwrap_or(who), name.as_str())?;
            if contact.is_none() && lines == 0 {
                return Err(CommandError::Nobody(Safe::name(who)));
            }
            writeln!(talk, "◆ {} is now {name}.", Safe::name(who))?;
        }
        Some(PeersAction::Forget { who }) => {
            let contact = match contacts(&store)?.forget(who) {
                Err(ContactsError::Unknown(_)) => None,
                other => Some(other?),
            };
            let mut lines = history.forget(who)?;
            if let Some(contact) = &contact {
                lines += history.forget(&contact.fingerprint().to_string())?;
            }
            if contact.is_none() && lines == 0 {
                return Err(CommandError::Nobody(Safe::name(who)));
            }
            writeln!(
                talk,
                "◆ {} is forgotten, {lines} lines of the history too.",
                Safe::name(who)
            )?;
        }
    }
    Ok(())
}

/// `undertone id`: name and fingerprint. Makes the identity where there is none.
///
/// # Errors
/// [`CommandError`], with its exit code.
pub fn id(
    global: &Global,
    out: &mut impl Write,
    talk: &mut impl Write,
) -> Result<(), CommandError> {
    let store = open_store(global, talk)?;
    let identity = Identity::load(&store)?;
    if identity.tightened {
        writeln!(
            talk,
            "⚠ Your identity could be read by others on this machine; it is closed now."
        )?;
    }
    let mut text = String::new();
    if let Some(name) = Last::load(&store).name {
        let _ = writeln!(text, "name         {name}");
    }
    let _ = writeln!(
        text,
        "fingerprint  {}",
        fingerprint(&identity.secret.public())
    );
    out.write_all(text.as_bytes())?;
    Ok(())
}

fn open_store(global: &Global, talk: &mut impl Write) -> Result<Store, CommandError> {
    let store = Store::open(global.data_dir.as_deref())?;
    if store.tightened() {
        writeln!(
            talk,
            "⚠ {} was open to others; it is closed now.",
            shown(store.dir())
        )?;
    }
    Ok(store)
}

fn contacts(store: &Store) -> Result<Contacts, CommandError> {
    let own = Identity::load(store)?.secret.public();
    Ok(Contacts::open(store, own))
}

fn shown(path: &Path) -> Safe {
    Safe::from_bytes(path.as_os_str().as_encoded_bytes())
}
